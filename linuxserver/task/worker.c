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

static struct {
    uint32_t workers; /* all */
    uint32_t parked;  /* in or about to be in reply_wait */
    uint32_t reserved;
} count HOT_DATA;

static void worker_main(void *unused);

static int worker_add(void)
{
    __atomic_add_fetch(&count.workers, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&count.parked, 1, __ATOMIC_SEQ_CST);
    if (rt_thread_start(worker_main, NULL, WORKER_STACK, JG_PRIORITY_SERVER) >= 0)
        return 0;
    __atomic_sub_fetch(&count.parked, 1, __ATOMIC_SEQ_CST);
    __atomic_sub_fetch(&count.workers, 1, __ATOMIC_SEQ_CST);
    return -EAGAIN;
}

int workers_start(void)
{
    int err = worker_add();

    return err ? err : worker_add();
}

int worker_reserve(void)
{
    uint32_t wanted = __atomic_add_fetch(&count.reserved, 1, __ATOMIC_SEQ_CST) + 1;

    if (__atomic_load_n(&count.workers, __ATOMIC_SEQ_CST) >= wanted || !worker_add())
        return 0;
    __atomic_sub_fetch(&count.reserved, 1, __ATOMIC_SEQ_CST);
    return -EAGAIN;
}

void worker_unreserve(void)
{
    __atomic_sub_fetch(&count.reserved, 1, __ATOMIC_SEQ_CST);
}

/* True: handled; false: there is nothing to answer. */
static HOT bool handle(const struct jg_received *in, struct jg_message *reply)
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
static HOT bool retire(void)
{
    uint32_t n = __atomic_load_n(&count.workers, __ATOMIC_SEQ_CST);

    if (__atomic_load_n(&count.parked, __ATOMIC_SEQ_CST) < PARKED_MAX ||
        n <= __atomic_load_n(&count.reserved, __ATOMIC_SEQ_CST) + 2)
        return false;
    return __atomic_compare_exchange_n(&count.workers, &n, n - 1, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

static HOT void worker_main(void *unused)
{
    const jg_handle_t port = server.port;
    struct jg_message reply = {0};
    jg_token_t token = JG_TOKEN_NONE;
    struct jg_received in;

    (void)unused;
    for (;;) {
        jg_status_t status = jg_reply_wait(port, token, &reply, &in);

        token = JG_TOKEN_NONE;
        reply = (struct jg_message){0};
        if (status != JG_OK) {
            if (status != JG_ERR_INTERRUPTED)
                rt_log("worker: reply_wait gives %d", status);
            continue;
        }
        __atomic_sub_fetch(&count.parked, 1, __ATOMIC_SEQ_CST);
        if (in.info & JG_INFO_LAST_WORKER)
            worker_add(); /* without memory callers queue until a handler ends */
        if (handle(&in, &reply))
            token = in.token;
        if (retire()) {
            if (token)
                jg_reply(token, &reply);
            return;
        }
        __atomic_add_fetch(&count.parked, 1, __ATOMIC_SEQ_CST);
    }
}
