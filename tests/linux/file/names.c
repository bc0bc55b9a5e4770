/*
 * Names: creating, linking, renaming, removing, folders and their listing, symbolic links.
 */
#include "test.h"

#include <dirent.h>
#include <limits.h>
#include <sys/syscall.h>

static void touch(const char *path)
{
    CHECK_OK(close(CHECK_FD(open(path, O_CREAT | O_WRONLY, 0644))));
}

static ino_t inode(const char *path)
{
    struct stat st;

    CHECK_OK(lstat(path, &st));
    return st.st_ino;
}

static nlink_t links(const char *path)
{
    struct stat st;

    CHECK_OK(lstat(path, &st));
    return st.st_nlink;
}

TEST(names, creat_excl_refuses_what_is_there)
{
    touch("f");
    CHECK_ERR(open("f", O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
    CHECK_OK(symlink("nowhere", "s"));
    CHECK_ERR(open("s", O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
    CHECK_FD(open("s", O_CREAT | O_WRONLY, 0644)); /* makes the target */
    CHECK_OK(access("nowhere", F_OK));
}

TEST(names, open_errors)
{
    char name[300];

    CHECK_ERR(open("none", O_RDONLY), ENOENT);
    CHECK_ERR(open("", O_RDONLY), ENOENT);
    CHECK_ERR(open("none/x", O_CREAT | O_WRONLY, 0600), ENOENT);
    touch("f");
    CHECK_ERR(open("f/x", O_RDONLY), ENOTDIR);
    CHECK_ERR(open("f/", O_RDONLY), ENOTDIR);
    CHECK_ERR(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK_OK(mkdir("d", 0755));
    CHECK_ERR(open("d", O_WRONLY), EISDIR);
    CHECK_ERR(open("d", O_CREAT | O_RDONLY, 0600), EISDIR);
    memset(name, 'n', sizeof name);
    name[256] = '\0';
    CHECK_ERR(open(name, O_CREAT | O_WRONLY, 0600), ENAMETOOLONG);
    name[255] = '\0';
    CHECK_FD(open(name, O_CREAT | O_WRONLY, 0600));
    CHECK_ERR(open((char *)16, O_RDONLY), EFAULT);
}

TEST(names, hard_links_share_one_inode)
{
    struct stat st;
    char c;
    int fd = test_file("a", "link", 4);

    CHECK_OK(link("a", "b"));
    CHECK_EQ(inode("a"), inode("b"));
    CHECK_EQ(links("a"), 2);
    CHECK_OK(unlink("a"));
    CHECK_EQ(links("b"), 1);
    CHECK_EQ(read(fd, &c, 1), 1);
    CHECK_OK(unlink("b"));
    CHECK_OK(fstat(fd, &st));
    CHECK_EQ(st.st_nlink, 0);
    CHECK_EQ(read(fd, &c, 1), 1); /* still readable */
    CHECK_EQ(c, 'i');
    CHECK_EQ(write(fd, "more", 4), 4);
}

TEST(names, link_errors)
{
    touch("a");
    touch("b");
    CHECK_OK(mkdir("d", 0755));
    CHECK_ERR(link("a", "b"), EEXIST);
    CHECK_ERR(link("none", "c"), ENOENT);
    CHECK_ERR(link("d", "e"), EPERM);
    CHECK_ERR(link("a", "none/c"), ENOENT);
    CHECK_ERR(link("a", "b/c"), ENOTDIR);
    CHECK_ERR(link("a", "/dev/linked"), EXDEV);
}

TEST(names, unlink_and_rmdir_know_what_they_remove)
{
    touch("f");
    CHECK_OK(mkdir("d", 0755));
    touch("d/in");
    CHECK_ERR(unlink("d"), EISDIR);
    CHECK_ERR(rmdir("f"), ENOTDIR);
    CHECK_ERR(rmdir("d"), ENOTEMPTY);
    CHECK_ERR(unlink("none"), ENOENT);
    CHECK_ERR(rmdir("none"), ENOENT);
    CHECK_ERR(rmdir("d/."), EINVAL);
    CHECK_ERR(rmdir("d/.."), ENOTEMPTY);
    CHECK_OK(unlink("d/in"));
    CHECK_OK(rmdir("d/"));
    CHECK_OK(unlink("f"));
    CHECK_ERR(open("f", O_RDONLY), ENOENT);
}

TEST(names, mkdir_counts_links_and_refuses_doubles)
{
    CHECK_OK(mkdir("d", 0755));
    CHECK_EQ(links("d"), 2);
    CHECK_OK(mkdir("d/e", 0755));
    CHECK_EQ(links("d"), 3);
    CHECK_ERR(mkdir("d", 0755), EEXIST);
    CHECK_ERR(mkdir("x/y", 0755), ENOENT);
    CHECK_OK(mkdir("with-slash/", 0755));
    CHECK_OK(rmdir("d/e"));
    CHECK_EQ(links("d"), 2);
}

TEST(names, rename_moves_and_replaces_at_once)
{
    char c;

    close(test_file("a", "A", 1));
    int fd = test_file("b", "B", 1);
    ino_t a = inode("a");
    CHECK_OK(rename("a", "b"));
    CHECK_ERR(access("a", F_OK), ENOENT);
    CHECK_EQ(inode("b"), a);
    CHECK_EQ(read(fd, &c, 1), 1);
    CHECK_EQ(c, 'B'); /* the old one lives while it is open */
    CHECK_OK(rename("b", "b"));
    CHECK_OK(link("b", "c"));
    CHECK_OK(rename("b", "c")); /* one inode: nothing happens */
    CHECK_OK(access("b", F_OK));
}

TEST(names, rename_of_folders)
{
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("a/sub", 0755));
    touch("a/sub/f");
    CHECK_OK(mkdir("empty", 0755));
    CHECK_OK(mkdir("full", 0755));
    touch("full/x");
    touch("file");
    CHECK_ERR(rename("a", "full"), ENOTEMPTY);
    CHECK_ERR(rename("a", "file"), ENOTDIR);
    CHECK_ERR(rename("file", "empty"), EISDIR);
    CHECK_ERR(rename("a", "a/sub/inside"), EINVAL);
    CHECK_OK(rename("a", "empty"));
    CHECK_OK(access("empty/sub/f", F_OK));
    CHECK_OK(mkdir("other", 0755));
    nlink_t here = links(".");
    CHECK_OK(rename("empty/sub", "other/sub"));
    CHECK_EQ(links("other"), 3);
    CHECK_EQ(links("empty"), 2);
    CHECK_EQ(links("."), here);
    struct stat dotdot, other;
    CHECK_OK(stat("other/sub/..", &dotdot));
    CHECK_OK(stat("other", &other));
    CHECK_EQ(dotdot.st_ino, other.st_ino);
}

TEST(names, rename_noreplace_and_exchange)
{
    close(test_file("a", "A", 1));
    close(test_file("b", "B", 1));
    CHECK_ERR(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 1), EEXIST);
    CHECK_OK(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "c", 1));
    CHECK_OK(syscall(SYS_renameat2, AT_FDCWD, "c", AT_FDCWD, "b", 2));
    CHECK_STR(test_read_file("c", NULL), "B");
    CHECK_STR(test_read_file("b", NULL), "A");
    CHECK_ERR(rename("none", "x"), ENOENT);
}

TEST(names, symlinks_are_read_followed_and_not_followed)
{
    char text[100];
    struct stat st;

    close(test_file("target", "T", 1));
    CHECK_OK(symlink("target", "s"));
    CHECK_EQ(readlink("s", text, sizeof text), 6);
    CHECK_MEM(text, "target", 6);
    CHECK_EQ(readlink("s", text, 3), 3);
    CHECK_ERR(readlink("target", text, sizeof text), EINVAL);
    CHECK_ERR(syscall(SYS_readlink, "s", text, 0L), EINVAL);
    CHECK_OK(lstat("s", &st));
    CHECK(S_ISLNK(st.st_mode));
    CHECK_EQ(st.st_size, 6);
    CHECK_EQ(st.st_mode & 0777, 0777);
    CHECK_OK(stat("s", &st));
    CHECK(S_ISREG(st.st_mode));
    CHECK_ERR(open("s", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_OK(unlink("s"));
    CHECK_OK(access("target", F_OK));
    CHECK_ERR(symlink("", "e"), ENOENT);
    CHECK_ERR(symlink("x", "target"), EEXIST);
}

TEST(names, symlink_loops_and_long_chains)
{
    char from[16], to[16];
    struct stat st;

    CHECK_OK(symlink("b", "a"));
    CHECK_OK(symlink("a", "b"));
    CHECK_ERR(open("a", O_RDONLY), ELOOP);
    CHECK_ERR(stat("a/x", &st), ELOOP);
    CHECK_OK(lstat("a", &st));
    touch("l0");
    for (int i = 1; i <= 41; i++) {
        snprintf(from, sizeof from, "l%d", i);
        snprintf(to, sizeof to, "l%d", i - 1);
        CHECK_OK(symlink(to, from));
    }
    CHECK_OK(stat("l40", &st)); /* 40 are allowed */
    CHECK_ERR(stat("l41", &st), ELOOP);
}

TEST(names, symlinks_in_the_middle_and_dotdot_behind_them)
{
    struct stat a, b;

    CHECK_OK(mkdir("real", 0755));
    CHECK_OK(mkdir("real/deep", 0755));
    touch("real/file");
    CHECK_OK(symlink("real/deep", "short"));
    CHECK_OK(stat("short/../file", &a)); /* .. of where the link leads */
    CHECK_OK(stat("real/file", &b));
    CHECK_EQ(a.st_ino, b.st_ino);
    CHECK_OK(symlink("/", "root"));
    CHECK_OK(stat("root/..", &a));
    CHECK_OK(stat("/", &b));
    CHECK_EQ(a.st_ino, b.st_ino);
    CHECK_OK(stat("//tmp///./", &a));
}

TEST(names, a_listing_shows_every_name_once)
{
    enum { COUNT = 500 };
    static char seen[COUNT];
    char name[32];
    int dots = 0;

    CHECK_OK(mkdir("d", 0755));
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "d/some-file-%d", i);
        touch(name);
    }
    DIR *dir = opendir("d");
    CHECK(dir != NULL);
    for (struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] == '.') {
            dots++;
            CHECK_EQ(e->d_type, DT_DIR);
            continue;
        }
        CHECK_EQ(e->d_type, DT_REG);
        CHECK_EQ(seen[atoi(e->d_name + 10)]++, 0);
    }
    CHECK_EQ(dots, 2);
    for (int i = 0; i < COUNT; i++)
        CHECK_EQ(seen[i], 1);
    rewinddir(dir);
    int again = 0;
    while (readdir(dir))
        again++;
    CHECK_EQ(again, COUNT + 2);
}

