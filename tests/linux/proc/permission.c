/*
 * What procfs does not show to everybody, and what it does not open for anybody.
 */
#include "test.h"

static const char *of_parent(const char *name)
{
    static char path[64];

    snprintf(path, sizeof path, "/proc/%d/%s", getppid(), name);
    return path;
}

static void become_nobody(void)
{
    CHECK_OK(setresgid(65534, 65534, 65534));
    CHECK_OK(setresuid(65534, 65534, 65534));
}

TEST(proc, another_users_process_is_not_looked_into)
{
    char buf[256];
    struct stat st;

    CHECK_IN_CHILD({
        become_nobody();
        CHECK_ERR(readlink(of_parent("exe"), buf, sizeof buf), EACCES);
        CHECK_ERR(readlink(of_parent("cwd"), buf, sizeof buf), EACCES);
        CHECK_ERR(open(of_parent("root/etc"), O_RDONLY), EACCES);
        CHECK_ERR(open(of_parent("fd/0"), O_RDONLY), EACCES);
        CHECK_ERR(open(of_parent("fd"), O_RDONLY), EACCES);
        CHECK_ERR(stat(of_parent("fd/0"), &st), EACCES);
        CHECK_ERR(open(of_parent("environ"), O_RDONLY), EACCES);
        CHECK_ERR(open(of_parent("maps"), O_RDONLY), EACCES);
        CHECK_GT(CHECK_FD(open(of_parent("stat"), O_RDONLY)), 0);
        CHECK_GT(CHECK_FD(open(of_parent("cmdline"), O_RDONLY)), 0);
    });
}

TEST(proc, a_descriptor_opened_again_asks_for_permission)
{
    int p[2];

    close(test_file("file", "text", 4));
    CHECK_OK(chmod("file", 0644));
    CHECK_IN_CHILD({
        int fd = CHECK_FD(open("file", O_RDONLY));
        char path[32];
        char text[8] = "";

        become_nobody();
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        CHECK_ERR(open(path, O_RDWR), EACCES);
        fd = CHECK_FD(open(path, O_RDONLY));
        CHECK_EQ(read(fd, text, 8), 4);
        CHECK_STR(text, "text");
    });
    CHECK_OK(unlink("file"));
    int fd = CHECK_FD(open("file", O_RDWR | O_CREAT | O_EXCL, 0600));
    char path[32];
    char c;

    CHECK_OK(unlink("file"));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = CHECK_FD(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
    CHECK_EQ(write(again, "x", 1), 1);
    CHECK_EQ(read(fd, &c, 1), 1);
    CHECK_ERR(open(path, O_RDONLY | O_CREAT | O_EXCL, 0600), EEXIST);
    CHECK_ERR(open(path, O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_OK(pipe(p));
    snprintf(path, sizeof path, "/proc/self/fd/%d", p[1]);
    again = CHECK_FD(open(path, O_WRONLY));
    CHECK_EQ(write(again, "y", 1), 1);
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_EQ(c, 'y');
}
