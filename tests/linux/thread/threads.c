/*
 * Threads: what they share, how they end, and who is left.
 */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>

static void *add_one(void *counter)
{
    __atomic_add_fetch((int *)counter, 1, __ATOMIC_SEQ_CST);
    return counter;
}

static pthread_t start(void *(*run)(void *), void *argument)
{
    pthread_t thread;

    CHECK_OK(pthread_create(&thread, NULL, run, argument));
    return thread;
}

TEST(thread, five_hundred_are_made_and_joined)
{
    int counter = 0;

    for (int i = 0; i < 500; i++) {
        void *result;

        CHECK_OK(pthread_join(start(add_one, &counter), &result));
        CHECK(result == &counter);
    }
    CHECK_EQ(counter, 500);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn;

static void *take_turns(void *me)
{
    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&lock);
        while (turn != (int)(intptr_t)me)
            pthread_cond_wait(&changed, &lock);
        turn = !turn;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

TEST(thread, two_take_turns_with_a_condition)
{
    pthread_t a = start(take_turns, (void *)0), b = start(take_turns, (void *)1);

    CHECK_OK(pthread_join(a, NULL));
    CHECK_OK(pthread_join(b, NULL));
    CHECK_EQ(turn, 0);
}

static int ends[2];

static void *block_in(void *how)
{
    struct pollfd entry = {.fd = ends[0], .events = POLLIN};
    char c;

    switch ((int)(intptr_t)how) {
    case 0:
        read(ends[0], &c, 1);
        break;
    case 1:
        poll(&entry, 1, -1);
        break;
    case 2:
        test_sleep_ms(1000000);
        break;
    case 3:
        pause();
        break;
    case 4:
        waitpid(-1, NULL, 0);
        break;
    case 5:
        for (;;)
            continue;
    default:
        pthread_mutex_lock(&lock);
    }
    return NULL;
}

static void start_blocked(void)
{
    CHECK_OK(pipe(ends));
    pthread_mutex_lock(&lock);
    for (intptr_t how = 0; how < 7; how++)
        start(block_in, (void *)how);
    test_sleep_ms(20);
}

TEST(thread, exit_ends_all_wherever_they_are)
{
    CHECK_EXIT(CHILD(start_blocked(); exit(5)), 5);
}

TEST(thread, a_fatal_signal_ends_all_wherever_they_are)
{
    CHECK_KILLED(CHILD(start_blocked(); kill(getpid(), SIGTERM); pause()), SIGTERM);
    CHECK_KILLED(CHILD(start_blocked(); *(volatile int *)8 = 1), SIGSEGV);
}

HELPER(alone)
{
    char text[64];
    size_t size;

    /* The one that executed has the process' number, and nobody else is left. */
    snprintf(text, sizeof text, "%d", getpid());
    CHECK_STR(text, argv[2]);
    CHECK_EQ(syscall(SYS_gettid), getpid());
    CHECK(strstr(test_read_file("/proc/self/status", &size), "Threads:\t1\n"));
    return 6;
}

static void *execute(void *unused)
{
    char number[16];

    (void)unused;
    snprintf(number, sizeof number, "%d", getpid());
    execl(test_program, test_program, "helper:alone", number, NULL);
    FAIL("exec");
    return NULL;
}

TEST(thread, exec_by_any_thread_removes_the_others)
{
    CHECK_EXIT(CHILD(start_blocked(); execute(NULL)), 6);
    CHECK_EXIT(CHILD(start_blocked(); start(execute, NULL); pause()), 6);
    CHECK_EXIT(CHILD(start_blocked(); start(execute, NULL); pthread_exit(NULL)), 6);
}

static void *exit_later(void *code)
{
    test_sleep_ms(30);
    exit((int)(intptr_t)code);
    return NULL;
}

TEST(thread, the_process_lives_on_when_its_first_thread_has_gone)
{
    int status;
    pid_t child = CHILD(start(exit_later, (void *)9); syscall(SYS_exit, 3));

    test_sleep_ms(10);
    CHECK_EQ(waitpid(child, &status, WNOHANG), 0);
    CHECK_OK(kill(child, 0));
    CHECK_EXIT(child, 9);
}

static void *only_exit(void *unused)
{
    (void)unused;
    test_sleep_ms(30);
    syscall(SYS_exit, 4);
    return NULL;
}

TEST(thread, the_status_is_the_last_ones_when_each_ends_alone)
{
    CHECK_EXIT(CHILD(start(only_exit, NULL); syscall(SYS_exit, 3)), 4);
}

static volatile pid_t taker;
static sem_t taken;

static void note_taker(int number)
{
    (void)number;
    taker = (pid_t)syscall(SYS_gettid);
    sem_post(&taken);
}

static void *wait_for_signals(void *tid)
{
    *(volatile pid_t *)tid = (pid_t)syscall(SYS_gettid);
    for (;;)
        pause();
    return NULL;
}

TEST(thread, a_process_signal_goes_to_one_that_does_not_block_it)
{
    struct sigaction action = {.sa_handler = note_taker};
    volatile pid_t tid = 0;
    sigset_t set;

    sem_init(&taken, 0, 0);
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    start(wait_for_signals, (void *)&tid);
    while (!tid)
        sched_yield();
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_OK(pthread_sigmask(SIG_BLOCK, &set, NULL));
    for (int i = 0; i < 100; i++) {
        taker = 0;
        CHECK_OK(kill(getpid(), SIGUSR1));
        CHECK_OK(sem_wait(&taken));
        CHECK_EQ(taker, tid);
    }
    CHECK_OK(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
    test_sleep_ms(5);
    CHECK_EQ(sem_trywait(&taken), -1);
    CHECK_OK(pthread_sigmask(SIG_UNBLOCK, &set, NULL));
    CHECK_EQ(taker, getpid());
}

static void *spin_and_count(void *counter)
{
    for (;;)
        ++*(volatile long *)counter;
    return NULL;
}

TEST(thread, a_stop_stops_all_and_continue_continues_all)
{
    volatile long *counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status;
    pid_t child = CHILD({
        start(spin_and_count, (void *)&counts[0]);
        start(spin_and_count, (void *)&counts[1]);
        for (;;)
            pause();
    });
    long a, b;

    while (!counts[0] || !counts[1])
        test_sleep_ms(1);
    CHECK_OK(kill(child, SIGSTOP));
    CHECK_EQ(waitpid(child, &status, WUNTRACED), child);
    test_sleep_ms(20);
    a = counts[0], b = counts[1];
    test_sleep_ms(50);
    CHECK_EQ(counts[0], a);
    CHECK_EQ(counts[1], b);
    CHECK_OK(kill(child, SIGCONT));
    while (counts[0] == a || counts[1] == b)
        test_sleep_ms(1);
    CHECK_OK(kill(child, SIGKILL));
    CHECK_KILLED(child, SIGKILL);
}

static pthread_mutex_t *robust;

static void *die_with_it(void *unused)
{
    (void)unused;
    pthread_mutex_lock(robust);
    return NULL;
}

TEST(thread, a_robust_mutex_tells_that_its_owner_died)
{
    pthread_mutexattr_t attributes;

    robust = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&attributes);
    CHECK_OK(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    CHECK_OK(pthread_mutex_init(robust, &attributes));
    CHECK_OK(pthread_join(start(die_with_it, NULL), NULL));
    CHECK_EQ(pthread_mutex_lock(robust), EOWNERDEAD);
    CHECK_OK(pthread_mutex_consistent(robust));
    CHECK_OK(pthread_mutex_unlock(robust));
    pid_t child = CHILD(pthread_mutex_lock(robust); test_sleep_ms(30); kill(getpid(), SIGKILL));
    test_sleep_ms(10);
    CHECK_EQ(pthread_mutex_lock(robust), EOWNERDEAD); /* waits, then learns */
    CHECK_KILLED(child, SIGKILL);
}

static void *fork_often(void *unused)
{
    (void)unused;
    for (int i = 0; i < 40; i++) {
        pid_t child = fork();

        if (!child)
            _exit(i);
        CHECK_EXIT(child, i);
    }
    return NULL;
}

TEST(thread, several_fork_and_wait_at_once)
{
    pthread_t t[4];

    for (int i = 0; i < 4; i++)
        t[i] = start(fork_often, NULL);
    for (int i = 0; i < 4; i++)
        CHECK_OK(pthread_join(t[i], NULL));
}

static void *close_often(void *unused)
{
    (void)unused;
    for (int i = 0; i < 300; i++) {
        int p[2];
        char c;

        if (pipe(p))
            continue;
        write(p[1], "x", 1);
        read(p[0], &c, 1);
        close(p[0]);
        close(p[1]);
    }
    return NULL;
}

TEST(thread, several_open_and_close_at_once_lose_no_descriptor)
{
    int before = dup(0), after;
    pthread_t t[4];

    close(before);
    for (int i = 0; i < 4; i++)
        t[i] = start(close_often, NULL);
    for (int i = 0; i < 4; i++)
        CHECK_OK(pthread_join(t[i], NULL));
    after = dup(0);
    CHECK_EQ(after, before);
}

static void *cancelled_read(void *unused)
{
    char c;

    (void)unused;
    read(ends[0], &c, 1);
    return NULL;
}

TEST(thread, cancellation_ends_a_blocked_read)
{
    pthread_t t;
    void *result;

    CHECK_OK(pipe(ends));
    t = start(cancelled_read, NULL);
    test_sleep_ms(10);
    CHECK_OK(pthread_cancel(t));
    CHECK_OK(pthread_join(t, &result));
    CHECK(result == PTHREAD_CANCELED);
}
