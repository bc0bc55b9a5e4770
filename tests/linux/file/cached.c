/*
 * Names and attributes that were looked up before: whatever changed since must show at once, to everybody.
 *
 * Each case asks the same question many times, so that an answer that is kept anywhere is kept, and
 * then changes what the answer rests on.
 */
#include "test.h"

#include <sys/mman.h>
#include <sys/mount.h>

static void write_file(const char *path, const char *text)
{
    int fd = CHECK_FD(open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644));

    CHECK_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    CHECK_OK(close(fd));
}

/* Opens and reads a file: its content says which one it is. */
static void expect_text(const char *path, const char *text)
{
    char buf[64] = {0};

    for (int i = 0; i < 3; i++) {
        int fd = CHECK_FD(open(path, O_RDONLY));

        CHECK_EQ(read(fd, buf, sizeof buf - 1), (ssize_t)strlen(text));
        CHECK(strcmp(buf, text) == 0);
        CHECK_OK(close(fd));
    }
}

static void expect_none(const char *path, int error)
{
    struct stat st;

    for (int i = 0; i < 3; i++) {
        CHECK_ERR(stat(path, &st), error);
        CHECK_ERR(open(path, O_RDONLY), error);
        CHECK_ERR(access(path, F_OK), error);
    }
}

static struct stat stat_often(const char *path)
{
    struct stat st, again;

    CHECK_OK(stat(path, &st));
    for (int i = 0; i < 3; i++) {
        CHECK_OK(stat(path, &again));
        CHECK_EQ(again.st_ino, st.st_ino);
        CHECK_EQ(again.st_size, st.st_size);
        CHECK_EQ(again.st_mode, st.st_mode);
        CHECK_EQ(again.st_nlink, st.st_nlink);
    }
    return st;
}

TEST(cached, a_name_that_was_not_there_appears)
{
    expect_none("f", ENOENT);
    expect_none("d/f", ENOENT);
    write_file("f", "now");
    expect_text("f", "now");
    CHECK_OK(mkdir("d", 0755));
    expect_none("d/f", ENOENT);
    CHECK_OK(rename("f", "d/f"));
    expect_text("d/f", "now");
    expect_none("f", ENOENT);
    CHECK_OK(symlink("d/f", "f"));
    expect_text("f", "now");
}

TEST(cached, rename_moves_what_a_name_means)
{
    write_file("a", "a");
    write_file("b", "bb");
    expect_text("a", "a");
    expect_text("b", "bb");
    CHECK_OK(rename("a", "b"));
    expect_text("b", "a");
    expect_none("a", ENOENT);
    CHECK_EQ(stat_often("b").st_size, 1);
}

TEST(cached, rename_of_a_directory_moves_all_below_it)
{
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("a/b", 0755));
    write_file("a/b/f", "deep");
    expect_text("a/b/f", "deep");
    expect_none("x/b/f", ENOENT);
    CHECK_OK(rename("a", "x"));
    expect_text("x/b/f", "deep");
    expect_none("a/b/f", ENOENT);
    CHECK_OK(mkdir("a", 0755));
    expect_none("a/b/f", ENOENT);
    CHECK_OK(rename("x/b", "a/b"));
    expect_text("a/b/f", "deep");
    expect_none("x/b/f", ENOENT);
}

TEST(cached, dotdot_follows_a_directory_that_moves)
{
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("b", 0755));
    CHECK_OK(mkdir("a/sub", 0755));
    write_file("a/which", "a");
    write_file("b/which", "b");
    CHECK_OK(chdir("a/sub"));
    expect_text("../which", "a");
    CHECK_OK(rename("../../a/sub", "../../b/sub"));
    expect_text("../which", "b");
    expect_text("../../a/which", "a");
}

TEST(cached, unlink_and_create_again_is_another_file)
{
    struct stat st;
    int old;

    for (int i = 0; i < 20; i++) {
        char text[16];

        snprintf(text, sizeof text, "number %d", i);
        write_file("f", text);
        expect_text("f", text);
        old = CHECK_FD(open("f", O_RDONLY));
        CHECK_OK(unlink("f"));
        expect_none("f", ENOENT);
        CHECK_OK(fstat(old, &st));
        CHECK_EQ(st.st_nlink, 0);
        CHECK_EQ(st.st_size, (off_t)strlen(text));
        write_file("f", "between");
        CHECK(stat_often("f").st_ino != st.st_ino);
        CHECK_OK(unlink("f"));
        CHECK_OK(close(old));
    }
}

