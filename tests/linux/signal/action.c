/*
 * sigaction: each flag, what is kept of unknown ones, masks during a handler.
 */
#include "test.h"

#include <pthread.h>
#include <ucontext.h>

/* As the kernel has it; musl's own sigaction() hides the restorer and the flags that it adds. */
struct raw_action {
    void *handler;
    unsigned long flags;
    void *restorer;
    uint64_t mask;
};

#define RESTORER    0x04000000ul
#define UNSUPPORTED 0x00000400ul
#define TAGBITS     0x00000800ul

static long raw(int sig, const struct raw_action *new, struct raw_action *old)
{
    return syscall(SYS_rt_sigaction, sig, new, old, 8);
}

static volatile int seen, depth, deepest;
static volatile uint64_t mask_inside;

static uint64_t current_mask(void)
{
    uint64_t mask = 0;

    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
    return mask;
}

static uint64_t bit(int sig)
{
    return 1ull << (sig - 1);
}

static void count(int sig)
{
    (void)sig;
    seen++;
    mask_inside = current_mask();
}

static void install(int sig, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    CHECK_OK(sigaction(sig, &action, NULL));
}

TEST(sigaction, unknown_flags_are_forgotten)
{
    struct raw_action new = {.handler = SIG_IGN, .flags = ~0ul}, old;

    CHECK_OK(raw(SIGUSR1, &new, NULL));
    CHECK_OK(raw(SIGUSR1, NULL, &old));
    CHECK_EQ(old.flags, SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART |
                            SA_NODEFER | (unsigned)SA_RESETHAND | RESTORER | TAGBITS);
    /* The way to ask whether flag bits are cleared at all. */
    new.flags = UNSUPPORTED | TAGBITS;
    CHECK_OK(raw(SIGUSR1, &new, NULL));
    CHECK_OK(raw(SIGUSR1, NULL, &old));
    CHECK_EQ(old.flags, TAGBITS);
}

TEST(sigaction, the_old_one_comes_back_whole)
{
    struct raw_action new = {.handler = (void *)count, .flags = SA_RESTART | RESTORER,
                             .restorer = (void *)0x1234, .mask = ~0ull}, old;

    CHECK_OK(raw(SIGUSR2, &new, &old));
    CHECK_EQ((uintptr_t)old.handler, 0);
    CHECK_OK(raw(SIGUSR2, &(struct raw_action){.handler = SIG_DFL}, &old));
    CHECK_EQ((uintptr_t)old.handler, (uintptr_t)count);
    CHECK_EQ(old.flags, SA_RESTART | RESTORER);
    CHECK_EQ((uintptr_t)old.restorer, 0x1234);
    CHECK_EQ(old.mask, ~(bit(SIGKILL) | bit(SIGSTOP)));
}

TEST(sigaction, errors)
{
    struct raw_action new = {.handler = SIG_IGN}, old;

    CHECK_ERR(raw(0, &new, NULL), EINVAL);
    CHECK_ERR(raw(65, &new, NULL), EINVAL);
    CHECK_ERR(raw(SIGKILL, &new, NULL), EINVAL);
    CHECK_ERR(raw(SIGSTOP, &new, NULL), EINVAL);
    CHECK_OK(raw(SIGKILL, NULL, &old));
    CHECK_ERR(syscall(SYS_rt_sigaction, SIGUSR1, &new, NULL, 4), EINVAL);
    CHECK_ERR(raw(SIGUSR1, (void *)8, NULL), EFAULT);
    CHECK_ERR(raw(SIGKILL, (void *)8, NULL), EFAULT);
    /* What cannot be told was changed all the same. */
    CHECK_ERR(raw(SIGUSR1, &new, (void *)8), EFAULT);
    CHECK_OK(raw(SIGUSR1, NULL, &old));
    CHECK_EQ((uintptr_t)old.handler, (uintptr_t)SIG_IGN);
}

TEST(sigaction, its_own_signal_is_blocked_in_a_handler)
{
    install(SIGUSR1, count, 0);
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQ(mask_inside, bit(SIGUSR1));
    CHECK_EQ(current_mask(), 0);
}

TEST(sigaction, nodefer_leaves_it_open)
{
    install(SIGUSR1, count, SA_NODEFER);
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQ(mask_inside, 0);
}

TEST(sigaction, nodefer_with_the_signal_in_the_mask_blocks_it)
{
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_NODEFER};

    sigaddset(&action.sa_mask, SIGUSR1);
    sigaddset(&action.sa_mask, SIGRTMAX);
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQ(mask_inside, bit(SIGUSR1) | bit(64));
}

static void nest(int sig)
{
    int now = ++depth;

    if (now > deepest)
        deepest = now;
    if (++seen < 5)
        syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
    depth--;
}

TEST(sigaction, nodefer_handlers_nest)
{
    install(SIGUSR1, nest, SA_NODEFER);
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQ(deepest, 5);
    deepest = seen = 0;
    install(SIGUSR1, nest, 0);
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQ(deepest, 1); /* one after the other, each sent by the one before */
    CHECK_EQ(seen, 5);
}

TEST(sigaction, resethand_runs_once)
{
    struct sigaction old;

    install(SIGUSR1, count, SA_RESETHAND);
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQ(mask_inside, bit(SIGUSR1)); /* it does not imply NODEFER */
    CHECK_OK(sigaction(SIGUSR1, NULL, &old));
    CHECK(old.sa_handler == SIG_DFL);
    CHECK(old.sa_flags & SA_RESETHAND);
    CHECK_KILLED(CHILD(raise(SIGUSR1)), SIGUSR1);
}

