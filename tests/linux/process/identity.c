/*
 * Users and groups: every set*id call by root and by a plain user, what capabilities follow, what
 * set-id programs become.
 */
#include "test.h"

#include <grp.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#define VERSION_1 0x19980330u
#define VERSION_3 0x20080522u
enum { CAP_CHOWN = 0, CAP_SETUID = 7, CAP_SETPCAP = 8, CAP_NET_RAW = 13, CAP_SYS_ADMIN = 21 };

struct cap_header {
    uint32_t version;
    int pid;
};

struct caps {
    uint32_t effective, permitted, inheritable;
};

static void caps_get(struct caps c[2])
{
    struct cap_header head = {VERSION_3, 0};

    CHECK_OK(syscall(SYS_capget, &head, c));
}

static int caps_set(const struct caps c[2])
{
    struct cap_header head = {VERSION_3, 0};

    return (int)syscall(SYS_capset, &head, c);
}

static bool has(int cap)
{
    struct caps c[2];

    caps_get(c);
    return c[0].effective >> cap & 1;
}

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

TEST(caps, capget_knows_versions_and_pids)
{
    struct cap_header head = {0, 0};
    struct caps c[2];

    CHECK_ERR(syscall(SYS_capget, &head, c), EINVAL);
    CHECK_EQ(head.version, VERSION_3);
    head.version = 0;
    CHECK_OK(syscall(SYS_capget, &head, NULL));
    CHECK_EQ(head.version, VERSION_3);
    head.version = VERSION_1;
    CHECK_OK(syscall(SYS_capget, &head, c));
    CHECK_EQ(c[0].effective, 0xffffffffu);
    head = (struct cap_header){VERSION_3, -1};
    CHECK_ERR(syscall(SYS_capget, &head, c), EINVAL);
    head.pid = 31999;
    CHECK_ERR(syscall(SYS_capget, &head, c), ESRCH);
    head.pid = getpid();
    CHECK_OK(syscall(SYS_capget, &head, c));
    CHECK_ERR(syscall(SYS_capget, NULL, c), EFAULT);
}

TEST(caps, capset_only_takes_away)
{
    struct caps c[2];

    caps_get(c);
    c[0].effective &= ~(1u << CAP_CHOWN);
    CHECK_OK(caps_set(c));
    CHECK(!has(CAP_CHOWN));
    c[0].effective |= 1u << CAP_CHOWN;
    CHECK_OK(caps_set(c));
    c[0].effective &= ~(1u << CAP_CHOWN);
    c[0].permitted &= ~(1u << CAP_CHOWN);
    CHECK_OK(caps_set(c));
    c[0].permitted |= 1u << CAP_CHOWN;
    CHECK_ERR(caps_set(c), EPERM);
    c[0].permitted &= ~(1u << CAP_CHOWN);
    c[0].effective |= 1u << CAP_CHOWN;
    CHECK_ERR(caps_set(c), EPERM);
    CHECK(!has(CAP_CHOWN));
}

TEST(caps, without_the_capability_root_is_refused)
{
    struct caps c[2];
    int fd = test_file("f", "x", 1);

    caps_get(c);
    c[0].effective &= ~(1u << CAP_CHOWN | 1u << CAP_SETUID | 1u << CAP_SYS_ADMIN);
    CHECK_OK(caps_set(c));
    CHECK_ERR(fchown(fd, 1000, 1000), EPERM);
    CHECK_ERR(syscall(SYS_setresuid, 1000, 1000, 1000), EPERM);
    CHECK_ERR(sethostname("x", 1), EPERM);
}

TEST(caps, capset_for_another_is_eperm)
{
    struct cap_header head = {VERSION_3, getppid()};
    struct caps c[2];

    caps_get(c);
    CHECK_ERR(syscall(SYS_capset, &head, c), EPERM);
}

TEST(caps, keepcaps_keeps_the_permitted_ones)
{
    struct caps c[2];

    CHECK_EQ(prctl(PR_GET_KEEPCAPS), 0);
    CHECK_OK(prctl(PR_SET_KEEPCAPS, 1));
    CHECK_EQ(prctl(PR_GET_KEEPCAPS), 1);
    CHECK_ERR(prctl(PR_SET_KEEPCAPS, 2), EINVAL);
    CHECK_OK(syscall(SYS_setresuid, 1000, 1000, 1000));
    caps_get(c);
    CHECK_EQ(c[0].effective, 0);
    CHECK_EQ(c[0].permitted >> CAP_CHOWN & 1, 1);
    c[0].effective = 1u << CAP_CHOWN;
    CHECK_OK(caps_set(c));
    CHECK(has(CAP_CHOWN));
}

