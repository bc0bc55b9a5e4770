/*
 * The small calls: identity, names, limits, randomness, numbers that do not exist.
 */
#include "test.h"

#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>

TEST(system, uname_is_linux_6_1_on_x86_64)
{
    struct utsname u;

    CHECK_OK(uname(&u));
    CHECK_STR(u.sysname, "Linux");
    CHECK_EQ(strncmp(u.release, "6.1.0", 5), 0);
    CHECK_STR(u.machine, "x86_64");
    CHECK(u.version[0] == '#');
    CHECK_ERR(uname((void *)16), EFAULT);
}

TEST(system, numbers_that_do_not_exist_are_enosys)
{
    static const long numbers[] = {9999, 600, 1000000, -1, 0x7fffffff};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        CHECK_ERR(syscall(numbers[i], 1, 2, 3, 4, 5, 6), ENOSYS);
    for (long nr = 335; nr < 424; nr++) /* the hole in the table */
        CHECK_ERR(syscall(nr, 0, 0, 0, 0, 0, 0), ENOSYS);
    CHECK_ERR(syscall(SYS_get_kernel_syms, 0, 0), ENOSYS);
    CHECK_ERR(syscall(SYS_tuxcall, 0, 0), ENOSYS);
}

TEST(system, only_32_bits_of_the_number_count)
{
    CHECK_EQ(syscall(0x7700000000 + SYS_getpid), getpid());
}

TEST(system, x32_numbers_are_enosys)
{
    CHECK_ERR(syscall(0x40000000 + SYS_getpid), ENOSYS);
}

/* Either i386's numbers (20 is getpid there) or nothing; never the 64-bit ones. */
TEST(system, int_0x80_is_never_the_64_bit_table)
{
    pid_t pid = CHILD({
        long result;
        asm volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
        _exit(result == getpid() || result == -ENOSYS ? 0 : 3); /* 20 is writev in the other */
    });
    int status = test_status(pid, __FILE__, __LINE__);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
          (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV));
}

TEST(system, syscall_clobbers_only_what_it_may)
{
    long bad = 0;

    for (int i = 0; i < 1000 && !bad; i++)
        asm volatile("mov $101, %%rbx\n mov $102, %%rdx\n mov $103, %%rsi\n mov $104, %%rdi\n"
                     "mov $105, %%r8\n mov $106, %%r9\n mov $107, %%r10\n mov $108, %%r12\n"
                     "mov $109, %%r13\n mov $110, %%r14\n mov $111, %%r15\n mov $39, %%eax\n"
                     "syscall\n"
                     "cmp $101, %%rbx\n jne 1f\n cmp $102, %%rdx\n jne 1f\n cmp $103, %%rsi\n jne 1f\n"
                     "cmp $104, %%rdi\n jne 1f\n cmp $105, %%r8\n jne 1f\n cmp $106, %%r9\n jne 1f\n"
                     "cmp $107, %%r10\n jne 1f\n cmp $108, %%r12\n jne 1f\n cmp $109, %%r13\n jne 1f\n"
                     "cmp $110, %%r14\n jne 1f\n cmp $111, %%r15\n je 2f\n"
                     "1: movq $1, %0\n 2:\n"
                     : "+m"(bad)
                     :
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
                       "r13", "r14", "r15", "cc", "memory");
    CHECK_EQ(bad, 0);
}

TEST(system, fs_base_survives_everything)
{
    static __thread int mine = 12345;
    unsigned long base, again;

    CHECK_OK(syscall(SYS_arch_prctl, 0x1003, &base));
    for (int i = 0; i < 300; i++) {
        CHECK_EXIT(CHILD({
                       CHECK_EQ(mine, 12345);
                       mine = 7;
                   }),
                   0);
        CHECK_EQ(mine, 12345);
    }
    CHECK_OK(syscall(SYS_arch_prctl, 0x1003, &again));
    CHECK_EQ(base, again);
}

TEST(system, vector_state_survives_other_processes)
{
    pid_t pids[3];
    volatile double sum = 0.0;

    for (int c = 0; c < 3; c++)
        pids[c] = CHILD({
            volatile double x = c + 1.0;
            for (int i = 0; i < 200000; i++) {
                x = x * 1.0000001;
                if (i % 1000 == 0)
                    syscall(SYS_sched_yield);
            }
            double wanted = c + 1.0;
            for (int i = 0; i < 200000; i++)
                wanted = wanted * 1.0000001;
            _exit(x == wanted ? 0 : 3);
        });
    for (int i = 1; i <= 300000; i++) {
        sum += 1.0 / i;
        if (i % 3000 == 0)
            syscall(SYS_sched_yield);
    }
    for (int c = 0; c < 3; c++)
        CHECK_EXIT(pids[c], 0);
    CHECK(sum > 13.188 && sum < 13.189);
}

