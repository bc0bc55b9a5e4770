/*
 * The alternate signal stack.
 */
#include "test.h"

#include <pthread.h>
#include <ucontext.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

static char stack[65536], other[65536];
static volatile int count;
static volatile stack_t inside, in_frame;
static volatile bool on_it;
static volatile long set_result;
static volatile int set_errno;

static bool is_on(const char *base, const void *sp)
{
    return (const char *)sp >= base && (const char *)sp < base + sizeof stack;
}

static void note(int sig, siginfo_t *info, void *context)
{
    char here;

    (void)sig, (void)info;
    on_it = is_on(stack, &here);
    sigaltstack(NULL, (stack_t *)&inside);
    memcpy((void *)&in_frame, &((ucontext_t *)context)->uc_stack, sizeof in_frame);
    count++;
}

static void install(int flags)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | flags};

    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
}

static void set(char *base, unsigned flags)
{
    stack_t s = {.ss_sp = base, .ss_size = sizeof stack, .ss_flags = (int)flags};

    CHECK_OK(syscall(SYS_sigaltstack, &s, NULL));
}

static stack_t get(void)
{
    stack_t s;

    CHECK_OK(syscall(SYS_sigaltstack, NULL, &s));
    return s;
}

TEST(altstack, starts_disabled)
{
    stack_t s = get();

    CHECK_EQ(s.ss_flags, SS_DISABLE);
    CHECK_EQ(s.ss_size, 0);
    CHECK_EQ((uintptr_t)s.ss_sp, 0);
}

TEST(altstack, used_only_with_onstack)
{
    set(stack, 0);
    CHECK_EQ(get().ss_flags, 0);
    install(0);
    CHECK_OK(raise(SIGUSR1));
    CHECK(!on_it);
    CHECK_EQ(inside.ss_flags, 0);
    install(SA_ONSTACK);
    CHECK_OK(raise(SIGUSR1));
    CHECK(on_it);
    CHECK_EQ(inside.ss_flags, SS_ONSTACK);
    CHECK_EQ((uintptr_t)in_frame.ss_sp, (uintptr_t)stack);
    CHECK_EQ(in_frame.ss_size, sizeof stack);
    CHECK_EQ(count, 2);
}

TEST(altstack, errors)
{
    stack_t s = {.ss_sp = stack, .ss_size = 2047};

    CHECK_ERR(syscall(SYS_sigaltstack, &s, NULL), ENOMEM);
    s.ss_size = 2048;
    CHECK_OK(syscall(SYS_sigaltstack, &s, NULL));
    s.ss_flags = 4;
    CHECK_ERR(syscall(SYS_sigaltstack, &s, NULL), EINVAL);
    s.ss_flags = SS_ONSTACK | SS_DISABLE;
    CHECK_ERR(syscall(SYS_sigaltstack, &s, NULL), EINVAL);
    s.ss_flags = SS_ONSTACK; /* harmless in a request */
    CHECK_OK(syscall(SYS_sigaltstack, &s, NULL));
    CHECK_EQ(get().ss_flags, 0);
    CHECK_ERR(syscall(SYS_sigaltstack, (void *)8, NULL), EFAULT);
    CHECK_ERR(syscall(SYS_sigaltstack, NULL, (void *)8), EFAULT);
    s.ss_flags = SS_DISABLE;
    s.ss_size = 1;
    CHECK_OK(syscall(SYS_sigaltstack, &s, NULL));
    CHECK_EQ(get().ss_flags, SS_DISABLE);
    CHECK_EQ(get().ss_size, 0);
}

static void change(int sig)
{
    stack_t s = {.ss_sp = other, .ss_size = sizeof other};

    (void)sig;
    set_result = syscall(SYS_sigaltstack, &s, NULL);
    set_errno = errno;
    count++;
}

TEST(altstack, cannot_be_changed_while_in_use)
{
    struct sigaction action = {.sa_handler = change, .sa_flags = SA_ONSTACK};

    set(stack, 0);
    CHECK_OK(sigaction(SIGUSR2, &action, NULL));
    CHECK_OK(raise(SIGUSR2));
    CHECK_EQ(set_result, -1);
    CHECK_EQ(set_errno, EPERM);
    CHECK_EQ((uintptr_t)get().ss_sp, (uintptr_t)stack);
}

TEST(altstack, autodisarm_sets_it_aside_and_return_brings_it_back)
{
    set(stack, SS_AUTODISARM);
    CHECK_EQ((unsigned)get().ss_flags, SS_AUTODISARM);
    install(SA_ONSTACK);
    CHECK_OK(raise(SIGUSR1));
    CHECK(on_it);
    CHECK_EQ(inside.ss_flags, SS_DISABLE);
    CHECK_EQ(inside.ss_size, 0);
    CHECK_EQ((unsigned)in_frame.ss_flags, SS_AUTODISARM);
    CHECK_EQ((unsigned)get().ss_flags, SS_AUTODISARM);
    CHECK_EQ((uintptr_t)get().ss_sp, (uintptr_t)stack);
}

