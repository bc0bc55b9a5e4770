/*
 * Faults as signals: the right number, si_code and si_addr, and a handler that can repair.
 */
#include "test.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

static sigjmp_buf jump;
static volatile siginfo_t last;
static volatile int faults;

static void catch(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    memcpy((void *)&last, info, sizeof last);
    siglongjmp(jump, 1);
}

static void install(int number, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};

    CHECK_OK(sigaction(number, &action, NULL));
}

#define EXPECT_FAULT(number, code, address, ...)                                                   \
    do {                                                                                           \
        install(number, catch);                                                                    \
        memset((void *)&last, 0, sizeof last);                                                     \
        if (sigsetjmp(jump, 1) == 0) {                                                             \
            __VA_ARGS__;                                                                           \
            FAIL("no fault: %s", #__VA_ARGS__);                                                    \
        }                                                                                          \
        CHECK_EQ(last.si_signo, number);                                                           \
        CHECK_EQ(last.si_code, code);                                                              \
        CHECK_EQ((uintptr_t)last.si_addr, (uintptr_t)(address));                                   \
    } while (0)

TEST(fault, null_is_maperr_at_its_address)
{
    EXPECT_FAULT(SIGSEGV, SEGV_MAPERR, 0, *(volatile int *)0);
    EXPECT_FAULT(SIGSEGV, SEGV_MAPERR, 0x18, *(volatile int *)0x18 = 1);
}

TEST(fault, write_to_readonly_is_accerr)
{
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(page != MAP_FAILED);
    CHECK_EQ(*page, 0);
    EXPECT_FAULT(SIGSEGV, SEGV_ACCERR, page + 5, *(volatile char *)(page + 5) = 1);
    CHECK_OK(munmap(page, 4096));
    EXPECT_FAULT(SIGSEGV, SEGV_MAPERR, page + 5, *(volatile char *)(page + 5) = 1);
}

TEST(fault, prot_none_is_accerr_for_reads)
{
    char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(page != MAP_FAILED);
    EXPECT_FAULT(SIGSEGV, SEGV_ACCERR, page, *(volatile char *)page);
}

TEST(fault, executing_data_is_accerr)
{
    static char code[16] = {(char)0xc3};

    EXPECT_FAULT(SIGSEGV, SEGV_ACCERR, code, ((void (*)(void))(uintptr_t)code)());
}

TEST(fault, kernel_addresses_are_a_segv)
{
    install(SIGSEGV, catch);
    if (sigsetjmp(jump, 1) == 0) {
        *(volatile char *)0xffffffff80000000;
        FAIL("read the kernel");
    }
    CHECK_EQ(last.si_signo, SIGSEGV);
    if (sigsetjmp(jump, 1) == 0) {
        *(volatile char *)0x8000000000000000 = 1; /* not canonical: no address is told */
        FAIL("wrote there");
    }
    CHECK_EQ(last.si_code, SI_KERNEL);
    CHECK_EQ((uintptr_t)last.si_addr, 0);
}

TEST(fault, division_by_zero)
{
    volatile int zero = 0, one = 1;

    install(SIGFPE, catch);
    if (sigsetjmp(jump, 1) == 0) {
        one = one / zero;
        FAIL("divided");
    }
    CHECK_EQ(last.si_code, FPE_INTDIV);
    CHECK(last.si_addr != NULL);
}

TEST(fault, undefined_instruction)
{
    install(SIGILL, catch);
    if (sigsetjmp(jump, 1) == 0) {
        asm volatile("ud2");
        FAIL("executed");
    }
    CHECK_EQ(last.si_code, ILL_ILLOPN);
    CHECK(last.si_addr != NULL);
}

TEST(fault, privileged_instructions_are_a_segv)
{
    install(SIGSEGV, catch);
    if (sigsetjmp(jump, 1) == 0) {
        asm volatile("hlt");
        FAIL("halted");
    }
    CHECK_EQ(last.si_code, SI_KERNEL);
    if (sigsetjmp(jump, 1) == 0) {
        asm volatile("cli");
        FAIL("no interrupts");
    }
    if (sigsetjmp(jump, 1) == 0) {
        asm volatile("outb %%al, $0xf4" : : "a"(0x10));
        FAIL("wrote to a port");
    }
    if (sigsetjmp(jump, 1) == 0) {
        asm volatile("mov %%cr3, %%rax" : : : "rax");
        FAIL("read cr3");
    }
}

TEST(fault, breakpoint_is_sigtrap_after_the_instruction)
{
    install(SIGTRAP, catch);
    if (sigsetjmp(jump, 1) == 0) {
        asm volatile("int3");
        FAIL("went on");
    }
    CHECK_EQ(last.si_signo, SIGTRAP);
    CHECK_EQ(last.si_code, SI_KERNEL);
}

TEST(fault, past_the_end_of_a_file_is_sigbus)
{
    int fd = test_file("f", "abc", 3);
    char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    CHECK(m != MAP_FAILED);
    CHECK_EQ(m[0], 'a');
    CHECK_EQ(m[4095], 0);
    EXPECT_FAULT(SIGBUS, BUS_ADRERR, m + 4096, *(volatile char *)(m + 4096));
}

static char *page;

static void repair(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    faults++;
    if ((char *)info->si_addr != page + 100 || mprotect(page, 4096, PROT_READ | PROT_WRITE) != 0)
        _exit(3);
}

TEST(fault, the_instruction_is_repeated_after_the_handler_repaired)
{
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    install(SIGSEGV, repair);
    for (int i = 1; i <= 500; i++) {
        *(volatile char *)(page + 100) = (char)i;
        CHECK_EQ(faults, i);
        CHECK_EQ(page[100], (char)i);
        CHECK_OK(mprotect(page, 4096, PROT_NONE));
    }
}

static void skip(int number, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)number;
    (void)info;
    uc->uc_mcontext.gregs[REG_RIP] += 2; /* ud2 */
    faults++;
}

