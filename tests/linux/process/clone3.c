/*
 * clone and clone3: versions of the struct, flags that cannot be combined, what each flag shares.
 */
#include "test.h"

#include <poll.h>
#include <sched.h>

struct clone_args {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    uint64_t set_tid, set_tid_size, cgroup;
};

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif
#define CLONE_CLEAR_SIGHAND (1ull << 32)

static long clone3(struct clone_args *args, size_t size)
{
    return syscall(SYS_clone3, args, size);
}

static pid_t clone3_child(uint64_t flags, int exit_signal)
{
    struct clone_args args = {.flags = flags, .exit_signal = (uint64_t)exit_signal};

    fflush(NULL);
    return (pid_t)clone3(&args, sizeof args);
}

static void drop_to(uid_t uid)
{
    CHECK_OK(setgroups(0, NULL));
    CHECK_OK(setresgid(uid, uid, uid));
    CHECK_OK(setresuid(uid, uid, uid));
}

TEST(clone3, works_as_fork)
{
    pid_t pid = clone3_child(0, SIGCHLD);

    if (pid == 0)
        _exit(getpid() > 1 ? 7 : 1);
    CHECK_EXIT(pid, 7);
}

TEST(clone3, every_version_of_the_struct_is_taken)
{
    static const size_t sizes[] = {64, 72, 80, 88};

    for (int i = 0; i < 4; i++) {
        struct clone_args args = {.exit_signal = SIGCHLD};
        pid_t pid = (pid_t)clone3(&args, sizes[i]);

        if (pid == 0)
            _exit(i);
        CHECK_EXIT(pid, i);
    }
}

TEST(clone3, a_newer_struct_must_be_zero_behind_what_is_known)
{
    union {
        struct clone_args args;
        char bytes[256];
    } big;
    pid_t pid;

    memset(&big, 0, sizeof big);
    big.args.exit_signal = SIGCHLD;
    pid = (pid_t)clone3(&big.args, sizeof big);
    if (pid == 0)
        _exit(5);
    CHECK_EXIT(pid, 5);
    big.bytes[255] = 1;
    CHECK_ERR(clone3(&big.args, sizeof big), E2BIG);
    CHECK_ERR(clone3(&big.args, 4097), E2BIG);
    CHECK_ERR(clone3(&big.args, 63), EINVAL);
    CHECK_ERR(clone3(&big.args, 0), EINVAL);
    CHECK_ERR(clone3(NULL, 64), EFAULT);
}

TEST(clone3, impossible_flags_are_einval)
{
    static const uint64_t bad[] = {
        CLONE_SIGHAND,
        CLONE_THREAD,
        CLONE_THREAD | CLONE_SIGHAND,
        CLONE_SIGHAND | CLONE_VM | CLONE_CLEAR_SIGHAND,
        CLONE_DETACHED,
        1,    /* part of the old signal mask */
        0x40, /* ... */
        1ull << 40,
        CLONE_FS | CLONE_NEWNS,
        CLONE_FS | CLONE_NEWUSER,
        CLONE_PIDFD | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM,
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct clone_args args = {.flags = bad[i]};
        long r = clone3(&args, sizeof args);

        if (r == 0)
            _exit(1);
        if (r != -1 || errno != EINVAL)
            FAIL("flags %#llx give %ld", (unsigned long long)bad[i], r);
    }
}

TEST(clone3, exit_signals_are_checked)
{
    struct clone_args args = {.exit_signal = 65};

    CHECK_ERR(clone3(&args, sizeof args), EINVAL);
    args.exit_signal = 1 << 8;
    CHECK_ERR(clone3(&args, sizeof args), EINVAL);
    args.exit_signal = SIGCHLD;
    args.flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
    CHECK_ERR(clone3(&args, sizeof args), EINVAL);
    args.flags = CLONE_PARENT;
    CHECK_ERR(clone3(&args, sizeof args), EINVAL);
}

