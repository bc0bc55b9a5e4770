/*
 * System V semaphores. Sets go at the end of each case, where it does not fail.
 */
#include "sysv.h"

#include <pthread.h>
#include <sched.h>

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
    struct seminfo *info;
};

static int id;

static void end_set(void)
{
    semctl(id, 0, IPC_RMID);
}

/* A private set. */
static void begin(int count)
{
    id = CHECK_FD(semget(IPC_PRIVATE, count, IPC_CREAT | 0600));
}

static int op(int number, int by, int flags)
{
    struct sembuf o = {(unsigned short)number, (short)by, (short)flags};

    return semop(id, &o, 1);
}

static int value(int number)
{
    return semctl(id, number, GETVAL);
}

static void set(int number, int to)
{
    CHECK_OK(semctl(id, number, SETVAL, (union semun){.val = to}));
}

TEST(sysv, keys_lead_to_sets)
{
    int other;

    CHECK_ERR(semget(0x5e3a, 1, 0), ENOENT);
    id = CHECK_FD(semget(0x5e3a, 3, IPC_CREAT | 0600));
    CHECK_EQ(semget(0x5e3a, 3, 0), id);
    CHECK_EQ(semget(0x5e3a, 0, 0), id);
    CHECK_EQ(semget(0x5e3a, 2, IPC_CREAT), id);
    CHECK_ERR(semget(0x5e3a, 4, 0), EINVAL);
    CHECK_ERR(semget(0x5e3a, 3, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
    other = CHECK_FD(semget(IPC_PRIVATE, 1, 0600));
    CHECK_NE(other, id);
    CHECK_OK(semctl(other, 0, IPC_RMID));
    CHECK_OK(semctl(id, 0, IPC_RMID));
    CHECK_ERR(semctl(id, 0, GETVAL), EINVAL);
    CHECK_ERR(semget(0x5e3a, 1, 0), ENOENT);
}

TEST(sysv, sets_have_one_to_32000_semaphores)
{
    CHECK_ERR(semget(IPC_PRIVATE, 0, 0600), EINVAL);
    CHECK_ERR(semget(IPC_PRIVATE, -1, 0600), EINVAL);
    CHECK_ERR(semget(IPC_PRIVATE, 32001, 0600), EINVAL);
    begin(32000);
    set(31999, 7);
    CHECK_EQ(value(31999), 7);
    CHECK_ERR(semctl(id, 32000, GETVAL), EINVAL);
    CHECK_ERR(semctl(id, -1, GETVAL), EINVAL);
    end_set();
}

TEST(sysv, operations_add_and_take)
{
    begin(2);
    CHECK_EQ(value(0), 0);
    CHECK_OK(op(0, 5, 0));
    CHECK_OK(op(0, -2, 0));
    CHECK_EQ(value(0), 3);
    CHECK_EQ(value(1), 0);
    CHECK_ERR(op(0, -4, IPC_NOWAIT), EAGAIN);
    CHECK_ERR(op(0, 0, IPC_NOWAIT), EAGAIN);
    CHECK_OK(op(1, 0, IPC_NOWAIT));
    end_set();
}

TEST(sysv, operations_are_done_all_or_none)
{
    struct sembuf ops[] = {{0, 3, 0}, {1, -1, IPC_NOWAIT}};

    begin(2);
    CHECK_ERR(semop(id, ops, 2), EAGAIN);
    CHECK_EQ(value(0), 0);
    set(1, 1);
    CHECK_OK(semop(id, ops, 2));
    CHECK_EQ(value(0), 3);
    CHECK_EQ(value(1), 0);
    end_set();
}

TEST(sysv, operations_see_those_before_them)
{
    struct sembuf ops[] = {{0, 0, 0}, {0, 1, 0}, {0, -1, 0}, {0, 2, 0}},
                  twice[] = {{0, 1, 0}, {0, 0, IPC_NOWAIT}};

    begin(1);
    CHECK_OK(semop(id, ops, 4));
    CHECK_EQ(value(0), 2);
    CHECK_ERR(semop(id, twice, 2), EAGAIN);
    CHECK_EQ(value(0), 2);
    end_set();
}

TEST(sysv, what_semop_refuses)
{
    static struct sembuf many[501];
    struct sembuf one = {0, 1, 0}, far = {1, 1, 0};

    begin(1);
    CHECK_ERR(semop(id, &one, 0), EINVAL);
    CHECK_ERR(semop(id, many, 501), E2BIG);
    CHECK_OK(semop(id, many, 500));
    CHECK_ERR(semop(id, &far, 1), EFBIG);
    CHECK_ERR(semop(id, (void *)8, 1), EFAULT);
    CHECK_ERR(semop(-1, &one, 1), EINVAL);
    CHECK_ERR(semop(id + 32768, &one, 1), EINVAL);
    end_set();
}

TEST(sysv, values_stay_below_32768)
{
    begin(1);
    set(0, 32767);
    CHECK_ERR(op(0, 1, 0), ERANGE);
    CHECK_ERR(semctl(id, 0, SETVAL, (union semun){.val = 32768}), ERANGE);
    CHECK_ERR(semctl(id, 0, SETVAL, (union semun){.val = -1}), ERANGE);
    CHECK_EQ(value(0), 32767);
    CHECK_OK(op(0, -32767, 0));
    end_set();
}

TEST(sysv, a_taker_waits_for_a_giver)
{
    pid_t pid;

    begin(1);
    pid = CHILD(CHECK_OK(op(0, -3, 0)));
    until_asleep(pid);
    CHECK_EQ(semctl(id, 0, GETNCNT), 1);
    CHECK_EQ(semctl(id, 0, GETZCNT), 0);
    CHECK_OK(op(0, 2, 0));
    until_asleep(pid);
    CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
    CHECK_EQ(value(0), 2);
    CHECK_OK(op(0, 2, 0));
    CHECK_EXIT(pid, 0);
    CHECK_EQ(value(0), 1);
    CHECK_EQ(semctl(id, 0, GETNCNT), 0);
    end_set();
}

TEST(sysv, a_wait_for_zero)
{
    pid_t pid;

    begin(1);
    set(0, 2);
    pid = CHILD(CHECK_OK(op(0, 0, 0)));
    until_asleep(pid);
    CHECK_EQ(semctl(id, 0, GETZCNT), 1);
    CHECK_OK(op(0, -1, 0));
    CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
    CHECK_OK(op(0, -1, 0));
    CHECK_EXIT(pid, 0);
    end_set();
}

TEST(sysv, setval_and_setall_let_waiters_go)
{
    unsigned short values[2] = {4, 1};
    pid_t pid;

    begin(2);
    pid = CHILD(CHECK_OK(op(0, -1, 0)); CHECK_OK(op(1, -1, 0)));
    until_asleep(pid);
    set(0, 1);
    test_sleep_ms(10);
    until_asleep(pid);
    CHECK_OK(semctl(id, 0, SETALL, (union semun){.array = values}));
    CHECK_EXIT(pid, 0);
    CHECK_EQ(value(0), 4);
    CHECK_EQ(value(1), 0);
    end_set();
}

TEST(sysv, takers_are_served_in_order)
{
    char text[4] = "";
    pid_t pid[3];
    int p[2];

    begin(1);
    CHECK_OK(pipe(p));
    for (int i = 0; i < 3; i++) {
        pid[i] = CHILD({
            char c = (char)('a' + i);

            CHECK_OK(op(0, -1, 0));
            CHECK_EQ(write(p[1], &c, 1), 1);
        });
        until_asleep(pid[i]);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_OK(op(0, 1, 0));
        CHECK_EXIT(pid[i], 0);
    }
    CHECK_EQ(read(p[0], text, 3), 3);
    CHECK_STR(text, "abc");
    end_set();
}

TEST(sysv, a_small_taker_passes_a_large_one)
{
    pid_t large, small;

    begin(1);
    large = CHILD(CHECK_OK(op(0, -5, 0)));
    until_asleep(large);
    small = CHILD(CHECK_OK(op(0, -1, 0)));
    until_asleep(small);
    CHECK_OK(op(0, 1, 0));
    CHECK_EXIT(small, 0);
    CHECK_EQ(waitpid(large, NULL, WNOHANG), 0);
    CHECK_OK(op(0, 5, 0));
    CHECK_EXIT(large, 0);
    end_set();
}

TEST(sysv, removal_ends_the_wait)
{
    pid_t pid;

    begin(1);
    pid = CHILD(CHECK_ERR(op(0, -1, 0), EIDRM));
    until_asleep(pid);
    CHECK_OK(semctl(id, 0, IPC_RMID));
    CHECK_EXIT(pid, 0);
    CHECK_ERR(op(0, 1, 0), EINVAL);
}

TEST(sysv, a_signal_ends_semop_always)
{
    pid_t pid;

    begin(1);
    pid = CHILD(catch_usr1(SA_RESTART); CHECK_ERR(op(0, -1, 0), EINTR));
    until_asleep(pid);
    kill(pid, SIGUSR1);
    CHECK_EXIT(pid, 0);
    CHECK_EQ(semctl(id, 0, GETNCNT), 0);
    end_set();
}

TEST(sysv, semtimedop_gives_up_in_time)
{
    struct timespec wait = {0, 30000000}, bad = {0, 1000000000}, negative = {-1, 0};
    struct sembuf o = {0, -1, 0};
    int64_t before = test_now_ms();

    begin(1);
    CHECK_ERR(semtimedop(id, &o, 1, &wait), EAGAIN);
    CHECK_GE(test_now_ms() - before, 30);
    CHECK_ERR(semtimedop(id, &o, 1, &bad), EINVAL);
    CHECK_ERR(semtimedop(id, &o, 1, &negative), EINVAL);
    CHECK_ERR(semtimedop(id, &o, 1, (void *)8), EFAULT);
    wait = (struct timespec){0, 0};
    CHECK_ERR(semtimedop(id, &o, 1, &wait), EAGAIN);
    set(0, 1);
    CHECK_OK(semtimedop(id, &o, 1, &wait));
    end_set();
}

TEST(sysv, what_a_process_took_comes_back_at_its_end)
{
    begin(2);
    set(0, 5);
    CHECK_IN_CHILD(CHECK_OK(op(0, -3, SEM_UNDO)); CHECK_OK(op(1, 2, SEM_UNDO));
                   CHECK_OK(op(0, -1, 0)));
    CHECK_EQ(value(0), 4);
    CHECK_EQ(value(1), 0);
    end_set();
}

TEST(sysv, undoing_wakes_and_tells_who)
{
    pid_t pid, holder;

    begin(1);
    set(0, 1);
    holder = CHILD(CHECK_OK(op(0, -1, SEM_UNDO)); pause());
    until_asleep(holder);
    pid = CHILD(CHECK_OK(op(0, -1, 0)));
    until_asleep(pid);
    kill(holder, SIGKILL);
    CHECK_KILLED(holder, SIGKILL);
    CHECK_EXIT(pid, 0);
    end_set();
}

TEST(sysv, undoing_never_leaves_the_bounds)
{
    begin(1);
    set(0, 0);
    CHECK_IN_CHILD(CHECK_OK(op(0, 5, SEM_UNDO)); CHECK_OK(op(0, -3, 0)));
    CHECK_EQ(value(0), 0);
    end_set();
}

TEST(sysv, setval_forgets_what_was_to_be_undone)
{
    begin(2);
    set(0, 5);
    set(1, 5);
    CHECK_IN_CHILD(CHECK_OK(op(0, -3, SEM_UNDO)); CHECK_OK(op(1, -3, SEM_UNDO)); set(0, 7));
    CHECK_EQ(value(0), 7);
    CHECK_EQ(value(1), 5);
    end_set();
}

TEST(sysv, a_fork_inherits_nothing_to_undo)
{
    begin(1);
    set(0, 5);
    CHECK_OK(op(0, -1, SEM_UNDO));
    CHECK_IN_CHILD((void)0);
    CHECK_EQ(value(0), 4);
    end_set();
}

static void *take_undo(void *arg)
{
    (void)arg;
    CHECK_OK(op(0, -1, SEM_UNDO));
    return NULL;
}

TEST(sysv, threads_undo_with_their_process)
{
    begin(1);
    set(0, 5);
    CHECK_IN_CHILD({
        pthread_t thread;

        CHECK_OK(pthread_create(&thread, NULL, take_undo, NULL));
        CHECK_OK(pthread_join(thread, NULL));
        CHECK_EQ(value(0), 4);
    });
    CHECK_EQ(value(0), 5);
    end_set();
}

TEST(sysv, exec_keeps_what_is_to_be_undone)
{
    begin(1);
    set(0, 5);
    CHECK_IN_CHILD({
        CHECK_OK(op(0, -1, SEM_UNDO));
        execl(test_program, test_program, "helper:four", NULL);
        _exit(1);
    });
    CHECK_EQ(value(0), 5);
    end_set();
}

HELPER(four)
{
    return 0;
}

TEST(sysv, getall_and_setall)
{
    unsigned short values[3] = {1, 2, 3}, big[3] = {1, 40000, 3};

    begin(3);
    CHECK_OK(semctl(id, 0, SETALL, (union semun){.array = values}));
    memset(values, 0, sizeof values);
    CHECK_OK(semctl(id, 0, GETALL, (union semun){.array = values}));
    CHECK_EQ(values[0], 1);
    CHECK_EQ(values[2], 3);
    CHECK_ERR(semctl(id, 0, SETALL, (union semun){.array = big}), ERANGE);
    CHECK_EQ(value(1), 2);
    CHECK_ERR(semctl(id, 0, GETALL, (union semun){.array = (void *)8}), EFAULT);
    CHECK_ERR(semctl(id, 0, 99, (union semun){.val = 0}), EINVAL);
    end_set();
}

TEST(sysv, getpid_tells_the_last)
{
    pid_t pid;

    begin(1);
    CHECK_EQ(semctl(id, 0, GETPID), 0);
    pid = CHILD(CHECK_OK(op(0, 1, 0)));
    CHECK_EXIT(pid, 0);
    CHECK_EQ(semctl(id, 0, GETPID), pid);
    set(0, 3);
    CHECK_EQ(semctl(id, 0, GETPID), getpid());
    end_set();
}

TEST(sysv, ipc_stat_tells_of_a_set)
{
    time_t now = time(NULL);
    struct semid_ds ds;

    begin(4);
    CHECK_OK(semctl(id, 0, IPC_STAT, (union semun){.buf = &ds}));
    CHECK_EQ(ds.sem_nsems, 4);
    CHECK_EQ(ds.sem_perm.mode & 0777, 0600);
    CHECK_EQ(ds.sem_perm.uid, getuid());
    CHECK_EQ(ds.sem_otime, 0);
    CHECK_GE(ds.sem_ctime, now);
    CHECK_OK(op(0, 1, 0));
    CHECK_OK(semctl(id, 0, IPC_STAT, (union semun){.buf = &ds}));
    CHECK_GE(ds.sem_otime, now);
    ds.sem_perm.mode = 0640;
    ds.sem_perm.uid = 12;
    CHECK_OK(semctl(id, 0, IPC_SET, (union semun){.buf = &ds}));
    CHECK_OK(semctl(id, 0, IPC_STAT, (union semun){.buf = &ds}));
    CHECK_EQ(ds.sem_perm.mode & 0777, 0640);
    CHECK_EQ(ds.sem_perm.uid, 12);
    CHECK_EQ(ds.sem_perm.cuid, 0);
    end_set();
}

TEST(sysv, who_may_use_a_set)
{
    struct semid_ds ds;
    struct sembuf zero = {0, 0, IPC_NOWAIT};

    id = CHECK_FD(semget(0x5e3b, 1, IPC_CREAT | 0604));
    CHECK_IN_CHILD({
        CHECK_OK(setgid(1000));
        CHECK_OK(setuid(1000));
        CHECK_ERR(semget(0x5e3b, 1, 0600), EACCES);
        CHECK_EQ(semget(0x5e3b, 1, 0400), id);
        CHECK_EQ(value(0), 0);
        CHECK_OK(semop(id, &zero, 1));
        CHECK_ERR(op(0, 1, 0), EACCES);
        CHECK_ERR(semctl(id, 0, SETVAL, (union semun){.val = 1}), EACCES);
        CHECK_OK(semctl(id, 0, IPC_STAT, (union semun){.buf = &ds}));
        CHECK_ERR(semctl(id, 0, IPC_SET, (union semun){.buf = &ds}), EPERM);
        CHECK_ERR(semctl(id, 0, IPC_RMID), EPERM);
    });
    CHECK_OK(semctl(id, 0, IPC_STAT, (union semun){.buf = &ds}));
    ds.sem_perm.mode = 0600;
    CHECK_OK(semctl(id, 0, IPC_SET, (union semun){.buf = &ds}));
    CHECK_IN_CHILD({
        CHECK_OK(setuid(1000));
        CHECK_ERR(semctl(id, 0, GETVAL), EACCES);
        CHECK_ERR(semctl(id, 0, IPC_STAT, (union semun){.buf = &ds}), EACCES);
    });
    end_set();
}

TEST(sysv, sem_stat_and_info_tell_all_sets)
{
    struct semid_ds ds;
    struct seminfo info;
    int highest, found = 0;

    begin(2);
    highest = semctl(0, 0, SEM_INFO, (union semun){.info = &info});
    CHECK_GE(highest, 0);
    CHECK_GE(info.semusz, 1);
    CHECK_GE(info.semaem, 2);
    for (int i = 0; i <= highest; i++)
        found += semctl(i, 0, SEM_STAT, (union semun){.buf = &ds}) == id;
    CHECK_EQ(found, 1);
    CHECK_EQ(semctl(0, 0, IPC_INFO, (union semun){.info = &info}), highest);
    CHECK_EQ(info.semmni, 32000);
    CHECK_EQ(info.semmsl, 32000);
    CHECK_EQ(info.semopm, 500);
    CHECK_EQ(info.semvmx, 32767);
    end_set();
}

TEST(sysv, proc_tells_of_sets)
{
    char wanted[64], *text;

    id = CHECK_FD(semget(0x5e3c, 7, IPC_CREAT | 0640));
    text = test_read_file("/proc/sysvipc/sem", NULL);
    CHECK(!strncmp(
        text,
        "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n",
        85));
    snprintf(wanted, sizeof wanted, "%10d %10d  %4o %10u %5u %5u", 0x5e3c, id, 0640, 7, 0, 0);
    CHECK(strstr(text, wanted));
    CHECK_STR(test_read_file("/proc/sys/kernel/sem", NULL), "32000\t1024000000\t500\t32000\n");
    end_set();
}

TEST(sysv, a_mutex_of_semaphores_is_exact)
{
    int fd = test_file("n", "\0\0\0\0", 4), n;
    pid_t pid[4];

    begin(1);
    set(0, 1);
    for (int p = 0; p < 4; p++)
        pid[p] = CHILD(for (int i = 0; i < 250; i++) {
            int v;

            CHECK_OK(op(0, -1, SEM_UNDO));
            CHECK_EQ(pread(fd, &v, 4, 0), 4);
            v++;
            if (i % 16 == 0)
                sched_yield();
            CHECK_EQ(pwrite(fd, &v, 4, 0), 4);
            CHECK_OK(op(0, 1, SEM_UNDO));
        });
    for (int p = 0; p < 4; p++)
        CHECK_EXIT(pid[p], 0);
    CHECK_EQ(pread(fd, &n, 4, 0), 4);
    CHECK_EQ(n, 1000);
    end_set();
}

TEST(sysv, two_forks_and_a_philosopher)
{
    pid_t pid[3];

    begin(3);
    for (int i = 0; i < 3; i++)
        set(i, 1);
    for (int p = 0; p < 3; p++)
        pid[p] = CHILD({
            unsigned short left = (unsigned short)p, right = (unsigned short)((p + 1) % 3);
            struct sembuf take[] = {{left, -1, SEM_UNDO}, {right, -1, SEM_UNDO}};
            struct sembuf give[] = {{left, 1, SEM_UNDO}, {right, 1, SEM_UNDO}};

            for (int i = 0; i < 300; i++) {
                CHECK_OK(semop(id, take, 2));
                if (i % 16 == 0)
                    sched_yield();
                CHECK_OK(semop(id, give, 2));
            }
        });
    for (int p = 0; p < 3; p++)
        CHECK_EXIT(pid[p], 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(value(i), 1);
    end_set();
}
