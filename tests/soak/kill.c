/*
 * SIGKILL at random moments: nothing hangs, no zombie stays, all memory comes back.
 *
 * In:    TEST(kill, ...), run like soak.c. run.py prints the seed; with busybox in /bin shells take part.
 * Life:  a round starts some programs, each in a session of its own, and for a random time kills
 *        processes here and there; then all that are left. We are their subreaper, so every one is reaped
 *        here. After some rounds nobody else may be left, and the memory is counted.
 */
#include "soak.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

enum {
    FULL_SECONDS = 600,
    ROUNDS_BETWEEN = 20, /* countings of the memory */
    WARM_UP = 40,
    STRIKES = 12,        /* at most, in a round */
    MOMENT_US = 15000,   /* at most, between two */
    REAP_MS = 10000,
    PROCESSES = 400,
};

static unsigned state;

static unsigned below(unsigned n)
{
    state = state * 1103515245 + 12345;
    return (state >> 16) % n;
}

static void sleep_us(long us)
{
    struct timespec t = {.tv_nsec = us * 1000};

    nanosleep(&t, NULL);
}

/* The programs. None of them ends by itself. */

static void shell(const char *script)
{
    execl("/bin/busybox", "sh", "-c", script, NULL);
    pause();
}

static void shell_loops(void)
{
    shell("while :; do x=$(echo abc | cat | wc -c); [ $x = 4 ] || exit; done");
}

static void shell_pipelines(void)
{
    shell("while :; do yes | head -c 50000 | sort -u | gzip | zcat | wc -c; done >/dev/null");
}

static void shell_jobs(void)
{
    shell("trap : TERM USR1; while :; do sleep 0 & (sleep 5 & kill -USR1 $$; wait) & wait $!; done");
}

static void shell_files(void)
{
    shell("while :; do echo x >f.$$; cp f.$$ g.$$; mv g.$$ h.$$; cat h.$$ f.$$; rm f.$$ h.$$; done >/dev/null");
}

static void *lock_and_wait(void *shared)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
    volatile unsigned *count = shared;

    for (;;) {
        pthread_mutex_lock(&mutex);
        if (++*count % 3 == 0)
            pthread_cond_wait(&turn, &mutex);
        pthread_cond_signal(&turn);
        pthread_mutex_unlock(&mutex);
        if (*count % 16 == 0)
            free(malloc(200000));
    }
    return NULL;
}

static void *fork_from_thread(void *unused)
{
    for (;;) {
        pid_t pid = fork();

        if (pid == 0)
            _exit(0);
        waitpid(pid, NULL, 0);
    }
    return unused;
}

static void threads(void)
{
    unsigned count = 0;
    pthread_t thread;

    for (int i = 0; i < 5; i++)
        pthread_create(&thread, NULL, lock_and_wait, &count);
    pthread_create(&thread, NULL, fork_from_thread, NULL);
    for (;;) {
        if (pthread_create(&thread, NULL, fork_from_thread, NULL) == 0) {
            sleep_us(500);
            pthread_cancel(thread);
            pthread_join(thread, NULL);
        }
    }
}

static void terminal(void)
{
    int us = open("/dev/ptmx", O_RDWR | O_NOCTTY), unlock = 0, number;
    char name[32], text[512];

    if (us < 0 || ioctl(us, TIOCSPTLCK, &unlock) != 0 || ioctl(us, TIOCGPTN, &number) != 0)
        pause();
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    if (fork() == 0) {
        setsid();
        int fd = open(name, O_RDWR);
        for (int i = 0; i < 3; i++)
            dup2(fd, i);
        if (fd > 2)
            close(fd);
        execl("/bin/busybox", "sh", "-i", NULL);
        pause();
    }
    for (unsigned n = 0;; n++) {
        struct pollfd p = {.fd = us, .events = POLLIN};

        if (write(us, n % 5 == 4 ? "\003" : "cat /etc/passwd | wc &\nsleep 1 | cat\032\n", n % 5 == 4 ? 1 : 39) < 0)
            sleep_us(1000);
        while (poll(&p, 1, 2) > 0 && read(us, text, sizeof text) > 0)
            continue;
    }
}

