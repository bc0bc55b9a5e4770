/*
 * Files of /proc that can be written, and /proc/sys.
 */
#include "procfs.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>

static long put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    long n;

    if (fd < 0)
        return -1;
    n = write(fd, text, strlen(text));
    int error = errno;
    close(fd);
    errno = error;
    return n;
}

TEST(proc, comm_can_be_written)
{
    char name[16];

    CHECK_EQ(put("/proc/self/comm", "written"), 7);
    CHECK_STR(text_of(getpid(), "comm"), "written\n");
    CHECK_OK(prctl(PR_GET_NAME, name));
    CHECK_STR(name, "written");
    CHECK_STR(strchr(text_of(getpid(), "stat"), '('),
              strstr(text_of(getpid(), "stat"), "(written) "));
    CHECK_EQ(put("/proc/self/comm", "a name of more than fifteen"), 27);
    CHECK_STR(text_of(getpid(), "comm"), "a name of more \n");
}

TEST(proc, another_process_is_not_to_be_named)
{
    pid_t pid = IDLE_CHILD();

    CHECK_ERR(put(of_pid(pid, "comm"), "x"), EINVAL);
    CHECK_STR(text_of(pid, "comm"), "proc-values\n");
    end_child(pid);
}

TEST(proc, a_name_with_blanks_and_brackets_is_shown_as_it_is)
{
    CHECK_OK(prctl(PR_SET_NAME, "a) (b c"));
    CHECK(strstr(text_of(getpid(), "stat"), " (a) (b c) R ") != NULL);
    CHECK_EQ(strncmp(text_of(getpid(), "status"), "Name:\ta) (b c\n", 14), 0);
    CHECK_OK(prctl(PR_SET_NAME, "new\nline\\"));
    CHECK_EQ(strncmp(text_of(getpid(), "status"), "Name:\tnew\\nline\\\\\n", 18), 0);
}

TEST(proc, oom_score_adj_has_its_range)
{
    const char *path = "/proc/self/oom_score_adj";

    CHECK_STR(text_of(getpid(), "oom_score_adj"), "0\n");
    CHECK_EQ(put(path, "300"), 3);
    CHECK_STR(text_of(getpid(), "oom_score_adj"), "300\n");
    CHECK_EQ(put(path, " -1000 \n"), 8);
    CHECK_STR(text_of(getpid(), "oom_score_adj"), "-1000\n");
    CHECK_EQ(put(path, "1000\n"), 5);
    CHECK_ERR(put(path, "1001"), EINVAL);
    CHECK_ERR(put(path, "-1001"), EINVAL);
    CHECK_ERR(put(path, "ten"), EINVAL);
    CHECK_ERR(put(path, "5 6"), EINVAL);
    CHECK_ERR(put(path, ""), EINVAL) /* nothing is written, so nothing is asked */;
}

TEST(proc, oom_score_adj_is_inherited_and_taken_through_exec)
{
    CHECK_EQ(put("/proc/self/oom_score_adj", "77"), 2);
    CHECK_IN_CHILD(CHECK_STR(text_of(getpid(), "oom_score_adj"), "77\n"));
    CHECK_EXIT(CHILD(execl(test_program, test_program, "helper:score", NULL)), 77);
}

HELPER(score)
{
    return atoi(text_of(getpid(), "oom_score_adj"));
}

TEST(proc, a_plain_user_raises_its_score_and_takes_it_back)
{
    CHECK_IN_CHILD({
        CHECK_EQ(put("/proc/self/oom_score_adj", "10"), 2);
        become_nobody();
        CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
        CHECK_EQ(put("/proc/self/oom_score_adj", "500"), 3);
        CHECK_EQ(put("/proc/self/oom_score_adj", "20"), 2);
        CHECK_EQ(put("/proc/self/oom_score_adj", "10"), 2);
        CHECK_ERR(put("/proc/self/oom_score_adj", "9"), EACCES);
        CHECK_ERR(put("/proc/self/oom_score_adj", "-1"), EACCES);
        CHECK_STR(text_of(getpid(), "oom_score_adj"), "10\n");
    });
}

TEST(proc, oom_score_moves_with_it)
{
    int before = atoi(text_of(getpid(), "oom_score"));

    CHECK(before > 600 && before < 700);
    CHECK_EQ(put("/proc/self/oom_score_adj", "300"), 3);
    CHECK_EQ(atoi(text_of(getpid(), "oom_score")), before + 200);
    CHECK_EQ(put("/proc/self/oom_score_adj", "-999"), 4);
    CHECK_LT(atoi(text_of(getpid(), "oom_score")), 10);
}

