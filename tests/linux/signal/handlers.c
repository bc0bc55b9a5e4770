/*
 * Signal handlers: what they see, what they change, what they leave as it was.
 */
#include "test.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

static volatile sig_atomic_t seen, order[16], depth;
static volatile siginfo_t last;

static void note(int number)
{
    order[seen++ & 15] = number;
}

static void note_info(int number, siginfo_t *info, void *context)
{
    (void)context;
    order[seen++ & 15] = number;
    memcpy((void *)&last, info, sizeof last);
}

static void install(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    sigemptyset(&action.sa_mask);
    CHECK_OK(sigaction(number, &action, NULL));
}

static void install_info(int number, int flags)
{
    struct sigaction action = {.sa_sigaction = note_info, .sa_flags = flags | SA_SIGINFO};

    CHECK_OK(sigaction(number, &action, NULL));
}

TEST(signal, handler_runs_before_raise_returns)
{
    install(SIGUSR1, note, 0);
    for (int i = 1; i <= 2000; i++) {
        CHECK_OK(raise(SIGUSR1));
        CHECK_EQ(seen, i);
    }
    CHECK_EQ(order[0], SIGUSR1);
}

TEST(signal, kill_of_oneself_is_delivered_before_it_returns)
{
    install(SIGUSR2, note, 0);
    for (int i = 1; i <= 1000; i++) {
        CHECK_OK(kill(getpid(), SIGUSR2));
        CHECK_EQ(seen, i);
    }
}

TEST(signal, sigaction_tells_the_old_action)
{
    struct sigaction old;

    install(SIGUSR1, note, SA_RESTART);
    CHECK_OK(sigaction(SIGUSR1, NULL, &old));
    CHECK(old.sa_handler == note);
    CHECK_EQ(old.sa_flags & SA_RESTART, SA_RESTART);
    CHECK_OK(sigaction(SIGHUP, NULL, &old));
    CHECK(old.sa_handler == SIG_DFL);
}

TEST(signal, kill_and_stop_cannot_be_caught)
{
    struct sigaction action = {.sa_handler = note};

    CHECK_ERR(sigaction(SIGKILL, &action, NULL), EINVAL);
    CHECK_ERR(sigaction(SIGSTOP, &action, NULL), EINVAL);
    CHECK_ERR(sigaction(0, &action, NULL), EINVAL);
    CHECK_ERR(sigaction(65, &action, NULL), EINVAL);
    sigset_t all, now;
    sigfillset(&all);
    CHECK_OK(sigprocmask(SIG_SETMASK, &all, NULL));
    CHECK_OK(sigprocmask(SIG_SETMASK, NULL, &now));
    CHECK(!sigismember(&now, SIGKILL));
    CHECK(!sigismember(&now, SIGSTOP));
}

static void deep(int number)
{
    sigset_t now;

    depth++;
    sigprocmask(SIG_BLOCK, NULL, &now);
    order[number == SIGUSR1 ? 0 : 1] = sigismember(&now, number) * 10 + sigismember(&now, SIGTERM);
    if (seen++ == 0)
        raise(number);
    order[2] = depth;
    depth--;
}

TEST(signal, own_number_and_sa_mask_are_blocked_inside)
{
    struct sigaction action = {.sa_handler = deep};
    sigset_t now;

    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGTERM);
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQ(order[0], 11);
    CHECK_EQ(seen, 2);
    CHECK_EQ(order[2], 1); /* it ran twice, but not one inside the other */
    CHECK_EQ(depth, 0);
    CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &now));
    CHECK(!sigismember(&now, SIGUSR1));
    CHECK(!sigismember(&now, SIGTERM));
}

static volatile int most;

static void nested(int number)
{
    if (++depth > most)
        most = depth;
    if (depth < 5)
        raise(number);
    depth--;
}

TEST(signal, nodefer_lets_it_nest)
{
    install(SIGUSR1, nested, SA_NODEFER);
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQ(most, 5);
}

