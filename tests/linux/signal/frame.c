/*
 * What a handler finds on its stack, and what sigreturn makes of it.
 */
#include "test.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#define TRAPNO 20 /* gregs: REG_TRAPNO, REG_ERR, REG_CR2, REG_OLDMASK, REG_CSGSFS */
#define ERR    19
#define CR2    22
#define OLD    21

static volatile ucontext_t seen;
static volatile int count;
static sigjmp_buf jump;

static void note(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)info;
    memcpy((void *)&seen, context, sizeof seen);
    count++;
}

static void note_and_leave(int sig, siginfo_t *info, void *context)
{
    note(sig, info, context);
    siglongjmp(jump, 1);
}

static void install(int sig, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};

    CHECK_OK(sigaction(sig, &action, NULL));
}

#define FAULT(sig, ...)                                                                            \
    do {                                                                                           \
        install(sig, note_and_leave);                                                              \
        if (sigsetjmp(jump, 1) == 0) {                                                             \
            __VA_ARGS__;                                                                           \
            FAIL("no fault");                                                                      \
        }                                                                                          \
    } while (0)

TEST(frame, a_page_fault_tells_trap_error_and_address)
{
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(page != MAP_FAILED);
    FAULT(SIGSEGV, *(volatile char *)0x10);
    CHECK_EQ(seen.uc_mcontext.gregs[TRAPNO], 14);
    CHECK_EQ(seen.uc_mcontext.gregs[ERR], 4);
    CHECK_EQ(seen.uc_mcontext.gregs[CR2], 0x10);
    FAULT(SIGSEGV, *(volatile char *)0x20 = 1);
    CHECK_EQ(seen.uc_mcontext.gregs[ERR], 6);
    CHECK_EQ(*(volatile char *)page, 0);
    FAULT(SIGSEGV, *(volatile char *)(page + 7) = 1);
    CHECK_EQ(seen.uc_mcontext.gregs[ERR], 7);
    CHECK_EQ((uintptr_t)seen.uc_mcontext.gregs[CR2], (uintptr_t)page + 7);
    FAULT(SIGSEGV, ((void (*)(void))(uintptr_t)page)());
    CHECK_EQ(seen.uc_mcontext.gregs[ERR] & 0x16, 0x14);
    CHECK_EQ((uintptr_t)seen.uc_mcontext.gregs[REG_RIP], (uintptr_t)page);
    FAULT(SIGSEGV, *(volatile char *)0xffffffff81000000ul);
    CHECK_EQ(seen.uc_mcontext.gregs[ERR], 5);
}

TEST(frame, exceptions_tell_their_number)
{
    FAULT(SIGFPE, asm volatile("xor %%ecx, %%ecx; mov $1, %%eax; xor %%edx, %%edx; div %%ecx"
                               :
                               :
                               : "eax", "ecx", "edx"));
    CHECK_EQ(seen.uc_mcontext.gregs[TRAPNO], 0);
    FAULT(SIGILL, asm volatile("ud2"));
    CHECK_EQ(seen.uc_mcontext.gregs[TRAPNO], 6);
    FAULT(SIGSEGV, asm volatile("hlt"));
    CHECK_EQ(seen.uc_mcontext.gregs[TRAPNO], 13);
    CHECK_EQ(seen.uc_mcontext.gregs[ERR], 0);
    FAULT(SIGTRAP, asm volatile("int3"));
    CHECK_EQ(seen.uc_mcontext.gregs[TRAPNO], 3);
}

static void fix_ip(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    note(sig, info, context);
    uc->uc_mcontext.gregs[REG_EFL] &= ~0x100l;
}

TEST(frame, the_trap_flag_steps_once_for_each_instruction)
{
    install(SIGTRAP, fix_ip);
    asm volatile("pushf; orl $0x100, (%%rsp); popf; nop; nop" : : : "cc", "memory");
    CHECK_EQ(count, 1);
    CHECK_EQ(seen.uc_mcontext.gregs[TRAPNO], 1);
}

