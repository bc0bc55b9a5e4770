/*
 * Resource limits: who may set them, and what each one does.
 */
#include "test.h"

#include <grp.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

static int prlimit_(pid_t pid, int which, const struct rlimit *new, struct rlimit *old)
{
    return (int)syscall(SYS_prlimit64, pid, which, new, old);
}

static void set(int which, rlim_t soft, rlim_t hard)
{
    struct rlimit limit = {soft, hard};

    CHECK_OK(setrlimit(which, &limit));
}

static void drop_to(uid_t uid)
{
    CHECK_OK(setgroups(0, NULL));
    CHECK_OK(syscall(SYS_setresgid, uid, uid, uid));
    CHECK_OK(syscall(SYS_setresuid, uid, uid, uid));
}

TEST(rlimit, soft_is_at_most_hard)
{
    struct rlimit limit = {20, 10};

    CHECK_ERR(prlimit_(0, RLIMIT_NOFILE, &limit, NULL), EINVAL);
    CHECK_ERR(prlimit_(0, 16, NULL, &limit), EINVAL);
    CHECK_ERR(prlimit_(0, -1, NULL, &limit), EINVAL);
    CHECK_ERR(prlimit_(0, RLIMIT_NOFILE, (void *)16, NULL), EFAULT);
    CHECK_ERR(prlimit_(0, RLIMIT_NOFILE, NULL, (void *)16), EFAULT);
    CHECK_ERR(prlimit_(31999, RLIMIT_NOFILE, NULL, &limit), ESRCH);
}

TEST(rlimit, the_old_one_is_told_with_the_new)
{
    struct rlimit new = {100, 200}, old;

    CHECK_OK(prlimit_(0, RLIMIT_CORE, &new, NULL));
    new.rlim_cur = 50;
    CHECK_OK(prlimit_(0, RLIMIT_CORE, &new, &old));
    CHECK_EQ(old.rlim_cur, 100);
    CHECK_EQ(old.rlim_max, 200);
    CHECK_OK(getrlimit(RLIMIT_CORE, &old));
    CHECK_EQ(old.rlim_cur, 50);
}

TEST(rlimit, a_plain_user_only_lowers_the_hard_one)
{
    struct rlimit limit = {100, 100};

    CHECK_OK(setrlimit(RLIMIT_CORE, &limit));
    CHECK_IN_CHILD({
        drop_to(1000);
        limit.rlim_max = 101;
        CHECK_ERR(setrlimit(RLIMIT_CORE, &limit), EPERM);
        limit = (struct rlimit){10, 50};
        CHECK_OK(setrlimit(RLIMIT_CORE, &limit));
        limit.rlim_max = 51;
        CHECK_ERR(setrlimit(RLIMIT_CORE, &limit), EPERM);
        limit = (struct rlimit){50, 50};
        CHECK_OK(setrlimit(RLIMIT_CORE, &limit));
    });
}

TEST(rlimit, nobody_has_more_than_a_million_descriptors)
{
    struct rlimit limit = {100, (1 << 20) + 1};

    CHECK_ERR(setrlimit(RLIMIT_NOFILE, &limit), EPERM);
    limit.rlim_max = 1 << 20;
    CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
}

TEST(rlimit, of_another_process_by_its_owner_alone)
{
    struct rlimit old, limit = {7, 7};
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    pid_t pid = CHILD({
        drop_to(1000);
        write(p[1], "r", 1);
        pause();
    });
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_OK(prlimit_(pid, RLIMIT_CORE, &limit, &old));
    CHECK_IN_CHILD({
        drop_to(1000);
        CHECK_OK(prlimit_(pid, RLIMIT_CORE, NULL, &old));
        CHECK_EQ(old.rlim_cur, 7);
    });
    CHECK_IN_CHILD({
        drop_to(1001);
        CHECK_ERR(prlimit_(pid, RLIMIT_CORE, NULL, &old), EPERM);
        CHECK_ERR(prlimit_(1, RLIMIT_CORE, NULL, &old), EPERM);
    });
    CHECK_IN_CHILD({
        CHECK_OK(syscall(SYS_setresgid, 5, 5, 5));
        CHECK_OK(syscall(SYS_setresuid, 1000, 1000, 1000));
        CHECK_ERR(prlimit_(pid, RLIMIT_CORE, NULL, &old), EPERM);
    });
    kill(pid, SIGKILL);
    CHECK_KILLED(pid, SIGKILL);
}

TEST(rlimit, are_inherited_and_survive_exec)
{
    set(RLIMIT_CORE, 12, 34);
    CHECK_IN_CHILD({
        struct rlimit limit;

        CHECK_OK(getrlimit(RLIMIT_CORE, &limit));
        CHECK_EQ(limit.rlim_cur, 12);
    });
    CHECK_EXIT(CHILD(execl(test_program, test_program, "helper:core_limit", NULL)), 34);
}