TEST(fault, a_handler_may_move_the_instruction_pointer)
{
    install(SIGILL, skip);
    for (int i = 0; i < 500; i++)
        asm volatile("ud2");
    CHECK_EQ(faults, 500);
}

TEST(fault, a_blocked_or_ignored_fault_kills)
{
    sigset_t set;

    CHECK_KILLED(CHILD({
                     sigemptyset(&set);
                     sigaddset(&set, SIGSEGV);
                     sigprocmask(SIG_BLOCK, &set, NULL);
                     *(volatile int *)0 = 1;
                 }),
                 SIGSEGV);
    CHECK_KILLED(CHILD({
                     signal(SIGSEGV, SIG_IGN);
                     *(volatile int *)0 = 1;
                 }),
                 SIGSEGV);
}

static char alternate[16384];

static __attribute__((noinline)) int recurse(int n)
{
    volatile char room[4096];

    room[0] = (char)n;
    if (n < 0)
        return 0;
    return recurse(n + 1) + room[0];
}

TEST(fault, stack_overflow_is_handled_on_the_alternate_stack)
{
    struct sigaction action = {.sa_sigaction = catch, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};

    CHECK_OK(sigaltstack(&stack, NULL));
    CHECK_OK(sigaction(SIGSEGV, &action, NULL));
    for (int i = 0; i < 3; i++)
        if (sigsetjmp(jump, 1) == 0) {
            recurse(0);
            FAIL("no end of the stack");
        }
    CHECK_EQ(last.si_signo, SIGSEGV);
}

TEST(fault, no_room_for_the_frame_kills)
{
    CHECK_KILLED(CHILD({
                     install(SIGUSR1, catch);
                     asm volatile("mov $64, %%rsp\n syscall\n hlt"
                                  :
                                  : "a"(SYS_kill), "D"((long)getpid()), "S"((long)SIGUSR1)
                                  : "memory");
                 }),
                 SIGSEGV);
}

TEST(fault, a_wild_sigreturn_kills_only_its_process)
{
    CHECK_KILLED(CHILD({
                     asm volatile("mov $4096, %%rsp\n mov $15, %%eax\n syscall\n hlt" : : : "memory");
                 }),
                 SIGSEGV);
    CHECK_KILLED(CHILD({
                     static char frame[4096];
                     memset(frame, 0xff, sizeof frame);
                     asm volatile("mov %0, %%rsp\n mov $15, %%eax\n syscall\n hlt"
                                  :
                                  : "r"(frame + 1024)
                                  : "memory");
                 }),
                 SIGSEGV);
}