TEST(frame, an_x87_error_is_trap_16)
{
    uint16_t control = 0x37b; /* zero divide unmasked */

    install(SIGFPE, note_and_leave);
    if (sigsetjmp(jump, 1) == 0) {
        asm volatile("fninit; fldcw %0; fld1; fldz; fdivrp; fwait" : : "m"(control));
        FAIL("divided");
    }
    asm volatile("fninit");
    CHECK_EQ(seen.uc_mcontext.gregs[TRAPNO], 16);
}

static volatile int fpe_code;

static void note_code(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    fpe_code = info->si_code;
    siglongjmp(jump, 1);
}

TEST(frame, x87_division_by_zero_and_invalid_operation)
{
    uint16_t divide = 0x37b, invalid = 0x37e;

    install(SIGFPE, note_code);
    if (sigsetjmp(jump, 1) == 0)
        asm volatile("fninit; fldcw %0; fld1; fldz; fdivrp; fwait" : : "m"(divide));
    CHECK_EQ(fpe_code, FPE_FLTDIV);
    if (sigsetjmp(jump, 1) == 0)
        asm volatile("fninit; fldcw %0; fldz; fldz; fdivrp; fwait" : : "m"(invalid));
    CHECK_EQ(fpe_code, FPE_FLTINV);
    asm volatile("fninit");
}

TEST(frame, the_mask_of_before_is_in_it)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, 64);
    CHECK_OK(sigprocmask(SIG_SETMASK, &set, NULL));
    install(SIGUSR1, note);
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQ(*(uint64_t *)&seen.uc_sigmask, 1ull << (SIGHUP - 1) | 1ull << 63);
    CHECK_EQ(seen.uc_mcontext.gregs[OLD], (long long)(1ull << (SIGHUP - 1) | 1ull << 63));
    CHECK_EQ(seen.uc_flags, 7);
    CHECK_EQ((uintptr_t)seen.uc_link, 0);
}

static void change_mask(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    note(sig, info, context);
    memset(&uc->uc_sigmask, 0xff, 8);
}

TEST(frame, a_handler_may_change_the_mask_to_come)
{
    uint64_t mask;

    install(SIGUSR1, change_mask);
    CHECK_OK(raise(SIGUSR1));
    CHECK_OK(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8));
    CHECK_EQ(mask, ~(1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1)));
}

TEST(frame, every_register_and_the_carry_survive_a_handler)
{
    uint64_t out[7];
    long pid = getpid(), result;

    install(SIGUSR1, note);
    for (int i = 0; i < 1000; i++) {
        memset(out, 0, sizeof out);
        register uint64_t *to asm("r10") = out;
        asm volatile("mov $0x1111, %%rbx; mov $0x2222, %%r12; mov $0x3333, %%r13\n"
                     "mov $0x4444, %%r14; mov $0x5555, %%r15; mov $0x6666, %%r9; stc\n"
                     "syscall\n"
                     "setc 48(%%r10)\n"
                     "mov %%rbx, 0(%%r10); mov %%r12, 8(%%r10); mov %%r13, 16(%%r10)\n"
                     "mov %%r14, 24(%%r10); mov %%r15, 32(%%r10); mov %%r9, 40(%%r10)\n"
                     : "=a"(result)
                     : "a"(SYS_kill), "D"(pid), "S"((long)SIGUSR1), "r"(to)
                     : "rbx", "rcx", "r9", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
        CHECK_EQ(result, 0);
        for (int k = 0; k < 6; k++)
            CHECK_EQ(out[k], 0x1111u * (unsigned)(k + 1));
        CHECK_EQ(out[6], 1);
    }
    CHECK_EQ(count, 1000);
}

static volatile uint32_t mxcsr_inside;
static volatile uint16_t control_inside;

static void dirty_vector(int sig, siginfo_t *info, void *context)
{
    uint32_t mxcsr, other = 0x7f80;
    uint16_t control;

    (void)sig, (void)info, (void)context;
    asm volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr), "=m"(control));
    mxcsr_inside = mxcsr;
    control_inside = control;
    asm volatile("ldmxcsr %0; fninit; pxor %%xmm0, %%xmm0; pxor %%xmm7, %%xmm7; pxor %%xmm15, %%xmm15"
                 :
                 : "m"(other)
                 : "xmm0", "xmm7", "xmm15");
    count++;
}