TEST(signal, resethand_works_once)
{
    struct sigaction old;

    install(SIGUSR1, note, SA_RESETHAND);
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQ(seen, 1);
    CHECK_OK(sigaction(SIGUSR1, NULL, &old));
    CHECK(old.sa_handler == SIG_DFL);
    CHECK_KILLED(CHILD(raise(SIGUSR1)), SIGUSR1);
}

TEST(signal, siginfo_of_kill_names_the_sender)
{
    sigset_t block, old;

    install_info(SIGUSR1, 0);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, &block, &old));
    pid_t self = getpid(), pid = CHILD(CHECK_OK(kill(self, SIGUSR1)));
    CHECK_EQ(sigsuspend(&old), -1);
    CHECK_EQ(last.si_signo, SIGUSR1);
    CHECK_EQ(last.si_code, SI_USER);
    CHECK_EQ(last.si_pid, pid);
    CHECK_EQ(last.si_uid, 0);
    CHECK_EXIT(pid, 0);
}

TEST(signal, siginfo_of_sigchld_tells_what_became_of_the_child)
{
    install_info(SIGCHLD, 0);
    pid_t pid = CHILD(_exit(42));
    while (!seen)
        test_sleep_ms(1);
    CHECK_EQ(last.si_code, CLD_EXITED);
    CHECK_EQ(last.si_pid, pid);
    CHECK_EQ(last.si_status, 42);
    CHECK_EXIT(pid, 42);
    seen = 0;
    pid = CHILD(raise(SIGKILL));
    while (!seen)
        test_sleep_ms(1);
    CHECK_EQ(last.si_code, CLD_KILLED);
    CHECK_EQ(last.si_status, SIGKILL);
    CHECK_KILLED(pid, SIGKILL);
}

TEST(signal, blocked_ones_wait_and_are_merged)
{
    sigset_t block, pending;

    install(SIGUSR1, note, 0);
    install(SIGUSR2, note, 0);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigaddset(&block, SIGUSR2);
    CHECK_OK(sigprocmask(SIG_BLOCK, &block, NULL));
    for (int i = 0; i < 5; i++) {
        CHECK_OK(raise(SIGUSR1));
        CHECK_OK(kill(getpid(), SIGUSR2));
    }
    CHECK_EQ(seen, 0);
    CHECK_OK(sigpending(&pending));
    CHECK(sigismember(&pending, SIGUSR1));
    CHECK(sigismember(&pending, SIGUSR2));
    CHECK(!sigismember(&pending, SIGTERM));
    CHECK_OK(sigprocmask(SIG_UNBLOCK, &block, NULL));
    CHECK_EQ(seen, 2);
    CHECK_OK(sigpending(&pending));
    CHECK(!sigismember(&pending, SIGUSR1));
}

TEST(signal, ignoring_drops_what_is_pending)
{
    sigset_t block, pending;

    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, &block, NULL));
    CHECK_OK(raise(SIGUSR1));
    signal(SIGUSR1, SIG_IGN);
    CHECK_OK(sigpending(&pending));
    CHECK(!sigismember(&pending, SIGUSR1));
    signal(SIGUSR1, SIG_DFL);
    CHECK_OK(sigprocmask(SIG_UNBLOCK, &block, NULL)); /* and we live */
}

TEST(signal, sigprocmask_errors_and_modes)
{
    sigset_t set, old;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_ERR(sigprocmask(77, &set, NULL), EINVAL);
    CHECK_ERR(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 4L), EINVAL);
    CHECK_ERR(syscall(SYS_rt_sigprocmask, SIG_BLOCK, (void *)16, NULL, 8L), EFAULT);
    CHECK_ERR(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, (void *)16, 8L), EFAULT);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    CHECK_OK(sigprocmask(SIG_SETMASK, &set, &old));
    CHECK(sigismember(&old, SIGUSR1));
    CHECK_OK(sigprocmask(SIG_UNBLOCK, &set, &old));
    CHECK(!sigismember(&old, SIGUSR1));
    CHECK(sigismember(&old, SIGUSR2));
}