TEST(cached, hard_links_share_their_attributes)
{
    struct stat st;

    write_file("a", "one");
    CHECK_OK(link("a", "b"));
    CHECK_EQ(stat_often("a").st_nlink, 2);
    CHECK_EQ(stat_often("b").st_nlink, 2);
    CHECK_OK(chmod("a", 0600));
    CHECK_EQ(stat_often("b").st_mode & 07777, 0600);
    CHECK_OK(truncate("b", 100));
    CHECK_EQ(stat_often("a").st_size, 100);
    CHECK_OK(link("b", "c"));
    CHECK_EQ(stat_often("a").st_nlink, 3);
    CHECK_OK(unlink("a"));
    st = stat_often("b");
    CHECK_EQ(st.st_nlink, 2);
    CHECK_OK(rename("c", "b")); /* two names of one file: nothing happens */
    CHECK_EQ(stat_often("c").st_nlink, 2);
}

TEST(cached, a_symlink_that_is_replaced_leads_elsewhere)
{
    struct stat st;

    write_file("a", "a");
    write_file("b", "b");
    CHECK_OK(symlink("a", "l"));
    expect_text("l", "a");
    CHECK_ERR(open("l", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_OK(symlink("b", "new"));
    CHECK_OK(rename("new", "l"));
    expect_text("l", "b");
    CHECK_OK(unlink("b"));
    expect_none("l", ENOENT);
    CHECK_OK(lstat("l", &st));
    CHECK(S_ISLNK(st.st_mode));
    CHECK_OK(unlink("l"));
    write_file("l", "file");
    expect_text("l", "file");
    CHECK_OK(close(CHECK_FD(open("l", O_RDONLY | O_NOFOLLOW))));
}

TEST(cached, a_directory_in_the_middle_becomes_a_link)
{
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(mkdir("e", 0755));
    write_file("d/f", "d");
    write_file("e/f", "e");
    expect_text("d/f", "d");
    CHECK_OK(rename("d", "old"));
    CHECK_OK(symlink("e", "d"));
    expect_text("d/f", "e");
    CHECK_OK(unlink("d"));
    write_file("d", "no directory");
    expect_none("d/f", ENOTDIR);
}

TEST(cached, chmod_of_a_directory_revokes_at_once)
{
    int ready[2], go[2];
    pid_t pid;
    char c;

    CHECK_OK(chmod(".", 0755));
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(mkdir("d/e", 0755));
    write_file("d/e/f", "text");
    CHECK_OK(pipe(ready));
    CHECK_OK(pipe(go));
    pid = CHILD({
        CHECK_OK(setgid(1000));
        CHECK_OK(setuid(1000));
        expect_text("d/e/f", "text");
        expect_none("d/e/none", ENOENT);
        CHECK_EQ(write(ready[1], "r", 1), 1);
        CHECK_EQ(read(go[0], &c, 1), 1);
        expect_none("d/e/f", EACCES);
        expect_none("d/e/none", EACCES);
    });
    CHECK_EQ(read(ready[0], &c, 1), 1);
    CHECK_OK(chmod("d", 0700));
    CHECK_EQ(write(go[1], "g", 1), 1);
    CHECK_EXIT(pid, 0);
}

TEST(cached, chmod_of_a_file_revokes_at_once)
{
    struct stat st;

    write_file("f", "text");
    CHECK_OK(chmod(".", 0755));
    CHECK_IN_CHILD({
        CHECK_OK(setgid(1000));
        CHECK_OK(setuid(1000));
        expect_text("f", "text");
        CHECK_ERR(open("f", O_WRONLY), EACCES);
    });
    CHECK_OK(chmod("f", 0600));
    CHECK_IN_CHILD({
        CHECK_OK(setgid(1000));
        CHECK_OK(setuid(1000));
        CHECK_ERR(open("f", O_RDONLY), EACCES);
        CHECK_OK(stat("f", &st));
    });
    CHECK_OK(chown("f", 1000, 1000));
    CHECK_IN_CHILD({
        CHECK_OK(setgid(1000));
        CHECK_OK(setuid(1000));
        expect_text("f", "text");
        CHECK_OK(close(CHECK_FD(open("f", O_WRONLY))));
    });
}

TEST(cached, permission_is_each_users_own)
{
    CHECK_OK(chmod(".", 0755));
    CHECK_OK(mkdir("d", 0700));
    write_file("d/f", "text");
    expect_text("d/f", "text");
    CHECK_IN_CHILD({
        CHECK_OK(setgid(1000));
        CHECK_OK(setuid(1000));
        expect_none("d/f", EACCES);
    });
    expect_text("d/f", "text");
    CHECK_OK(seteuid(1000));
    CHECK_ERR(open("d/nothing", O_RDONLY), EACCES);
    CHECK_ERR(open("d/f", O_RDONLY), EACCES);
    CHECK_OK(seteuid(0));
    expect_text("d/f", "text");
    expect_none("d/nothing", ENOENT);
}

TEST(cached, a_mount_covers_a_name_and_uncovers_it)
{
    CHECK_OK(mkdir("m", 0755));
    write_file("m/f", "below");
    expect_text("m/f", "below");
    expect_none("m/g", ENOENT);
    CHECK_OK(mount("none", "m", "tmpfs", 0, ""));
    expect_none("m/f", ENOENT);
    write_file("m/g", "above");
    expect_text("m/g", "above");
    /* What was looked at and is open no more does not keep the mount busy. */
    CHECK_OK(umount("m"));
    expect_text("m/f", "below");
    expect_none("m/g", ENOENT);
}

TEST(cached, a_remount_read_only_holds_for_open_names)
{
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("none", "m", "tmpfs", 0, ""));
    write_file("m/f", "text");
    expect_text("m/f", "text");
    CHECK_OK(close(CHECK_FD(open("m/f", O_RDWR))));
    CHECK_OK(close(CHECK_FD(open("m/f", O_RDWR))));
    CHECK_OK(mount("none", "m", "tmpfs", MS_REMOUNT | MS_RDONLY, ""));
    CHECK_ERR(open("m/f", O_RDWR), EROFS);
    expect_text("m/f", "text");
    CHECK_OK(mount("none", "m", "tmpfs", MS_REMOUNT, ""));
    CHECK_OK(close(CHECK_FD(open("m/f", O_RDWR))));
    CHECK_OK(umount("m"));
}

TEST(cached, chroot_gives_the_same_path_another_meaning)
{
    CHECK_OK(mkdir("new", 0755));
    CHECK_OK(mkdir("new/tmp", 0755));
    write_file("/tmp/cached-which", "outer");
    write_file("new/tmp/cached-which", "inner");
    expect_text("/tmp/cached-which", "outer");
    CHECK_IN_CHILD({
        CHECK_OK(chroot("new"));
        expect_text("/tmp/cached-which", "inner");
        CHECK_OK(chdir("/"));
        expect_text("../tmp/cached-which", "inner");
    });
    expect_text("/tmp/cached-which", "outer");
    CHECK_OK(unlink("/tmp/cached-which"));
}

TEST(cached, size_and_times_follow_every_write)
{
    struct stat before, after;
    int fd = CHECK_FD(open("f", O_CREAT | O_RDWR, 0644));
    char *map;

    for (int i = 1; i <= 20; i++) {
        before = stat_often("f");
        CHECK_EQ(write(fd, "12345", 5), 5);
        after = stat_often("f");
        CHECK_EQ(after.st_size, 5 * i);
        CHECK(after.st_mtim.tv_sec > before.st_mtim.tv_sec ||
              after.st_mtim.tv_nsec >= before.st_mtim.tv_nsec);
        CHECK_OK(fstat(fd, &before));
        CHECK_EQ(before.st_size, 5 * i);
        CHECK_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    }
    CHECK_OK(ftruncate(fd, 8192));
    CHECK_EQ(stat_often("f").st_size, 8192);
    map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED);
    map[5000] = 1;
    CHECK_EQ(stat_often("f").st_blocks, 16);
    CHECK_OK(ftruncate(fd, 0));
    CHECK_EQ(stat_often("f").st_size, 0);
}