/* rm -r does this: what is not removed must be seen, what was must not come back. */
TEST(names, a_listing_is_stable_while_names_are_removed)
{
    enum { COUNT = 300 };
    char name[64];
    int removed = 0;

    CHECK_OK(mkdir("d", 0755));
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "d/file-with-a-long-name-%d", i);
        touch(name);
    }
    DIR *dir = opendir("d");
    CHECK(dir != NULL);
    for (struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "d/%s", e->d_name);
        CHECK_OK(unlink(name));
        removed++;
    }
    CHECK_EQ(removed, COUNT);
    CHECK_OK(rmdir("d"));
}

TEST(names, the_end_of_a_folder_stays_the_end)
{
    char buffer[2048], name[300];
    long first;
    int fd;

    CHECK_OK(mkdir("d", 0755));
    memset(name, 0, sizeof name);
    for (int i = 1; i < 40; i++) { /* every length around a word's */
        snprintf(name, sizeof name, "d/%.*s", i, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
        touch(name);
    }
    fd = CHECK_FD(open("d", O_RDONLY | O_DIRECTORY));
    for (int round = 0; round < 2; round++) {
        unsigned seen = 0;

        CHECK_OK(lseek(fd, 0, SEEK_SET));
        while ((first = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0)
            for (long at = 0; at < first; at += *(unsigned short *)(buffer + at + 16)) {
                const char *entry = buffer + at + 19;

                seen++;
                CHECK_EQ(*(unsigned short *)(buffer + at + 16) % 8, 0);
                CHECK(entry[0] == '.' || !strncmp(entry, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", strlen(entry)));
            }
        CHECK_EQ(first, 0);
        CHECK_EQ(seen, 41 + round);
        if (!round)
            touch("d/a-new-one-behind-the-end");
        if (!round)
            CHECK_OK(rename("d/a-new-one-behind-the-end", "d/abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqr"));
        CHECK_EQ(syscall(SYS_getdents64, fd, buffer, sizeof buffer), 0);
        CHECK_EQ(syscall(SYS_getdents64, dup(fd), buffer, sizeof buffer), 0);
    }
    for (int i = 1; i < 45; i++) {
        snprintf(name, sizeof name, "d/%.*s", i, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
        unlink(name);
    }
    rmdir("d");
    CHECK_ERR(access("d", F_OK), ENOENT);
    CHECK_ERR(syscall(SYS_getdents64, fd, buffer, sizeof buffer), ENOENT); /* not just the end: it is gone */
}

TEST(names, getdents_errors_and_telldir)
{
    char buffer[1024];
    int fd = CHECK_FD(open(".", O_RDONLY | O_DIRECTORY)), file = test_file("f", "x", 1);

    CHECK_ERR(syscall(SYS_getdents64, file, buffer, sizeof buffer), ENOTDIR);
    CHECK_ERR(syscall(SYS_getdents64, fd, buffer, 4L), EINVAL);
    CHECK_ERR(syscall(SYS_getdents64, fd, 16L, 1024L), EFAULT);
    CHECK_ERR(read(fd, buffer, 10), EISDIR);
    CHECK_GT(syscall(SYS_getdents64, fd, buffer, sizeof buffer), 0);
    CHECK_EQ(syscall(SYS_getdents64, fd, buffer, sizeof buffer), 0);
    CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
    CHECK_GT(syscall(SYS_getdents64, fd, buffer, sizeof buffer), 0);
    CHECK_OK(mkdir("gone", 0755));
    int gone = CHECK_FD(open("gone", O_RDONLY));
    CHECK_OK(rmdir("gone"));
    CHECK_EQ(syscall(SYS_getdents64, gone, buffer, sizeof buffer) <= 0, 1);
    CHECK_ERR(openat(gone, "x", O_CREAT | O_WRONLY, 0600), ENOENT);
}

TEST(names, at_calls_take_a_folder)
{
    struct stat st;
    char text[16];

    CHECK_OK(mkdir("d", 0755));
    int dir = CHECK_FD(open("d", O_RDONLY | O_DIRECTORY)), fd;
    fd = CHECK_FD(openat(dir, "f", O_CREAT | O_RDWR, 0600));
    CHECK_OK(close(fd));
    CHECK_OK(mkdirat(dir, "sub", 0700));
    CHECK_OK(symlinkat("f", dir, "s"));
    CHECK_EQ(readlinkat(dir, "s", text, sizeof text), 1);
    CHECK_OK(linkat(dir, "f", AT_FDCWD, "g", 0));
    CHECK_OK(renameat(dir, "f", dir, "h"));
    CHECK_OK(fstatat(dir, "h", &st, 0));
    CHECK_EQ(st.st_nlink, 2);
    CHECK_OK(fstatat(dir, "s", &st, AT_SYMLINK_NOFOLLOW));
    CHECK(S_ISLNK(st.st_mode));
    CHECK_ERR(fstatat(dir, "s", &st, 0), ENOENT);
    CHECK_OK(fstatat(dir, "", &st, AT_EMPTY_PATH));
    CHECK(S_ISDIR(st.st_mode));
    CHECK_OK(faccessat(dir, "h", R_OK, 0));
    CHECK_OK(unlinkat(dir, "sub", AT_REMOVEDIR));
    CHECK_ERR(unlinkat(dir, "h", AT_REMOVEDIR), ENOTDIR);
    CHECK_OK(unlinkat(dir, "h", 0));
    CHECK_ERR(openat(0, "x", O_RDONLY), ENOTDIR);
    CHECK_ERR(openat(99, "x", O_RDONLY), EBADF);
    CHECK_FD(openat(99, "/tmp", O_RDONLY)); /* an absolute path needs none */
}

TEST(names, cwd_follows_chdir_fchdir_and_rename)
{
    char start[PATH_MAX], now[PATH_MAX], wanted[PATH_MAX];

    CHECK(getcwd(start, sizeof start));
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(chdir("a"));
    snprintf(wanted, sizeof wanted, "%s/a", start);
    CHECK(getcwd(now, sizeof now));
    CHECK_STR(now, wanted);
    CHECK_OK(rename("../a", "../b"));
    snprintf(wanted, sizeof wanted, "%s/b", start);
    CHECK(getcwd(now, sizeof now));
    CHECK_STR(now, wanted);
    int up = CHECK_FD(open("..", O_RDONLY));
    CHECK_OK(chdir("/"));
    CHECK(getcwd(now, sizeof now));
    CHECK_STR(now, "/");
    CHECK_OK(fchdir(up));
    CHECK(getcwd(now, sizeof now));
    CHECK_STR(now, start);
    CHECK_ERR(syscall(SYS_getcwd, now, 3L), ERANGE);
    CHECK_ERR(chdir("none"), ENOENT);
    CHECK_ERR(chdir("/dev/null"), ENOTDIR);
    CHECK_ERR(fchdir(0), ENOTDIR);
}

TEST(names, a_removed_cwd_has_no_path)
{
    char now[PATH_MAX];

    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(chdir("a"));
    CHECK_OK(rmdir("../a"));
    CHECK_ERR(syscall(SYS_getcwd, now, sizeof now), ENOENT);
    CHECK_ERR(open("x", O_CREAT | O_WRONLY, 0600), ENOENT);
    CHECK_OK(chdir(".."));
}

TEST(names, deep_paths_up_to_the_limit)
{
    char path[PATH_MAX + 20];
    size_t len = 0;

    for (int i = 0; i < 200; i++) {
        CHECK_OK(mkdir("0123456789", 0755));
        CHECK_OK(chdir("0123456789"));
    }
    CHECK(getcwd(path, sizeof path));
    CHECK_GE(strlen(path), 2200);
    CHECK_FD(open(path, O_RDONLY));
    for (len = 0; len < PATH_MAX + 10; len += 2)
        memcpy(path + len, "./", 2);
    path[PATH_MAX] = '\0';
    CHECK_ERR(open(path, O_RDONLY), ENAMETOOLONG);
    path[PATH_MAX - 1] = '\0';
    CHECK_FD(open(path, O_RDONLY));
}