TEST(frame, a_handler_starts_with_fresh_vector_state_and_leaves_none)
{
    uint32_t mxcsr = 0x3f80, after; /* round down */
    uint16_t control = 0x27f, control_after;
    uint64_t low[2] = {0x0123456789abcdefull, 0xfedcba9876543210ull}, got[2];

    install(SIGUSR1, dirty_vector);
    for (int i = 0; i < 200; i++) {
        long result;

        asm volatile("ldmxcsr %3; fldcw %4; movdqu %5, %%xmm7\n"
                     "syscall\n"
                     "movdqu %%xmm7, %1; stmxcsr %2"
                     : "=a"(result), "=m"(got), "=m"(after)
                     : "m"(mxcsr), "m"(control), "m"(low), "a"(SYS_kill), "D"((long)getpid()),
                       "S"((long)SIGUSR1)
                     : "rcx", "r11", "xmm7", "memory");
        asm volatile("fnstcw %0" : "=m"(control_after));
        CHECK_EQ(result, 0);
        CHECK_EQ(mxcsr_inside, 0x1f80);
        CHECK_EQ(control_inside, 0x37f);
        CHECK_EQ(after & 0xffc0, mxcsr);
        CHECK_EQ(control_after, control);
        CHECK_MEM(got, low, sizeof got);
    }
    CHECK_EQ(count, 200);
}

static bool has_avx(void)
{
    uint32_t a = 1, b, c = 0, d;

    asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return (c >> 28 & 1) && (c >> 27 & 1);
}

TEST(frame, the_upper_halves_of_ymm_survive)
{
    uint64_t in[4] = {1, 2, 3, 0x4444444444444444ull}, got[4];

    if (!has_avx())
        SKIP("no AVX");
    install(SIGUSR1, dirty_vector);
    for (int i = 0; i < 200; i++) {
        long result;

        in[2] = (uint64_t)i;
        asm volatile("vmovdqu %2, %%ymm7; syscall; vmovdqu %%ymm7, %1"
                     : "=a"(result), "=m"(got)
                     : "m"(in), "a"(SYS_kill), "D"((long)getpid()), "S"((long)SIGUSR1)
                     : "rcx", "r11", "xmm7", "memory");
        CHECK_MEM(got, in, sizeof in);
    }
}

/* The state that a frame points to: legacy part, then the header of the rest. */
struct vector {
    uint8_t before_mxcsr[24];
    uint32_t mxcsr, mxcsr_mask;
    uint8_t registers[432];
    uint32_t magic1, extended_size;
    uint64_t features;
    uint32_t size, pad[7];
    uint64_t header[8];
};

static volatile uint32_t magic1, magic2;
static volatile uint64_t features;

static void look_at_vector(int sig, siginfo_t *info, void *context)
{
    struct vector *v = (void *)((ucontext_t *)context)->uc_mcontext.fpregs;

    (void)sig, (void)info;
    CHECK_EQ((uintptr_t)v % 64, 0);
    magic1 = v->magic1;
    features = v->features;
    CHECK_EQ(v->extended_size, v->size + 4);
    memcpy((void *)&magic2, (char *)v + v->size, 4);
    count++;
}

TEST(frame, the_vector_state_is_described)
{
    install(SIGUSR1, look_at_vector);
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQ(count, 1);
    CHECK_EQ(magic1, 0x46505853);
    CHECK_EQ(magic2, 0x46505845);
    CHECK_EQ(features & 3, 3);
}

static int what;