TEST(caps, the_bounding_set_shrinks)
{
    CHECK_EQ(prctl(PR_CAPBSET_READ, CAP_NET_RAW), 1);
    CHECK_OK(prctl(PR_CAPBSET_DROP, CAP_NET_RAW));
    CHECK_EQ(prctl(PR_CAPBSET_READ, CAP_NET_RAW), 0);
    CHECK_ERR(prctl(PR_CAPBSET_READ, 64), EINVAL);
    CHECK_ERR(prctl(PR_CAPBSET_DROP, 64), EINVAL);
    CHECK_OK(syscall(SYS_setresuid, 1000, 1000, 1000));
    CHECK_ERR(prctl(PR_CAPBSET_DROP, CAP_CHOWN), EPERM);
}

TEST(caps, ambient_ones_need_permitted_and_inheritable)
{
    struct caps c[2];

    CHECK_ERR(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0), EPERM);
    caps_get(c);
    c[0].inheritable = 1u << CAP_NET_RAW;
    CHECK_OK(caps_set(c));
    CHECK_OK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0));
    CHECK_EQ(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_RAW, 0, 0), 1);
    CHECK_EQ(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0), 0);
    CHECK_OK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_NET_RAW, 0, 0));
    CHECK_EQ(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_RAW, 0, 0), 0);
    CHECK_OK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
    CHECK_ERR(prctl(PR_CAP_AMBIENT, 9, CAP_CHOWN, 0, 0), EINVAL);
    CHECK_ERR(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 64, 0, 0), EINVAL);
    CHECK_ERR(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0, 1, 0), EINVAL);
}

TEST(caps, securebits_are_locked_for_good)
{
    CHECK_EQ(prctl(PR_GET_SECUREBITS), 0);
    CHECK_OK(prctl(PR_SET_SECUREBITS, 0x30)); /* KEEP_CAPS and its lock */
    CHECK_EQ(prctl(PR_GET_SECUREBITS), 0x30);
    CHECK_ERR(prctl(PR_SET_SECUREBITS, 0), EPERM);
    CHECK_ERR(prctl(PR_SET_KEEPCAPS, 0), EPERM);
    CHECK_ERR(prctl(PR_SET_SECUREBITS, 0x1000), EPERM);
}

HELPER(report)
{
    struct caps c[2];
    uid_t r, e, s;
    gid_t rg, eg, sg;

    caps_get(c);
    getresuid(&r, &e, &s);
    getresgid(&rg, &eg, &sg);
    dprintf(1, "%u %u %u/%u %u %u/secure %lu/caps %d/dump %d/death ", r, e, s, rg, eg, sg,
            getauxval(AT_SECURE), c[0].effective != 0, prctl(PR_GET_DUMPABLE));
    int sig = -1;
    prctl(PR_GET_PDEATHSIG, &sig);
    dprintf(1, "%d", sig);
    return 0;
}

/* What the helper says when it is executed as `path` by `prepare`d child. */
static const char *told(const char *path, void (*prepare)(void))
{
    static char text[256];
    size_t used = 0;
    ssize_t n;
    int p[2];
    pid_t pid;

    CHECK_OK(pipe(p));
    pid = CHILD({
        dup2(p[1], 1);
        close(p[0]);
        close(p[1]);
        prepare();
        execl(path, path, "helper:report", NULL);
        _exit(1);
    });
    close(p[1]);
    while ((n = read(p[0], text + used, sizeof text - 1 - used)) > 0)
        used += (size_t)n;
    text[used] = 0;
    close(p[0]);
    CHECK_EXIT(pid, 0);
    return text;
}

static void copy_program(const char *to, uid_t uid, gid_t gid, mode_t mode)
{
    static char buffer[65536];
    int in = CHECK_FD(open(test_program, O_RDONLY));
    int out = CHECK_FD(open(to, O_WRONLY | O_CREAT | O_TRUNC, 0700));
    ssize_t n;

    while ((n = read(in, buffer, sizeof buffer)) > 0)
        CHECK_EQ(write(out, buffer, (size_t)n), n);
    CHECK_OK(fchown(out, uid, gid));
    CHECK_OK(fchmod(out, mode));
    close(in);
    close(out);
}

static void nothing(void)
{
}

static void plain(void)
{
    CHECK_OK(setgroups(0, NULL));
    CHECK_OK(syscall(SYS_setresgid, 1000, 1000, 1000));
    CHECK_OK(syscall(SYS_setresuid, 1000, 1000, 1000));
}

static void plain_without_new_privileges(void)
{
    plain();
    CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static void plain_with_death_signal(void)
{
    plain();
    CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGUSR1));
}

TEST(setid, root_executes_as_root)
{
    CHECK_OK(chmod(".", 0755));
    copy_program("tool", 0, 0, 0755);
    CHECK_STR(told("./tool", nothing), "0 0 0/0 0 0/secure 0/caps 1/dump 1/death 0");
}