TEST(clone3, a_stack_needs_a_size_and_a_size_a_stack)
{
    static char stack[4096];
    struct clone_args args = {.exit_signal = SIGCHLD, .stack = (uintptr_t)stack};

    CHECK_ERR(clone3(&args, sizeof args), EINVAL);
    args.stack = 0;
    args.stack_size = 4096;
    CHECK_ERR(clone3(&args, sizeof args), EINVAL);
    args.stack = ~0ull - 10;
    CHECK_ERR(clone3(&args, sizeof args), EINVAL);
}

TEST(clone3, set_tid_gives_the_wanted_pid)
{
    pid_t wanted[2] = {30000, 0};
    struct clone_args args = {
        .exit_signal = SIGCHLD, .set_tid = (uintptr_t)wanted, .set_tid_size = 1};
    pid_t pid = (pid_t)clone3(&args, sizeof args);

    if (pid == 0)
        _exit(getpid() == 30000 ? 0 : 1);
    CHECK_EQ(pid, 30000);
    CHECK_EXIT(pid, 0);
}

TEST(clone3, set_tid_refuses_what_it_cannot_give)
{
    pid_t wanted[40] = {getpid()};
    struct clone_args args = {
        .exit_signal = SIGCHLD, .set_tid = (uintptr_t)wanted, .set_tid_size = 1};

    CHECK_ERR(clone3(&args, sizeof args), EEXIST);
    wanted[0] = 0;
    CHECK_ERR(clone3(&args, sizeof args), EINVAL);
    wanted[0] = -1;
    CHECK_ERR(clone3(&args, sizeof args), EINVAL);
    wanted[0] = 1 << 30;
    CHECK_ERR(clone3(&args, sizeof args), EINVAL);
    args.set_tid_size = 33;
    CHECK_ERR(clone3(&args, sizeof args), EINVAL);
    args.set_tid_size = 0;
    CHECK_ERR(clone3(&args, sizeof args), EINVAL);
    args.set_tid = 0;
    args.set_tid_size = 1;
    CHECK_ERR(clone3(&args, sizeof args), EINVAL);
}

TEST(clone3, set_tid_needs_a_privilege)
{
    CHECK_IN_CHILD({
        pid_t wanted = 29999;
        struct clone_args args = {
            .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&wanted, .set_tid_size = 1};

        drop_to(1000);
        CHECK_ERR(clone3(&args, sizeof args), EPERM);
    });
}

TEST(clone3, pidfd_is_made_in_the_parent_alone)
{
    int fd = -1, gate[2];
    struct clone_args args = {
        .flags = CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = (uintptr_t)&fd};
    struct pollfd p;
    pid_t pid;
    char c;

    CHECK_OK(pipe(gate));
    pid = (pid_t)clone3(&args, sizeof args);
    if (pid == 0) {
        close(gate[1]);
        read(gate[0], &c, 1);
        _exit(fcntl(fd, F_GETFD) == -1 ? 3 : 4);
    }
    CHECK_GT(pid, 0);
    CHECK_GE(fd, 0);
    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    p = (struct pollfd){.fd = fd, .events = POLLIN};
    CHECK_EQ(poll(&p, 1, 20), 0);
    close(gate[1]);
    CHECK_EQ(poll(&p, 1, 10000), 1);
    CHECK_EQ(p.revents & POLLIN, POLLIN);
    CHECK_EXIT(pid, 3);
}

TEST(clone3, a_bad_pidfd_pointer_is_efault_and_makes_no_child)
{
    struct clone_args args = {.flags = CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = 8};
    int before = CHECK_FD(dup(0));

    CHECK_ERR(clone3(&args, sizeof args), EFAULT);
    CHECK_ERR(waitpid(-1, NULL, 0), ECHILD);
    close(before);
    CHECK_EQ(dup(0), before);
}

TEST(clone3, pidfd_and_parent_settid_need_two_places)
{
    int fd;
    struct clone_args args = {.flags = CLONE_PIDFD | CLONE_PARENT_SETTID,
                              .exit_signal = SIGCHLD,
                              .pidfd = (uintptr_t)&fd,
                              .parent_tid = (uintptr_t)&fd};

    CHECK_ERR(clone3(&args, sizeof args), EINVAL);
    CHECK_ERR(syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &fd, 0, 0),
              EINVAL);
}

