/*
 * Processes that end while their files are open; zombies.
 */
#include "procfs.h"

#include <dirent.h>

static pid_t ended_with_open(const char *name, int *fd)
{
    pid_t pid = IDLE_CHILD();

    *fd = CHECK_FD(open(of_pid(pid, name), O_RDONLY));
    end_child(pid);
    return pid;
}

TEST(proc, a_text_of_a_process_that_has_gone_is_esrch)
{
    static const char *const names[] = {"stat",   "statm",         "status",    "cmdline", "comm",
                                        "limits", "oom_score_adj", "oom_score", "maps",    "smaps"};
    char buf[64];
    int fd;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ended_with_open(names[i], &fd);
        ssize_t n = read(fd, buf, sizeof buf);
        if (n != -1 || errno != ESRCH)
            FAIL("%s of a dead process: %zd", names[i], n);
        close(fd);
    }
}

TEST(proc, its_environment_is_empty_then)
{
    char buf[64];
    int fd;

    ended_with_open("environ", &fd);
    CHECK_EQ(read(fd, buf, sizeof buf), 0);
}

TEST(proc, its_directory_lists_nothing_then)
{
    char buf[512];
    struct stat st;
    pid_t pid;
    int fd;

    pid = ended_with_open("", &fd);
    CHECK_ERR(syscall(SYS_getdents64, fd, buf, sizeof buf), ENOENT);
    CHECK_ERR(openat(fd, "stat", O_RDONLY), ESRCH);
    CHECK_OK(fstat(fd, &st));
    CHECK_ERR(stat(of_pid(pid, "stat"), &st), ENOENT);
    close(fd);
    ended_with_open("fd", &fd);
    CHECK_ERR(syscall(SYS_getdents64, fd, buf, sizeof buf), ENOENT);
    close(fd);
    ended_with_open("task", &fd);
    CHECK_ERR(syscall(SYS_getdents64, fd, buf, sizeof buf), ENOENT);
}

TEST(proc, a_text_that_was_begun_can_be_ended)
{
    pid_t pid = IDLE_CHILD();
    int fd = CHECK_FD(open(of_pid(pid, "stat"), O_RDONLY));
    char buf[512];

    CHECK_EQ(read(fd, buf, 4), 4);
    end_child(pid);
    CHECK_GT(read(fd, buf, sizeof buf), 50);
    CHECK_EQ(read(fd, buf, sizeof buf), 0);
    CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
    CHECK_ERR(read(fd, buf, sizeof buf), ESRCH);
}

TEST(proc, a_zombie_is_still_there_and_has_nothing)
{
    char buf[64];
    pid_t pid = CHILD(_exit(5));
    siginfo_t info;
    int found = 0;

    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
    CHECK_EQ(state_of(pid), 'Z');
    CHECK_STR(text_of(pid, "cmdline"), "");
    CHECK_STR(text_of(pid, "maps"), "");
    CHECK_STR(text_of(pid, "environ"), "");
    CHECK_STR(text_of(pid, "statm"), "0 0 0 0 0 0 0\n");
    CHECK_STR(text_of(pid, "comm"), "proc-gone\n");
    CHECK(strstr(text_of(pid, "status"), "\nState:\tZ (zombie)\n") != NULL);
    CHECK(strstr(text_of(pid, "status"), "VmSize") == NULL);
    CHECK_ERR(readlink(of_pid(pid, "exe"), buf, sizeof buf), ENOENT);
    CHECK_ERR(readlink(of_pid(pid, "cwd"), buf, sizeof buf), ENOENT);
    CHECK_EQ(stat_field(pid, 23), 0);
    CHECK_EQ(stat_field(pid, 24), 0);
    CHECK_EQ(stat_field(pid, 52), 5 << 8);
    DIR *dir = opendir("/proc");
    for (struct dirent *e; (e = readdir(dir));)
        found += atoi(e->d_name) == pid;
    CHECK_EQ(found, 1);
    closedir(dir);
    dir = opendir(of_pid(pid, "fd"));
    CHECK(dir != NULL);
    found = 0;
    while (readdir(dir))
        found++;
    CHECK_EQ(found, 2);
    closedir(dir);
    dir = opendir(of_pid(pid, "task"));
    found = 0;
    for (struct dirent *e; (e = readdir(dir));)
        found += atoi(e->d_name) == pid;
    CHECK_EQ(found, 1);
    CHECK_EXIT(pid, 5);
    CHECK_ERR(access(of_pid(pid, "stat"), F_OK), ENOENT);
}

TEST(proc, another_process_with_the_same_number_is_another_one)
{
    pid_t first = IDLE_CHILD(), again = 0;
    int fd = CHECK_FD(open(of_pid(first, "stat"), O_RDONLY));
    char buf[64], number[16];

    end_child(first);
    snprintf(number, sizeof number, "%d", first - 1);
    int last = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
    if (last >= 0 && write(last, number, strlen(number)) > 0)
        again = IDLE_CHILD();
    CHECK_ERR(read(fd, buf, sizeof buf), ESRCH);
    if (again)
        end_child(again);
}

TEST(proc, the_listing_stays_whole_while_processes_come_and_go)
{
    pid_t pids[8];

    for (int i = 0; i < 8; i++)
        pids[i] = IDLE_CHILD();
    for (int round = 0; round < 20; round++) {
        int fd = CHECK_FD(open("/proc", O_RDONLY | O_DIRECTORY)), seen[8] = {0}, doubles = 0;
        char buf[256];
        long n;

        /* Small buffers, and a process that comes and goes between them. */
        while ((n = syscall(SYS_getdents64, fd, buf, sizeof buf)) > 0) {
            for (long at = 0; at < n;) {
                struct {
                    uint64_t ino;
                    int64_t off;
                    uint16_t size;
                    uint8_t type;
                    char name[];
                } *d = (void *)(buf + at);

                for (int i = 0; i < 8; i++) {
                    if (atoi(d->name) == pids[i])
                        doubles += seen[i]++ > 0;
                }
                at += d->size;
            }
            if (round % 4 == 0)
                CHECK_EXIT(CHILD(_exit(0)), 0);
        }
        CHECK_EQ(n, 0);
        CHECK_EQ(doubles, 0);
        for (int i = 0; i < 8; i++)
            CHECK_EQ(seen[i], 1);
        close(fd);
    }
    for (int i = 0; i < 8; i++)
        end_child(pids[i]);
}

TEST(proc, a_directory_is_listed_from_where_a_seek_says)
{
    DIR *dir = opendir("/proc/self");
    char name[64];
    long at;

    CHECK(dir != NULL);
    for (int i = 0; i < 6; i++)
        CHECK(readdir(dir) != NULL);
    at = telldir(dir);
    struct dirent *e = readdir(dir);
    CHECK(e != NULL);
    strcpy(name, e->d_name);
    while (readdir(dir))
        ;
    seekdir(dir, at);
    CHECK_STR(readdir(dir)->d_name, name);
    rewinddir(dir);
    CHECK_STR(readdir(dir)->d_name, ".");
}
