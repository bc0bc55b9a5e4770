/*
 * Workers: the threads that answer traps and calls.
 *
 * In:    workers_start() at start-up; each worker then loops in worker_main().
 * Life:  a worker that finds itself the last one parked starts another before it handles its request, since a
 *        handler may sleep. One that would leave too many parked ends after its reply.
 * Locks: none; the counts are atomic. A missed race costs one worker too many or one start later, never a
 *        request: the kernel queues callers when nobody is parked, and every reply_wait looks there first.
 */
#include <server.h>

#include <ipc/personality_server.h>
#include <jg/rt/log.h>
#include <jg/rt/thread.h>

#include "launch.h"

#define WORKER_STACK (24ul * 1024)
#define PARKED_MAX   6u

static uint32_t workers; /* all */
static uint32_t parked;  /* in or about to be in reply_wait */
static uint32_t reserved;

static void worker_main(void *unused);

static int worker_add(void)
{
    __atomic_add_fetch(&workers, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&parked, 1, __ATOMIC_SEQ_CST);
    if (rt_thread_start(worker_main, NULL, WORKER_STACK, JG_PRIORITY_SERVER) >= 0)
        return 0;
    __atomic_sub_fetch(&parked, 1, __ATOMIC_SEQ_CST);
    __atomic_sub_fetch(&workers, 1, __ATOMIC_SEQ_CST);
    return -EAGAIN;
}

int workers_start(void)
{
    int err = worker_add();

    return err ? err : worker_add();
}

int worker_reserve(void)
{
    uint32_t wanted = __atomic_add_fetch(&reserved, 1, __ATOMIC_SEQ_CST) + 1;

    if (__atomic_load_n(&workers, __ATOMIC_SEQ_CST) >= wanted || !worker_add())
        return 0;
    __atomic_sub_fetch(&reserved, 1, __ATOMIC_SEQ_CST);
    return -EAGAIN;
}

void worker_unreserve(void)
{
    __atomic_sub_fetch(&reserved, 1, __ATOMIC_SEQ_CST);
}

/* True: handled; false: there is nothing to answer. */
static bool handle(const struct jg_received *in, struct jg_message *reply)
{
    switch (JG_INFO_KIND(in->info)) {
    case JG_KIND_TRAP:
        return trap_handle((struct task *)(uintptr_t)in->key, in, reply);
    case JG_KIND_CALL:
        personality_dispatch(&launch_ops, NULL, in, reply);
        return true;
    default:
        return false;
    }
}

/*
 * Takes this worker out if there are plenty. It leaves only with none of the reserved ones missing.
 */
static bool retire(void)
{
    uint32_t n = __atomic_load_n(&workers, __ATOMIC_SEQ_CST);

    if (__atomic_load_n(&parked, __ATOMIC_SEQ_CST) < PARKED_MAX ||
        n <= __atomic_load_n(&reserved, __ATOMIC_SEQ_CST) + 2)
        return false;
    return __atomic_compare_exchange_n(&workers, &n, n - 1, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

static void worker_main(void *unused)
{
    struct jg_message reply = {0};
    jg_token_t token = JG_TOKEN_NONE;
    struct jg_received in;

    (void)unused;
    for (;;) {
        jg_status_t status = jg_reply_wait(server.port, token, &reply, &in);

        token = JG_TOKEN_NONE;
        reply = (struct jg_message){0};
        if (status != JG_OK) {
            if (status != JG_ERR_INTERRUPTED)
                rt_log("worker: reply_wait gives %d", status);
            continue;
        }
        __atomic_sub_fetch(&parked, 1, __ATOMIC_SEQ_CST);
        if (in.info & JG_INFO_LAST_WORKER)
            worker_add(); /* without memory callers queue until a handler ends */
        if (handle(&in, &reply))
            token = in.token;
        if (retire()) {
            if (token)
                jg_reply(token, &reply);
            return;
        }
        __atomic_add_fetch(&parked, 1, __ATOMIC_SEQ_CST);
    }
}