TEST(clone, pidfd_comes_in_place_of_the_parent_tid)
{
    int fd = -1;
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &fd, 0, 0);
    siginfo_t info;

    if (pid == 0)
        _exit(6);
    CHECK_GE(fd, 0);
    CHECK_OK(waitid((idtype_t)3, (id_t)fd, &info, WEXITED));
    CHECK_EQ(info.si_pid, pid);
    CHECK_EQ(info.si_status, 6);
}

TEST(clone, pidfd_of_a_thread_or_detached_is_refused)
{
    int fd;

    CHECK_ERR(syscall(SYS_clone, CLONE_PIDFD | CLONE_DETACHED | SIGCHLD, 0, &fd, 0, 0), EINVAL);
    CHECK_ERR(syscall(SYS_clone, CLONE_PIDFD | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0, &fd, 0,
                      0),
              EINVAL);
}

static void handler(int sig)
{
    (void)sig;
}

TEST(clone3, clear_sighand_resets_handlers_but_not_ignored_ones)
{
    struct sigaction action;
    pid_t pid;

    signal(SIGUSR1, handler);
    signal(SIGUSR2, SIG_IGN);
    pid = clone3_child(CLONE_CLEAR_SIGHAND, SIGCHLD);
    if (pid == 0) {
        sigaction(SIGUSR1, NULL, &action);
        if (action.sa_handler != SIG_DFL)
            _exit(1);
        sigaction(SIGUSR2, NULL, &action);
        _exit(action.sa_handler == SIG_IGN ? 0 : 2);
    }
    CHECK_EXIT(pid, 0);
    sigaction(SIGUSR1, NULL, &action);
    CHECK(action.sa_handler == handler);
}

TEST(clone3, files_are_shared_with_files_only)
{
    pid_t pid = clone3_child(CLONE_FILES, SIGCHLD);

    if (pid == 0)
        _exit(dup2(0, 77) == 77 ? 0 : 1);
    CHECK_EXIT(pid, 0);
    CHECK_EQ(fcntl(77, F_GETFD), 0);
    CHECK_OK(close(77));
    pid = clone3_child(0, SIGCHLD);
    if (pid == 0)
        _exit(dup2(0, 77) == 77 ? 0 : 1);
    CHECK_EXIT(pid, 0);
    CHECK_ERR(fcntl(77, F_GETFD), EBADF);
}

TEST(clone3, working_folder_and_umask_are_shared_with_fs_only)
{
    char cwd[256];
    pid_t pid;

    CHECK_OK(mkdir("down", 0755));
    umask(022);
    pid = clone3_child(CLONE_FS, SIGCHLD);
    if (pid == 0) {
        umask(077);
        _exit(chdir("down"));
    }
    CHECK_EXIT(pid, 0);
    CHECK_EQ(umask(022), 077);
    CHECK(getcwd(cwd, sizeof cwd) && strstr(cwd, "/down"));
    CHECK_OK(chdir(".."));
    pid = clone3_child(0, SIGCHLD);
    if (pid == 0)
        _exit(chdir("down"));
    CHECK_EXIT(pid, 0);
    CHECK(getcwd(cwd, sizeof cwd) && !strstr(cwd, "/down"));
}

TEST(clone, parent_makes_a_sibling)
{
    int p[2];
    pid_t me = getpid(), child, grandchild = 0, pid;

    CHECK_OK(pipe(p));
    child = CHILD({
        pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
        if (pid == 0)
            _exit(getppid() == me ? 12 : 13);
        CHECK_EQ(write(p[1], &pid, sizeof pid), (ssize_t)sizeof pid);
        CHECK_ERR(waitpid(pid, NULL, 0), ECHILD);
    });
    CHECK_EQ(read(p[0], &grandchild, sizeof grandchild), (ssize_t)sizeof grandchild);
    CHECK_EXIT(child, 0);
    CHECK_EXIT(grandchild, 12);
}