static void memory_and_files(void)
{
    char name[32];

    snprintf(name, sizeof name, "shared.%d", getpid());
    for (;;) {
        int fd = open(name, O_RDWR | O_CREAT, 0600);
        char *a = mmap(NULL, 262144, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *b;

        unlink(name);
        if (fd < 0 || a == MAP_FAILED || ftruncate(fd, 131072) != 0)
            pause();
        b = mmap(NULL, 131072, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (b == MAP_FAILED)
            pause();
        memset(a, 1, 262144);
        memset(b, 2, 131072);
        if (fork() == 0) {
            memset(a, 3, 262144);
            write(fd, a, 65536);
            _exit(0);
        }
        munmap(a, 262144);
        munmap(b, 131072);
        close(fd);
        waitpid(-1, NULL, 0);
    }
}

static void count_nothing(int number)
{
    (void)number;
}

static void signals_and_timers(void)
{
    struct sigaction action = {.sa_handler = count_nothing};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    struct itimerspec often = {{0, 2000000}, {0, 2000000}};
    union sigval value = {.sival_int = 1};
    timer_t timer;

    sigaction(SIGRTMIN, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0)
        timer_settime(timer, 0, &often, NULL);
    pid_t parent = getpid(), pid = fork();
    for (;;) {
        sigqueue(pid > 0 ? pid : parent, SIGRTMIN, value);
        if (pid == 0)
            sleep_us(300);
        if (pid > 0 && waitpid(pid, NULL, WNOHANG) == pid)
            pause();
    }
}

static void pipes(void)
{
    static char data[100000];
    int p[2];

    if (pipe(p) != 0)
        pause();
    for (int i = 0; i < 3; i++)
        if (fork() == 0)
            for (;;)
                if (read(p[0], data, sizeof data) <= 0)
                    pause();
    signal(SIGPIPE, SIG_IGN);
    for (;;)
        write(p[1], data, sizeof data);
}

HELPER(wait)
{
    sleep_us(200);
    return 0;
}

static void vforks(void)
{
    char *const argv[] = {test_program, "helper:wait", NULL}, *const none[] = {NULL};

    for (;;) {
        pid_t pid = vfork();

        if (pid == 0) {
            execve(test_program, argv, none);
            _exit(127);
        }
        if (below(2))
            kill(pid, SIGSTOP);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

static void (*const programs[])(void) = {
    threads,     terminal,        memory_and_files, signals_and_timers, pipes, vforks,
    shell_loops, shell_pipelines, shell_jobs,       shell_files};
enum { WITHOUT_SHELL = 6, ALL = sizeof programs / sizeof *programs };

/* The killing. */

static pid_t before_us[3]; /* pid 1, the runner, we */

/* Lists all processes but those that were here before. */
static int others(pid_t *pids)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    int n = 0;

    CHECK(proc != NULL);
    while ((entry = readdir(proc)) && n < PROCESSES) {
        pid_t pid = atoi(entry->d_name);
        bool old = pid <= 0;

        for (int i = 0; i < 3; i++)
            old |= pid == before_us[i];
        if (!old)
            pids[n++] = pid;
    }
    closedir(proc);
    return n;
}

static void show(pid_t pid)
{
    char path[32], text[200] = "";
    int fd;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    fd = open(path, O_RDONLY);
    if (fd >= 0)
        read(fd, text, sizeof text - 1);
    dprintf(2, "left: %s\n", text);
    close(fd);
}

/* Kills whoever is left and reaps all; fails when they do not go. */
static void end_all(int round)
{
    int64_t until = test_now_ms() + REAP_MS;
    static pid_t pids[PROCESSES];
    int n;

    while ((n = others(pids)) > 0) {
        for (int i = 0; i < n; i++)
            kill(pids[i], SIGKILL);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
        if (test_now_ms() > until) {
            for (int i = 0; i < n; i++)
                show(pids[i]);
            FAIL("round %d: %d processes do not end", round, n);
        }
        sleep_us(500);
    }
    CHECK_ERR(waitpid(-1, NULL, 0), ECHILD);
}

static void start(unsigned which)
{
    if (CHECK_FD(fork()) == 0) {
        int null = open("/dev/null", O_RDWR);

        for (int i = 0; i < 3; i++)
            dup2(null, i);
        close(null);
        setsid();
        programs[which]();
        _exit(0);
    }
}

static void one_round(int round, unsigned kinds)
{
    static pid_t pids[PROCESSES];

    for (unsigned n = below(4) + 1; n > 0; n--)
        start(below(kinds));
    for (unsigned n = below(STRIKES); n > 0; n--) {
        sleep_us(below(MOMENT_US));
        int there = others(pids);
        if (there > 0)
            kill(pids[below((unsigned)there)], SIGKILL);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
    }
    end_all(round);
}

static void forget_files(void)
{
    DIR *here = opendir(".");
    struct dirent *entry;

    while ((entry = readdir(here)))
        if (entry->d_name[0] != '.')
            unlink(entry->d_name);
    closedir(here);
}

TEST(kill, at_random_moments)
{
    unsigned kinds = access("/bin/busybox", X_OK) == 0 ? ALL : WITHOUT_SHELL;
    int64_t until;
    long start_pages;
    int round = 0;

    read_settings();
    state = seed;
    before_us[0] = 1;
    before_us[1] = getppid();
    before_us[2] = getpid();
    CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
    for (unsigned i = 0; i < kinds; i++)
        start(i);
    test_sleep_ms(300);
    end_all(round);
    for (; round < WARM_UP; round++)
        one_round(round, kinds);
    forget_files();
    start_pages = free_pages();
    until = test_now_ms() + FULL_SECONDS * 10LL * (percent == 100 ? 100 : percent / 3);
    while (test_now_ms() < until) {
        one_round(round, kinds);
        if (++round % ROUNDS_BETWEEN == 0) {
            forget_files();
            check_free(start_pages, "after kills");
        }
    }
}