TEST(signal, sigsuspend_waits_and_restores_the_mask)
{
    sigset_t block, none, now;
    pid_t self = getpid();

    install(SIGUSR1, note, 0);
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, &block, NULL));
    pid_t pid = CHILD({
        test_sleep_ms(30);
        CHECK_OK(kill(self, SIGUSR1));
    });
    CHECK_ERR(sigsuspend(&none), EINTR);
    CHECK_EQ(seen, 1);
    CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &now));
    CHECK(sigismember(&now, SIGUSR1));
    CHECK_EXIT(pid, 0);
}

/* The pause() idiom done right: a signal between the check and the sleep is never lost. */
TEST(signal, sigsuspend_ping_pong_two_thousand_times)
{
    sigset_t block, old;
    pid_t parent = getpid();

    install(SIGUSR1, note, 0);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, &block, &old));
    pid_t pid = CHILD({
        for (int i = 0; i < 2000; i++) {
            sigsuspend(&old);
            CHECK_EQ(seen, i + 1);
            CHECK_OK(kill(parent, SIGUSR1));
        }
    });
    for (int i = 0; i < 2000; i++) {
        CHECK_OK(kill(pid, SIGUSR1));
        sigsuspend(&old);
        CHECK_EQ(seen, i + 1);
    }
    CHECK_EXIT(pid, 0);
}

static char alternate[65536];
static volatile uintptr_t handler_stack;
static volatile int handler_on_stack;

static void where(int number)
{
    stack_t stack;
    char here;

    (void)number;
    sigaltstack(NULL, &stack);
    handler_on_stack = stack.ss_flags;
    handler_stack = (uintptr_t)&here;
}

TEST(signal, alternate_stack_is_used_only_with_onstack)
{
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate}, old;
    uintptr_t low = (uintptr_t)alternate, high = low + sizeof alternate;

    CHECK_OK(sigaltstack(NULL, &old));
    CHECK_EQ(old.ss_flags, SS_DISABLE);
    CHECK_OK(sigaltstack(&stack, NULL));
    install(SIGUSR1, where, SA_ONSTACK);
    CHECK_OK(raise(SIGUSR1));
    CHECK(handler_stack >= low && handler_stack < high);
    CHECK_EQ(handler_on_stack, SS_ONSTACK);
    CHECK_OK(sigaltstack(NULL, &old));
    CHECK_EQ(old.ss_flags, 0);
    CHECK(old.ss_sp == alternate);
    install(SIGUSR2, where, 0);
    CHECK_OK(raise(SIGUSR2));
    CHECK(handler_stack < low || handler_stack >= high);
    stack.ss_size = 100;
    CHECK_ERR(sigaltstack(&stack, NULL), ENOMEM);
    stack = (stack_t){.ss_flags = SS_DISABLE};
    CHECK_OK(sigaltstack(&stack, NULL));
    CHECK_OK(raise(SIGUSR1));
    CHECK(handler_stack < low || handler_stack >= high);
}

static void change_context(int number, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)number;
    (void)info;
    uc->uc_mcontext.gregs[REG_RBX] = 0x1234567;
    sigaddset(&uc->uc_sigmask, SIGUSR2);
}

TEST(signal, changes_of_the_context_take_effect)
{
    struct sigaction action = {.sa_sigaction = change_context, .sa_flags = SA_SIGINFO};
    long rbx, result;
    sigset_t now;

    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    asm volatile("xor %%ebx, %%ebx\n syscall\n mov %%rbx, %1"
                 : "=a"(result), "=r"(rbx)
                 : "a"(SYS_kill), "D"((long)getpid()), "S"((long)SIGUSR1)
                 : "rbx", "rcx", "r11", "memory");
    CHECK_EQ(result, 0);
    CHECK_EQ(rbx, 0x1234567);
    CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &now));
    CHECK(sigismember(&now, SIGUSR2));
}

static void clobber(int number)
{
    (void)number;
    asm volatile("mov $-1, %%rax\n mov %%rax, %%rbx\n mov %%rax, %%rcx\n mov %%rax, %%rdx\n"
                 "mov %%rax, %%rsi\n mov %%rax, %%rdi\n mov %%rax, %%r8\n mov %%rax, %%r12\n"
                 "mov %%rax, %%r15\n movq %%rax, %%xmm0\n movq %%rax, %%xmm7\n movq %%rax, %%xmm15\n"
                 "std\n cld\n"
                 :
                 :
                 : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r12", "r15", "xmm0", "xmm7",
                   "xmm15", "cc");
    seen++;
}

