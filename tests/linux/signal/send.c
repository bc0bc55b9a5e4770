/*
 * Who may send what to whom, and what the receiver is told.
 */
#include "test.h"

#include <pthread.h>
#include <signal.h>

static volatile siginfo_t got;
static volatile int seen;

static void note(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    memcpy((void *)&got, info, sizeof got);
    seen++;
}

static void install(int sig)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};

    CHECK_OK(sigaction(sig, &action, NULL));
}

static pid_t sleeper(void)
{
    return CHILD(for (;;) pause());
}

static void end(pid_t pid)
{
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}

TEST(send, kill_says_who)
{
    install(SIGUSR1);
    pid_t self = getpid();
    CHECK_IN_CHILD({
        CHECK_OK(setresuid(7, 0, 0));
        CHECK_OK(kill(self, SIGUSR1));
    });
    CHECK_EQ(seen, 1);
    CHECK_EQ(got.si_code, SI_USER);
    CHECK_EQ(got.si_uid, 7); /* the real one */
    CHECK_EQ(got.si_errno, 0);
}

TEST(send, the_order_of_kills_errors)
{
    CHECK_ERR(kill(99999, 65), ESRCH); /* whom comes before what */
    CHECK_ERR(kill(-99999, 65), ESRCH);
    CHECK_ERR(kill(getpid(), 65), EINVAL);
    CHECK_ERR(kill(0, 65), EINVAL);
    CHECK_ERR(kill(INT32_MIN, SIGTERM), ESRCH);
    CHECK_ERR(syscall(SYS_tkill, 0, SIGTERM), EINVAL);
    CHECK_ERR(syscall(SYS_tkill, -5, SIGTERM), EINVAL);
    CHECK_ERR(syscall(SYS_tkill, 99999, 65), ESRCH);
    CHECK_ERR(syscall(SYS_tgkill, getpid(), 99999, SIGTERM), ESRCH);
    CHECK_ERR(syscall(SYS_tgkill, getpid(), 0, SIGTERM), EINVAL);
    CHECK_ERR(syscall(SYS_tgkill, 0, getpid(), SIGTERM), EINVAL);
    CHECK_ERR(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 65), EINVAL);
    CHECK_OK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0));
}

TEST(send, pid_1_shrugs_off_what_it_does_not_handle)
{
    for (int i = 0; i < 20; i++) {
        CHECK_OK(kill(1, SIGKILL));
        CHECK_OK(kill(1, SIGSTOP));
        CHECK_OK(kill(1, SIGSEGV));
    }
    CHECK_OK(syscall(SYS_tgkill, 1, 1, SIGKILL));
    CHECK_OK(kill(1, 0));
    CHECK_IN_CHILD(CHECK_ERR(kill(99999, 0), ESRCH)); /* the system is alive */
}

static volatile pid_t thread_id;
static volatile int stop;

static void *stays(void *unused)
{
    sigset_t all;

    (void)unused;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    thread_id = (pid_t)syscall(SYS_gettid);
    while (!stop)
        test_sleep_ms(1);
    return NULL;
}

TEST(send, kill_by_the_id_of_a_thread_reaches_its_process)
{
    pthread_t thread;

    install(SIGUSR1);
    CHECK_OK(pthread_create(&thread, NULL, stays, NULL));
    while (!thread_id)
        test_sleep_ms(1);
    CHECK_OK(kill(thread_id, 0));
    CHECK_OK(kill(thread_id, SIGUSR1)); /* the thread blocks it: the leader takes it */
    CHECK_EQ(seen, 1);
    CHECK_ERR(kill(-thread_id, SIGUSR1), ESRCH);
    CHECK_ERR(syscall(SYS_tgkill, thread_id, thread_id, SIGUSR1), ESRCH);
    CHECK_OK(syscall(SYS_tgkill, getpid(), thread_id, SIGUSR1));
    CHECK_EQ(seen, 1); /* to it alone, and blocked there */
    stop = 1;
    CHECK_OK(pthread_join(thread, NULL));
    CHECK_EQ(seen, 1);
}

