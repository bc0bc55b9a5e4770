/*
 * Calls that may be answered without asking the server: ids of a process, of its parent and of its user. What they
 * say must change at once with what they tell of, for every thread, however fast they are asked.
 */
#include "copy.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#define ROUNDS 30

static long ppid(void)
{
    return syscall(SYS_getppid);
}

/* Once somebody has seen that the parent is gone, getppid() says so too: whoever waited for the parent tells. */
TEST(process, answered_getppid_after_the_parent_was_waited_for)
{
    CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
    for (int i = 0; i < ROUNDS; i++) {
        int ready[2], gone[2], verdict[2], status;
        char c = 0;
        pid_t parent;

        CHECK_OK(pipe(ready));
        CHECK_OK(pipe(gone));
        CHECK_OK(pipe(verdict));
        parent = CHILD({
            pid_t mother = getpid();

            if (fork() == 0) {
                char ok = ppid() == mother;

                write(ready[1], "r", 1);
                read(gone[0], &c, 1);
                ok = ok && ppid() == getppid() && ppid() != mother;
                write(verdict[1], &ok, 1);
                _exit(0);
            }
            read(ready[0], &c, 1);
        });
        CHECK_EQ(waitpid(parent, &status, 0), parent);
        CHECK_EQ(status, 0);
        write(gone[1], "g", 1);
        CHECK_EQ(read(verdict[0], &c, 1), 1);
        CHECK_EQ(c, 1);
        for (int k = 0; k < 2; k++)
            close(ready[k]), close(gone[k]), close(verdict[k]);
        CHECK_FD(wait(NULL));
    }
}

/* A child that only ever asks getppid() sees the mother, then the subreaper, and nothing else. */
TEST(process, answered_getppid_polled_while_the_parent_dies)
{
    pid_t me = getpid();

    CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
    for (int i = 0; i < ROUNDS; i++) {
        int status, orphan = 0;
        pid_t parent = CHILD({
            pid_t mother = getpid();

            if (fork() == 0) {
                long p;

                while ((p = ppid()) == mother)
                    ;
                _exit(p == me ? 7 : 8);
            }
            if (i % 2)
                sched_yield();
        });

        for (int n = 0; n < 2; n++) {
            pid_t pid = CHECK_FD(wait(&status));

            if (pid == parent)
                CHECK_EQ(status, 0);
            else
                orphan = WEXITSTATUS(status);
        }
        CHECK_EQ(orphan, 7);
    }
}

/* When the orphan sees that it is one, so does everybody who has seen the mother end. */
TEST(process, answered_getppid_agrees_with_the_death_signal)
{
    pid_t me = getpid();

    CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
    for (int i = 0; i < ROUNDS; i++) {
        int status, orphan = 0, ready[2];
        pid_t parent;

        CHECK_OK(pipe(ready));
        parent = CHILD({
            if (fork() == 0) {
                sigset_t set;
                int sig;

                sigemptyset(&set);
                sigaddset(&set, SIGUSR1);
                sigprocmask(SIG_BLOCK, &set, NULL);
                prctl(PR_SET_PDEATHSIG, SIGUSR1);
                write(ready[1], "r", 1);
                sigwait(&set, &sig);
                _exit(sig == SIGUSR1 && (ppid() == me) ? 7 : 8);
            }
            read(ready[0], &status, 1);
        });
        for (int n = 0; n < 2; n++) {
            pid_t pid = CHECK_FD(wait(&status));

            if (pid != parent)
                orphan = WEXITSTATUS(status);
        }
        CHECK_EQ(orphan, 7);
        close(ready[0]);
        close(ready[1]);
    }
}

static volatile int go;
static volatile long seen[4][3];

static void *ask(void *arg)
{
    long n = (long)arg;

    while (!go)
        ;
    seen[n][0] = syscall(SYS_getpid);
    seen[n][1] = syscall(SYS_gettid);
    seen[n][2] = ppid();
    return NULL;
}

TEST(process, answered_ids_in_threads)
{
    for (int i = 0; i < 10; i++) {
        pthread_t t[4];

        go = 0;
        for (long n = 0; n < 4; n++)
            CHECK_OK(pthread_create(&t[n], NULL, ask, (void *)n));
        go = 1;
        for (int n = 0; n < 4; n++)
            CHECK_OK(pthread_join(t[n], NULL));
        for (int n = 0; n < 4; n++) {
            CHECK_EQ(seen[n][0], getpid());
            CHECK_NE(seen[n][1], getpid());
            CHECK_EQ(seen[n][2], getppid());
            for (int m = 0; m < n; m++)
                CHECK_NE(seen[n][1], seen[m][1]);
        }
    }
}