TEST(system, getrandom_fills_and_differs)
{
    unsigned char a[64] = {0}, b[64] = {0};

    CHECK_EQ(getrandom(a, sizeof a, 0), sizeof a);
    CHECK_EQ(getrandom(b, sizeof b, GRND_NONBLOCK), sizeof b);
    CHECK(memcmp(a, b, sizeof a) != 0);
    CHECK_EQ(getrandom(a, 0, 0), 0);
    CHECK_ERR(getrandom(a, 10, 0x100), EINVAL);
    CHECK_ERR(getrandom((void *)16, 10, 0), EFAULT);
}

TEST(system, at_random_differs_between_programs)
{
    char *const argv[] = {test_program, "helper:random", NULL};
    unsigned char got[2][16];

    for (int i = 0; i < 2; i++) {
        int p[2];
        CHECK_OK(pipe(p));
        pid_t pid = CHILD({
            dup2(p[1], 1);
            execv(test_program, argv);
        });
        CHECK_EQ(read(p[0], got[i], 16), 16);
        CHECK_EXIT(pid, 0);
    }
    CHECK(memcmp(got[0], got[1], 16) != 0);
}

HELPER(random)
{
    return write(1, (void *)getauxval(AT_RANDOM), 16) == 16 ? 0 : 1;
}

TEST(system, sysinfo_is_plausible)
{
    struct sysinfo s;

    CHECK_OK(sysinfo(&s));
    CHECK_GT(s.totalram * s.mem_unit, 8 << 20);
    CHECK_GT(s.freeram, 0);
    CHECK_LT(s.freeram, s.totalram);
    CHECK_GE(s.procs, 2);
    CHECK_GE(s.uptime, 0);
    CHECK_ERR(sysinfo((void *)16), EFAULT);
}

TEST(system, prlimit_reads_and_writes)
{
    struct rlimit limit, old;

    CHECK_OK(getrlimit(RLIMIT_NOFILE, &limit));
    CHECK_EQ(limit.rlim_cur, 1024);
    CHECK_GE(limit.rlim_max, 4096);
    CHECK_OK(getrlimit(RLIMIT_STACK, &limit));
    CHECK_EQ(limit.rlim_cur, 8 << 20);
    CHECK_EQ(limit.rlim_max, RLIM_INFINITY);
    limit = (struct rlimit){100, 200};
    CHECK_OK(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, &old));
    CHECK_EQ(old.rlim_cur, 1024);
    CHECK_OK(syscall(SYS_prlimit64, getpid(), RLIMIT_NOFILE, NULL, &old));
    CHECK_EQ(old.rlim_cur, 100);
    CHECK_EQ(old.rlim_max, 200);
    limit.rlim_cur = 300;
    CHECK_ERR(setrlimit(RLIMIT_NOFILE, &limit), EINVAL);
    CHECK_ERR(getrlimit(99, &limit), EINVAL);
    CHECK_IN_CHILD({
        CHECK_OK(getrlimit(RLIMIT_NOFILE, &limit));
        CHECK_EQ(limit.rlim_max, 200); /* inherited */
        CHECK_OK(setuid(65534));
        limit.rlim_max = 400;
        CHECK_ERR(setrlimit(RLIMIT_NOFILE, &limit), EPERM);
    });
}

TEST(system, identity_of_the_first_processes)
{
    CHECK_EQ(getuid(), 0);
    CHECK_EQ(geteuid(), 0);
    CHECK_EQ(getgid(), 0);
    CHECK_EQ(getegid(), 0);
    CHECK_GT(getpid(), 1);
    CHECK_GT(getppid(), 1);
    CHECK_EQ(syscall(SYS_gettid), getpid());
}

TEST(system, setresuid_keeps_what_is_minus_one)
{
    uid_t r, e, s;

    CHECK_IN_CHILD({
        CHECK_OK(setresuid(10, 20, 30));
        CHECK_OK(getresuid(&r, &e, &s));
        CHECK_EQ(r, 10);
        CHECK_EQ(e, 20);
        CHECK_EQ(s, 30);
        CHECK_OK(setresuid((uid_t)-1, 30, (uid_t)-1));
        CHECK_EQ(geteuid(), 30);
        CHECK_ERR(setresuid(99, (uid_t)-1, (uid_t)-1), EPERM);
    });
}