TEST(clone, without_an_exit_signal_only_wclone_or_wall_see_it)
{
    siginfo_t info;
    pid_t pid = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0);

    if (pid == 0)
        _exit(4);
    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | __WALL));
    CHECK_ERR(waitpid(pid, NULL, 0), ECHILD);
    CHECK_ERR(waitpid(-1, NULL, WNOHANG), ECHILD);
    CHECK_EQ(waitpid(pid, NULL, __WCLONE), pid);
    pid = CHILD(_exit(0));
    CHECK_ERR(waitpid(pid, NULL, __WCLONE), ECHILD);
    CHECK_EQ(waitpid(pid, NULL, __WALL), pid);
}

static volatile sig_atomic_t got_signal, got_pid;

static void note_signal(int sig, siginfo_t *info, void *context)
{
    (void)context;
    got_signal = sig;
    got_pid = info->si_pid;
}

TEST(clone, another_exit_signal_is_sent)
{
    struct sigaction action = {.sa_sigaction = note_signal, .sa_flags = SA_SIGINFO};
    pid_t pid;

    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    pid = (pid_t)syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);
    if (pid == 0)
        _exit(0);
    while (waitpid(pid, NULL, __WALL) < 0)
        CHECK_EQ(errno, EINTR);
    CHECK_EQ(got_signal, SIGUSR1);
    CHECK_EQ(got_pid, pid);
}

TEST(clone, exec_makes_the_exit_signal_sigchld)
{
    struct sigaction action = {.sa_sigaction = note_signal, .sa_flags = SA_SIGINFO};
    pid_t pid;

    CHECK_OK(sigaction(SIGCHLD, &action, NULL));
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    pid = (pid_t)syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);
    if (pid == 0) {
        execl(test_program, test_program, "helper:exit_nine", NULL);
        _exit(1);
    }
    while (waitpid(pid, NULL, __WALL) < 0)
        CHECK_EQ(errno, EINTR);
    CHECK_EQ(got_signal, SIGCHLD);
}

HELPER(exit_nine)
{
    return 9;
}

TEST(clone, a_tls_beyond_user_memory_is_eperm)
{
    CHECK_ERR(syscall(SYS_clone, CLONE_SETTLS | SIGCHLD, 0, 0, 0, 0xffff800000000000ul), EPERM);
    CHECK_ERR(waitpid(-1, NULL, 0), ECHILD);
}

TEST(clone, bad_settid_addresses_do_not_hinder_it)
{
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, 16,
                               16, 0);

    if (pid == 0)
        _exit(8);
    CHECK_EXIT(pid, 8);
}

TEST(clone, child_settid_writes_in_the_childs_memory_only)
{
    static volatile pid_t here;
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_CHILD_SETTID | SIGCHLD, 0, 0, &here, 0);

    if (pid == 0)
        _exit(here == getpid() ? 0 : 1);
    CHECK_EXIT(pid, 0);
    CHECK_EQ(here, 0);
}

TEST(unshare, files_and_fs_become_ones_own)
{
    pid_t pid;

    CHECK_OK(mkdir("below", 0755));
    pid = clone3_child(CLONE_FILES | CLONE_FS, SIGCHLD);
    if (pid == 0) {
        if (unshare(CLONE_FILES | CLONE_FS))
            _exit(1);
        dup2(0, 78);
        _exit(chdir("below"));
    }
    CHECK_EXIT(pid, 0);
    CHECK_ERR(fcntl(78, F_GETFD), EBADF);
    CHECK_OK(access("below", F_OK));
}

TEST(unshare, unknown_flags_and_shared_memory_are_einval)
{
    CHECK_ERR(unshare(CLONE_PIDFD), EINVAL);
    CHECK_ERR(unshare(1), EINVAL);
    CHECK_OK(unshare(0));
    CHECK_OK(unshare(CLONE_SYSVSEM));
    CHECK_OK(unshare(CLONE_THREAD | CLONE_SIGHAND | CLONE_VM));
}

TEST(unshare, namespaces_need_a_privilege)
{
    CHECK_IN_CHILD({
        drop_to(1000);
        CHECK_ERR(unshare(CLONE_NEWNS), EPERM);
        CHECK_ERR(unshare(CLONE_NEWPID), EPERM);
        CHECK_ERR(syscall(SYS_clone, CLONE_NEWUTS | SIGCHLD, 0, 0, 0, 0), EPERM);
    });
}