TEST(sigaction, without_a_restorer_the_frame_cannot_be_made)
{
    struct raw_action new = {.handler = (void *)count, .flags = 0};

    CHECK_OK(raw(SIGUSR1, &new, NULL));
    CHECK_KILLED(CHILD(raise(SIGUSR1)), SIGSEGV);
}

TEST(sigaction, a_pending_signal_that_becomes_ignored_is_dropped)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGCHLD);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    CHECK_OK(raise(SIGUSR1));
    CHECK_OK(kill(getpid(), SIGCHLD));
    CHECK_OK(sigpending(&set));
    CHECK(sigismember(&set, SIGUSR1) && sigismember(&set, SIGCHLD));
    install(SIGUSR1, SIG_IGN, 0);
    install(SIGCHLD, SIG_DFL, 0);
    CHECK_OK(sigpending(&set));
    CHECK(!sigismember(&set, SIGUSR1) && !sigismember(&set, SIGCHLD));
    install(SIGUSR1, count, 0);
    CHECK_OK(sigprocmask(SIG_SETMASK, &(sigset_t){0}, NULL));
    CHECK_EQ(seen, 0);
}

TEST(sigaction, ignored_but_blocked_stays_pending)
{
    sigset_t set;

    install(SIGUSR1, SIG_IGN, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    CHECK_OK(raise(SIGUSR1));
    CHECK_OK(sigpending(&set));
    CHECK(sigismember(&set, SIGUSR1));
    install(SIGUSR1, count, 0); /* a handler does not drop it */
    CHECK_OK(sigprocmask(SIG_UNBLOCK, &set, NULL));
    CHECK_EQ(seen, 1);
}

static void *raises_usr1(void *unused)
{
    (void)unused;
    syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
    return NULL;
}

TEST(sigaction, actions_belong_to_all_threads)
{
    pthread_t thread;

    install(SIGUSR1, count, 0);
    CHECK_OK(pthread_create(&thread, NULL, raises_usr1, NULL));
    CHECK_OK(pthread_join(thread, NULL));
    CHECK_EQ(seen, 1);
}

HELPER(is_default)
{
    struct sigaction usr1, usr2;

    sigaction(SIGUSR1, NULL, &usr1);
    sigaction(SIGUSR2, NULL, &usr2);
    return usr1.sa_handler == SIG_DFL && usr1.sa_flags == 0 && usr2.sa_handler == SIG_IGN &&
                   current_mask() == bit(SIGHUP)
               ? 7
               : 1;
}

TEST(sigaction, exec_resets_handlers_and_keeps_what_is_ignored_and_blocked)
{
    sigset_t set;

    CHECK_EXIT(CHILD({
                   install(SIGUSR1, count, SA_RESTART | SA_NODEFER);
                   install(SIGUSR2, SIG_IGN, 0);
                   sigemptyset(&set);
                   sigaddset(&set, SIGHUP);
                   sigprocmask(SIG_SETMASK, &set, NULL);
                   execl(test_program, test_program, "helper:is_default", NULL);
               }),
               7);
}

HELPER(has_pending)
{
    sigset_t set;

    sigpending(&set);
    return sigismember(&set, SIGUSR1) && sigismember(&set, 40) ? 9 : 1;
}

TEST(sigaction, pending_signals_survive_exec_and_not_fork)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, 40);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    CHECK_EXIT(CHILD({
                   kill(getpid(), SIGUSR1);
                   raise(40);
                   execl(test_program, test_program, "helper:has_pending", NULL);
               }),
               9);
    CHECK_OK(raise(SIGUSR1));
    CHECK_IN_CHILD({
        CHECK_OK(sigpending(&set));
        CHECK(!sigismember(&set, SIGUSR1));
    });
}

TEST(sigaction, procmask_how_and_errors)
{
    uint64_t set = ~0ull, old = 1;

    CHECK_OK(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, &old, 8));
    CHECK_EQ(old, 0);
    CHECK_EQ(current_mask(), ~(bit(SIGKILL) | bit(SIGSTOP)));
    set = bit(5) | bit(64);
    CHECK_OK(syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, 8));
    CHECK_EQ(current_mask(), ~(bit(SIGKILL) | bit(SIGSTOP) | bit(5) | bit(64)));
    CHECK_OK(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, 8));
    CHECK_EQ(current_mask(), set);
    CHECK_ERR(syscall(SYS_rt_sigprocmask, 77, &set, NULL, 8), EINVAL);
    CHECK_OK(syscall(SYS_rt_sigprocmask, 77, NULL, &old, 8));
    CHECK_ERR(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 16), EINVAL);
    CHECK_ERR(syscall(SYS_rt_sigprocmask, SIG_BLOCK, (void *)8, NULL, 8), EFAULT);
    set = 0;
    CHECK_ERR(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, (void *)8, 8), EFAULT);
    CHECK_EQ(current_mask(), 0); /* done before it could not be told */
    CHECK_ERR(syscall(SYS_rt_sigpending, &set, 9), EINVAL);
    CHECK_OK(syscall(SYS_rt_sigpending, &set, 4));
    CHECK_ERR(syscall(SYS_rt_sigpending, (void *)8, 8), EFAULT);
}
