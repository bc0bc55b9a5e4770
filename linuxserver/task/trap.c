/*
 * One trap from arrival to answer: system calls, faults, exceptions, kicks; then signals.
 *
 * Context: the task's worker; the task itself is held in its trap. A plain system call does not come here: worker.c.
 */
#include <server.h>
#include <signal.h>

#include <jg/rt/string.h>

#include <arch/x86_64/exception.h>
#include <handlers.h>
#include <linux/signal.h>
#include <mm.h>

#include "levels.h"
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

static void run(struct task *t, const struct jg_received *in, struct outcome *out)
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
    case JG_TRAP_ORPHAN:
        levels_orphaned(t);
        break;
    case JG_TRAP_EXCEPTION:
        exception(t, in->word);
        break;
    default: /* KICK: signals are looked at below */
        break;
    }
}

bool trap_handle(struct task *t, const struct jg_received *in, struct outcome *out)
{
    *out = (struct outcome){.answer = ANSWER_RESUME};
    __atomic_store_n(&t->in_server, 1, __ATOMIC_SEQ_CST);
    t->outcome = out;
    run(t, in, out);
    return trap_end(t, out);
}

HOT_IO bool trap_end(struct task *t, struct outcome *out)
{
    if (out->answer == ANSWER_NONE)
        return false;
    __atomic_store_n(&t->in_server, 1, __ATOMIC_SEQ_CST); /* whoever comes here may have looked already */
    if (out->syscall)
        out->result = syscall_failure(t, out->result);
    for (;;) {
        if (__atomic_load_n(&t->signalled, __ATOMIC_SEQ_CST)) {
            signal_deliver(t, out);
            if (t->killed) {
                task_exit(t, t->process->exit_status);
                return false;
            }
        }
        if (t->restore_blocked || out->result <= -ERESTARTSYS)
            signal_finish(t, out);
        /* See signal.h: between this store and this load no signal is lost. */
        __atomic_store_n(&t->in_server, 0, __ATOMIC_SEQ_CST);
        if (!__atomic_load_n(&t->signalled, __ATOMIC_SEQ_CST))
            break;
        __atomic_store_n(&t->in_server, 1, __ATOMIC_SEQ_CST);
    }
    if (__atomic_load_n(&t->cpu_parked, __ATOMIC_SEQ_CST))
        cpu_timers_unpark(t);
    return true;
}