TEST(send, a_thread_that_has_gone_is_not_found)
{
    pthread_t thread;

    stop = 1;
    CHECK_OK(pthread_create(&thread, NULL, stays, NULL));
    CHECK_OK(pthread_join(thread, NULL));
    for (int i = 0; i < 1000 && syscall(SYS_tkill, thread_id, 0) == 0; i++)
        test_sleep_ms(1);
    CHECK_ERR(syscall(SYS_tkill, thread_id, SIGUSR1), ESRCH);
    CHECK_ERR(kill(thread_id, SIGUSR1), ESRCH);
}

TEST(send, a_zombie_can_be_named)
{
    pid_t pid = CHILD(_exit(0));
    siginfo_t info;

    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
    CHECK_OK(kill(pid, 0));
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_OK(syscall(SYS_tgkill, pid, pid, SIGTERM));
    CHECK_ERR(kill(pid, 65), EINVAL);
    CHECK_EXIT(pid, 0);
    CHECK_ERR(kill(pid, 0), ESRCH);
}

TEST(send, permission_by_real_and_effective_ids)
{
    /* sender real, effective; receiver real, effective, saved; allowed? */
    static const struct {
        int r, e, to_r, to_e, to_s;
        bool allowed;
    } rows[] = {
        {5, 5, 5, 5, 5, true},  {5, 6, 5, 9, 9, true},  {5, 6, 6, 9, 9, true},
        {5, 6, 9, 9, 5, true},  {5, 6, 9, 9, 6, true},  {5, 6, 9, 5, 9, false},
        {5, 6, 9, 6, 9, false}, {5, 5, 6, 6, 6, false}, {5, 5, 0, 0, 0, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int p[2];
        char c;

        CHECK_OK(pipe(p));
        pid_t to = CHILD({
            CHECK_OK(setresuid((uid_t)rows[i].to_r, (uid_t)rows[i].to_e, (uid_t)rows[i].to_s));
            CHECK_EQ(write(p[1], "x", 1), 1);
            for (;;)
                pause();
        });
        CHECK_EQ(read(p[0], &c, 1), 1);
        CHECK_IN_CHILD({
            CHECK_OK(setresuid((uid_t)rows[i].r, (uid_t)rows[i].e, (uid_t)rows[i].e));
            errno = 0;
            CHECK_EQ(kill(to, SIGWINCH), rows[i].allowed ? 0 : -1);
            CHECK_EQ(errno, rows[i].allowed ? 0 : EPERM);
        });
        end(to);
        close(p[0]);
        close(p[1]);
    }
}

TEST(send, sigcont_may_go_to_ones_own_session)
{
    pid_t same = sleeper(), other = CHILD({
        setsid();
        for (;;)
            pause();
    });

    for (int i = 0; getsid(other) != other && i < 1000; i++)
        test_sleep_ms(1);
    CHECK_IN_CHILD({
        CHECK_OK(setuid(65534));
        CHECK_OK(kill(same, SIGCONT));
        CHECK_ERR(kill(same, SIGTERM), EPERM);
        CHECK_ERR(kill(same, 0), EPERM);
        CHECK_ERR(kill(other, SIGCONT), EPERM);
    });
    end(same);
    end(other);
}

TEST(send, a_group_is_reached_if_one_member_may_be)
{
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    pid_t leader = CHILD({
        setpgid(0, 0);
        pid_t member = CHILD({
            CHECK_OK(setuid(65534));
            CHECK_EQ(write(p[1], "x", 1), 1);
            for (;;)
                pause();
        });
        CHECK_KILLED(member, SIGTERM);
    });
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_IN_CHILD({
        CHECK_OK(setuid(65534));
        CHECK_OK(kill(-leader, SIGTERM)); /* reaches the member, not root's leader */
    });
    CHECK_EXIT(leader, 0);
    CHECK_ERR(kill(-leader, 0), ESRCH);
}

static long queueinfo(pid_t pid, int sig, siginfo_t *info)
{
    return syscall(SYS_rt_sigqueueinfo, pid, sig, info);
}

TEST(send, queued_info_arrives_as_it_was_given)
{
    siginfo_t info = {.si_signo = 99, .si_code = SI_QUEUE, .si_errno = 11};

    info.si_pid = 4711;
    info.si_uid = 4712;
    info.si_value.sival_ptr = (void *)0x123456789abcul;
    install(SIGUSR1);
    CHECK_OK(queueinfo(getpid(), SIGUSR1, &info));
    CHECK_EQ(got.si_signo, SIGUSR1); /* but for the number */
    CHECK_EQ(got.si_code, SI_QUEUE);
    CHECK_EQ(got.si_errno, 11);
    CHECK_EQ(got.si_pid, 4711);
    CHECK_EQ(got.si_uid, 4712);
    CHECK_EQ((uintptr_t)got.si_value.sival_ptr, 0x123456789abcul);
}

TEST(send, nobody_poses_as_the_kernel_to_others)
{
    siginfo_t info = {.si_code = SI_USER};
    pid_t pid = sleeper();

    install(SIGUSR1);
    CHECK_ERR(queueinfo(pid, SIGUSR1, &info), EPERM);
    CHECK_OK(queueinfo(getpid(), SIGUSR1, &info));
    info.si_code = SI_KERNEL;
    CHECK_ERR(queueinfo(pid, SIGUSR1, &info), EPERM);
    CHECK_OK(queueinfo(getpid(), SIGUSR1, &info));
    CHECK_EQ(got.si_code, SI_KERNEL);
    info.si_code = SI_TKILL;
    CHECK_ERR(queueinfo(pid, SIGUSR1, &info), EPERM);
    CHECK_OK(queueinfo(getpid(), SIGUSR1, &info));
    info.si_code = SI_ASYNCIO;
    CHECK_OK(queueinfo(pid, SIGWINCH, &info));
    CHECK_ERR(syscall(SYS_rt_tgsigqueueinfo, pid, pid, SIGUSR1,
                      &(siginfo_t){.si_code = SI_USER}), EPERM);
    end(pid);
}

TEST(send, sigqueueinfo_errors)
{
    siginfo_t info = {.si_code = SI_QUEUE};

    CHECK_ERR(queueinfo(99999, SIGUSR1, &info), ESRCH);
    CHECK_ERR(queueinfo(-1, SIGUSR1, &info), ESRCH);
    CHECK_ERR(queueinfo(0, SIGUSR1, &info), ESRCH);
    CHECK_ERR(queueinfo(getpid(), 65, &info), EINVAL);
    CHECK_OK(queueinfo(getpid(), 0, &info));
    CHECK_ERR(queueinfo(getpid(), SIGUSR1, (void *)8), EFAULT);
    CHECK_ERR(syscall(SYS_rt_tgsigqueueinfo, 0, getpid(), SIGUSR1, &info), EINVAL);
    CHECK_ERR(syscall(SYS_rt_tgsigqueueinfo, getpid(), -1, SIGUSR1, &info), EINVAL);
    CHECK_ERR(syscall(SYS_rt_tgsigqueueinfo, 1, getpid(), SIGUSR1, &info), ESRCH);
    /* A code that the kernel does not know may not carry more than it keeps. */
    info.si_code = -100;
    CHECK_OK(queueinfo(getpid(), 0, &info));
    ((char *)&info)[127] = 1;
    CHECK_ERR(queueinfo(getpid(), 0, &info), E2BIG);
    info.si_code = SI_QUEUE;
    CHECK_OK(queueinfo(getpid(), 0, &info));
}

TEST(send, tgsigqueueinfo_goes_to_one_thread)
{
    siginfo_t info = {.si_code = SI_QUEUE};

    info.si_value.sival_int = 42;
    install(40);
    CHECK_OK(syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), 40, &info));
    CHECK_EQ(seen, 1);
    CHECK_EQ(got.si_value.sival_int, 42);
}

TEST(send, a_write_that_nobody_reads_is_sigpipe_from_oneself)
{
    int p[2];

    install(SIGPIPE);
    CHECK_OK(pipe(p));
    CHECK_OK(close(p[0]));
    CHECK_ERR(write(p[1], "x", 1), EPIPE);
    CHECK_EQ(seen, 1);
    CHECK_EQ(got.si_code, SI_USER);
    CHECK_EQ(got.si_pid, getpid());
    signal(SIGPIPE, SIG_IGN);
    CHECK_ERR(write(p[1], "x", 1), EPIPE);
    signal(SIGPIPE, SIG_DFL);
    CHECK_KILLED(CHILD(write(p[1], "x", 1)), SIGPIPE);
}