HELPER(core_limit)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_CORE, &limit) ? 1 : (int)limit.rlim_max;
}

TEST(rlimit, nofile_counts_numbers_not_files)
{
    int fd;

    set(RLIMIT_NOFILE, 20, 20);
    fd = CHECK_FD(dup2(0, 19));
    CHECK_ERR(dup2(0, 20), EBADF);
    CHECK_ERR(fcntl(0, F_DUPFD, 20), EINVAL);
    CHECK_ERR(fcntl(0, F_DUPFD, 19), EMFILE);
    set(RLIMIT_NOFILE, 5, 20);
    CHECK_EQ(fcntl(fd, F_GETFD), 0);
    while ((fd = dup(0)) >= 0)
        CHECK_LT(fd, 5);
    CHECK_EQ(errno, EMFILE);
    CHECK_ERR(open("/dev/null", O_RDONLY), EMFILE);
    CHECK_ERR(pipe((int[2]){0}), EMFILE);
}

TEST(rlimit, nproc_stops_fork_of_a_plain_user)
{
    CHECK_IN_CHILD({
        pid_t pid;
        int made = 0;

        drop_to(4321);
        set(RLIMIT_NPROC, 5, 5);
        while ((pid = fork()) > 0 && made < 50)
            made++;
        if (pid == 0) {
            pause();
            _exit(0);
        }
        CHECK_EQ(errno, EAGAIN);
        CHECK_EQ(made, 4);
        kill(-1, SIGTERM);
        _exit(0);
    } );
}

TEST(rlimit, nproc_counts_zombies_until_they_are_reaped)
{
    pid_t pid = CHILD({
        siginfo_t info;
        pid_t child;

        drop_to(4322);
        set(RLIMIT_NPROC, 2, 2);
        child = CHILD(_exit(0));
        CHECK_OK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
        CHECK_ERR(fork(), EAGAIN);
        CHECK_EXIT(child, 0);
        CHECK_IN_CHILD(_exit(0));
    });
    CHECK_EXIT(pid, 0);
}

static void *nothing(void *unused)
{
    return unused;
}

TEST(rlimit, nproc_counts_threads)
{
    CHECK_IN_CHILD({
        pthread_t thread;

        drop_to(4323);
        set(RLIMIT_NPROC, 1, 1);
        CHECK_EQ(pthread_create(&thread, NULL, nothing, NULL), EAGAIN);
    });
}

TEST(rlimit, nproc_does_not_bind_root)
{
    set(RLIMIT_NPROC, 1, 1);
    CHECK_IN_CHILD(_exit(0));
}

HELPER(exit_two)
{
    return 2;
}

TEST(rlimit, nproc_passed_by_setuid_is_seen_at_exec)
{
    int ready[2], gate[2];
    char c;

    CHECK_OK(pipe(ready));
    CHECK_OK(pipe(gate));
    for (int i = 0; i < 2; i++)
        CHILD({
            close(gate[1]);
            drop_to(4324);
            write(ready[1], "r", 1);
            read(gate[0], &c, 1);
        });
    for (int i = 0; i < 2; i++)
        CHECK_EQ(read(ready[0], &c, 1), 1);
    CHECK_IN_CHILD({
        set(RLIMIT_NPROC, 1, 1);
        drop_to(4324);
        CHECK_ERR(execl(test_program, test_program, "helper:exit_two", NULL), EAGAIN);
        set(RLIMIT_NPROC, 1, 1);
    });
    CHECK_EXIT(CHILD({
                   set(RLIMIT_NPROC, 3, 3);
                   drop_to(4324);
                   execl(test_program, test_program, "helper:exit_two", NULL);
               }),
               2);
    close(gate[1]);
    CHECK_GT(wait(NULL), 0);
    CHECK_GT(wait(NULL), 0);
}

