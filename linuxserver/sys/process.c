/*
 * Processes and threads: making, executing, ending, waiting.
 */
#include "sys.h"

#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <file.h>
#include <fs/open.h>
#include <signal.h>
#include <task/exec.h>

int64_t sys_fork(struct task *t, const uint64_t *a)
{
    struct clone_request r = {.exit_signal = SIGCHLD};

    (void)a;
    return task_clone(t, &r);
}

int64_t sys_vfork(struct task *t, const uint64_t *a)
{
    struct clone_request r = {.flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD};

    (void)a;
    return task_clone(t, &r);
}

#define CLONE_KNOWN                                                                                \
    (CSIGNAL | CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_VFORK | CLONE_PARENT |    \
     CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID |    \
     CLONE_DETACHED | CLONE_CHILD_SETTID | CLONE_IO | CLONE_UNTRACED | CLONE_PTRACE)

int64_t sys_clone(struct task *t, const uint64_t *a)
{
    uint64_t flags = a[0];
    struct clone_request r = {.flags = flags & ~(uint64_t)CSIGNAL,
                              .stack = a[1],
                              .parent_tid = a[2],
                              .child_tid = a[3],
                              .tls = a[4],
                              .exit_signal = (int)(flags & CSIGNAL)};

    if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
        return -EINVAL;
    if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
        return -EINVAL;
    if ((flags & (CLONE_FS | CLONE_NEWNS)) == (CLONE_FS | CLONE_NEWNS))
        return -EINVAL;
    if ((flags & CLONE_PARENT) && t->process == init_process)
        return -EINVAL;
    if (flags & ~(uint64_t)CLONE_KNOWN) /* namespaces need a privilege that nobody has here */
        return -EPERM;
    if ((flags & CLONE_SETTLS) && a[4] >= JG_USER_TOP)
        return -EPERM;
    if (r.exit_signal > SIGNALS)
        return -EINVAL;
    if (flags & CLONE_THREAD)
        r.exit_signal = 0;
    if (flags & CLONE_PARENT)
        r.exit_signal = t->process->exit_signal;
    return task_clone(t, &r);
}

#define DEV_FD_SIZE 24ul

static int64_t execute(struct task *t, int dirfd, uint64_t path, uint64_t argv, uint64_t envp,
                       uint32_t flags)
{
    struct exec_request request = {0};
    struct walk *w;
    int64_t err = path_begin(t, dirfd, path, flags & AT_EMPTY_PATH, &w);

    if (err)
        return err;
    request.path = rt_zalloc(w->length + DEV_FD_SIZE);
    if (request.path && w->length)
        memcpy(request.path, w->path, w->length);
    else if (request.path)
        rt_format(request.path, DEV_FD_SIZE, "/dev/fd/%d",
                  dirfd); /* the descriptor is the program */
    err = request.path ? exec_open(w, &request.file) : -ENOMEM;
    path_end(w);
    if (!err)
        err = exec_read_strings(t, argv, &request.strings, &request.strings.argc);
    if (!err && !request.strings.argc) {
        /* Linux gives an empty argv one empty string. */
        err = exec_add_string(&request.strings, "", 0);
        request.strings.argc = 1;
    }
    if (!err)
        err = exec_read_strings(t, envp, &request.strings, &request.strings.envc);
    if (!err)
        err = task_exec(t, &request);
    file_put(request.file);
    rt_free(request.path);
    rt_free(request.strings.data);
    if (!err)
        t->outcome->answer = ANSWER_RESUME;
    return err;
}

int64_t sys_execve(struct task *t, const uint64_t *a)
{
    return execute(t, AT_FDCWD, a[0], a[1], a[2], 0);
}

int64_t sys_execveat(struct task *t, const uint64_t *a)
{
    if (a[4] & ~(uint64_t)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
        return -EINVAL;
    return execute(t, (int)a[0], a[1], a[2], a[3], (uint32_t)a[4]);
}

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

/* struct rusage as wait4 and waitid give it. */
static int64_t rusage_out(struct task *t, uint64_t va, const struct wait_result *result)
{
    int64_t ru[18] = {0};

    if (!va)
        return 0;
    ru[0] = (int64_t)(result->user_ns / NS_PER_SEC);
    ru[1] = (int64_t)(result->user_ns % NS_PER_SEC / 1000);
    ru[2] = (int64_t)(result->system_ns / NS_PER_SEC);
    ru[3] = (int64_t)(result->system_ns % NS_PER_SEC / 1000);
    ru[4] = (int64_t)result->max_rss * 4;
    return copy_out(t->mm, va, ru, sizeof ru);
}

int64_t sys_wait4(struct task *t, const uint64_t *a)
{
    int pid = (int)a[0];
    struct wait_request r = {.options = (int)a[2] | WEXITED};
    struct wait_result result;
    int64_t got;

    if (a[2] & ~(uint64_t)(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL) &
        0xffffffff)
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH;
    r.idtype = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
    r.id = pid > 0 ? pid : pid < -1 ? -pid : 0;
    got = task_wait(t, &r, &result);
    if (got > 0) {
        if (a[1] && copy_out(t->mm, a[1], &result.status, sizeof result.status))
            return -EFAULT;
        if (rusage_out(t, a[3], &result))
            return -EFAULT;
    }
    return got;
}

int64_t sys_waitid(struct task *t, const uint64_t *a)
{
    struct wait_request r = {.idtype = (int)a[0], .id = (int)a[1], .options = (int)a[3]};
    struct wait_result result;
    siginfo_t info;
    int64_t got;

    if ((a[3] & ~(uint64_t)(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD |
                            __WCLONE | __WALL)) ||
        !(a[3] & (WEXITED | WSTOPPED | WCONTINUED)) || a[0] > P_PGID)
        return -EINVAL;
    if (((int)a[0] == P_PID && r.id <= 0) || ((int)a[0] == P_PGID && r.id < 0))
        return -EINVAL;
    got = task_wait(t, &r, &result);
    if (got < 0)
        return got;
    if (got && rusage_out(t, a[4], &result))
        return -EFAULT;
    if (!a[2])
        return 0;
    memset(&info, 0, sizeof info);
    if (got) {
        info.si_signo = SIGCHLD;
        info.si_code = result.code;
        info.si_pid = result.pid;
        info.si_uid = (uint32_t)result.uid;
        info.si_status = result.code == CLD_EXITED      ? result.status >> 8
                         : result.code == CLD_KILLED    ? result.status & 0x7f
                         : result.code == CLD_CONTINUED ? SIGCONT
                                                        : result.status >> 8;
    }
    return copy_out(t->mm, a[2], &info, sizeof info);
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

    mutex_lock(&tasks_lock);
    other = a[0] ? task_find((int)a[0]) : t;
    if (other)
        list = other->robust_list;
    mutex_unlock(&tasks_lock);
    if (!other)
        return -ESRCH;
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
