/*
 * wait4 and waitid, and how usage looks to a program.
 */
#include "sys.h"

#include <jg/rt/string.h>

#include <file.h>
#include <signal.h>
#include <task/pidfd.h>

int64_t usage_out(struct task *t, uint64_t va, const struct usage *usage)
{
    struct rusage ru;

    memset(&ru, 0, sizeof ru);
    ru.ru_utime.tv_sec = (long)(usage->user_ns / NS_PER_SEC);
    ru.ru_utime.tv_usec = (long)(usage->user_ns % NS_PER_SEC / 1000);
    ru.ru_stime.tv_sec = (long)(usage->system_ns / NS_PER_SEC);
    ru.ru_stime.tv_usec = (long)(usage->system_ns % NS_PER_SEC / 1000);
    ru.ru_maxrss = (long)(usage->max_rss * (PAGE_SIZE / 1024));
    ru.ru_minflt = (long)usage->faults;
    ru.ru_nvcsw = (long)usage->switches;
    return copy_out(t->mm, va, &ru, sizeof ru);
}

int64_t sys_wait4(struct task *t, const uint64_t *a)
{
    int pid = (int)a[0], status;
    struct wait_request r = {.options = (int)a[2] | WEXITED};
    struct wait_result result;
    int64_t got;

    if ((uint32_t)a[2] &
        ~(uint32_t)(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH;
    r.idtype = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
    r.id = pid > 0 ? pid : pid < -1 ? -pid : 0;
    got = task_wait(t, &r, &result);
    status = result.status;
    if (got > 0 && ((a[1] && copy_out(t->mm, a[1], &status, sizeof status)) ||
                    (a[3] && usage_out(t, a[3], &result.usage))))
        return -EFAULT;
    return got;
}

/* The fields that waitid writes; zeros when there was no news. */
static int64_t info_out(struct task *t, uint64_t va, const struct wait_result *result, bool news)
{
    struct {
        int32_t signo, error, code, pad, pid, uid, status;
    } out = {0};

    if (news) {
        out.signo = SIGCHLD;
        out.code = result->code;
        out.pid = result->pid;
        out.uid = result->uid;
        out.status = result->code == CLD_CONTINUED ? SIGCONT
                     : result->code == CLD_KILLED  ? result->status & 0x7f
                                                   : result->status >> 8;
    }
    if (copy_out(t->mm, va, &out, 3 * sizeof(int32_t)) ||
        copy_out(t->mm, va + offsetof(siginfo_t, si_pid), &out.pid, 3 * sizeof(int32_t)))
        return -EFAULT;
    return 0;
}

#define WAITID_OPTIONS                                                                             \
    (WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL)

/* Which children waitid means. *file: the pidfd, to be put afterwards. */
static int64_t choose(struct task *t, const uint64_t *a, struct wait_request *r, struct file **file)
{
    *file = NULL;
    switch (r->idtype) {
    case P_ALL:
        return 0;
    case P_PID:
        return r->id > 0 ? 0 : -EINVAL;
    case P_PGID:
        return r->id >= 0 ? 0 : -EINVAL;
    case P_PIDFD:
        break;
    default:
        return -EINVAL;
    }
    if (r->id < 0)
        return -EINVAL;
    *file = fd_get(t, (int)a[1]);
    if (!*file || !(r->target = pidfd_process(*file)))
        return -EBADF;
    if ((*file)->flags & O_NONBLOCK)
        r->options |= WNOHANG;
    return 0;
}

int64_t sys_waitid(struct task *t, const uint64_t *a)
{
    struct wait_request r = {.idtype = (int)a[0], .id = (int)a[1], .options = (int)a[3]};
    struct wait_result result = {0};
    struct file *file;
    int64_t got;

    if ((r.options & ~WAITID_OPTIONS) || !(r.options & (WEXITED | WSTOPPED | WCONTINUED)))
        return -EINVAL;
    got = choose(t, a, &r, &file);
    if (!got) {
        got = task_wait(t, &r, &result);
        if (!got && (r.options & WNOHANG) && !(a[3] & WNOHANG))
            got = -EAGAIN; /* a pidfd that does not block */
    }
    file_put(file);
    if (got > 0 && a[4] && usage_out(t, a[4], &result.usage))
        return -EFAULT;
    if (a[2] && info_out(t, a[2], &result, got > 0))
        return -EFAULT;
    return got < 0 ? got : 0;
}
