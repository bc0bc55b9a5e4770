/*
 * Programs that do the worst they can: the parent sees the right signal and everything goes on.
 */
/* time limit: 60 s */
#include "test.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

#define DIES(number, ...) CHECK_KILLED(CHILD(__VA_ARGS__), number)

TEST(hostile, null_and_wild_pointers)
{
    static const uintptr_t wild[] = {0, 8, 0x1000, 0x7ffffffff000, 0x800000000000,
                                     0xffff800000000000, 0xffffffff80000000, UINTPTR_MAX};

    for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++) {
        DIES(SIGSEGV, *(volatile char *)wild[i]);
        DIES(SIGSEGV, *(volatile char *)wild[i] = 1);
        DIES(SIGSEGV, ((void (*)(void))wild[i])());
    }
}

TEST(hostile, garbage_instructions)
{
    static const unsigned char codes[][8] = {
        {0x0f, 0x0b},             /* ud2 */
        {0x06},                   /* push es: not in 64-bit mode */
        {0x0f, 0xff, 0xff, 0xff}, /* ud0 */
        {0xff, 0xff, 0xff, 0xff},
    };
    unsigned char *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(m != MAP_FAILED);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        memcpy(m, codes[i], sizeof codes[i]);
        DIES(SIGILL, ((void (*)(void))(uintptr_t)m)());
    }
}

TEST(hostile, random_bytes_as_a_program)
{
    unsigned char *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned seed = 12345;

    CHECK(m != MAP_FAILED);
    for (int i = 0; i < 150; i++) {
        for (int at = 0; at < 4096; at++) {
            seed = seed * 1103515245 + 12345;
            m[at] = (unsigned char)(seed >> 16);
            if (at > 0 && m[at - 1] == 0x0f && m[at] == 0x05)
                m[at] = 0x0b; /* no system calls: it must not kill(-1) */
            if (at > 0 && m[at - 1] == 0x0f && m[at] == 0x34)
                m[at] = 0x0b;
            if (at > 0 && m[at - 1] == 0xcd)
                m[at] = 0x03;
            /* Far returns, jumps and iret in user mode: TCG of QEMU 7.2 kills the whole guest. */
            if (m[at] == 0xcf || m[at] == 0xca || m[at] == 0xcb || m[at] == 0xff)
                m[at] = 0x90;
        }
        pid_t pid = CHILD({
            struct rlimit cpu = {1, 1};
            setrlimit(RLIMIT_CPU, &cpu);
            alarm(1);
            ((void (*)(void))(uintptr_t)m)();
        });
        int status = test_status(pid, __FILE__, __LINE__);
        CHECK(WIFSIGNALED(status) || WIFEXITED(status));
    }
}

TEST(hostile, division_by_zero_and_overflow)
{
    DIES(SIGFPE, {
        volatile int zero = 0, many = 100;
        many = many / zero;
    });
    DIES(SIGFPE, {
        volatile long least = INT64_MIN, minus = -1;
        least = least / minus;
    });
}

static __attribute__((noinline)) int deep(int n)
{
    volatile char room[1000];

    room[0] = (char)n;
    if (n < 0)
        return 0;
    return deep(n + 1) + room[0];
}

TEST(hostile, runs_past_its_stack)
{
    for (int i = 0; i < 3; i++)
        DIES(SIGSEGV, deep(0));
}

TEST(hostile, stack_pointer_into_nowhere)
{
    DIES(SIGSEGV, asm volatile("xor %%esp, %%esp\n push %%rax" : : : "memory"));
    DIES(SIGSEGV, asm volatile("mov $-8, %%rsp\n push %%rax" : : : "memory"));
}

TEST(hostile, privileged_instructions)
{
    DIES(SIGSEGV, asm volatile("hlt"));
    DIES(SIGSEGV, asm volatile("cli"));
    DIES(SIGSEGV, asm volatile("in $0x60, %%al" : : : "rax"));
    DIES(SIGSEGV, asm volatile("outb %%al, $0xf4" : : "a"(0x10)));
    DIES(SIGSEGV, asm volatile("mov %0, %%cr3" : : "r"(0L)));
    DIES(SIGSEGV, asm volatile("wrmsr" : : "a"(0), "d"(0), "c"(0xc0000082)));
    DIES(SIGSEGV, asm volatile("rdmsr" : : "c"(0xc0000082) : "rax", "rdx"));
    DIES(SIGSEGV, asm volatile("invlpg (%0)" : : "r"(0L)));
    DIES(SIGSEGV, asm volatile("lgdt (%0)" : : "r"("0123456789")));
    DIES(SIGSEGV, asm volatile("swapgs"));
    DIES(SIGSEGV, asm volatile("int $0x20"));
    DIES(SIGSEGV, asm volatile("int $0x0e"));
    DIES(SIGSEGV, asm volatile("mov %0, %%ds\n mov %%ds:0, %%al" : : "r"(0x50) : "rax"));
}

TEST(hostile, single_step_and_alignment_flags)
{
    DIES(SIGTRAP, asm volatile("pushf\n orl $0x100, (%%rsp)\n popf\n nop\n nop" : : : "memory"));
    /* NT and IOPL cannot be had; what is set of them does no harm. */
    CHECK_IN_CHILD({
        asm volatile("pushf\n orl $0x7000, (%%rsp)\n popf" : : : "memory", "cc");
        CHECK_GT(syscall(SYS_getpid), 0);
        unsigned long flags;
        asm volatile("pushf\n pop %0" : "=r"(flags));
        CHECK_EQ(flags & 0x3000, 0);
        asm volatile("pushf\n andl $~0x4000, (%%rsp)\n popf" : : : "memory", "cc");
    });
    /* Direction flag set at a system call. */
    CHECK_IN_CHILD({
        long pid;
        asm volatile("std\n syscall\n cld" : "=a"(pid) : "a"(SYS_getpid) : "rcx", "r11", "memory");
        CHECK_EQ(pid, getpid());
    });
}