TEST(setid, a_plain_user_executes_as_himself)
{
    CHECK_OK(chmod(".", 0755));
    copy_program("tool", 0, 0, 0755);
    CHECK_STR(told("./tool", plain),
              "1000 1000 1000/1000 1000 1000/secure 0/caps 0/dump 1/death 0");
}

TEST(setid, set_uid_root_gains_all)
{
    CHECK_OK(chmod(".", 0755));
    copy_program("tool", 0, 0, 04755);
    CHECK_STR(told("./tool", plain), "1000 0 0/1000 1000 1000/secure 1/caps 1/dump 0/death 0");
}

TEST(setid, set_uid_to_another_user)
{
    CHECK_OK(chmod(".", 0755));
    copy_program("tool", 2000, 0, 04755);
    CHECK_STR(told("./tool", plain),
              "1000 2000 2000/1000 1000 1000/secure 1/caps 0/dump 0/death 0");
    CHECK_STR(told("./tool", nothing), "0 2000 2000/0 0 0/secure 1/caps 0/dump 0/death 0");
}

TEST(setid, set_gid_counts_only_with_group_execute)
{
    CHECK_OK(chmod(".", 0755));
    copy_program("tool", 0, 3000, 02755);
    CHECK_STR(told("./tool", plain),
              "1000 1000 1000/1000 3000 3000/secure 1/caps 0/dump 0/death 0");
    copy_program("other", 0, 3000, 02745);
    CHECK_STR(told("./other", plain),
              "1000 1000 1000/1000 1000 1000/secure 0/caps 0/dump 1/death 0");
}

TEST(setid, no_new_privs_ignores_the_bits)
{
    CHECK_OK(chmod(".", 0755));
    copy_program("tool", 0, 3000, 06755);
    CHECK_STR(told("./tool", plain_without_new_privileges),
              "1000 1000 1000/1000 1000 1000/secure 0/caps 0/dump 1/death 0");
}

TEST(setid, a_nosuid_mount_ignores_the_bits)
{
    CHECK_OK(chmod(".", 0755));
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("none", "m", "tmpfs", MS_NOSUID, "size=4m,mode=755"));
    copy_program("m/tool", 0, 3000, 06755);
    const char *text = told("m/tool", plain);
    CHECK_OK(umount2("m", MNT_DETACH));
    CHECK_STR(text, "1000 1000 1000/1000 1000 1000/secure 0/caps 0/dump 1/death 0");
}

TEST(setid, the_death_signal_survives_exec_but_not_a_set_id_program)
{
    CHECK_OK(chmod(".", 0755));
    copy_program("tool", 0, 0, 0755);
    CHECK_STR(told("./tool", plain_with_death_signal),
              "1000 1000 1000/1000 1000 1000/secure 0/caps 0/dump 1/death 10");
    copy_program("set", 0, 0, 04755);
    CHECK_STR(told("./set", plain_with_death_signal),
              "1000 0 0/1000 1000 1000/secure 1/caps 1/dump 0/death 0");
}

TEST(setid, a_script_with_the_bit_gains_nothing)
{
    char line[512];
    int n;

    CHECK_OK(chmod(".", 0755));
    copy_program("tool", 0, 0, 0755);
    char cwd[256];
    CHECK(getcwd(cwd, sizeof cwd));
    n = snprintf(line, sizeof line, "#!%s/tool helper:report\n", cwd);
    int fd = test_file("script", line, (size_t)n);
    CHECK_OK(fchmod(fd, 04755));
    close(fd);
    CHECK_STR(told("./script", plain),
              "1000 1000 1000/1000 1000 1000/secure 0/caps 0/dump 1/death 0");
}

TEST(setid, an_unreadable_program_is_not_dumpable)
{
    CHECK_OK(chmod(".", 0755));
    copy_program("tool", 0, 0, 0711);
    CHECK_STR(told("./tool", plain),
              "1000 1000 1000/1000 1000 1000/secure 0/caps 0/dump 0/death 0");
}

static void no_root(void)
{
    CHECK_OK(prctl(PR_SET_SECUREBITS, 1));
}

TEST(setid, with_noroot_root_is_nobody_special)
{
    CHECK_OK(chmod(".", 0755));
    copy_program("tool", 0, 0, 0755);
    CHECK_STR(told("./tool", no_root), "0 0 0/0 0 0/secure 0/caps 0/dump 1/death 0");
}

static void ambient(void)
{
    struct caps c[2];

    CHECK_OK(prctl(PR_SET_KEEPCAPS, 1));
    plain();
    caps_get(c);
    c[0].inheritable = 1u << CAP_NET_RAW;
    CHECK_OK(caps_set(c));
    CHECK_OK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0));
}

TEST(setid, ambient_capabilities_survive_exec)
{
    CHECK_OK(chmod(".", 0755));
    copy_program("tool", 0, 0, 0755);
    CHECK_STR(told("./tool", ambient),
              "1000 1000 1000/1000 1000 1000/secure 0/caps 1/dump 1/death 0");
}
