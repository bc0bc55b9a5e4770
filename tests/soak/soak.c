/*
 * Long runs inside one guest: what was given out must come back, however often it is done.
 *
 * In:    TEST(soak, ...), run like the Linux tests; their settings are in soak.h.
 * Life:  each case warms up, notes the free memory, works, and waits until as much is free again.
 */
#include "soak.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

HELPER(true)
{
    return 0;
}

static void fork_exec_wait(int count)
{
    char *const argv[] = {test_program, "helper:true", NULL}, *const none[] = {NULL};

    for (int i = 0; i < count; i++) {
        pid_t pid = CHECK_FD(fork());
        if (pid == 0) {
            execve(test_program, argv, none);
            _exit(127);
        }
        CHECK_EXIT(pid, 0);
    }
}

TEST(soak, fork_exec_wait_ten_and_twenty_thousand_times)
{
    read_settings();
    fork_exec_wait(scaled(1000));
    long start = free_pages();
    fork_exec_wait(scaled(10000));
    check_free(start, "after 10,000");
    fork_exec_wait(scaled(10000));
    check_free(start, "after 20,000");
}

TEST(soak, a_hundred_thousand_forks_with_exec)
{
    long start;

    read_settings();
    fork_exec_wait(500);
    start = free_pages();
    fork_exec_wait(scaled(100000));
    check_free(start, "after 100,000");
}

TEST(soak, vfork_exec_wait)
{
    char *const argv[] = {test_program, "helper:true", NULL}, *const none[] = {NULL};
    static long start;

    read_settings();
    for (int i = -scaled(500); i < scaled(5000); i++) {
        if (i == 0)
            start = free_pages();
        pid_t pid = vfork();
        if (pid == 0) {
            execve(test_program, argv, none);
            _exit(127);
        }
        CHECK_EXIT(pid, 0);
    }
    check_free(start, "after vforks");
}

TEST(soak, children_killed_at_random_moments)
{
    unsigned seed = 4711;
    long start = 0;

    read_settings();
    for (int i = -scaled(200); i < scaled(3000); i++) {
        if (i == 0)
            start = free_pages();
        pid_t pid = CHILD({
            for (;;) {
                int p[2];
                char *m =
                    mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (m != MAP_FAILED)
                    memset(m, 1, 65536);
                if (pipe(p) == 0 && fork() == 0)
                    _exit(0);
                close(p[0]);
                close(p[1]);
                waitpid(-1, NULL, WNOHANG);
                munmap(m, 65536);
            }
        });
        seed = seed * 1103515245 + 12345;
        for (volatile unsigned n = 0; n < (seed >> 16) % 20000; n++)
            continue;
        CHECK_OK(kill(pid, SIGKILL));
        CHECK_KILLED(pid, SIGKILL);
    }
    check_free(start, "after kills");
}

TEST(soak, descriptors_until_emfile)
{
    long start = 0;

    read_settings();
    for (int i = -2; i < scaled(200); i++) {
        if (i == 0)
            start = free_pages();
        CHECK_IN_CHILD({
            int p[2];
            while (pipe(p) == 0)
                CHECK_EQ(write(p[1], "x", 1), 1);
            CHECK_EQ(errno, EMFILE);
        });
    }
    check_free(start, "after EMFILE");
}

TEST(soak, processes_until_eagain)
{
    long start = 0;

    read_settings();
    for (int i = -2; i < scaled(100) / 2; i++) {
        struct rlimit limit = {30, 30};
        if (i == 0)
            start = free_pages();
        CHECK_IN_CHILD({
            int made = 0;
            pid_t pid;
            CHECK_OK(setrlimit(RLIMIT_NPROC, &limit));
            CHECK_OK(setuid(65534));
            while ((pid = fork()) > 0)
                made++;
            if (pid == 0)
                for (;;)
                    pause();
            CHECK_EQ(errno, EAGAIN);
            signal(SIGTERM, SIG_IGN);
            CHECK_OK(kill(-1, SIGTERM));
            for (; made > 0; made--)
                CHECK_GT(wait(NULL), 0);
        });
    }
    check_free(start, "after EAGAIN");
}

/* Every task of the bomb forks as often as it can; none of them listens to anybody. */
static void bomb(void)
{
    struct rlimit limit = {60, 60};

    CHECK_OK(setpgid(0, 0));
    CHECK_OK(setresuid(5555, 5555, 5555));
    CHECK_OK(setrlimit(RLIMIT_NPROC, &limit));
    signal(SIGCHLD, SIG_IGN);
    for (;;)
        fork();
}

