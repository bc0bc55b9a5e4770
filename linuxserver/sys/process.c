/*
 * Processes and threads: ending, and what a thread tells of itself. Making them is in clone.c, waiting in wait.c,
 * executing in execute.c.
 */
#include "sys.h"

#include <signal.h>

int64_t sys_exit(struct task *t, const uint64_t *a)
{
    t->outcome->answer = ANSWER_NONE;
    task_exit(t, ((int)a[0] & 0xff) << 8);
    return 0;
}

int64_t sys_exit_group(struct task *t, const uint64_t *a)
{
    mutex_lock(&tasks_lock);
    process_group_exit(t->process, ((int)a[0] & 0xff) << 8);
    mutex_unlock(&tasks_lock);
    return 0; /* the way out sees t->killed */
}

int64_t sys_set_tid_address(struct task *t, const uint64_t *a)
{
    t->clear_child_tid = a[0];
    return t->tid;
}

int64_t sys_set_robust_list(struct task *t, const uint64_t *a)
{
    if (a[1] != 24)
        return -EINVAL;
    t->robust_list = a[0];
    return 0;
}

int64_t sys_get_robust_list(struct task *t, const uint64_t *a)
{
    uint64_t list = 0, size = 24;
    struct task *other;
    int64_t err = 0;

    mutex_lock(&tasks_lock);
    other = a[0] ? task_find((int)a[0]) : t;
    if (!other)
        err = -ESRCH;
    else if (other->process != t->process && !cred_capable(&t->cred, CAP_SYS_PTRACE) &&
             (t->cred.uid != other->cred.euid || t->cred.uid != other->cred.suid ||
              t->cred.uid != other->cred.uid))
        err = -EPERM;
    else
        list = other->robust_list;
    mutex_unlock(&tasks_lock);
    if (err)
        return err;
    if (copy_out(t->mm, a[2], &size, sizeof size) || copy_out(t->mm, a[1], &list, sizeof list))
        return -EFAULT;
    return 0;
}

int64_t sys_arch_prctl(struct task *t, const uint64_t *a)
{
    struct jg_regs regs;

    if (jg_thread_read_state(t->thread, JG_STATE_REGS, &regs, sizeof regs) < 0)
        return -EINVAL;
    switch (a[0]) {
    case 0x1003: /* ARCH_GET_FS */
        return copy_out(t->mm, a[1], &regs.fs_base, 8);
    case 0x1004: /* ARCH_GET_GS */
        return copy_out(t->mm, a[1], &regs.gs_base, 8);
    case 0x1002: /* ARCH_SET_FS */
        regs.fs_base = a[1];
        break;
    case 0x1001: /* ARCH_SET_GS */
        regs.gs_base = a[1];
        break;
    default:
        return -EINVAL;
    }
    if (a[1] >= JG_USER_TOP)
        return -EPERM;
    return jg_thread_write_state(t->thread, JG_STATE_REGS, &regs, sizeof regs) < 0 ? -EPERM : 0;
}
