/*
 * What happens when the machine itself has no more: somebody pays, and everybody else goes on.
 *
 * In:    TEST(exhaust, ...), run in a guest with little memory (run.py says how much).
 * Life:  each case uses memory up in a child, in one way, and must be there to see how that ended; then a
 *        process is forked and a file written as if nothing had been.
 */
#include "test.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { MIB = 1 << 20, MUCH = 4096 };

/* What must be possible again. Freeing may go on behind a process's end: the first fork may have to wait. */
static void life_goes_on(void)
{
    int64_t until = test_now_ms() + 5000;
    pid_t pid;
    int fd;

    while ((pid = fork()) < 0 && errno == EAGAIN && test_now_ms() < until)
        test_sleep_ms(10);
    CHECK_FD(pid);
    if (pid == 0) {
        char *m = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(m != MAP_FAILED);
        memset(m, 1, 2 * MIB);
        _exit(0);
    }
    CHECK_EXIT(pid, 0);
    fd = CHECK_FD(open("after", O_RDWR | O_CREAT | O_TRUNC, 0600));
    CHECK_EQ(write(fd, "still here", 10), 10);
    CHECK_OK(close(fd));
}

static void touch_all(int how)
{
    for (int i = 0; i < MUCH; i++) {
        char *m = mmap(NULL, MIB, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS, -1, 0);

        if (m == MAP_FAILED)
            _exit(2);
        memset(m, 1, MIB);
    }
    _exit(3);
}

TEST(exhaust, who_touches_more_than_there_is_dies)
{
    for (int i = 0; i < 3; i++) {
        CHECK_KILLED(CHILD({ touch_all(MAP_PRIVATE); }), SIGKILL);
        life_goes_on();
    }
}

TEST(exhaust, shared_memory_is_no_way_around)
{
    for (int i = 0; i < 3; i++) {
        CHECK_KILLED(CHILD({ touch_all(MAP_SHARED); }), SIGKILL);
        life_goes_on();
    }
}

TEST(exhaust, two_at_once_both_die)
{
    pid_t a = CHILD({ touch_all(MAP_PRIVATE); }), b = CHILD({ touch_all(MAP_SHARED); });

    CHECK_KILLED(a, SIGKILL);
    CHECK_KILLED(b, SIGKILL);
    life_goes_on();
}

/* A small one that only wants its next pages is not who pays. */
TEST(exhaust, the_small_outlive_the_big)
{
    int ready[2];
    CHECK_OK(pipe(ready));
    pid_t small = CHILD({
        for (int i = 0; i < 300; i++) {
            char *m = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            CHECK(m != MAP_FAILED);
            for (int at = 0; at < 65536; at += 4096)
                m[at] = 1;
            CHECK_OK(munmap(m, 65536));
            if (i == 0)
                CHECK_EQ(write(ready[1], "x", 1), 1);
            test_sleep_ms(1);
        }
    });
    char c;
    CHECK_EQ(read(ready[0], &c, 1), 1);
    for (int i = 0; i < 2; i++)
        CHECK_KILLED(CHILD({ touch_all(MAP_PRIVATE); }), SIGKILL);
    CHECK_EXIT(small, 0);
    life_goes_on();
}

static void set_score(int value)
{
    char text[16];
    int fd = CHECK_FD(open("/proc/self/oom_score_adj", O_WRONLY));
    int n = snprintf(text, sizeof text, "%d", value);

    CHECK_EQ(write(fd, text, (size_t)n), n);
    CHECK_OK(close(fd));
}