TEST(cached, set_times_stay_until_the_next_write)
{
    struct timespec times[2] = {{.tv_sec = 1000, .tv_nsec = 5}, {.tv_sec = 2000, .tv_nsec = 7}};
    struct stat st;
    int fd;

    write_file("f", "text");
    stat_often("f");
    CHECK_OK(utimensat(AT_FDCWD, "f", times, 0));
    st = stat_often("f");
    CHECK_EQ(st.st_atim.tv_sec, 1000);
    CHECK_EQ(st.st_mtim.tv_sec, 2000);
    CHECK_EQ(st.st_mtim.tv_nsec, 7);
    fd = CHECK_FD(open("f", O_WRONLY | O_APPEND));
    stat_often("f");
    CHECK_EQ(write(fd, "!", 1), 1);
    st = stat_often("f");
    CHECK(st.st_mtim.tv_sec > 2000);
    CHECK_EQ(st.st_atim.tv_sec, 1000);
    CHECK_EQ(st.st_size, 5);
}

TEST(cached, directories_count_their_entries)
{
    nlink_t links;

    CHECK_OK(mkdir("d", 0755));
    links = stat_often("d").st_nlink;
    CHECK_OK(mkdir("d/e", 0755));
    CHECK_EQ(stat_often("d").st_nlink, links + 1);
    CHECK_OK(rmdir("d/e"));
    CHECK_EQ(stat_often("d").st_nlink, links);
    CHECK_OK(rmdir("d"));
    expect_none("d", ENOENT);
}