TEST(soak, a_fork_bomb_stays_within_its_limit)
{
    long start = 0;

    read_settings();
    CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1)); /* all of it ends up with us */
    for (int i = -1; i < scaled(200) / 10; i++) {
        int reaped = 0;

        if (i == 0)
            start = free_pages();
        pid_t pid = CHILD(bomb());
        test_sleep_ms(200);
        /* One signal to the group must reach all of it, those who are being born as well. */
        while (kill(-pid, SIGKILL) < 0)
            CHECK_EQ(errno, ESRCH);
        while (waitpid(-1, NULL, 0) > 0)
            reaped++;
        CHECK_EQ(errno, ECHILD);
        CHECK_LE(reaped, 61);
        CHECK_GE(reaped, 1);
        CHECK_ERR(kill(-pid, 0), ESRCH);
    }
    check_free(start, "after fork bombs");
}

TEST(soak, memory_until_enomem)
{
    long start = 0;

    read_settings();
    for (int i = -1; i < scaled(100); i++) {
        struct rlimit limit = {32 << 20, 32 << 20};
        if (i == 0)
            start = free_pages();
        CHECK_IN_CHILD({
            char *m;
            CHECK_OK(setrlimit(RLIMIT_AS, &limit));
            while ((m = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                             0)) != MAP_FAILED)
                memset(m, 1, 1 << 20);
            CHECK_EQ(errno, ENOMEM);
        });
    }
    check_free(start, "after ENOMEM");
}

TEST(soak, files_made_filled_and_removed)
{
    static char data[20000];
    char name[32];
    long start = 0;

    read_settings();
    for (int i = -scaled(200); i < scaled(5000); i++) {
        if (i == 0)
            start = free_pages();
        snprintf(name, sizeof name, "dir-%d", i);
        CHECK_OK(mkdir(name, 0755));
        CHECK_OK(chdir(name));
        int fd = CHECK_FD(open("f", O_RDWR | O_CREAT, 0600));
        CHECK_EQ(write(fd, data, sizeof data), sizeof data);
        char *m = mmap(NULL, sizeof data, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        CHECK(m != MAP_FAILED);
        m[9000] = 1;
        CHECK_OK(munmap(m, sizeof data));
        CHECK_OK(close(fd));
        CHECK_OK(link("f", "g"));
        CHECK_OK(rename("g", "h"));
        CHECK_OK(symlink("h", "s"));
        CHECK_OK(unlink("f"));
        CHECK_OK(unlink("s"));
        CHECK_OK(unlink("h"));
        CHECK_OK(chdir(".."));
        CHECK_OK(rmdir(name));
    }
    check_free(start, "after files");
}

static volatile sig_atomic_t got;

static void count(int number)
{
    (void)number;
    got++;
}

TEST(soak, signals_between_two_processes)
{
    sigset_t block, old;
    pid_t parent = getpid();
    int rounds;

    read_settings();
    rounds = scaled(20000);
    signal(SIGUSR1, count);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, &block, &old));
    pid_t pid = CHILD({
        for (int i = 0; i < rounds; i++) {
            while (got <= i)
                sigsuspend(&old);
            CHECK_OK(kill(parent, SIGUSR1));
        }
    });
    for (int i = 0; i < rounds; i++) {
        CHECK_OK(kill(pid, SIGUSR1));
        while (got <= i)
            sigsuspend(&old);
    }
    CHECK_EXIT(pid, 0);
}

TEST(soak, pipes_through_many_processes)
{
    long start = 0;

    read_settings();
    for (int i = -20; i < scaled(1000); i++) {
        int p[2], in = -1;
        char text[8];
        if (i == 0)
            start = free_pages();
        for (int stage = 0; stage < 4; stage++) {
            CHECK_OK(pipe(p));
            if (CHECK_FD(fork()) == 0) {
                ssize_t n = 4;
                close(p[0]);
                if (stage == 0)
                    memcpy(text, "abc\n", 4);
                else
                    while ((n = read(in, text, sizeof text)) == 0)
                        _exit(1);
                _exit(write(p[1], text, (size_t)n) == n ? 0 : 1);
            }
            close(p[1]);
            if (in >= 0)
                close(in);
            in = p[0];
        }
        CHECK_EQ(read(in, text, sizeof text), 4);
        CHECK_EQ(read(in, text, sizeof text), 0);
        close(in);
        for (int stage = 0; stage < 4; stage++) {
            int status;
            CHECK_GT(wait(&status), 0);
            CHECK_EQ(status, 0);
        }
    }
    check_free(start, "after pipelines");
}