static void spoil(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    struct vector *v = (void *)uc->uc_mcontext.fpregs;

    (void)sig, (void)info;
    switch (what) {
    case 1:
        v->header[1] = 1;
        break;
    case 2:
        v->header[0] |= 1ull << 62;
        break;
    case 3:
        uc->uc_mcontext.gregs[REG_RIP] = (long long)0x8000000000000000ull;
        break;
    case 4:
        uc->uc_mcontext.fpregs = (void *)8;
        break;
    case 5:
        uc->uc_mcontext.fpregs = (void *)((char *)v + 8);
        break;
    case 6: /* segments: the kernel's code */
        uc->uc_mcontext.gregs[18] = 0x10;
        break;
    }
}

TEST(frame, a_spoiled_frame_is_a_segv)
{
    install(SIGUSR1, spoil);
    for (what = 1; what <= 6; what++)
        CHECK_KILLED(CHILD(raise(SIGUSR1)), SIGSEGV);
}

static void sanitise(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)sig, (void)info;
    uc->uc_mcontext.gregs[REG_EFL] |= 0x3000 | 0x4000 | 0x20000 | 0x80000; /* IOPL NT VM VIF */
    uc->uc_mcontext.gregs[REG_EFL] &= ~0x200ll;                            /* IF */
    count++;
}

TEST(frame, forbidden_flags_are_dropped)
{
    uint64_t flags;

    install(SIGUSR1, sanitise);
    CHECK_OK(raise(SIGUSR1));
    asm volatile("pushf; pop %0" : "=r"(flags));
    CHECK_EQ(count, 1);
    CHECK_EQ(flags & 0xa7000, 0);
    CHECK_EQ(flags & 0x200, 0x200);
}

static void no_vector(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)sig, (void)info;
    if (what == 0)
        uc->uc_mcontext.fpregs = NULL;
    else
        ((struct vector *)(void *)uc->uc_mcontext.fpregs)->magic1 = 0;
}

TEST(frame, without_vector_state_it_becomes_initial_and_without_magic_legacy)
{
    uint32_t mxcsr = 0x3f80, after;

    install(SIGUSR1, no_vector);
    what = 0;
    asm volatile("ldmxcsr %0" : : "m"(mxcsr));
    CHECK_OK(raise(SIGUSR1));
    asm volatile("stmxcsr %0" : "=m"(after));
    CHECK_EQ(after, 0x1f80);
    what = 1;
    asm volatile("ldmxcsr %0" : : "m"(mxcsr));
    CHECK_OK(raise(SIGUSR1));
    asm volatile("stmxcsr %0" : "=m"(after));
    CHECK_EQ(after & 0xffc0, 0x3f80);
}

TEST(frame, a_stack_that_cannot_take_it_is_a_segv)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(page != MAP_FAILED);
    CHECK_OK(mprotect(page, 4096, PROT_NONE));
    install(SIGUSR1, note);
    /* The frame begins in the writable page and ends in the other one: nothing of it counts. */
    pid_t pid = CHILD({
        asm volatile("mov %0, %%rsp; syscall; ud2"
                     :
                     : "r"(page + 4096 + 600), "a"(SYS_kill), "D"((long)getpid()),
                       "S"((long)SIGUSR1)
                     : "rcx", "r11", "memory");
    });
    CHECK_KILLED(pid, SIGSEGV);
}

static char alternate[65536];

static void on_alternate(int sig, siginfo_t *info, void *context)
{
    char here;

    (void)sig;
    (void)context;
    _exit(info->si_code == SI_KERNEL && &here >= alternate && &here < alternate + sizeof alternate
              ? 17
              : 1);
}

TEST(frame, such_a_segv_can_be_handled_on_another_stack)
{
    struct sigaction action = {.sa_sigaction = on_alternate, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};

    CHECK_EXIT(CHILD({
                   CHECK_OK(sigaltstack(&stack, NULL));
                   CHECK_OK(sigaction(SIGSEGV, &action, NULL));
                   install(SIGUSR1, note);
                   asm volatile("mov $16, %%esp; syscall; ud2"
                                :
                                : "a"(SYS_kill), "D"((long)getpid()), "S"((long)SIGUSR1)
                                : "rcx", "r11", "memory");
               }),
               17);
}
