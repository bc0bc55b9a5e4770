/*
 * System V shared memory: owners, permissions, lists, limits.
 */
#include "test.h"

#include <limits.h>

#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>

#define PAGE 4096ul
#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif

static int segment(int mode)
{
    return CHECK_FD(shmget(IPC_PRIVATE, PAGE, IPC_CREAT | mode));
}

static void become(uid_t uid, gid_t gid)
{
    CHECK_OK(setgid(gid));
    CHECK_OK(setuid(uid));
}

/* Runs the block as that user, in a child. */
#define AS(uid, ...)                                                                               \
    do {                                                                                           \
        int as_status;                                                                             \
        pid_t as_child = CHILD({                                                                   \
            become(uid, uid);                                                                      \
            __VA_ARGS__;                                                                           \
        });                                                                                        \
        CHECK_EQ(waitpid(as_child, &as_status, 0), as_child);                                      \
        CHECK_EQ(as_status, 0);                                                                    \
    } while (0)

TEST(shm, others_need_permission)
{
    int id = segment(0600);
    struct shmid_ds ds;

    AS(1000, {
        CHECK(shmat(id, NULL, 0) == (void *)-1 && errno == EACCES);
        CHECK(shmat(id, NULL, SHM_RDONLY) == (void *)-1 && errno == EACCES);
        CHECK_ERR(shmctl(id, IPC_STAT, &ds), EACCES);
        CHECK_ERR(shmctl(id, IPC_RMID, NULL), EPERM);
    });
    CHECK_OK(shmctl(id, IPC_RMID, NULL));
}

TEST(shm, others_may_read_when_the_mode_says_so)
{
    int id = segment(0604);
    struct shmid_ds ds;

    AS(1000, {
        CHECK(shmat(id, NULL, SHM_RDONLY) != (void *)-1);
        CHECK(shmat(id, NULL, 0) == (void *)-1 && errno == EACCES);
        CHECK_OK(shmctl(id, IPC_STAT, &ds));
    });
    CHECK_OK(shmctl(id, IPC_RMID, NULL));
}

TEST(shm, the_group_has_its_own_bits)
{
    int id = segment(0640);
    struct shmid_ds ds;

    CHECK_OK(shmctl(id, IPC_STAT, &ds));
    ds.shm_perm.gid = 2000;
    CHECK_OK(shmctl(id, IPC_SET, &ds));
    AS(2000, {
        CHECK(shmat(id, NULL, SHM_RDONLY) != (void *)-1);
        CHECK(shmat(id, NULL, 0) == (void *)-1 && errno == EACCES);
    });
    AS(1000, CHECK(shmat(id, NULL, SHM_RDONLY) == (void *)-1 && errno == EACCES));
    CHECK_OK(shmctl(id, IPC_RMID, NULL));
}

TEST(shm, a_key_checks_the_permissions_asked_for)
{
    int id = CHECK_FD(shmget(0x4b01, PAGE, IPC_CREAT | 0644));

    AS(1000, {
        CHECK_EQ(shmget(0x4b01, PAGE, 0444), id);
        CHECK_ERR(shmget(0x4b01, PAGE, 0666), EACCES);
        CHECK_EQ(shmget(0x4b01, PAGE, 0), id);
    });
    CHECK_OK(shmctl(id, IPC_RMID, NULL));
}

TEST(shm, the_owner_can_be_changed)
{
    int id = segment(0600);
    struct shmid_ds ds;

    CHECK_OK(shmctl(id, IPC_STAT, &ds));
    ds.shm_perm.uid = 1000;
    ds.shm_perm.mode = 0400 | 07000;
    CHECK_OK(shmctl(id, IPC_SET, &ds));
    CHECK_OK(shmctl(id, IPC_STAT, &ds));
    CHECK_EQ(ds.shm_perm.uid, 1000);
    CHECK_EQ(ds.shm_perm.cuid, 0);
    CHECK_EQ(ds.shm_perm.mode, 0400);
    AS(1000, {
        CHECK(shmat(id, NULL, SHM_RDONLY) != (void *)-1);
        CHECK(shmat(id, NULL, 0) == (void *)-1 && errno == EACCES);
        ds.shm_perm.mode = 0600;
        CHECK_OK(shmctl(id, IPC_SET, &ds));
        CHECK(shmat(id, NULL, 0) != (void *)-1);
        CHECK_OK(shmctl(id, IPC_RMID, NULL));
    });
}

