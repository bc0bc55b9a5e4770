/*
 * SIGCHLD's details; stopping and continuing; orphaned groups.
 */
#include "test.h"

#include <pthread.h>
#include <sys/mman.h>

static volatile siginfo_t got;
static volatile int seen;

static void note(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    memcpy((void *)&got, info, sizeof got);
    seen++;
}

static void install(int flags)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | flags};

    CHECK_OK(sigaction(SIGCHLD, &action, NULL));
}

static void wait_seen(int n)
{
    for (int i = 0; seen < n && i < 5000; i++)
        test_sleep_ms(1);
    CHECK_EQ(seen, n);
}

TEST(sigchld, tells_of_an_exit)
{
    install(0);
    pid_t pid = CHILD({
        CHECK_OK(setuid(33));
        _exit(0x1ab);
    });
    wait_seen(1);
    CHECK_EQ(got.si_code, CLD_EXITED);
    CHECK_EQ(got.si_pid, pid);
    CHECK_EQ(got.si_uid, 33);
    CHECK_EQ(got.si_status, 0xab);
    CHECK_EXIT(pid, 0xab);
}

TEST(sigchld, tells_of_a_death_by_signal)
{
    install(0);
    pid_t pid = CHILD(for (;;) pause());
    CHECK_OK(kill(pid, SIGTERM));
    wait_seen(1);
    CHECK_EQ(got.si_code, CLD_KILLED);
    CHECK_EQ(got.si_status, SIGTERM);
    CHECK_KILLED(pid, SIGTERM);
}

TEST(sigchld, tells_of_processor_time)
{
    install(0);
    pid_t pid = CHILD({
        struct timespec t;
        do
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        while (t.tv_nsec < 150000000 && t.tv_sec == 0);
    });
    for (int i = 0; !seen && i < 15000; i++)
        test_sleep_ms(1);
    CHECK_GE(got.si_utime + got.si_stime, 13);
    CHECK_LE(got.si_utime + got.si_stime, 60);
    CHECK_EXIT(pid, 0);
}

TEST(sigchld, tells_of_stop_and_continue)
{
    int status;

    install(0);
    pid_t pid = CHILD(for (;;) pause());
    CHECK_OK(kill(pid, SIGSTOP));
    wait_seen(1);
    CHECK_EQ(got.si_code, CLD_STOPPED);
    CHECK_EQ(got.si_status, SIGSTOP);
    CHECK_EQ(got.si_pid, pid);
    CHECK_OK(kill(pid, SIGCONT));
    wait_seen(2);
    CHECK_EQ(got.si_code, CLD_CONTINUED);
    CHECK_EQ(got.si_status, SIGCONT);
    CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
    CHECK(WIFCONTINUED(status));
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}

TEST(sigchld, nocldstop_keeps_it_to_the_end)
{
    int status;

    install(SA_NOCLDSTOP);
    pid_t pid = CHILD(for (;;) pause());
    CHECK_OK(kill(pid, SIGTSTP));
    while (waitpid(pid, &status, WUNTRACED) < 0)
        continue;
    CHECK(WIFSTOPPED(status));
    CHECK_EQ(WSTOPSIG(status), SIGTSTP);
    CHECK_OK(kill(pid, SIGCONT));
    while (waitpid(pid, &status, WCONTINUED) < 0)
        continue;
    CHECK_EQ(seen, 0);
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
    CHECK_EQ(seen, 1);
}

TEST(sigchld, nocldwait_leaves_no_zombies_but_signals)
{
    install(SA_NOCLDWAIT);
    pid_t pid = CHILD(_exit(4));
    wait_seen(1);
    CHECK_EQ(got.si_status, 4);
    CHECK_ERR(waitpid(pid, NULL, 0), ECHILD);
}

TEST(sigchld, ignored_leaves_neither)
{
    sigset_t set;
    struct sigaction action = {.sa_handler = SIG_IGN};

    CHECK_OK(sigaction(SIGCHLD, &action, NULL));
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    pid_t pid = CHILD(_exit(4));
    CHECK_ERR(waitpid(pid, NULL, 0), ECHILD); /* waits for its end all the same */
    CHECK_OK(sigpending(&set));
    CHECK(!sigismember(&set, SIGCHLD)); /* on purpose: not even kept where it is blocked */
}