TEST(hostile, bad_segment_bases_and_returns)
{
    CHECK_IN_CHILD({
        CHECK_ERR(syscall(SYS_arch_prctl, 0x1002, 0x8000000000000000), EPERM);
        CHECK_ERR(syscall(SYS_arch_prctl, 0x1001, 0xffff800000000000), EPERM);
        CHECK_ERR(syscall(SYS_arch_prctl, 0x9999, 0), EINVAL);
    });
    /* A signal frame whose RIP is not canonical. */
    DIES(SIGSEGV, {
        void handler(int number, siginfo_t *info, void *context);
        struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
        CHECK_OK(sigaction(SIGUSR1, &action, NULL));
        raise(SIGUSR1);
    });
}

void handler(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] = (greg_t)0x8000000000000000;
    signal(SIGSEGV, SIG_DFL);
}

TEST(hostile, a_signal_frame_with_mad_flags_and_selectors)
{
    void mad(int number, siginfo_t *info, void *context);
    struct sigaction action = {.sa_sigaction = mad, .sa_flags = SA_SIGINFO};
    unsigned long flags;

    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    raise(SIGUSR1);
    asm volatile("pushf\n pop %0" : "=r"(flags));
    CHECK_EQ(flags & 0x3000, 0);    /* IOPL */
    CHECK_EQ(flags & 0x200, 0x200); /* interrupts are on */
}

void mad(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] |= 0x3000 | 0x20000 | 0x80000 | 0x100000;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~0x200;
}

TEST(hostile, forks_until_it_cannot)
{
    struct rlimit limit = {40, 40};
    int p[2], made = 0;
    char c;

    CHECK_OK(pipe(p));
    CHECK_IN_CHILD({
        close(p[1]);
        CHECK_OK(setrlimit(RLIMIT_NPROC, &limit));
        CHECK_OK(setuid(65534)); /* root is not limited */
        pid_t pid;
        while ((pid = fork()) > 0)
            made++;
        if (pid == 0) {
            read(p[0], &c, 1);
            _exit(0);
        }
        CHECK_EQ(errno, EAGAIN);
        CHECK_GE(made, 30);
        CHECK_LE(made, 40);
    });
    close(p[1]);
}

TEST(hostile, system_calls_with_random_arguments)
{
    /* Those that may block, kill, end the run or change the machine are left out. */
    static const short skipped[] = {SYS_exit,   SYS_exit_group, SYS_pause,      SYS_kill,
                                    SYS_tkill,  SYS_tgkill,     SYS_reboot,     SYS_fork,
                                    SYS_vfork,  SYS_clone,      SYS_rt_sigreturn, SYS_wait4,
                                    SYS_waitid, SYS_rt_sigsuspend, SYS_select,  SYS_pselect6,
                                    SYS_poll,   SYS_ppoll,      SYS_nanosleep,  SYS_clock_nanosleep,
                                    SYS_futex,  SYS_chroot,     SYS_mount,      SYS_umount2,
                                    SYS_pivot_root, SYS_read,   SYS_readv,      SYS_execve,
                                    SYS_execveat, SYS_syslog,   SYS_vhangup,    SYS_settimeofday,
                                    SYS_clock_settime, SYS_sethostname, SYS_rt_sigqueueinfo,
                                    SYS_rt_tgsigqueueinfo, 435 /* clone3 */, SYS_ptrace, SYS_dup,
                                    SYS_setrlimit, SYS_prlimit64, SYS_munmap, SYS_mprotect, SYS_mremap,
                                    SYS_mmap, SYS_madvise, SYS_brk, SYS_rt_sigtimedwait, SYS_alarm,
                                    SYS_setitimer, SYS_acct, SYS_swapon, SYS_swapoff, SYS_init_module,
                                    SYS_delete_module, SYS_kexec_load, SYS_arch_prctl, SYS_prctl};
    unsigned seed = 99;
    char guard[64];

    memset(guard, 0x5a, sizeof guard);
    for (int round = 0; round < 4; round++) {
        pid_t pid = CHILD({
            for (long nr = 0; nr < 335; nr++) {
                bool skip = false;
                long a[6];
                for (size_t i = 0; i < sizeof skipped / sizeof skipped[0]; i++)
                    skip |= skipped[i] == nr;
                if (skip)
                    continue;
                for (int i = 0; i < 6; i++) {
                    static const long values[] = {0, -1, 16, 0x7fffffffffff, INT64_MIN, 1 << 20,
                                                  (long)0xffffffff80000000, 77};
                    seed = seed * 1103515245 + 12345;
                    a[i] = values[(seed >> 16) % 8];
                }
                alarm(2);
                syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
            }
            _exit(0);
        });
        seed += 7;
        int status = test_status(pid, __FILE__, __LINE__);
        CHECK(WIFEXITED(status) || WIFSIGNALED(status));
    }
    for (size_t i = 0; i < sizeof guard; i++)
        CHECK_EQ(guard[i], 0x5a);
    CHECK_IN_CHILD(CHECK_GT(getpid(), 0));
}

TEST(hostile, a_child_that_dies_in_the_kernels_copy)
{
    /* A write whose buffer is unmapped by a sharer would be a race; here it is simply half there. */
    int p[2];
    char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK_OK(pipe(p));
    CHECK_OK(munmap(m + 4096, 4096));
    memset(m, 'k', 4096);
    CHECK_GE(write(p[1], m + 4000, 200), -1);
    CHECK_ERR(write(p[1], m + 4096, 200), EFAULT);
}
