/*
 * The links of /proc: what they show, and what opening through them gives.
 */
#include "procfs.h"

#include <sys/eventfd.h>
#include <sys/mman.h>

TEST(proc, thread_self_names_the_thread)
{
    char wanted[64];

    snprintf(wanted, sizeof wanted, "%d/task/%d", getpid(), getpid());
    CHECK_STR(link_of("/proc/thread-self"), wanted);
    CHECK_STR(link_of("/proc/mounts"), "self/mounts");
}

TEST(proc, self_is_another_one_in_a_child)
{
    pid_t parent = getpid();

    CHECK_IN_CHILD({
        CHECK_EQ(atoi(link_of("/proc/self")), getpid());
        CHECK_NE(getpid(), parent);
    });
}

TEST(proc, a_pipe_is_shown_by_its_number)
{
    char wanted[64], path[64];
    struct stat st;
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_OK(fstat(p[0], &st));
    snprintf(wanted, sizeof wanted, "pipe:[%lu]", (unsigned long)st.st_ino);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", p[i]);
        CHECK_STR(link_of(path), wanted);
    }
}

TEST(proc, a_removed_file_is_shown_as_deleted)
{
    char cwd[256], wanted[300], path[64];
    int fd = test_file("gone", "x", 1);

    CHECK(getcwd(cwd, sizeof cwd));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    snprintf(wanted, sizeof wanted, "%s/gone", cwd);
    CHECK_STR(link_of(path), wanted);
    CHECK_OK(rename("gone", "moved"));
    snprintf(wanted, sizeof wanted, "%s/moved", cwd);
    CHECK_STR(link_of(path), wanted);
    CHECK_OK(unlink("moved"));
    snprintf(wanted, sizeof wanted, "%s/moved (deleted)", cwd);
    CHECK_STR(link_of(path), wanted);
}

TEST(proc, a_removed_directory_is_shown_as_deleted)
{
    char cwd[256], wanted[300], text[8];

    CHECK(getcwd(cwd, sizeof cwd));
    CHECK_OK(mkdir("sub", 0755));
    CHECK_OK(chdir("sub"));
    CHECK_OK(rmdir("../sub"));
    snprintf(wanted, sizeof wanted, "%s/sub (deleted)", cwd);
    CHECK_STR(link_of("/proc/self/cwd"), wanted);
    CHECK(getcwd(text, sizeof text) == NULL);
    CHECK_EQ(errno, ENOENT);
    CHECK_OK(chdir("/"));
    CHECK_STR(link_of("/proc/self/cwd"), "/");
}

TEST(proc, a_removed_program_is_shown_as_deleted)
{
    char path[64], cwd[256], wanted[300];
    int status;

    CHECK(getcwd(cwd, sizeof cwd));
    pid_t pid = CHILD({
        int in = open(test_program, O_RDONLY), out = open("copy", O_WRONLY | O_CREAT, 0755);
        static char buf[65536];
        ssize_t n;

        while ((n = read(in, buf, sizeof buf)) > 0)
            CHECK_EQ(write(out, buf, (size_t)n), n);
        close(out);
        execl("copy", "copy", "helper:idle", NULL);
    });
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    snprintf(wanted, sizeof wanted, "%s/copy", cwd);
    for (int i = 0; i < 300 && strcmp(link_of(path), wanted); i++)
        test_sleep_ms(10);
    CHECK_STR(link_of(path), wanted);
    CHECK_OK(unlink("copy"));
    strcat(wanted, " (deleted)");
    CHECK_STR(link_of(path), wanted);
    CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
    end_child(pid);
}

HELPER(idle)
{
    while (pause())
        ;
    return 0;
}

TEST(proc, the_root_link_follows_chroot)
{
    CHECK_STR(link_of("/proc/self/root"), "/");
    CHECK_OK(mkdir("jail", 0755));
    pid_t pid = CHILD({
        CHECK_OK(chroot("jail"));
        CHECK_OK(chdir("/"));
        for (;;)
            pause();
    });
    char path[64], cwd[256], wanted[300];

    CHECK(getcwd(cwd, sizeof cwd));
    snprintf(wanted, sizeof wanted, "%s/jail", cwd);
    snprintf(path, sizeof path, "/proc/%d/root", pid);
    for (int i = 0; i < 200 && strcmp(link_of(path), wanted); i++)
        test_sleep_ms(10);
    CHECK_STR(link_of(path), wanted);
    end_child(pid);
}

TEST(proc, opening_through_a_descriptor_is_a_new_description)
{
    char path[64], c;
    int fd = test_file("file", "abc", 3), again;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK_EQ(read(fd, &c, 1), 1);
    again = CHECK_FD(open(path, O_RDONLY));
    CHECK_EQ(read(again, &c, 1), 1);
    CHECK_EQ(c, 'a');
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 1);
    CHECK_ERR(write(again, "x", 1), EBADF);
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    close(CHECK_FD(open(path, O_WRONLY | O_TRUNC)));
    struct stat st;
    CHECK_OK(fstat(fd, &st));
    CHECK_EQ(st.st_size, 0);
}

TEST(proc, a_removed_file_can_be_opened_and_written_through_its_descriptor)
{
    char path[64], text[8] = "";
    int fd = test_file("file", "", 0), again;

    CHECK_OK(unlink("file"));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    again = CHECK_FD(open(path, O_RDWR));
    CHECK_EQ(write(again, "hello", 5), 5);
    CHECK_EQ(pread(fd, text, sizeof text, 0), 5);
    CHECK_STR(text, "hello");
    CHECK_ERR(access("file", F_OK), ENOENT);
}