/* Sends `count` signals, of three kinds in turn, each with its number. */
static void queue_signals(pid_t to, int count)
{
    for (int i = 0; i < count; i++)
        while (sigqueue(to, SIGRTMIN + i % 3, (union sigval){.sival_int = i}) < 0) {
            CHECK_EQ(errno, EAGAIN);
            sched_yield();
        }
}

/* Receives them: of each kind in order, none missing, none twice. */
static void receive_signals(int count)
{
    int next[3] = {0, 1, 2};
    siginfo_t info;
    sigset_t set;

    sigemptyset(&set);
    for (int i = 0; i < 3; i++)
        sigaddset(&set, SIGRTMIN + i);
    for (int i = 0; i < count; i++) {
        int kind = sigwaitinfo(&set, &info) - SIGRTMIN;

        CHECK(kind >= 0 && kind < 3);
        CHECK_EQ(info.si_code, SI_QUEUE);
        CHECK_EQ(info.si_value.sival_int, next[kind]);
        next[kind] += 3;
    }
}

TEST(soak, twenty_thousand_realtime_signals_received_in_order)
{
    long start = 0;
    sigset_t set;

    read_settings();
    sigemptyset(&set);
    for (int i = 0; i < 3; i++)
        sigaddset(&set, SIGRTMIN + i);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    for (int round = 0; round < 3; round++) {
        int count = round ? scaled(20000) : scaled(2000);
        pid_t self = getpid(), pid;

        if (round == 1)
            start = free_pages();
        if (round < 2) {
            pid = CHILD(queue_signals(self, count)); /* while they are received */
            receive_signals(count);
        } else {
            pid = CHILD({ /* as many at once as the limit lets in */
                          for (int left = count; left > 0; left -= 1000) {
                              int n = left < 1000 ? left : 1000;
                              queue_signals(getpid(), n);
                              receive_signals(n);
                          }
            });
        }
        CHECK_EXIT(pid, 0);
    }
    check_free(start, "after signals");
}

/* A number that follows a name in a file of procfs. */
static long value_of(const char *path, const char *name)
{
    const char *at = strstr(test_read_file(path, NULL), name);

    CHECK(at != NULL);
    return atol(at + strlen(name));
}

enum { IDLE = 1000 };

static void make_idle(pid_t pid[IDLE])
{
    for (int i = 0; i < IDLE; i++)
        pid[i] = CHILD({
            for (;;)
                pause();
        });
    test_sleep_ms(500);
}

static void end_idle(const pid_t pid[IDLE])
{
    for (int i = 0; i < IDLE; i++)
        CHECK_OK(kill(pid[i], SIGKILL));
    for (int i = 0; i < IDLE; i++)
        CHECK_KILLED(pid[i], SIGKILL);
}

/*
 * What each costs beside its own pages: what the system keeps about it. On the reference it is told, too, but
 * is Linux's own affair.
 */
TEST(soak, a_thousand_idle_processes_cost_at_most_40_KiB_each)
{
    bool ours = strstr(test_read_file("/proc/version", NULL), "Jargoon");
    long before, each, own, tables;
    static pid_t pid[IDLE];
    char path[64];

    read_settings();
    make_idle(pid);
    end_idle(pid);
    test_sleep_ms(500);
    before = free_pages();
    make_idle(pid);
    each = (before - free_pages()) * PAGE_KB / IDLE;
    snprintf(path, sizeof path, "/proc/%d/status", pid[IDLE / 2]);
    tables = value_of(path, "VmPTE:") + PAGE_KB; /* and the topmost */
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid[IDLE / 2]);
    own = value_of(path, "Private_Dirty:");
    dprintf(2, "%ld KiB each: %ld of its own, %ld of page tables, %ld of the system\n", each, own,
            tables, each - own - tables);
    end_idle(pid);
    CHECK(!ours || each - own - tables <= 40);
    CHECK_LE(tables, 32); /* Linux 6.1's */
    check_free(before, "after a thousand");
}