static volatile unsigned long ticks[3];
static volatile int running = 1;

static void *spins(void *which)
{
    while (running)
        ticks[(uintptr_t)which]++;
    return NULL;
}

TEST(stop, all_threads_stand_still_when_the_parent_hears_of_it)
{
    volatile unsigned long *shared;
    int fd = open("shared", O_RDWR | O_CREAT, 0600), status;
    unsigned long before, after;

    CHECK_OK(ftruncate(fd, 4096));
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    pid_t pid = CHILD({
        pthread_t thread;
        pthread_create(&thread, NULL, spins, (void *)1);
        for (;;)
            shared[0]++;
    });
    for (int i = 0; i < 30; i++) {
        test_sleep_ms(5);
        CHECK_OK(kill(pid, SIGSTOP));
        CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
        CHECK(WIFSTOPPED(status));
        before = shared[0];
        test_sleep_ms(5);
        after = shared[0];
        CHECK_EQ(after, before);
        CHECK_OK(kill(pid, SIGCONT));
        CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
    }
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}

TEST(stop, a_second_stop_while_stopped_is_not_told)
{
    int status;
    pid_t pid = CHILD(for (;;) pause());

    CHECK_OK(kill(pid, SIGSTOP));
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
    CHECK_OK(kill(pid, SIGSTOP));
    CHECK_OK(kill(pid, SIGTSTP));
    test_sleep_ms(20);
    CHECK_EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
    CHECK_OK(kill(pid, SIGTERM)); /* waits until it goes on */
    test_sleep_ms(20);
    CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
    CHECK_OK(kill(pid, SIGCONT));
    CHECK_KILLED(pid, SIGTERM);
}

TEST(stop, sigkill_ends_a_stopped_process)
{
    int status;
    pid_t pid = CHILD(for (;;) pause());

    CHECK_OK(kill(pid, SIGSTOP));
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}

static void cont(int sig)
{
    (void)sig;
    seen++;
}

TEST(stop, a_sigcont_handler_runs_after_the_continue)
{
    int status;
    pid_t pid = CHILD({
        signal(SIGCONT, cont);
        raise(SIGSTOP);
        _exit(seen == 1 ? 6 : 1);
    });

    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
    CHECK_OK(kill(pid, SIGCONT));
    CHECK_EXIT(pid, 6);
}

TEST(stop, tstp_does_not_stop_an_orphaned_group)
{
    /* The child leads a session of its own: nobody in it could continue it. */
    pid_t pid = CHILD({
        CHECK_GE(setsid(), 0);
        CHECK_OK(raise(SIGTSTP));
        CHECK_OK(raise(SIGTTIN));
        CHECK_OK(raise(SIGTTOU));
        _exit(8);
    });
    CHECK_EXIT(pid, 8);
    pid = CHILD({
        CHECK_GE(setsid(), 0);
        raise(SIGSTOP); /* but this one always does */
        _exit(9);
    });
    int status;
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
    CHECK(WIFSTOPPED(status));
    CHECK_OK(kill(pid, SIGCONT));
    CHECK_EXIT(pid, 9);
}

TEST(stop, a_group_that_becomes_orphaned_while_stopped_gets_hup_and_cont)
{
    int p[2];

    CHECK_OK(pipe(p));
    pid_t pid = CHILD({
        CHECK_GE(setsid(), 0);
        pid_t job = CHILD({
            CHECK_OK(setpgid(0, 0));
            raise(SIGSTOP);
            for (;;)
                pause();
        });
        int status;
        CHECK_EQ(waitpid(job, &status, WUNTRACED), job);
        CHECK(WIFSTOPPED(status));
        CHECK_EQ(write(p[1], &job, sizeof job), sizeof job);
        _exit(0); /* the link of the job's group to its session goes with us */
    });
    pid_t job;
    CHECK_EQ(read(p[0], &job, sizeof job), sizeof job);
    CHECK_EXIT(pid, 0);
    for (int i = 0; kill(job, 0) == 0 && i < 5000; i++)
        test_sleep_ms(1);
    CHECK_ERR(kill(job, 0), ESRCH); /* HUP killed it, CONT let it die */
}