TEST(signal, all_registers_and_flags_survive_an_asynchronous_one)
{
    pid_t self = getpid(), pid;

    install(SIGUSR1, clobber, 0);
    pid = CHILD({
        for (int i = 0; i < 100; i++) {
            test_sleep_ms(1);
            kill(self, SIGUSR1);
        }
    });
    long bad = 0;
    while (seen < 60 && bad == 0) {
        asm volatile("mov $11, %%rax\n mov $12, %%rbx\n mov $13, %%rcx\n mov $14, %%rdx\n"
                     "mov $15, %%rsi\n mov $16, %%rdi\n mov $17, %%r8\n mov $18, %%r12\n"
                     "mov $19, %%r15\n movq %%rax, %%xmm0\n movq %%rbx, %%xmm7\n movq %%rcx, %%xmm15\n"
                     "mov $200000, %%r9\n"
                     "1: sub $1, %%r9\n jnz 1b\n"
                     "cmp $11, %%rax\n jne 2f\n cmp $12, %%rbx\n jne 2f\n cmp $13, %%rcx\n jne 2f\n"
                     "cmp $14, %%rdx\n jne 2f\n cmp $15, %%rsi\n jne 2f\n cmp $16, %%rdi\n jne 2f\n"
                     "cmp $17, %%r8\n jne 2f\n cmp $18, %%r12\n jne 2f\n cmp $19, %%r15\n jne 2f\n"
                     "movq %%xmm0, %%rax\n cmp $11, %%rax\n jne 2f\n"
                     "movq %%xmm7, %%rax\n cmp $12, %%rax\n jne 2f\n"
                     "movq %%xmm15, %%rax\n cmp $13, %%rax\n je 3f\n"
                     "2: movq $1, %0\n 3:\n"
                     : "+m"(bad)
                     :
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r12", "r15", "xmm0",
                       "xmm7", "xmm15", "cc", "memory");
        if (waitpid(pid, NULL, WNOHANG) == pid)
            break;
    }
    CHECK_EQ(bad, 0);
    CHECK_GE(seen, 10);
}

static sigjmp_buf jump;

static void leap(int number)
{
    siglongjmp(jump, number);
}

TEST(signal, siglongjmp_out_of_a_handler_a_thousand_times)
{
    install(SIGUSR1, leap, 0);
    for (volatile int i = 0; i < 1000; i++)
        if (sigsetjmp(jump, 1) == 0) {
            raise(SIGUSR1);
            FAIL("came back");
        }
}

TEST(signal, nested_different_signals_unwind_in_order)
{
    sigset_t block;

    install(SIGUSR1, note, 0);
    install(SIGUSR2, note, 0);
    install(SIGHUP, note, 0);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigaddset(&block, SIGUSR2);
    sigaddset(&block, SIGHUP);
    CHECK_OK(sigprocmask(SIG_BLOCK, &block, NULL));
    CHECK_OK(raise(SIGUSR2));
    CHECK_OK(raise(SIGUSR1));
    CHECK_OK(raise(SIGHUP));
    CHECK_OK(sigprocmask(SIG_UNBLOCK, &block, NULL));
    CHECK_EQ(seen, 3); /* each exactly once */
    CHECK_EQ(order[0] + order[1] + order[2], SIGUSR1 + SIGUSR2 + SIGHUP);
}

TEST(signal, sigtimedwait_takes_without_a_handler)
{
    struct timespec limit = {.tv_nsec = 30000000};
    sigset_t block;
    siginfo_t info;

    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, &block, NULL));
    CHECK_ERR(sigtimedwait(&block, &info, &limit), EAGAIN);
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQ(sigtimedwait(&block, &info, &limit), SIGUSR1);
    CHECK_EQ(info.si_pid, getpid());
}
