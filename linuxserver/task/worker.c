/*
 * Workers: the threads that answer traps and calls.
 *
 * In:    workers_start() at start-up; each worker then loops in worker_main().
 * Life:  a worker that finds itself the last one parked starts another before it handles its request, since a
 *        handler may sleep. One that slept, or whose task ended, ends after its reply when too many are awake.
 * Locks: none; the counts are atomic. A missed race costs one worker too many or one start later, never a
 *        request: the kernel queues callers when nobody is parked, and every reply_wait looks there first.
 */
#include <server.h>

#include <ipc/personality_server.h>
#include <jg/rt/log.h>
#include <jg/rt/thread.h>

#include <handlers.h>
#include <signal.h>

#include "launch.h"

#define WORKER_STACK (24ul * 1024)
#define AWAKE_MAX    7u

static struct {
    uint32_t workers; /* all */
    uint32_t asleep;  /* for a task */
    uint32_t reserved;
} count HOT_DATA;

static void worker_main(void *unused);

static int worker_add(void)
{
    __atomic_add_fetch(&count.workers, 1, __ATOMIC_SEQ_CST);
    if (rt_thread_start(worker_main, NULL, WORKER_STACK, JG_PRIORITY_SERVER) >= 0)
        return 0;
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

HOT_IO void worker_sleeps(struct task *t)
{
    __atomic_add_fetch(&count.asleep, 1, __ATOMIC_SEQ_CST);
    if (t->outcome)
        t->outcome->slept = true;
}

HOT_IO void worker_awakes(void)
{
    __atomic_sub_fetch(&count.asleep, 1, __ATOMIC_SEQ_CST);
}

/*
 * Takes this worker out if plenty are awake. It leaves only with none of the reserved ones missing.
 */
static __attribute__((noinline)) bool retire(void)
{
    uint32_t n = __atomic_load_n(&count.workers, __ATOMIC_SEQ_CST);

    if (n <= __atomic_load_n(&count.asleep, __ATOMIC_SEQ_CST) + AWAKE_MAX ||
        n <= __atomic_load_n(&count.reserved, __ATOMIC_SEQ_CST) + 2)
        return false;
    return __atomic_compare_exchange_n(&count.workers, &n, n - 1, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

/* What came of a wait that brought no plain call. Returns whether `out` is to be its answer. */
static __attribute__((noinline)) bool handle(jg_status_t status, const struct jg_received *in,
                                             struct outcome *out)
{
    struct jg_message reply = {0};

    if (status != JG_OK) {
        if (status != JG_ERR_INTERRUPTED)
            rt_log("worker: reply_wait gives %d", status);
        return false;
    }
    if (in->info & JG_INFO_LAST_WORKER)
        worker_add(); /* without memory callers queue until a handler ends */
    switch (JG_INFO_KIND(in->info)) {
    case JG_KIND_TRAP:
        return trap_handle((struct task *)(uintptr_t)in->key, in, out);
    case JG_KIND_CALL:
        personality_dispatch(&launch_ops, NULL, in, &reply);
        jg_reply(in->token, &reply);
        return false;
    default:
        return false;
    }
}

/* A system call by its ordinary entry, and nothing else to say about it. */
static inline bool plain_call(const struct jg_received *in)
{
    const uint64_t info = (uint64_t)JG_KIND_TRAP << 40 | JG_TRAP_SYSCALL;

    return in->info == info && !in->word[7];
}

/*
 * Takes the task out of the server if its call has a result and nothing more is to be seen to. See signal.h: between the
 * store and the loads no signal is lost, nor a look at parked timers (cpu_timer.c). False: that is for trap_end().
 */
static inline bool plain_end(struct task *t, const struct outcome *out)
{
    if (unlikely((uint64_t)out->result >= -(uint64_t)PAGE_SIZE || out->answer != ANSWER_RESULT ||
                 out->slept || t->restore_blocked))
        return false;
    __atomic_store_n(&t->in_server, 0, __ATOMIC_SEQ_CST);
    return likely(!__atomic_load_n(&t->signalled, __ATOMIC_SEQ_CST) &&
                  !__atomic_load_n(&t->cpu_parked, __ATOMIC_SEQ_CST));
}

/*
 * Everything that a plain system call needs is done here, in place: after a change of address space each function that
 * returns, and each page, costs more than a hundred instructions of an emulator. What is slower anyway is done by
 * others, and only then it is looked whether there are too many workers.
 */
static TRAP_PAGE_LOOP void worker_main(void *unused)
{
    const jg_handle_t port = server.port;
    jg_token_t token = JG_TOKEN_NONE;
    struct outcome out = {0};
    struct jg_received in;

    (void)unused;
    for (;;) {
        jg_status_t status =
            jg_result_wait(port, token, outcome_info(&out), (uint64_t)out.result, &in);
        syscall_handler handler = NULL;
        bool answer;

        if (likely(status == JG_OK && plain_call(&in)))
            handler = syscall_find(in.word[6]);
        if (likely(handler)) {
            struct task *t = (struct task *)(uintptr_t)in.key;
            const uint64_t arguments[] = {in.word[0], in.word[1], in.word[2],
                                          in.word[3], in.word[4], in.word[5]};

            out = (struct outcome){.syscall = true, .answer = ANSWER_RESULT};
            __atomic_store_n(&t->in_server, 1, __ATOMIC_SEQ_CST);
            t->outcome = &out;
            out.result = handler(t, arguments);
            token = in.token;
            if (likely(plain_end(t, &out)))
                continue;
            answer = trap_end(t, &out);
        } else {
            struct jg_received copy = in;

            answer = handle(status, &copy, &out);
        }
        token = answer ? in.token : JG_TOKEN_NONE;
        if (retire())
            break;
    }
    if (token != JG_TOKEN_NONE) {
        struct jg_message reply = {.info = outcome_info(&out), .word[0] = (uint64_t)out.result};

        jg_reply(token, &reply);
    }
}
