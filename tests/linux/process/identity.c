/*
 * Users and groups: every set*id call by root and by a plain user, and what capabilities follow.
 */
#include "caps.h"

#include <grp.h>
#include <pthread.h>
#include <sys/fsuid.h>

static void is_uid(uid_t r, uid_t e, uid_t s)
{
    uid_t a, b, c;

    CHECK_OK(getresuid(&a, &b, &c));
    if (a != r || b != e || c != s)
        FAIL("ids are %u %u %u, not %u %u %u", a, b, c, r, e, s);
}

static void is_gid(gid_t r, gid_t e, gid_t s)
{
    gid_t a, b, c;

    CHECK_OK(getresgid(&a, &b, &c));
    if (a != r || b != e || c != s)
        FAIL("group ids are %u %u %u, not %u %u %u", a, b, c, r, e, s);
}

/* setfsuid(-1) only tells. */
static int fsuid(void)
{
    return setfsuid((uid_t)-1);
}

static int fsgid(void)
{
    return setfsgid((gid_t)-1);
}

TEST(ids, root_setuid_sets_all_three_and_loses_its_capabilities)
{
    CHECK(has(CAP_CHOWN));
    CHECK_OK(syscall(SYS_setuid, 1000));
    is_uid(1000, 1000, 1000);
    CHECK_EQ(fsuid(), 1000);
    CHECK(!has(CAP_CHOWN));
    CHECK_ERR(syscall(SYS_setuid, 0), EPERM);
    CHECK_ERR(syscall(SYS_setuid, 1001), EPERM);
    CHECK_OK(syscall(SYS_setuid, 1000));
}

TEST(ids, setuid_of_a_plain_user_moves_the_effective_one_only)
{
    CHECK_OK(syscall(SYS_setresuid, 1000, 2000, 3000));
    CHECK_OK(syscall(SYS_setuid, 1000));
    is_uid(1000, 1000, 3000);
    CHECK_OK(syscall(SYS_setuid, 3000));
    is_uid(1000, 3000, 3000);
    CHECK_ERR(syscall(SYS_setuid, 2000), EPERM);
}

TEST(ids, minus_one_is_no_id)
{
    CHECK_ERR(syscall(SYS_setuid, -1), EINVAL);
    CHECK_ERR(syscall(SYS_setgid, -1), EINVAL);
    CHECK_OK(syscall(SYS_setreuid, -1, -1));
    CHECK_OK(syscall(SYS_setresgid, -1, -1, -1));
    is_uid(0, 0, 0);
    is_gid(0, 0, 0);
}

TEST(ids, setreuid_moves_the_saved_one_when_the_real_is_set)
{
    CHECK_OK(syscall(SYS_setresuid, 1, 2, 3));
    CHECK_OK(syscall(SYS_setreuid, -1, 1));
    is_uid(1, 1, 3);
    CHECK_OK(syscall(SYS_setreuid, -1, 3));
    is_uid(1, 3, 3);
    CHECK_OK(syscall(SYS_setreuid, 3, 1));
    is_uid(3, 1, 1);
    CHECK_ERR(syscall(SYS_setreuid, 2, -1), EPERM);
    CHECK_ERR(syscall(SYS_setreuid, -1, 2), EPERM);
    is_uid(3, 1, 1);
}

TEST(ids, a_plain_users_real_id_does_not_come_from_the_saved_one)
{
    CHECK_OK(syscall(SYS_setresuid, 1, 2, 3));
    CHECK_ERR(syscall(SYS_setreuid, 3, -1), EPERM);
    CHECK_OK(syscall(SYS_setresuid, 3, -1, -1));
    is_uid(3, 2, 3);
}

TEST(ids, setresuid_permutes_for_a_plain_user)
{
    CHECK_OK(syscall(SYS_setresuid, 1, 2, 3));
    CHECK_OK(syscall(SYS_setresuid, 2, 3, 1));
    is_uid(2, 3, 1);
    CHECK_ERR(syscall(SYS_setresuid, 4, -1, -1), EPERM);
    CHECK_ERR(syscall(SYS_setresuid, -1, 0, -1), EPERM);
    is_uid(2, 3, 1);
    CHECK_EQ(fsuid(), 3);
}

TEST(ids, groups_by_setgid_setregid_and_setresgid)
{
    CHECK_OK(syscall(SYS_setgid, 7));
    is_gid(7, 7, 7);
    CHECK_OK(syscall(SYS_setresgid, 1, 2, 3));
    is_gid(1, 2, 3);
    CHECK_EQ(fsgid(), 2);
    CHECK_OK(syscall(SYS_setresuid, 1000, 1000, 1000));
    CHECK_OK(syscall(SYS_setgid, 3));
    is_gid(1, 3, 3);
    CHECK_OK(syscall(SYS_setregid, 3, 1));
    is_gid(3, 1, 1);
    CHECK_ERR(syscall(SYS_setgid, 9), EPERM);
    CHECK_ERR(syscall(SYS_setregid, 9, -1), EPERM);
    CHECK_ERR(syscall(SYS_setresgid, -1, -1, 9), EPERM);
    is_gid(3, 1, 1);
}

