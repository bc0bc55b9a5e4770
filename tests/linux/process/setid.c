/*
 * What a program is when it starts: set-id bits, no-new-privileges, scripts, what of a task survives exec.
 */
#include "caps.h"
#include "copy.h"

#include <grp.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/prctl.h>

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

/* This program as a file of that owner and mode, which everybody can reach. */
static void tool(const char *to, uid_t uid, gid_t gid, mode_t mode)
{
    CHECK_OK(chmod(".", 0755));
    copy_program(to);
    CHECK_OK(chown(to, uid, gid));
    CHECK_OK(chmod(to, mode));
}

/* What plain() is told of a program that changes nothing. */
static const char himself[] = "1000 1000 1000/1000 1000 1000/secure 0/caps 0/dump 1/death 0";

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
    tool("tool", 0, 0, 0755);
    CHECK_STR(told("./tool", nothing), "0 0 0/0 0 0/secure 0/caps 1/dump 1/death 0");
}

TEST(setid, a_plain_user_executes_as_himself)
{
    tool("tool", 0, 0, 0755);
    CHECK_STR(told("./tool", plain), himself);
}

TEST(setid, set_uid_root_gains_all)
{
    tool("tool", 0, 0, 04755);
    CHECK_STR(told("./tool", plain), "1000 0 0/1000 1000 1000/secure 1/caps 1/dump 0/death 0");
}

TEST(setid, set_uid_to_another_user)
{
    tool("tool", 2000, 0, 04755);
    CHECK_STR(told("./tool", plain),
              "1000 2000 2000/1000 1000 1000/secure 1/caps 0/dump 0/death 0");
    CHECK_STR(told("./tool", nothing), "0 2000 2000/0 0 0/secure 1/caps 0/dump 0/death 0");
}

TEST(setid, set_gid_counts_only_with_group_execute)
{
    tool("tool", 0, 3000, 02755);
    CHECK_STR(told("./tool", plain),
              "1000 1000 1000/1000 3000 3000/secure 1/caps 0/dump 0/death 0");
    tool("other", 0, 3000, 02745);
    CHECK_STR(told("./other", plain), himself);
}

TEST(setid, no_new_privs_ignores_the_bits)
{
    tool("tool", 0, 3000, 06755);
    CHECK_STR(told("./tool", plain_without_new_privileges), himself);
}

TEST(setid, a_nosuid_mount_ignores_the_bits)
{
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("none", "m", "tmpfs", MS_NOSUID, "size=4m,mode=755"));
    tool("m/tool", 0, 3000, 06755);
    const char *text = told("m/tool", plain);
    CHECK_OK(umount2("m", MNT_DETACH));
    CHECK_STR(text, himself);
}

TEST(setid, the_death_signal_survives_exec_but_not_a_set_id_program)
{
    tool("tool", 0, 0, 0755);
    CHECK_STR(told("./tool", plain_with_death_signal),
              "1000 1000 1000/1000 1000 1000/secure 0/caps 0/dump 1/death 10");
    tool("set", 0, 0, 04755);
    CHECK_STR(told("./set", plain_with_death_signal),
              "1000 0 0/1000 1000 1000/secure 1/caps 1/dump 0/death 0");
}

TEST(setid, a_script_with_the_bit_gains_nothing)
{
    char line[512];
    int n;

    tool("tool", 0, 0, 0755);
    char cwd[256];
    CHECK(getcwd(cwd, sizeof cwd));
    n = snprintf(line, sizeof line, "#!%s/tool helper:report\n", cwd);
    int fd = test_file("script", line, (size_t)n);
    CHECK_OK(fchmod(fd, 04755));
    close(fd);
    CHECK_STR(told("./script", plain), himself);
}

TEST(setid, an_unreadable_program_is_not_dumpable)
{
    tool("tool", 0, 0, 0711);
    CHECK_STR(told("./tool", plain),
              "1000 1000 1000/1000 1000 1000/secure 0/caps 0/dump 0/death 0");
}

static void no_root(void)
{
    CHECK_OK(prctl(PR_SET_SECUREBITS, 1));
}

TEST(setid, with_noroot_root_is_nobody_special)
{
    tool("tool", 0, 0, 0755);
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
    tool("tool", 0, 0, 0755);
    CHECK_STR(told("./tool", ambient),
              "1000 1000 1000/1000 1000 1000/secure 0/caps 1/dump 1/death 0");
}