static void *ask_until_orphaned(void *mother)
{
    while (ppid() == (long)mother)
        ;
    return (void *)ppid();
}

/* All threads of the orphan are told, not only the first. */
TEST(process, answered_getppid_in_every_thread_of_an_orphan)
{
    pid_t me = getpid();

    CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
    for (int i = 0; i < 10; i++) {
        int status, orphan = 0, ready[2];
        pid_t parent;

        CHECK_OK(pipe(ready));
        parent = CHILD({
            pid_t mother = getpid();

            if (fork() == 0) {
                pthread_t t[3];
                int good = 0;

                for (int n = 0; n < 3; n++)
                    pthread_create(&t[n], NULL, ask_until_orphaned, (void *)(long)mother);
                write(ready[1], "r", 1);
                for (int n = 0; n < 3; n++) {
                    void *value;

                    pthread_join(t[n], &value);
                    good += (long)value == me;
                }
                _exit(good);
            }
            read(ready[0], &status, 1);
        });
        for (int n = 0; n < 2; n++) {
            pid_t pid = CHECK_FD(wait(&status));

            if (pid != parent)
                orphan = WEXITSTATUS(status);
        }
        CHECK_EQ(orphan, 3);
        close(ready[0]);
        close(ready[1]);
    }
}

TEST(process, answered_ids_in_a_forked_and_a_vforked_child)
{
    pid_t me = getpid();

    for (int i = 0; i < ROUNDS; i++) {
        volatile long pid = 0, parent = 0;
        pid_t child = CHILD({
            CHECK_EQ(syscall(SYS_getpid), syscall(SYS_gettid));
            CHECK_NE(syscall(SYS_getpid), me);
            CHECK_EQ(ppid(), me);
        });
        int status;

        CHECK_EQ(waitpid(child, &status, 0), child);
        CHECK_EQ(status, 0);
        child = vfork();
        if (child == 0) {
            pid = syscall(SYS_getpid);
            parent = ppid();
            _exit(0);
        }
        CHECK_EQ(waitpid(child, &status, 0), child);
        CHECK_EQ(pid, child);
        CHECK_EQ(parent, me);
        CHECK_EQ(syscall(SYS_getpid), me);
    }
}

TEST(process, answered_getppid_with_clone_parent)
{
    int status;
    pid_t me = getpid(), child = CHILD({
        long sibling = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

        if (sibling == 0)
            _exit(ppid() == me ? 7 : 8);
        _exit(6);
    });
    int sum = 0;

    for (int n = 0; n < 2; n++) {
        CHECK_FD(wait(&status));
        sum += WEXITSTATUS(status);
    }
    CHECK(child > 0);
    CHECK_EQ(sum, 13);
}