TEST(ids, setfsuid_tells_the_old_one_and_obeys_only_its_owner)
{
    CHECK_EQ(setfsuid(1000), 0);
    CHECK_EQ(fsuid(), 1000);
    CHECK(!has(CAP_CHOWN));
    CHECK(has(CAP_SETUID));
    CHECK_EQ(setfsuid(0), 1000);
    CHECK(has(CAP_CHOWN));
    CHECK_OK(syscall(SYS_setresuid, 1, 2, 3));
    CHECK_EQ(setfsuid(4), 2);
    CHECK_EQ(fsuid(), 2);
    CHECK_EQ(setfsuid(3), 2);
    CHECK_EQ(fsuid(), 3);
    CHECK_EQ(setfsuid(1), 3);
    CHECK_EQ(fsuid(), 1);
}

TEST(ids, setfsgid_likewise)
{
    CHECK_OK(syscall(SYS_setresgid, 1, 2, 3));
    CHECK_OK(syscall(SYS_setresuid, 1000, 1000, 1000));
    CHECK_EQ(setfsgid(4), 2);
    CHECK_EQ(fsgid(), 2);
    CHECK_EQ(setfsgid(3), 2);
    CHECK_EQ(fsgid(), 3);
}

TEST(ids, fsuid_decides_about_files)
{
    int fd = test_file("mine", "x", 1);

    CHECK_OK(fchmod(fd, 0600));
    close(fd);
    setfsuid(1000);
    CHECK_ERR(open("mine", O_RDONLY), EACCES);
    setfsuid(0);
    CHECK_FD(open("mine", O_RDONLY));
}

TEST(ids, effective_root_comes_and_goes_with_its_capabilities)
{
    CHECK_OK(syscall(SYS_setresuid, -1, 1000, -1));
    CHECK(!has(CAP_CHOWN));
    CHECK_OK(syscall(SYS_setresuid, -1, 0, -1));
    CHECK(has(CAP_CHOWN));
    CHECK_OK(syscall(SYS_setresuid, 1000, 1000, 0));
    CHECK(!has(CAP_CHOWN));
    CHECK_OK(syscall(SYS_setresuid, -1, 0, -1));
    CHECK(has(CAP_CHOWN));
}

TEST(ids, setgroups_and_getgroups)
{
    gid_t groups[32] = {5, 6, 7}, got[32];

    CHECK_OK(setgroups(3, groups));
    CHECK_EQ(getgroups(0, NULL), 3);
    CHECK_EQ(getgroups(32, got), 3);
    CHECK_EQ(got[0] + got[1] + got[2], 18);
    CHECK_ERR(getgroups(2, got), EINVAL);
    CHECK_ERR(getgroups(-1, got), EINVAL);
    CHECK_ERR(syscall(SYS_setgroups, 65537, groups), EINVAL);
    CHECK_ERR(syscall(SYS_setgroups, 3, 16), EFAULT);
    groups[1] = (gid_t)-1;
    CHECK_ERR(setgroups(3, groups), EINVAL);
    CHECK_EQ(getgroups(0, NULL), 3);
    CHECK_OK(setgroups(0, NULL));
    CHECK_EQ(getgroups(0, NULL), 0);
    CHECK_OK(syscall(SYS_setresuid, 1000, 1000, 1000));
    CHECK_ERR(setgroups(0, NULL), EPERM);
}

TEST(ids, supplementary_groups_open_files)
{
    gid_t group = 77;
    int fd = test_file("groups", "x", 1);

    CHECK_OK(fchmod(fd, 0640));
    CHECK_OK(fchown(fd, 0, 77));
    CHECK_IN_CHILD({
        CHECK_OK(setgroups(1, &group));
        CHECK_OK(syscall(SYS_setresuid, 1000, 1000, 1000));
        CHECK_FD(open("groups", O_RDONLY));
    });
    CHECK_IN_CHILD({
        CHECK_OK(setgroups(0, NULL));
        CHECK_OK(syscall(SYS_setresgid, 8, 8, 8));
        CHECK_OK(syscall(SYS_setresuid, 1000, 1000, 1000));
        CHECK_ERR(open("groups", O_RDONLY), EACCES);
    });
}

static void *become_plain(void *unused)
{
    (void)unused;
    syscall(SYS_setresuid, 1000, 1000, 1000);
    return (void *)(intptr_t)(syscall(SYS_geteuid) == 1000);
}

TEST(ids, ids_of_one_thread_are_its_own)
{
    pthread_t thread;
    void *result;

    CHECK_OK(pthread_create(&thread, NULL, become_plain, NULL));
    CHECK_OK(pthread_join(thread, &result));
    CHECK(result);
    is_uid(0, 0, 0);
}