TEST(proc, a_directory_can_be_entered_through_its_descriptor)
{
    char path[96], cwd[256], wanted[300];
    struct stat a, b;

    CHECK_OK(mkdir("dir", 0755));
    close(test_file("dir/file", "x", 1));
    int fd = CHECK_FD(open("dir", O_RDONLY | O_DIRECTORY));
    snprintf(path, sizeof path, "/proc/self/fd/%d/file", fd);
    CHECK_OK(stat(path, &a));
    CHECK_OK(stat("dir/file", &b));
    CHECK_EQ(a.st_ino, b.st_ino);
    snprintf(path, sizeof path, "/proc/self/fd/%d/../dir/file", fd);
    CHECK_OK(stat(path, &a));
    CHECK(getcwd(cwd, sizeof cwd));
    snprintf(wanted, sizeof wanted, "%s/dir", cwd);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK_OK(chdir(path));
    CHECK(getcwd(cwd, sizeof cwd));
    CHECK_STR(cwd, wanted);
}

TEST(proc, cwd_and_root_are_ways_to_other_places)
{
    struct stat a, b;

    close(test_file("here", "x", 1));
    pid_t pid = IDLE_CHILD();
    CHECK_OK(stat("here", &a));
    CHECK_OK(stat(of_pid(pid, "cwd/here"), &b));
    CHECK_EQ(a.st_ino, b.st_ino);
    CHECK_OK(stat(of_pid(pid, "root/tests"), &b));
    CHECK_OK(stat("/tests", &a));
    CHECK_EQ(a.st_ino, b.st_ino);
    CHECK_OK(chdir("/"));
    CHECK_OK(stat(of_pid(pid, "cwd/here"), &b));
    end_child(pid);
}

TEST(proc, stat_follows_a_descriptor_and_lstat_does_not)
{
    char path[64];
    struct stat st, link;
    int p[2];

    CHECK_OK(pipe(p));
    snprintf(path, sizeof path, "/proc/self/fd/%d", p[0]);
    CHECK_OK(stat(path, &st));
    CHECK(S_ISFIFO(st.st_mode));
    CHECK_OK(lstat(path, &link));
    CHECK(S_ISLNK(link.st_mode));
    CHECK_EQ(link.st_mode & 0777, 0500);
    CHECK_EQ(link.st_size, 64);
    snprintf(path, sizeof path, "/proc/self/fd/%d", p[1]);
    CHECK_OK(lstat(path, &link));
    CHECK_EQ(link.st_mode & 0777, 0300);
    int fd = test_file("file", "", 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK_OK(lstat(path, &link));
    CHECK_EQ(link.st_mode & 0777, 0700);
}

TEST(proc, a_link_that_is_too_long_for_the_buffer_is_cut)
{
    char text[4] = "....";
    char path[64];
    int p[2];

    CHECK_OK(pipe(p));
    snprintf(path, sizeof path, "/proc/self/fd/%d", p[0]);
    CHECK_EQ(readlink(path, text, 3), 3);
    CHECK_MEM(text, "pip.", 4);
    CHECK_ERR(syscall(SYS_readlink, path, text, 0), EINVAL);
    CHECK_ERR(readlink("/proc/self/stat", text, 4), EINVAL);
    CHECK_ERR(readlink("/proc/self/fd", text, 4), EINVAL);
    CHECK_ERR(readlink("/proc/self/fd/999", text, 4), ENOENT);
}

TEST(proc, exe_can_be_executed_and_read)
{
    struct stat a, b;

    CHECK_OK(stat("/proc/self/exe", &a));
    CHECK_OK(stat(test_program, &b));
    CHECK_EQ(a.st_ino, b.st_ino);
    CHECK_EXIT(CHILD(execl("/proc/self/exe", "x", "helper:seven", NULL)), 7);
    CHECK_ERR(open("/proc/self/exe", O_WRONLY), ETXTBSY);
}

HELPER(seven)
{
    return 7;
}

TEST(proc, closed_descriptors_are_gone)
{
    char path[64];
    int fd = CHECK_FD(open("/", O_RDONLY));

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK_OK(access(path, F_OK));
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    CHECK_OK(access(path, F_OK));
    CHECK_OK(close(fd));
    CHECK_ERR(access(path, F_OK), ENOENT);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK_ERR(open(path, O_RDONLY), ENOENT);
    CHECK_ERR(access("/proc/self/fd/01", F_OK), ENOENT);
    CHECK_ERR(access("/proc/self/fd/-1", F_OK), ENOENT);
    CHECK_ERR(access("/proc/self/fd/x", F_OK), ENOENT);
}

TEST(proc, fdinfo_tells_position_and_flags)
{
    char path[64];
    int fd = test_file("file", "abcdef", 6);
    struct stat st;

    CHECK_EQ(lseek(fd, 4, SEEK_SET), 4);
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    char *text = test_read_file(path, NULL);
    CHECK_EQ(strncmp(text, "pos:\t4\nflags:\t0", 15), 0);
    CHECK_EQ(strtol(strstr(text, "flags:") + 7, NULL, 8) & 03, O_RDWR);
    CHECK_OK(fstat(fd, &st));
    CHECK_EQ(number_after(text, "\nino:\t"), st.st_ino);
    CHECK_GT(number_after(text, "\nmnt_id:\t"), 0);
    CHECK_OK(fcntl(fd, F_SETFL, O_APPEND));
    CHECK_OK(fcntl(fd, F_SETFD, FD_CLOEXEC));
    text = test_read_file(path, NULL);
    CHECK_EQ(strtol(strstr(text, "flags:") + 7, NULL, 8) & (O_APPEND | O_CLOEXEC),
             O_APPEND | O_CLOEXEC);
}