TEST(rlimit, as_bounds_the_address_space)
{
    set(RLIMIT_AS, 64 << 20, 64 << 20);
    CHECK(mmap(NULL, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    CHECK_EQ(errno, ENOMEM);
    CHECK(mmap(NULL, 128 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    char *p = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    CHECK(mremap(p, 8 << 20, 80 << 20, MREMAP_MAYMOVE) == MAP_FAILED);
    CHECK_EQ(errno, ENOMEM);
    long brk = syscall(SYS_brk, 0);
    CHECK_EQ(syscall(SYS_brk, brk + (80 << 20)), brk);
}

TEST(rlimit, a_program_that_does_not_fit_does_not_run)
{
    pid_t pid = CHILD({
        set(RLIMIT_AS, 64 << 10, 64 << 10);
        execl(test_program, test_program, "helper:exit_two", NULL);
        raise(SIGKILL);
    });
    int status;

    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFSIGNALED(status));
}

TEST(rlimit, data_bounds_brk_and_private_writable_memory)
{
    set(RLIMIT_DATA, 16 << 20, 16 << 20);
    CHECK(mmap(NULL, 32 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
          MAP_FAILED);
    CHECK_EQ(errno, ENOMEM);
    CHECK(mmap(NULL, 32 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    CHECK(mmap(NULL, 32 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) !=
          MAP_FAILED);
    long brk = syscall(SYS_brk, 0);
    CHECK_EQ(syscall(SYS_brk, brk + (32 << 20)), brk);
    CHECK_EQ(syscall(SYS_brk, brk + 4096), brk + 4096);
}

static char *touch_down(char *at, size_t bytes)
{
    volatile char here[4096];

    here[0] = 1;
    here[4095] = 2;
    return bytes <= 4096 ? (char *)(uintptr_t)&here[0] : touch_down(at, bytes - 4096);
}

TEST(rlimit, stack_bounds_growth)
{
    CHECK_IN_CHILD(CHECK(touch_down(NULL, 4 << 20) != NULL));
    CHECK_KILLED(CHILD({
                     set(RLIMIT_STACK, 1 << 20, RLIM_INFINITY);
                     touch_down(NULL, 4 << 20);
                 }),
                 SIGSEGV);
}

TEST(rlimit, stack_may_be_raised_while_it_runs)
{
    CHECK_IN_CHILD({
        set(RLIMIT_STACK, 16 << 20, RLIM_INFINITY);
        CHECK(touch_down(NULL, 12 << 20) != NULL);
    });
}

static volatile sig_atomic_t too_large;

static void on_too_large(int sig)
{
    too_large = sig;
}

TEST(rlimit, fsize_cuts_a_write_and_then_signals)
{
    static char block[4096];
    int fd = test_file("f", "", 0);

    signal(SIGXFSZ, on_too_large);
    set(RLIMIT_FSIZE, 6000, 6000);
    CHECK_EQ(write(fd, block, 4096), 4096);
    CHECK_EQ(write(fd, block, 4096), 6000 - 4096);
    CHECK_EQ(too_large, 0);
    CHECK_ERR(write(fd, block, 1), EFBIG);
    CHECK_EQ(too_large, SIGXFSZ);
    too_large = 0;
    CHECK_ERR(ftruncate(fd, 6001), EFBIG);
    CHECK_EQ(too_large, SIGXFSZ);
    CHECK_OK(ftruncate(fd, 6000));
    CHECK_EQ(pwrite(fd, block, 10, 0), 10);
    too_large = 0;
    CHECK_ERR(pwrite(fd, block, 10, 6000), EFBIG);
    CHECK_EQ(too_large, SIGXFSZ);
    CHECK_EQ(lseek(fd, 0, SEEK_END), 6000);
}

TEST(rlimit, fsize_kills_who_does_not_listen)
{
    CHECK_KILLED(CHILD({
                     int fd = test_file("g", "", 0);

                     set(RLIMIT_FSIZE, 0, 0);
                     write(fd, "x", 1);
                 }),
                 SIGXFSZ);
}

TEST(rlimit, fsize_does_not_touch_pipes)
{
    int p[2];

    CHECK_OK(pipe(p));
    set(RLIMIT_FSIZE, 0, 0);
    CHECK_EQ(write(p[1], "x", 1), 1);
}

static volatile sig_atomic_t over;

static void on_over(int sig)
{
    (void)sig;
    over++;
}

/* time limit: 60 s */
TEST(rlimit, cpu_signals_each_second_and_kills_at_the_hard_limit)
{
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    pid_t pid = CHILD({
        signal(SIGXCPU, on_over);
        set(RLIMIT_CPU, 1, 3);
        int seen = 0;
        for (;;)
            if (over != seen) {
                seen = over;
                write(p[1], "x", 1);
            }
    });
    close(p[1]);
    CHECK_KILLED(pid, SIGKILL);
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_EQ(read(p[0], &c, 1), 0);
}

TEST(rlimit, cpu_kills_by_default)
{
    CHECK_KILLED(CHILD({
                     set(RLIMIT_CPU, 1, 10);
                     for (;;)
                         ;
                 }),
                 SIGXCPU);
}

TEST(rlimit, cpu_is_inherited_by_children_that_begin_anew)
{
    CHECK_IN_CHILD({
        int64_t until = test_now_ms() + 700;

        set(RLIMIT_CPU, 1, 1);
        while (test_now_ms() < until)
            continue;
        CHECK_KILLED(CHILD(for (;;)), SIGKILL);
    });
}

TEST(rlimit, sleeping_costs_no_cpu)
{
    CHECK_IN_CHILD({
        set(RLIMIT_CPU, 1, 1);
        test_sleep_ms(1500);
    });
}