TEST(system, bad_pointers_are_efault_in_many_calls)
{
    void *bad = (void *)16, *kernel = (void *)0xffffffff81000000;

    for (int i = 0; i < 2; i++, bad = kernel) {
        CHECK_ERR(syscall(SYS_open, bad, O_RDONLY), EFAULT);
        CHECK_ERR(syscall(SYS_stat, bad, bad), EFAULT);
        CHECK_ERR(syscall(SYS_access, bad, 0), EFAULT);
        CHECK_ERR(syscall(SYS_mkdir, bad, 0755), EFAULT);
        CHECK_ERR(syscall(SYS_unlink, bad), EFAULT);
        CHECK_ERR(syscall(SYS_rename, bad, bad), EFAULT);
        CHECK_ERR(syscall(SYS_chdir, bad), EFAULT);
        CHECK_ERR(syscall(SYS_readlink, bad, bad, 10), EFAULT);
        CHECK_ERR(syscall(SYS_pipe2, bad, 0), EFAULT);
        CHECK_ERR(syscall(SYS_getcwd, bad, 100), EFAULT);
        CHECK_ERR(syscall(SYS_rt_sigaction, SIGUSR1, bad, NULL, 8), EFAULT);
        CHECK_ERR(syscall(SYS_sigaltstack, bad, NULL), EFAULT);
        CHECK_ERR(syscall(SYS_nanosleep, bad, NULL), EFAULT);
        CHECK_ERR(syscall(SYS_getrlimit, RLIMIT_NOFILE, bad), EFAULT);
        CHECK_ERR(syscall(SYS_getrusage, 0, bad), EFAULT);
        CHECK_ERR(syscall(SYS_times, bad), EFAULT);
        CHECK_ERR(syscall(SYS_gettimeofday, bad, NULL), EFAULT);
        CHECK_ERR(syscall(SYS_utimensat, AT_FDCWD, ".", bad, 0), EFAULT);
        CHECK_ERR(syscall(SYS_poll, bad, 1, 0), EFAULT);
        CHECK_ERR(syscall(SYS_statfs, "/", bad), EFAULT);
        CHECK_ERR(syscall(SYS_getrandom, bad, 8, 0), EFAULT);
        CHECK_ERR(syscall(SYS_sysinfo, bad), EFAULT);
    }
}

TEST(system, a_string_that_runs_into_nothing_is_efault)
{
    char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK_OK(munmap(m + 4096, 4096));
    memset(m, '/', 4096);
    CHECK_ERR(open(m + 4090, O_RDONLY), EFAULT);
    memcpy(m + 4091, "/tmp", 5);
    CHECK_FD(open(m + 4091, O_RDONLY)); /* its zero is the last byte */
}

TEST(system, sched_yield_and_nice_and_priority)
{
    CHECK_OK(syscall(SYS_sched_yield));
    CHECK_EQ(getpriority(PRIO_PROCESS, 0), 0);
    CHECK_IN_CHILD({
        CHECK_EQ(nice(5), 5);
        CHECK_EQ(getpriority(PRIO_PROCESS, 0), 5);
    });
    CHECK_EQ(getpriority(PRIO_PROCESS, 0), 0);
}

TEST(system, prctl_pdeathsig_reaches_the_orphan)
{
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    pid_t pid = CHILD({
        CHILD({
            close(p[0]);
            CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGKILL));
            CHECK_EQ(write(p[1], "r", 1), 1);
            for (;;)
                pause();
        });
        CHECK_EQ(read(p[0], &c, 1), 1);
    });
    close(p[1]);
    CHECK_EXIT(pid, 0);
    CHECK_EQ(read(p[0], &c, 1), 0); /* it died: the last writer is gone */
}

TEST(system, getrusage_and_times_grow)
{
    struct rusage a, b;
    struct tms t;

    CHECK_OK(getrusage(RUSAGE_SELF, &a));
    int64_t until = test_now_ms() + 60;
    while (test_now_ms() < until)
        continue;
    CHECK_OK(getrusage(RUSAGE_SELF, &b));
    long long ua = a.ru_utime.tv_sec * 1000000LL + a.ru_utime.tv_usec + a.ru_stime.tv_sec * 1000000LL +
                   a.ru_stime.tv_usec;
    long long ub = b.ru_utime.tv_sec * 1000000LL + b.ru_utime.tv_usec + b.ru_stime.tv_sec * 1000000LL +
                   b.ru_stime.tv_usec;
    CHECK_GT(ub - ua, 10000);
    CHECK_GT(b.ru_maxrss, 0);
    CHECK_NE(times(&t), -1);
    CHECK_ERR(syscall(SYS_getrusage, 77, &a), EINVAL);
}