TEST(proc, limits_follow_setrlimit)
{
    struct rlimit nofile = {100, 200}, core = {0, RLIM_INFINITY};
    char *text;

    CHECK_OK(setrlimit(RLIMIT_NOFILE, &nofile));
    CHECK_OK(setrlimit(RLIMIT_CORE, &core));
    text = text_of(getpid(), "limits");
    CHECK_EQ(
        strncmp(text,
                "Limit                     Soft Limit           Hard Limit           Units     \n",
                79),
        0);
    CHECK(
        strstr(
            text,
            "\nMax open files            100                  200                  files     \n") !=
        NULL);
    CHECK(
        strstr(
            text,
            "\nMax core file size        0                    unlimited            bytes     \n") !=
        NULL);
    CHECK(
        strstr(text, "\nMax nice priority         0                    0                    \n") !=
            NULL ||
        strstr(text, "\nMax nice priority ") != NULL);
    int lines = 0;
    for (char *p = text; *p; p++)
        lines += *p == '\n';
    CHECK_EQ(lines, 17);
}

TEST(proc, the_hostname_can_be_written)
{
    struct utsname before, after;

    CHECK_OK(uname(&before));
    CHECK_EQ(put("/proc/sys/kernel/hostname", "box\n"), 4);
    CHECK_OK(uname(&after));
    CHECK_STR(after.nodename, "box");
    CHECK_STR(test_read_file("/proc/sys/kernel/hostname", NULL), "box\n");
    CHECK_OK(sethostname(before.nodename, strlen(before.nodename)));
    CHECK_EQ(strncmp(test_read_file("/proc/sys/kernel/hostname", NULL), before.nodename,
                     strlen(before.nodename)),
             0);
}

TEST(proc, the_domain_name_can_be_written)
{
    struct utsname name;

    CHECK_EQ(put("/proc/sys/kernel/domainname", "example.org"), 11);
    CHECK_OK(uname(&name));
    CHECK_STR(name.domainname, "example.org");
    CHECK_STR(test_read_file("/proc/sys/kernel/domainname", NULL), "example.org\n");
    CHECK_OK(setdomainname("(none)", 6));
}

TEST(proc, sys_says_what_uname_says)
{
    struct utsname name;
    char line[80];

    CHECK_OK(uname(&name));
    snprintf(line, sizeof line, "%s\n", name.release);
    CHECK_STR(test_read_file("/proc/sys/kernel/osrelease", NULL), line);
    snprintf(line, sizeof line, "%s\n", name.sysname);
    CHECK_STR(test_read_file("/proc/sys/kernel/ostype", NULL), line);
    snprintf(line, sizeof line, "%s\n", name.version);
    CHECK_STR(test_read_file("/proc/sys/kernel/version", NULL), line);
    snprintf(line, sizeof line, "%s\n", name.machine);
    CHECK_STR(test_read_file("/proc/sys/kernel/arch", NULL), line);
}

TEST(proc, sys_has_the_numbers_that_programs_ask_for)
{
    CHECK_STR(test_read_file("/proc/sys/kernel/overflowuid", NULL), "65534\n");
    CHECK_STR(test_read_file("/proc/sys/kernel/overflowgid", NULL), "65534\n");
    CHECK_STR(test_read_file("/proc/sys/kernel/cap_last_cap", NULL), "40\n");
    CHECK_STR(test_read_file("/proc/sys/fs/pipe-max-size", NULL), "1048576\n");
    CHECK_STR(test_read_file("/proc/sys/fs/nr_open", NULL), "1048576\n");
    CHECK_STR(test_read_file("/proc/sys/vm/overcommit_memory", NULL), "0\n");
    CHECK_STR(test_read_file("/proc/sys/vm/max_map_count", NULL), "65530\n");
    CHECK_STR(test_read_file("/proc/sys/kernel/random/entropy_avail", NULL), "256\n");
    CHECK_STR(test_read_file("/proc/sys/kernel/pid_max", NULL), "32768\n");
    CHECK_GT(atoi(test_read_file("/proc/sys/fs/file-max", NULL)), 1000);
    CHECK_GT(atoi(test_read_file("/proc/sys/kernel/threads-max", NULL)), 1000);
}

static bool is_uuid(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\n";

    for (size_t i = 0; i < sizeof form; i++) {
        if (form[i] == 'x' ? !strchr("0123456789abcdef", text[i]) || !text[i] : form[i] != text[i])
            return false;
    }
    return true;
}

TEST(proc, uuids_are_new_and_the_boot_id_stays)
{
    char a[64], b[64];

    strcpy(a, test_read_file("/proc/sys/kernel/random/boot_id", NULL));
    strcpy(b, test_read_file("/proc/sys/kernel/random/boot_id", NULL));
    CHECK(is_uuid(a));
    CHECK_STR(a, b);
    strcpy(a, test_read_file("/proc/sys/kernel/random/uuid", NULL));
    strcpy(b, test_read_file("/proc/sys/kernel/random/uuid", NULL));
    CHECK(is_uuid(a) && is_uuid(b));
    CHECK_EQ(a[14], '4');
    CHECK_NE(strcmp(a, b), 0);
    int fd = CHECK_FD(open("/proc/sys/kernel/random/uuid", O_RDONLY));
    CHECK_EQ(read(fd, a, 37), 37);
    CHECK_EQ(read(fd, b, 37), 0);
}