TEST(process, answered_user_ids_after_they_changed)
{
    int status;
    pid_t child = CHILD({
        for (int i = 0; i < 3; i++) {
            CHECK_EQ(syscall(SYS_getuid), 0);
            CHECK_EQ(syscall(SYS_setresuid, 0, 1000 + i, 0), 0);
            CHECK_EQ(syscall(SYS_geteuid), 1000 + i);
            CHECK_EQ(syscall(SYS_getuid), 0);
            CHECK_EQ(syscall(SYS_setresuid, -1, 0, -1), 0);
            CHECK_EQ(syscall(SYS_geteuid), 0);
        }
        CHECK_EQ(syscall(SYS_setresgid, 5, 6, 7), 0);
        CHECK_EQ(syscall(SYS_getgid), 5);
        CHECK_EQ(syscall(SYS_getegid), 6);
        CHECK_EQ(syscall(SYS_setregid, 8, 9), 0);
        CHECK_EQ(syscall(SYS_getgid), 8);
        CHECK_EQ(syscall(SYS_getegid), 9);
        CHECK_EQ(syscall(SYS_setgid, 77), 0);
        CHECK_EQ(syscall(SYS_getgid), 77);
        CHECK_EQ(syscall(SYS_getegid), 77);
        CHECK_EQ(syscall(SYS_setreuid, 3, 4), 0);
        CHECK_EQ(syscall(SYS_getuid), 3);
        CHECK_EQ(syscall(SYS_geteuid), 4);
        CHECK_EQ(syscall(SYS_setuid, 3), 0);
        CHECK_EQ(syscall(SYS_geteuid), 3);
        CHECK_ERR(syscall(SYS_setuid, 0), EPERM);
        CHECK_EQ(syscall(SYS_getuid), 3);
        CHECK_EQ(syscall(SYS_geteuid), 3);
    });

    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

/* Credentials are a thread's own; a child inherits those of the thread that made it. */
static void *change_mine(void *unused)
{
    int status;
    pid_t child;

    (void)unused;
    CHECK_EQ(syscall(SYS_setresuid, -1, 1234, -1), 0);
    CHECK_EQ(syscall(SYS_geteuid), 1234);
    child = CHILD(CHECK_EQ(syscall(SYS_geteuid), 1234));
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    return NULL;
}

TEST(process, answered_user_ids_are_each_threads_own)
{
    pthread_t t;

    CHECK_OK(pthread_create(&t, NULL, change_mine, NULL));
    CHECK_OK(pthread_join(t, NULL));
    CHECK_EQ(syscall(SYS_geteuid), 0);
    CHECK_EQ(syscall(SYS_getuid), 0);
}

HELPER(ids_after_exec)
{
    long want = atol(argv[2]);

    if (syscall(SYS_getpid) != want || syscall(SYS_gettid) != want)
        return 1;
    return ppid() == atol(argv[3]) ? 0 : 2;
}

static void *exec_from_thread(void *args)
{
    if (syscall(SYS_gettid) == getpid())
        _exit(9);
    execv(test_program, args);
    _exit(8);
}

TEST(process, answered_ids_after_exec_from_another_thread)
{
    for (int i = 0; i < 10; i++) {
        int status;
        pid_t me = getpid(), child = CHILD({
            char pid[16], parent[16];
            char *args[] = {test_program, "helper:ids_after_exec", pid, parent, NULL};
            pthread_t t;

            snprintf(pid, sizeof pid, "%d", getpid());
            snprintf(parent, sizeof parent, "%d", me);
            pthread_create(&t, NULL, exec_from_thread, args);
            pause();
        });

        CHECK_EQ(waitpid(child, &status, 0), child);
        CHECK_EQ(status, 0);
    }
}

HELPER(effective_id)
{
    return (int)(syscall(SYS_geteuid) + 10 * syscall(SYS_getuid));
}

TEST(process, answered_geteuid_after_a_set_id_exec)
{
    char path[] = "./setid";
    char *args[] = {path, "helper:effective_id", NULL};
    int status;
    pid_t child;

    copy_program(path);
    CHECK_OK(chown(path, 4, 0));
    CHECK_OK(chmod(path, 04755));
    child = CHILD({
        CHECK_EQ(syscall(SYS_geteuid), 0);
        execv(path, args);
        _exit(99);
    });
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 4 << 8);
}

/* Linux looks at 32 bits of the number; numbers past its table are ENOSYS, each time. */
TEST(process, answered_numbers_as_linux_reads_them)
{
    for (int i = 0; i < 50; i++) {
        CHECK_EQ(syscall(0x100000000 | SYS_getppid), getppid());
        CHECK_ERR(syscall(9999 + i), ENOSYS);
        CHECK_ERR(syscall(-1L), ENOSYS);
        CHECK_ERR(syscall(0x7fffffffL), ENOSYS);
        CHECK_ERR(syscall(0x40000000L | SYS_getppid), ENOSYS);
        CHECK_EQ(ppid(), getppid());
    }
}

static volatile int handled;

static void handler(int sig)
{
    (void)sig;
    handled++;
}

/* Signals reach a program that makes no other call, and no answer is lost or changed by them. */
TEST(process, answered_calls_and_signals)
{
    pid_t me = getpid(), child;
    int status;

    signal(SIGUSR1, handler);
    child = CHILD({
        for (int i = 0; i < 20; i++)
            kill(me, SIGUSR1), usleep(1000);
        kill(me, SIGUSR1);
    });
    while (handled == 0 || waitpid(child, &status, WNOHANG) == 0)
        for (int i = 0; i < 1000; i++)
            CHECK_EQ(syscall(SYS_getpid), me);
    CHECK_GT(handled, 1);
}