TEST(shm, strangers_may_change_nothing)
{
    int id = segment(0666);
    struct shmid_ds ds;

    AS(1000, {
        CHECK_OK(shmctl(id, IPC_STAT, &ds));
        CHECK_ERR(shmctl(id, IPC_SET, &ds), EPERM);
        CHECK_ERR(shmctl(id, IPC_RMID, NULL), EPERM);
        CHECK_ERR(shmctl(id, SHM_LOCK, NULL), EPERM);
        CHECK_ERR(shmctl(id, SHM_UNLOCK, NULL), EPERM);
    });
    CHECK_OK(shmctl(id, IPC_RMID, NULL));
}

TEST(shm, lock_is_in_the_mode)
{
    int id = segment(0600);
    struct shmid_ds ds;

    CHECK_OK(shmctl(id, SHM_LOCK, NULL));
    CHECK_OK(shmctl(id, IPC_STAT, &ds));
    CHECK(ds.shm_perm.mode & SHM_LOCKED);
    CHECK_OK(shmctl(id, SHM_UNLOCK, NULL));
    CHECK_OK(shmctl(id, IPC_STAT, &ds));
    CHECK_EQ(ds.shm_perm.mode, 0600);
    CHECK_OK(shmctl(id, IPC_RMID, NULL));
}

TEST(shm, the_list_can_be_walked_by_slots)
{
    int id = segment(0600), highest, found = 0;
    struct shm_info info;
    struct shmid_ds ds;

    highest = CHECK_FD(shmctl(0, SHM_INFO, (void *)&info));
    CHECK_GE(info.used_ids, 1);
    CHECK_GE(info.shm_tot, 1);
    for (int i = 0; i <= highest; i++)
        found += shmctl(i, SHM_STAT, &ds) == id;
    CHECK_EQ(found, 1);
    CHECK_OK(shmctl(id, IPC_RMID, NULL));
}

TEST(shm, stat_any_asks_no_permission)
{
    int id = segment(0600), highest;
    struct shm_info info;

    highest = CHECK_FD(shmctl(0, SHM_INFO, (void *)&info));
    AS(1000, {
        struct shmid_ds ds;
        int any = 0;
        int with = 0;

        for (int i = 0; i <= highest; i++) {
            any += shmctl(i, SHM_STAT_ANY, &ds) == id;
            with += shmctl(i, SHM_STAT, &ds) == id;
        }
        CHECK_EQ(any, 1);
        CHECK_EQ(with, 0);
    });
    CHECK_OK(shmctl(id, IPC_RMID, NULL));
}

TEST(shm, limits_are_told)
{
    struct shminfo info;

    CHECK_FD(shmctl(0, IPC_INFO, (void *)&info));
    CHECK_EQ(info.shmmin, 1);
    CHECK_EQ(info.shmmni, 4096);
    CHECK_EQ(info.shmmax, ULONG_MAX - (1ul << 24));
    CHECK_EQ(info.shmall, ULONG_MAX - (1ul << 24));
}

TEST(shm, there_is_a_limit_of_segments)
{
    static int ids[4200];
    int n = 0;

    while (n < 4200 && (ids[n] = shmget(IPC_PRIVATE, 1, IPC_CREAT | 0600)) >= 0)
        n++;
    CHECK_EQ(errno, ENOSPC);
    CHECK_LE(n, 4096);
    CHECK_GT(n, 4000);
    while (n--)
        CHECK_OK(shmctl(ids[n], IPC_RMID, NULL));
}

TEST(shm, proc_lists_them)
{
    int id = CHECK_FD(shmget(0x4b02, 5000, IPC_CREAT | 0640)), fd;
    char text[8192] = {0}, line[256], *at;
    char *p = shmat(id, NULL, 0);

    fd = CHECK_FD(open("/proc/sysvipc/shm", O_RDONLY));
    CHECK_GT(read(fd, text, sizeof text - 1), 0);
    CHECK(!strncmp(
        text,
        "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  "
        "cgid      atime      dtime      ctime                   rss                  swap\n",
        170));
    snprintf(line, sizeof line, "%10d %10d  %4o %21lu %5u %5u  %5lu %5u %5u %5u %5u ", 0x4b02, id,
             0640, 5000ul, getpid(), getpid(), 1ul, 0, 0, 0, 0);
    at = strstr(text, line);
    CHECK(at);
    CHECK_OK(shmdt(p));
    CHECK_OK(shmctl(id, IPC_RMID, NULL));
}