TEST(altstack, autodisarm_lets_a_handler_set_another)
{
    struct sigaction action = {.sa_handler = change, .sa_flags = SA_ONSTACK};

    set(stack, SS_AUTODISARM);
    CHECK_OK(sigaction(SIGUSR2, &action, NULL));
    CHECK_OK(raise(SIGUSR2));
    CHECK_EQ(set_result, 0);
    CHECK_EQ((uintptr_t)get().ss_sp, (uintptr_t)stack); /* the frame's comes back */
}

static void disable_in_frame(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)info;
    ((ucontext_t *)context)->uc_stack.ss_flags = SS_DISABLE;
}

TEST(altstack, return_sets_what_the_frame_says)
{
    struct sigaction action = {.sa_sigaction = disable_in_frame, .sa_flags = SA_SIGINFO};

    set(stack, 0);
    CHECK_OK(sigaction(SIGUSR2, &action, NULL));
    CHECK_OK(raise(SIGUSR2));
    CHECK_EQ(get().ss_flags, SS_DISABLE);
    CHECK_EQ((uintptr_t)get().ss_sp, 0);
}

static void bad_in_frame(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)info;
    ((ucontext_t *)context)->uc_stack.ss_flags = 99;
}

TEST(altstack, return_passes_over_a_bad_one)
{
    struct sigaction action = {.sa_sigaction = bad_in_frame, .sa_flags = SA_SIGINFO};

    set(stack, 0);
    CHECK_OK(sigaction(SIGUSR2, &action, NULL));
    CHECK_OK(raise(SIGUSR2));
    CHECK_EQ((uintptr_t)get().ss_sp, (uintptr_t)stack);
}

static volatile uintptr_t outer_sp, inner_sp;

static void inner(int sig)
{
    char here;

    (void)sig;
    inner_sp = (uintptr_t)&here;
}

static void outer(int sig)
{
    char here;

    (void)sig;
    outer_sp = (uintptr_t)&here;
    raise(SIGUSR1);
}

TEST(altstack, a_second_handler_goes_on_below_the_first)
{
    struct sigaction a = {.sa_handler = outer, .sa_flags = SA_ONSTACK},
                     b = {.sa_handler = inner, .sa_flags = SA_ONSTACK};

    set(stack, 0);
    CHECK_OK(sigaction(SIGUSR2, &a, NULL));
    CHECK_OK(sigaction(SIGUSR1, &b, NULL));
    CHECK_OK(raise(SIGUSR2));
    CHECK(is_on(stack, (void *)outer_sp) && is_on(stack, (void *)inner_sp));
    CHECK_LT(inner_sp, outer_sp);
}

static void deeper(int sig)
{
    syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
    count++;
}

TEST(altstack, running_over_its_end_is_a_segv_not_a_scribble)
{
    struct sigaction a = {.sa_handler = deeper, .sa_flags = SA_ONSTACK | SA_NODEFER};
    static char guarded[3 * 16384];
    stack_t s = {.ss_sp = guarded + 16384, .ss_size = 12000};

    memset(guarded, 0x5a, sizeof guarded);
    CHECK_OK(sigaction(SIGUSR2, &a, NULL));
    CHECK_OK(sigaltstack(&s, NULL));
    CHECK_KILLED(CHILD(raise(SIGUSR2)), SIGSEGV);
}

static stack_t of_thread;

static void *look(void *unused)
{
    (void)unused;
    syscall(SYS_sigaltstack, NULL, &of_thread);
    return NULL;
}

HELPER(stack_after_exec)
{
    stack_t s;

    syscall(SYS_sigaltstack, NULL, &s);
    return s.ss_flags == SS_DISABLE && s.ss_size == 0 ? 5 : 1;
}

TEST(altstack, inherited_by_fork_not_by_threads_or_exec)
{
    pthread_t thread;

    set(stack, 0);
    CHECK_IN_CHILD(CHECK_EQ((uintptr_t)get().ss_sp, (uintptr_t)stack));
    CHECK_OK(pthread_create(&thread, NULL, look, NULL));
    CHECK_OK(pthread_join(thread, NULL));
    CHECK_EQ(of_thread.ss_flags, SS_DISABLE);
    CHECK_EXIT(CHILD(execl(test_program, test_program, "helper:stack_after_exec", NULL)), 5);
}