TEST(proc, sys_lets_nobody_write_what_is_read_only)
{
    CHECK_ERR(open("/proc/sys/kernel/osrelease", O_WRONLY), EACCES);
    CHECK_ERR(access("/proc/sys/kernel/osrelease", W_OK), EACCES);
    CHECK_OK(access("/proc/sys/kernel/hostname", W_OK));
    CHECK_IN_CHILD({
        become_nobody();
        CHECK_ERR(open("/proc/sys/kernel/hostname", O_WRONLY), EACCES);
        CHECK_OK(access("/proc/sys/kernel/hostname", R_OK));
    });
}

TEST(proc, file_nr_counts_open_files)
{
    long open_before, free_before, most, open_after;
    int p[64];

    CHECK_EQ(sscanf(test_read_file("/proc/sys/fs/file-nr", NULL), "%ld\t%ld\t%ld\n", &open_before,
                    &free_before, &most),
             3);
    CHECK_EQ(free_before, 0);
    CHECK_EQ(most, atol(test_read_file("/proc/sys/fs/file-max", NULL)));
    for (int i = 0; i < 64; i += 2)
        CHECK_OK(pipe(p + i));
    CHECK_EQ(sscanf(test_read_file("/proc/sys/fs/file-nr", NULL), "%ld", &open_after), 1);
    CHECK_GE(open_after, 0);
}

TEST(proc, children_are_listed)
{
    char path[64], wanted[64];
    pid_t a = IDLE_CHILD(), b = IDLE_CHILD();

    snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
    snprintf(wanted, sizeof wanted, "%d %d ", a, b);
    CHECK_STR(test_read_file(path, NULL), wanted);
    end_child(a);
    snprintf(wanted, sizeof wanted, "%d ", b);
    CHECK_STR(test_read_file(path, NULL), wanted);
    end_child(b);
    CHECK_STR(test_read_file(path, NULL), "");
    CHECK_ERR(access("/proc/self/children", F_OK), ENOENT);
}

TEST(proc, status_tells_umask_groups_and_promises)
{
    gid_t groups[3] = {5, 17, 400};
    char *text;

    umask(027);
    CHECK_OK(setgroups(3, groups));
    CHECK_IN_CHILD({
        CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
        text = text_of(getpid(), "status");
        CHECK(strstr(text, "\nNoNewPrivs:\t1\n") != NULL);
        CHECK(strstr(text, "\nUmask:\t0027\n") != NULL);
        CHECK(strstr(text, "\nGroups:\t5 17 400 \n") != NULL);
    });
    text = text_of(getpid(), "status");
    CHECK(strstr(text, "\nNoNewPrivs:\t0\n") != NULL);
    CHECK(strstr(text, "\nTracerPid:\t0\n") != NULL);
    CHECK(strstr(text, "\nNgid:\t0\n") != NULL);
}

TEST(proc, status_tells_signals)
{
    sigset_t set;
    char line[64];

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMAX);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR2, (void (*)(int))become_nobody);
    CHECK_OK(raise(SIGUSR1));
    CHECK_OK(kill(getpid(), SIGRTMAX));
    char *text = text_of(getpid(), "status");
    snprintf(line, sizeof line, "\nSigBlk:\t%016llx\n",
             1ull << (SIGUSR1 - 1) | 1ull << (SIGRTMAX - 1));
    CHECK(strstr(text, line) != NULL);
    CHECK(strtoull(strstr(text, "\nSigIgn:\t") + 9, NULL, 16) & 1ull << (SIGHUP - 1));
    snprintf(line, sizeof line, "\nSigCgt:\t%016llx\n", 1ull << (SIGUSR2 - 1));
    CHECK(strstr(text, line) != NULL);
    snprintf(line, sizeof line, "\nSigPnd:\t%016llx\n", 1ull << (SIGUSR1 - 1));
    CHECK(strstr(text, line) != NULL);
    snprintf(line, sizeof line, "\nShdPnd:\t%016llx\n", 1ull << (SIGRTMAX - 1));
    CHECK(strstr(text, line) != NULL);
    CHECK_EQ(number_after(text, "\nSigQ:\t"), 2);
    CHECK_EQ(stat_field(getpid(), 33) & 1ull << (SIGHUP - 1), 1ull << (SIGHUP - 1));
    CHECK_EQ(stat_field(getpid(), 34), 1ull << (SIGUSR2 - 1));
}

TEST(proc, caches_can_be_dropped)
{
    const char *path = "/proc/sys/vm/drop_caches";
    struct stat about;

    CHECK_OK(stat(path, &about));
    CHECK_EQ(about.st_mode, S_IFREG | 0200);
    CHECK_ERR(open(path, O_RDONLY), EACCES);
    CHECK_ERR(put(path, "0"), EINVAL);
    CHECK_ERR(put(path, "5"), EINVAL);
    CHECK_ERR(put(path, "x"), EINVAL);
    CHECK_EQ(put(path, "1\n"), 2);
    CHECK_EQ(put(path, "3"), 1);
    CHECK_OK(stat(path, &about));
}