/* A child that has that many MiB, says so, and sleeps. */
static pid_t sleeper(int mib, int score)
{
    int ready[2];
    char c;
    pid_t pid;

    CHECK_OK(pipe(ready));
    pid = CHILD({
        char *m = mmap(NULL, (size_t)mib * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                       -1, 0);

        CHECK(m != MAP_FAILED);
        set_score(score);
        memset(m, 1, (size_t)mib * MIB);
        CHECK_EQ(write(ready[1], "x", 1), 1);
        for (;;)
            pause();
    });
    CHECK_EQ(read(ready[0], &c, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

/* A small volunteer goes first, then who takes it all; who is never to be taken stays, though it is large. */
TEST(exhaust, oom_score_adj_decides_who_goes)
{
    pid_t kept = sleeper(8, -1000), volunteer = sleeper(1, 1000), hog;

    hog = CHILD({ touch_all(MAP_PRIVATE); });
    CHECK_KILLED(volunteer, SIGKILL);
    CHECK_KILLED(hog, SIGKILL);
    CHECK_OK(kill(kept, 0));
    CHECK_EQ(waitpid(kept, NULL, WNOHANG), 0);
    life_goes_on();
    CHECK_OK(kill(kept, SIGKILL));
    CHECK_KILLED(kept, SIGKILL);
}

/* Of two that sleep the larger goes when a third wants more than is left, and that one gets its memory. */
TEST(exhaust, the_larger_sleeper_goes)
{
    const char *at = strstr(test_read_file("/proc/meminfo", NULL), "MemFree:");
    int mib = (int)(atol(at + strlen("MemFree:")) / 1024);
    pid_t small = sleeper(mib / 8, 0), large = sleeper(mib / 2, 0), wants = sleeper(mib * 5 / 8, 0);

    CHECK_OK(kill(wants, 0));
    CHECK_EQ(waitpid(small, NULL, WNOHANG), 0);
    CHECK_OK(kill(small, SIGKILL));
    CHECK_OK(kill(wants, SIGKILL));
    CHECK_KILLED(small, SIGKILL);
    CHECK_KILLED(wants, SIGKILL);
    CHECK_KILLED(large, SIGKILL);
}

TEST(exhaust, what_obviously_cannot_be_is_refused)
{
    CHECK(mmap(NULL, 100 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
          MAP_FAILED);
    CHECK_EQ(errno, ENOMEM);
    /* Each is possible alone; the sum is not looked at. */
    for (int i = 0; i < 8; i++)
        CHECK(mmap(NULL, 20 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
              MAP_FAILED);
    CHECK(mmap(NULL, 100 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
               -1, 0) != MAP_FAILED);
}

/* In a child: as many in a session of their own as it can have, each in live(); then it ends them all with one signal. */
static void herd(int most, void (*live)(void))
{
    int made = 0;
    pid_t pid = -1;

    CHECK_FD(setsid());
    while (made < most && (pid = fork()) > 0)
        made++;
    if (pid == 0)
        live();
    CHECK(made == most || errno == EAGAIN || errno == ENOMEM);
    CHECK_GT(made, 50);
    signal(SIGTERM, SIG_IGN);
    CHECK_OK(kill(0, SIGTERM));
    for (; made > 0; made--)
        CHECK_GT(wait(NULL), 0);
}

static void pause_for_ever(void)
{
    for (;;)
        pause();
}

TEST(exhaust, root_forks_until_eagain)
{
    for (int i = 0; i < 3; i++) {
        CHECK_IN_CHILD(herd(100000, pause_for_ever));
        life_goes_on();
    }
}

/* Everybody forks, nobody stops at an error. We are the older, and of another group: we must see its end. */
TEST(exhaust, fork_bomb_is_outlived)
{
    pid_t bomb = CHILD({
        setsid();
        for (;;)
            if (fork() < 0)
                test_sleep_ms(1);
    });
    test_sleep_ms(3000);
    for (int tries = 0; tries < 500 && kill(-bomb, SIGKILL) == 0; tries++) {
        waitpid(bomb, NULL, WNOHANG);
        test_sleep_ms(10);
    }
    CHECK_ERR(kill(-bomb, 0), ESRCH);
    life_goes_on();
}

static int silent[2];

static void read_for_ever(void)
{
    char c;

    _exit(read(silent[0], &c, 1) != 0);
}

/* Each sleeps in the server while it waits; SIGKILL finds them all there. */
TEST(exhaust, hundreds_blocked_in_read_are_killed)
{
    CHECK_OK(pipe(silent));
    CHECK_IN_CHILD(herd(300, read_for_ever));
    life_goes_on();
}

/* What was sent outlives its senders: one listener and one descriptor could take all memory. */
TEST(exhaust, connections_of_closed_senders_leave_memory_to_others)
{
    static char data[32768];

    CHECK_IN_CHILD({
        struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "listener"};
        int listener = CHECK_FD(socket(AF_UNIX, SOCK_STREAM, 0)), made = 0;
        ssize_t n = 0;

        CHECK_OK(bind(listener, (struct sockaddr *)&name, sizeof name));
        CHECK_OK(listen(listener, 4096));
        for (; made < 1000 && errno != ENOBUFS; made++) {
            int fd = CHECK_FD(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));

            CHECK_OK(connect(fd, (struct sockaddr *)&name, sizeof name));
            while ((n = write(fd, data, sizeof data)) > 0)
                ;
            CHECK(errno == EAGAIN || errno == ENOBUFS);
            close(fd);
        }
        CHECK_LT(made, 1000);
        life_goes_on();
    });
    life_goes_on();
}

TEST(exhaust, pipes_that_are_full_until_there_is_no_memory)
{
    static char data[65536];
    for (int i = 0; i < 3; i++) {
        CHECK_IN_CHILD({
            int p[2], full = 0;
            ssize_t n = 0;
            while (n >= 0 && pipe2(p, O_NONBLOCK) == 0) {
                n = write(p[1], data, sizeof data);
                full++;
            }
            CHECK(errno == ENOMEM || errno == EMFILE || errno == ENFILE);
            CHECK_GT(full, 20);
        });
        life_goes_on();
    }
}

TEST(exhaust, a_full_disk_says_enospc_and_empties)
{
    static char data[65536];
    for (int i = 0; i < 3; i++) {
        int fd = CHECK_FD(open("full", O_WRONLY | O_CREAT | O_TRUNC, 0600));
        ssize_t n;
        while ((n = write(fd, data, sizeof data)) > 0)
            continue;
        CHECK_EQ(n, -1);
        CHECK_EQ(errno, ENOSPC);
        CHECK_OK(close(fd));
        CHECK_OK(unlink("full"));
        life_goes_on();
    }
}

TEST(exhaust, files_without_number)
{
    char name[32];
    int made = 0, fd;

    while (made < 200000) {
        snprintf(name, sizeof name, "f%d", made);
        fd = open(name, O_WRONLY | O_CREAT, 0600);
        if (fd < 0)
            break;
        close(fd);
        made++;
    }
    CHECK(errno == ENOSPC || errno == ENOMEM);
    CHECK_GT(made, 500);
    while (made-- > 0) {
        snprintf(name, sizeof name, "f%d", made);
        CHECK_OK(unlink(name));
    }
    life_goes_on();
}
