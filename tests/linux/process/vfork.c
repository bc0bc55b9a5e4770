/*
 * vfork and clone(CLONE_VM | CLONE_VFORK): one address space, and a parent that waits exactly once.
 */
#include "test.h"

#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>

static volatile int shared;

HELPER(exit_five)
{
    return 5;
}

HELPER(slow)
{
    test_sleep_ms(argc > 2 ? atoi(argv[2]) : 100);
    return 0;
}

TEST(vfork, child_runs_in_the_parents_memory)
{
    shared = 1;
    pid_t pid = vfork();
    if (pid == 0) {
        shared = 2;
        _exit(0);
    }
    CHECK_EQ(shared, 2);
    CHECK_EXIT(pid, 0);
}

TEST(vfork, parent_waits_until_the_child_exits)
{
    shared = 0;
    pid_t pid = vfork();
    if (pid == 0) {
        struct timespec t = {.tv_nsec = 80000000};
        syscall(SYS_nanosleep, &t, NULL);
        shared = 1;
        _exit(4);
    }
    CHECK_EQ(shared, 1);
    CHECK_EXIT(pid, 4);
}

TEST(vfork, parent_wakes_at_exec_and_not_at_exit)
{
    char *argv[] = {test_program, "helper:slow", "400", NULL};
    int status;
    pid_t pid = vfork();

    if (pid == 0) {
        execv(test_program, argv);
        _exit(127);
    }
    CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
    CHECK_EXIT(pid, 0);
}

TEST(vfork, failed_exec_is_seen_by_the_parent)
{
    volatile int error = 0;
    pid_t pid = vfork();

    if (pid == 0) {
        char *argv[] = {"no", NULL};
        execv("/no/such/program", argv);
        error = errno;
        _exit(127);
    }
    CHECK_EQ(error, ENOENT);
    CHECK_EXIT(pid, 127);
}

TEST(vfork, killed_child_releases_the_parent)
{
    pid_t pid = vfork();

    if (pid == 0) {
        syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
        _exit(0);
    }
    CHECK_KILLED(pid, SIGKILL);
}

TEST(vfork, descriptors_are_the_childs_own)
{
    int fd = CHECK_FD(open("/dev/null", O_RDONLY));
    pid_t pid = vfork();

    if (pid == 0) {
        close(fd);
        _exit(0);
    }
    CHECK_OK(fcntl(fd, F_GETFD));
    CHECK_EXIT(pid, 0);
}

TEST(vfork, exec_leaves_the_parents_memory_alone)
{
    char *argv[] = {test_program, "helper:exit_five", NULL};
    char *page = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(page != MAP_FAILED);
    memset(page, 'z', 65536);
    for (int i = 0; i < 200; i++) {
        pid_t pid = vfork();
        if (pid == 0) {
            execv(test_program, argv);
            _exit(127);
        }
        CHECK_GT(pid, 0);
        CHECK_EXIT(pid, 5);
        for (int at = 0; at < 65536; at += 4096)
            CHECK_EQ(page[at], 'z');
    }
}

TEST(vfork, posix_spawn_runs_and_reports)
{
    extern char **environ;
    char *argv[] = {test_program, "helper:exit_five", NULL};
    pid_t pid;

    CHECK_OK(posix_spawn(&pid, test_program, NULL, NULL, argv, environ));
    CHECK_EXIT(pid, 5);
    CHECK_EQ(posix_spawn(&pid, "/no/such/program", NULL, NULL, argv, environ), ENOENT);
    CHECK_ERR(wait(NULL), ECHILD);
}

/* musl's posix_spawn reads a CLOEXEC pipe to its end: it hangs when pipe2 or dup3 loses the flag. */
TEST(vfork, posix_spawn_with_file_actions)
{
    extern char **environ;
    char *argv[] = {test_program, "helper:exit_five", NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;

    CHECK_OK(posix_spawn_file_actions_init(&actions));
    CHECK_OK(posix_spawn_file_actions_addopen(&actions, 7, "made", O_CREAT | O_WRONLY, 0600));
    CHECK_OK(posix_spawn_file_actions_adddup2(&actions, 7, 1));
    CHECK_OK(posix_spawn_file_actions_addclose(&actions, 7));
    for (int i = 0; i < 50; i++) {
        CHECK_OK(posix_spawn(&pid, test_program, &actions, NULL, argv, environ));
        CHECK_EXIT(pid, 5);
    }
    CHECK_OK(access("made", F_OK));
}

static int on_own_stack(void *arg)
{
    shared = *(int *)arg + 1;
    return 9;
}

TEST(clone, vm_and_vfork_with_a_stack_of_its_own)
{
    static __attribute__((aligned(16))) char stack[65536];
    int arg = 41;
    pid_t pid = clone(on_own_stack, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &arg);

    CHECK_GT(pid, 0);
    CHECK_EQ(shared, 42);
    CHECK_EXIT(pid, 9);
}

TEST(clone, without_vm_copies)
{
    static __attribute__((aligned(16))) char stack[65536];
    int arg = 41;

    shared = 7;
    pid_t pid = clone(on_own_stack, stack + sizeof stack, SIGCHLD, &arg);
    CHECK_EXIT(pid, 9);
    CHECK_EQ(shared, 7);
}

TEST(clone, child_settid_and_parent_settid_are_written)
{
    volatile int parent_tid = 0, child_tid = 0;
    long pid = syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, NULL,
                       &parent_tid, &child_tid, 0);

    if (pid == 0)
        _exit(child_tid == (int)syscall(SYS_getpid) ? 0 : 3);
    CHECK_GT(pid, 0);
    CHECK_EQ(parent_tid, pid);
    CHECK_EQ(child_tid, 0);
    CHECK_EXIT((pid_t)pid, 0);
}

TEST(clone, impossible_combinations_are_refused)
{
    CHECK_ERR(syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, NULL, NULL, NULL, 0), EINVAL);
    CHECK_ERR(syscall(SYS_clone, CLONE_THREAD | CLONE_VM | SIGCHLD, NULL, NULL, NULL, 0), EINVAL);
    CHECK_ERR(wait(NULL), ECHILD);
}

TEST(clone, a_bad_clear_child_tid_is_ignored_at_exit)
{
    CHECK_IN_CHILD({
        syscall(SYS_set_tid_address, (void *)16);
        syscall(SYS_set_robust_list, (void *)24, 24L);
    });
}
