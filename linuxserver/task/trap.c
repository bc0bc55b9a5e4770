/*
 * One trap from arrival to answer: system calls, faults, exceptions, kicks; then signals.
 *
 * Context: the task's worker; the task itself is held in its trap.
 */
#include <server.h>
#include <signal.h>

#include <jg/rt/string.h>

#include <arch/x86_64/exception.h>
#include <linux/signal.h>
#include <mm.h>

#include "oom.h"

static void fault(struct task *t, const uint64_t *w)
{
    siginfo_t info;
    int code = 0, sig;

    sig = mm_fault(t->mm, w[0], (uint32_t)w[1], (jg_status_t)w[2], &code);
    if (!sig)
        return;
    exception_note_fault(t, w[0], (uint32_t)w[1]);
    siginfo_kernel(&info, sig);
    info.si_code = code;
    info.si_addr = (void *)w[0];
    signal_force(t, &info);
}

static void exception(struct task *t, const uint64_t *w)
{
    siginfo_t info;

    if (exception_info(t, w, &info))
        signal_force(t, &info);
}

static HOT void run(struct task *t, const struct jg_received *in, struct outcome *out)
{
    switch (JG_INFO_LABEL(in->info)) {
    case JG_TRAP_SYSCALL:
        out->syscall = true;
        out->answer = ANSWER_RESULT;
        /* int 0x80 would carry i386 numbers, which this personality does not speak. */
        out->result = in->word[7] ? -ENOSYS : syscall_dispatch(t, in->word[6], in->word);
        break;
    case JG_TRAP_FAULT:
        fault(t, in->word);
        break;
    case JG_TRAP_NO_MEMORY:
        memory_exhausted(t, in->word[0]);
        break;
    case JG_TRAP_EXCEPTION:
        exception(t, in->word);
        break;
    default: /* KICK: signals are looked at below */
        break;
    }
}

HOT bool trap_handle(struct task *t, const struct jg_received *in, struct jg_message *reply)
{
    struct outcome out = {.answer = ANSWER_RESUME};

    __atomic_store_n(&t->in_server, 1, __ATOMIC_SEQ_CST);
    t->outcome = &out;
    run(t, in, &out);
    if (out.answer == ANSWER_NONE)
        return false;
    for (;;) {
        if (__atomic_load_n(&t->signalled, __ATOMIC_SEQ_CST)) {
            signal_deliver(t, &out);
            if (t->killed) {
                task_exit(t, t->process->exit_status);
                return false;
            }
        }
        if (t->restore_blocked || out.result <= -ERESTARTSYS)
            signal_finish(t, &out);
        /* See signal.h: between this store and this load no signal is lost. */
        __atomic_store_n(&t->in_server, 0, __ATOMIC_SEQ_CST);
        if (!__atomic_load_n(&t->signalled, __ATOMIC_SEQ_CST))
            break;
        __atomic_store_n(&t->in_server, 1, __ATOMIC_SEQ_CST);
    }
    if (__atomic_load_n(&t->process->cpu_parked, __ATOMIC_SEQ_CST))
        cpu_timers_unpark(t->process);
    reply->info =
        (out.answer == ANSWER_RESUME ? JG_REPLY_RESUME : 0) | (out.yields ? JG_REPLY_YIELD : 0);
    reply->word[0] = (uint64_t)out.result;
    return true;
}