TEST(cached, create_opens_what_is_there)
{
    struct stat a, b;
    int fd;

    write_file("f", "text");
    expect_text("f", "text");
    for (int i = 0; i < 3; i++) {
        fd = CHECK_FD(open("f", O_CREAT | O_RDONLY, 0600));
        CHECK_OK(fstat(fd, &a));
        CHECK_OK(stat("f", &b));
        CHECK_EQ(a.st_ino, b.st_ino);
        CHECK_EQ(a.st_mode & 07777, 0644);
        CHECK_OK(close(fd));
    }
    CHECK_ERR(open("f", O_CREAT | O_EXCL | O_RDONLY, 0600), EEXIST);
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(close(CHECK_FD(open("d", O_RDONLY))));
    CHECK_ERR(open("d", O_CREAT | O_RDONLY, 0600), EISDIR);
    CHECK_ERR(open("none", O_RDONLY), ENOENT);
    CHECK_OK(close(CHECK_FD(open("none", O_CREAT | O_RDONLY, 0600))));
    CHECK_OK(close(CHECK_FD(open("none", O_RDONLY))));
}

/* What a deleted file held comes back at once, though it was looked at often: a full mount has room again. */
TEST(cached, a_removed_file_gives_its_room_back)
{
    char block[4096];

    memset(block, 7, sizeof block);
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("none", "m", "tmpfs", 0, "size=64k"));
    for (int round = 0; round < 10; round++) {
        const char *name = round % 2 ? "m/a" : "m/b";
        int fd = CHECK_FD(open(name, O_CREAT | O_WRONLY, 0644));

        for (int i = 0; i < 14; i++)
            CHECK_EQ(write(fd, block, sizeof block), (ssize_t)sizeof block);
        CHECK_OK(close(fd));
        for (int i = 0; i < 3; i++)
            CHECK_OK(close(CHECK_FD(open(name, O_RDONLY))));
        CHECK_EQ(stat_often(name).st_size, 14 * 4096);
        if (round % 3 == 0) {
            CHECK_OK(close(CHECK_FD(open("m/empty", O_CREAT | O_WRONLY, 0644))));
            CHECK_OK(rename("m/empty", name));
        }
        CHECK_OK(unlink(name));
    }
    CHECK_OK(umount("m"));
}

/* One process replaces a name for ever, another must always find one of the two files, whole. */
TEST(cached, a_name_that_is_replaced_is_never_missing)
{
    int64_t until = test_now_ms() + 700;
    pid_t pid;
    int status;

    write_file("f", "one");
    pid = fork();
    if (pid == 0) {
        while (test_now_ms() < until) {
            write_file("new", "two");
            CHECK_OK(rename("new", "f"));
            write_file("new", "one");
            CHECK_OK(rename("new", "f"));
        }
        _exit(0);
    }
    CHECK_GT(pid, 0);
    while (test_now_ms() < until) {
        char buf[8] = {0};
        struct stat st;
        int fd = CHECK_FD(open("f", O_RDONLY));

        CHECK_EQ(read(fd, buf, sizeof buf), 3);
        CHECK(strcmp(buf, "one") == 0 || strcmp(buf, "two") == 0);
        CHECK_OK(close(fd));
        CHECK_OK(stat("f", &st));
        CHECK_EQ(st.st_size, 3);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
}
