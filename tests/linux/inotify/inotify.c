/*
 * inotify(7).
 */
#include "test.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/xattr.h>

static char buffer[65536] __attribute__((aligned(8)));
static ssize_t have, at;
static int in;
static uint32_t cookie;

static void begin(void)
{
    in = CHECK_FD(inotify_init1(IN_NONBLOCK));
}

/* The next event, or NULL. */
static const struct inotify_event *next(void)
{
    const struct inotify_event *e;

    if (at >= have) {
        at = 0;
        have = read(in, buffer, sizeof buffer);
        if (have < 0) {
            CHECK_EQ(errno, EAGAIN);
            have = 0;
            return NULL;
        }
    }
    e = (const struct inotify_event *)(buffer + at);
    at += (ssize_t)(sizeof *e + e->len);
    return e;
}

static void expect_at(int line, int wd, uint32_t mask, const char *name)
{
    const struct inotify_event *e = next();

    if (!e)
        test_fail(__FILE__, line, "no event, but %#x wanted", mask);
    if (e->wd != wd || e->mask != mask || strcmp(e->len ? e->name : "", name))
        test_fail(__FILE__, line, "wd %d mask %#x \"%s\", not %d %#x \"%s\"", e->wd, e->mask,
                  e->len ? e->name : "", wd, mask, name);
    cookie = e->cookie;
}

static void nothing_at(int line)
{
    const struct inotify_event *e = next();

    if (e)
        test_fail(__FILE__, line, "wd %d mask %#x \"%s\" is one too many", e->wd, e->mask,
                  e->len ? e->name : "");
}

#define EXPECT(wd, mask, name) expect_at(__LINE__, wd, mask, name)
#define NOTHING()              nothing_at(__LINE__)

static int watch(const char *path, uint32_t mask)
{
    return CHECK_FD(inotify_add_watch(in, path, mask));
}

TEST(inotify, arguments)
{
    int fd = test_file("file", "", 0);

    CHECK_ERR(inotify_init1(1), EINVAL);
    begin();
    CHECK_ERR(inotify_add_watch(99, ".", IN_OPEN), EBADF);
    CHECK_ERR(inotify_add_watch(fd, ".", IN_OPEN), EINVAL);
    CHECK_ERR(inotify_add_watch(in, ".", 0), EINVAL);
    CHECK_ERR(inotify_add_watch(in, ".", 0x00100000), EINVAL);
    CHECK_ERR(inotify_add_watch(in, ".", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE), EINVAL);
    CHECK_ERR(inotify_add_watch(in, "missing", IN_OPEN), ENOENT);
    CHECK_ERR(inotify_add_watch(in, NULL, IN_OPEN), EFAULT);
    CHECK_ERR(inotify_add_watch(in, "file", IN_OPEN | IN_ONLYDIR), ENOTDIR);
    CHECK_ERR(inotify_rm_watch(in, 1), EINVAL);
    CHECK_ERR(inotify_rm_watch(fd, 1), EINVAL);
    CHECK_ERR(inotify_rm_watch(99, 1), EBADF);
}

TEST(inotify, flags_of_init1)
{
    char c[64];
    int fd = CHECK_FD(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));

    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(fd, F_GETFL) & ~0100000, O_NONBLOCK);
    CHECK_ERR(read(fd, c, sizeof c), EAGAIN);
    CHECK_ERR(write(fd, c, 1), EBADF);
    CHECK_EQ(fcntl(CHECK_FD(inotify_init()), F_GETFD), 0);
}

TEST(inotify, watching_needs_read_permission)
{
    close(test_file("file", "", 0));
    CHECK_OK(chmod("file", 0600));
    begin();
    CHECK_IN_CHILD({
        CHECK_OK(setresuid(65534, 65534, 65534));
        CHECK_ERR(inotify_add_watch(in, "file", IN_OPEN), EACCES);
        CHECK_OK(access(".", X_OK));
    });
}

TEST(inotify, names_come_and_go)
{
    int wd;

    begin();
    wd = watch(".", IN_CREATE | IN_DELETE);
    close(CHECK_FD(open("file", O_WRONLY | O_CREAT, 0644)));
    EXPECT(wd, IN_CREATE, "file");
    CHECK_OK(mkdir("dir", 0755));
    EXPECT(wd, IN_CREATE | IN_ISDIR, "dir");
    CHECK_OK(symlink("file", "link"));
    EXPECT(wd, IN_CREATE, "link");
    CHECK_OK(link("file", "hard"));
    EXPECT(wd, IN_CREATE, "hard");
    CHECK_OK(mkfifo("fifo", 0600));
    EXPECT(wd, IN_CREATE, "fifo");
    CHECK_OK(unlink("file"));
    EXPECT(wd, IN_DELETE, "file");
    CHECK_OK(rmdir("dir"));
    EXPECT(wd, IN_DELETE | IN_ISDIR, "dir");
    CHECK_OK(unlink("link"));
    EXPECT(wd, IN_DELETE, "link");
    NOTHING();
}

TEST(inotify, what_is_done_to_a_file_is_told_to_its_folder)
{
    char c;
    int wd, fd;

    begin();
    wd = watch(".", IN_ALL_EVENTS);
    fd = CHECK_FD(open("file", O_RDWR | O_CREAT, 0644));
    EXPECT(wd, IN_CREATE, "file");
    EXPECT(wd, IN_OPEN, "file");
    CHECK_EQ(write(fd, "abc", 3), 3);
    EXPECT(wd, IN_MODIFY, "file");
    CHECK_EQ(pread(fd, &c, 1, 0), 1);
    EXPECT(wd, IN_ACCESS, "file");
    CHECK_EQ(pread(fd, &c, 1, 100), 0);
    NOTHING();
    CHECK_OK(ftruncate(fd, 1));
    EXPECT(wd, IN_MODIFY, "file");
    CHECK_OK(fchmod(fd, 0600));
    EXPECT(wd, IN_ATTRIB, "file");
    CHECK_OK(close(fd));
    EXPECT(wd, IN_CLOSE_WRITE, "file");
    fd = CHECK_FD(open("file", O_RDONLY));
    EXPECT(wd, IN_OPEN, "file");
    CHECK_OK(close(fd));
    EXPECT(wd, IN_CLOSE_NOWRITE, "file");
    NOTHING();
}

TEST(inotify, what_is_done_to_a_file_that_is_watched)
{
    char c;
    int wd, fd = test_file("file", "abc", 3);

    begin();
    wd = watch("file", IN_ALL_EVENTS);
    CHECK_EQ(read(fd, &c, 1), 1);
    EXPECT(wd, IN_ACCESS, "");
    CHECK_EQ(write(fd, &c, 1), 1);
    EXPECT(wd, IN_MODIFY, "");
    CHECK_OK(link("file", "other"));
    EXPECT(wd, IN_ATTRIB, "");
    CHECK_OK(unlink("other"));
    EXPECT(wd, IN_ATTRIB, "");
    CHECK_OK(rename("file", "moved"));
    EXPECT(wd, IN_MOVE_SELF, "");
    CHECK_OK(chown("moved", 1, 1));
    EXPECT(wd, IN_ATTRIB, "");
    CHECK_OK(setxattr("moved", "trusted.a", "1", 1, 0));
    EXPECT(wd, IN_ATTRIB, "");
    close(fd);
    EXPECT(wd, IN_CLOSE_WRITE, "");
    NOTHING();
}

TEST(inotify, times_are_attributes_or_accesses)
{
    struct timespec t[2] = {{1, 0}, {0, UTIME_OMIT}};
    int wd;

    close(test_file("file", "abc", 3));
    begin();
    wd = watch("file", IN_ALL_EVENTS);
    CHECK_OK(utimensat(AT_FDCWD, "file", NULL, 0));
    EXPECT(wd, IN_ATTRIB, "");
    CHECK_OK(utimensat(AT_FDCWD, "file", t, 0));
    EXPECT(wd, IN_ACCESS, "");
    t[0].tv_nsec = UTIME_OMIT;
    t[1] = (struct timespec){1, 0};
    CHECK_OK(utimensat(AT_FDCWD, "file", t, 0));
    EXPECT(wd, IN_MODIFY, "");
    CHECK_OK(truncate("file", 10));
    EXPECT(wd, IN_MODIFY, "");
    close(CHECK_FD(open("file", O_WRONLY | O_TRUNC)));
    EXPECT(wd, IN_MODIFY, "");
    EXPECT(wd, IN_OPEN, "");
    EXPECT(wd, IN_CLOSE_WRITE, "");
    NOTHING();
}

TEST(inotify, moves_are_paired_by_a_cookie)
{
    int a, b;
    uint32_t first;

    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("b", 0755));
    close(test_file("a/x", "", 0));
    begin();
    a = watch("a", IN_ALL_EVENTS & ~(IN_OPEN | IN_CLOSE));
    b = watch("b", IN_ALL_EVENTS & ~(IN_OPEN | IN_CLOSE));
    CHECK_OK(rename("a/x", "b/y"));
    EXPECT(a, IN_MOVED_FROM, "x");
    first = cookie;
    CHECK_NE(first, 0);
    EXPECT(b, IN_MOVED_TO, "y");
    CHECK_EQ(cookie, first);
    CHECK_OK(rename("b/y", "b/z"));
    EXPECT(b, IN_MOVED_FROM, "y");
    CHECK_NE(cookie, first);
    first = cookie;
    EXPECT(b, IN_MOVED_TO, "z");
    CHECK_EQ(cookie, first);
    CHECK_OK(mkdir("a/sub", 0755));
    EXPECT(a, IN_CREATE | IN_ISDIR, "sub");
    CHECK_EQ(cookie, 0);
    CHECK_OK(rename("a/sub", "b/sub"));
    EXPECT(a, IN_MOVED_FROM | IN_ISDIR, "sub");
    EXPECT(b, IN_MOVED_TO | IN_ISDIR, "sub");
    NOTHING();
}

TEST(inotify, exchange_is_two_moves)
{
    int a;

    CHECK_OK(mkdir("a", 0755));
    close(test_file("a/x", "", 0));
    close(test_file("a/y", "", 0));
    begin();
    a = watch("a", IN_MOVE);
    CHECK_OK(syscall(SYS_renameat2, AT_FDCWD, "a/x", AT_FDCWD, "a/y", 2));
    EXPECT(a, IN_MOVED_FROM, "x");
    EXPECT(a, IN_MOVED_TO, "y");
    EXPECT(a, IN_MOVED_FROM, "y");
    EXPECT(a, IN_MOVED_TO, "x");
    NOTHING();
}

TEST(inotify, a_file_that_is_replaced_goes)
{
    int wd;

    close(test_file("old", "", 0));
    close(test_file("new", "", 0));
    begin();
    wd = watch("old", IN_ALL_EVENTS);
    CHECK_OK(rename("new", "old"));
    EXPECT(wd, IN_ATTRIB, "");
    EXPECT(wd, IN_DELETE_SELF, "");
    EXPECT(wd, IN_IGNORED, "");
    NOTHING();
    CHECK_ERR(inotify_rm_watch(in, wd), EINVAL);
}

TEST(inotify, the_last_of_an_open_file_comes_when_it_is_closed)
{
    int wd, fd = test_file("file", "", 0);

    begin();
    wd = watch("file", IN_ALL_EVENTS);
    CHECK_OK(unlink("file"));
    EXPECT(wd, IN_ATTRIB, "");
    NOTHING();
    CHECK_EQ(write(fd, "x", 1), 1);
    EXPECT(wd, IN_MODIFY, "");
    CHECK_OK(close(fd));
    EXPECT(wd, IN_CLOSE_WRITE, "");
    EXPECT(wd, IN_DELETE_SELF, "");
    EXPECT(wd, IN_IGNORED, "");
    NOTHING();
}

TEST(inotify, a_folder_that_is_removed)
{
    int wd;

    CHECK_OK(mkdir("dir", 0755));
    begin();
    wd = watch("dir", IN_ALL_EVENTS);
    CHECK_OK(rmdir("dir"));
    EXPECT(wd, IN_DELETE_SELF, "");
    EXPECT(wd, IN_IGNORED, "");
    NOTHING();
}

TEST(inotify, a_folder_itself)
{
    char names[1024];
    int wd, fd;

    CHECK_OK(mkdir("dir", 0755));
    begin();
    wd = watch("dir", IN_ALL_EVENTS);
    fd = CHECK_FD(open("dir", O_RDONLY));
    EXPECT(wd, IN_OPEN | IN_ISDIR, "");
    CHECK_GT(syscall(SYS_getdents64, fd, names, sizeof names), 0);
    EXPECT(wd, IN_ACCESS | IN_ISDIR, "");
    close(fd);
    EXPECT(wd, IN_CLOSE_NOWRITE | IN_ISDIR, "");
    CHECK_OK(chmod("dir", 0700));
    EXPECT(wd, IN_ATTRIB | IN_ISDIR, "");
    CHECK_OK(rename("dir", "folder"));
    EXPECT(wd, IN_MOVE_SELF, "");
    NOTHING();
}

TEST(inotify, the_mask_chooses)
{
    int wd, fd;

    close(test_file("file", "abc", 3));
    begin();
    wd = watch("file", IN_MODIFY);
    fd = CHECK_FD(open("file", O_RDWR));
    CHECK_EQ(write(fd, "x", 1), 1);
    close(fd);
    EXPECT(wd, IN_MODIFY, "");
    NOTHING();
}

TEST(inotify, the_same_file_has_one_watch)
{
    int wd;

    close(test_file("file", "abc", 3));
    CHECK_OK(link("file", "other"));
    begin();
    wd = watch("file", IN_OPEN);
    CHECK_EQ(watch("other", IN_ATTRIB), wd);
    close(CHECK_FD(open("file", O_RDONLY)));
    NOTHING();
    CHECK_EQ(watch("file", IN_OPEN | IN_MASK_ADD), wd);
    close(CHECK_FD(open("file", O_RDONLY)));
    EXPECT(wd, IN_OPEN, "");
    CHECK_OK(chmod("file", 0600));
    EXPECT(wd, IN_ATTRIB, "");
    CHECK_ERR(inotify_add_watch(in, "file", IN_OPEN | IN_MASK_CREATE), EEXIST);
    NOTHING();
}

TEST(inotify, removing_a_watch_says_so)
{
    int wd, again;

    close(test_file("file", "abc", 3));
    begin();
    wd = watch("file", IN_OPEN);
    close(CHECK_FD(open("file", O_RDONLY)));
    CHECK_OK(inotify_rm_watch(in, wd));
    EXPECT(wd, IN_OPEN, "");
    EXPECT(wd, IN_IGNORED, "");
    close(CHECK_FD(open("file", O_RDONLY)));
    NOTHING();
    again = watch("file", IN_OPEN);
    CHECK_NE(again, wd);
}

TEST(inotify, oneshot_is_once)
{
    int wd;

    close(test_file("file", "abc", 3));
    begin();
    wd = watch("file", IN_OPEN | IN_ONESHOT);
    close(CHECK_FD(open("file", O_RDONLY)));
    close(CHECK_FD(open("file", O_RDONLY)));
    EXPECT(wd, IN_OPEN, "");
    EXPECT(wd, IN_IGNORED, "");
    NOTHING();
}

TEST(inotify, links_are_followed_unless_told)
{
    int file, link;

    close(test_file("file", "abc", 3));
    CHECK_OK(symlink("file", "link"));
    begin();
    file = watch("link", IN_ALL_EVENTS);
    link = watch("link", IN_ALL_EVENTS | IN_DONT_FOLLOW);
    CHECK_NE(file, link);
    close(CHECK_FD(open("link", O_RDONLY)));
    EXPECT(file, IN_OPEN, "");
    EXPECT(file, IN_CLOSE_NOWRITE, "");
    CHECK_OK(lchown("link", 1, 1));
    EXPECT(link, IN_ATTRIB, "");
    NOTHING();
}

TEST(inotify, unlinked_children_are_told_unless_excluded)
{
    int wd, fd;

    begin();
    wd = watch(".", IN_MODIFY | IN_DELETE);
    fd = test_file("file", "", 0);
    CHECK_OK(unlink("file"));
    EXPECT(wd, IN_DELETE, "file");
    CHECK_EQ(write(fd, "x", 1), 1);
    EXPECT(wd, IN_MODIFY, "file");
    CHECK_EQ(watch(".", IN_MODIFY | IN_DELETE | IN_EXCL_UNLINK), wd);
    CHECK_EQ(write(fd, "x", 1), 1);
    NOTHING();
}

TEST(inotify, equal_events_behind_each_other_are_one)
{
    int wd, fd = test_file("file", "", 0), n;

    begin();
    wd = watch("file", IN_MODIFY | IN_ATTRIB);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(write(fd, "x", 1), 1);
    CHECK_OK(ioctl(in, FIONREAD, &n));
    CHECK_EQ(n, (int)sizeof(struct inotify_event));
    CHECK_OK(fchmod(fd, 0600));
    CHECK_EQ(write(fd, "x", 1), 1);
    EXPECT(wd, IN_MODIFY, "");
    EXPECT(wd, IN_ATTRIB, "");
    EXPECT(wd, IN_MODIFY, "");
    NOTHING();
}

TEST(inotify, names_are_padded)
{
    const struct inotify_event *e;
    int n;

    begin();
    watch(".", IN_CREATE);
    close(test_file("a", "", 0));
    close(test_file("fifteen-letters", "", 0));
    close(test_file("sixteen--letters", "", 0));
    CHECK_OK(ioctl(in, FIONREAD, &n));
    CHECK_EQ(n, 3 * 16 + 16 + 16 + 32);
    e = next();
    CHECK_EQ(e->len, 16);
    e = next();
    CHECK_EQ(e->len, 16);
    e = next();
    CHECK_EQ(e->len, 32);
    CHECK_STR(e->name, "sixteen--letters");
}

TEST(inotify, a_buffer_too_small_for_one_is_einval)
{
    char small[40];

    begin();
    watch(".", IN_CREATE);
    close(test_file("sixteen--letters", "", 0));
    close(test_file("b", "", 0));
    CHECK_ERR(read(in, small, 15), EINVAL);
    CHECK_ERR(read(in, small, sizeof small), EINVAL);
    CHECK_EQ(read(in, buffer, 60), 48);
    CHECK_EQ(read(in, buffer, 60), 32);
    CHECK_ERR(read(in, buffer, 60), EAGAIN);
}

TEST(inotify, poll_and_epoll_wake)
{
    struct pollfd p;
    struct epoll_event e = {.events = EPOLLIN};
    int ep = CHECK_FD(epoll_create1(0)), child;

    begin();
    watch(".", IN_CREATE);
    p = (struct pollfd){.fd = in, .events = POLLIN | POLLOUT};
    CHECK_EQ(poll(&p, 1, 0), 0);
    CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, in, &e));
    for (int round = 0; round < 2; round++) {
        child = CHILD({
            test_sleep_ms(50);
            CHECK_OK(mkdir(round ? "one" : "two", 0755));
        });
        if (round)
            CHECK_EQ(poll(&p, 1, 5000), 1);
        else
            CHECK_EQ(epoll_wait(ep, &e, 1, 5000), 1);
        CHECK_EXIT(child, 0);
        CHECK_GT(read(in, buffer, sizeof buffer), 0);
        CHECK_EQ(epoll_wait(ep, &e, 1, 0), 0);
    }
    CHECK_EQ(p.revents, POLLIN);
}

TEST(inotify, a_reader_waits)
{
    const struct inotify_event *e = (const void *)buffer;
    int child;

    in = CHECK_FD(inotify_init());
    watch(".", IN_CREATE);
    child = CHILD({
        test_sleep_ms(50);
        CHECK_OK(mkdir("dir", 0755));
    });
    CHECK_EQ(read(in, buffer, sizeof buffer), 32);
    CHECK_STR(e->name, "dir");
    CHECK_EXIT(child, 0);
}

TEST(inotify, fork_shares_the_queue)
{
    int wd, child;

    begin();
    wd = watch(".", IN_CREATE);
    child = CHILD({
        CHECK_OK(mkdir("dir", 0755));
        EXPECT(wd, IN_CREATE | IN_ISDIR, "dir");
    });
    CHECK_EXIT(child, 0);
    NOTHING();
}

TEST(inotify, an_overflow_is_told_once)
{
    const struct inotify_event *e;
    char name[32];
    int count = 0;

    begin();
    watch(".", IN_CREATE);
    for (int i = 0; i < 17000; i++) {
        snprintf(name, sizeof name, "f%d", i);
        CHECK_OK(mknod(name, S_IFREG | 0600, 0));
    }
    while ((e = next()) && e->mask == IN_CREATE)
        count++;
    CHECK(e);
    CHECK_EQ(e->mask, IN_Q_OVERFLOW);
    CHECK_EQ(e->wd, -1);
    CHECK_EQ(count, 16384);
    NOTHING();
}

TEST(inotify, an_unmount_ends_watches)
{
    int dir;

    CHECK_OK(mkdir("mnt", 0755));
    CHECK_OK(mount("none", "mnt", "tmpfs", 0, ""));
    close(test_file("mnt/file", "", 0));
    begin();
    dir = watch("mnt", IN_ALL_EVENTS);
    CHECK_OK(umount("mnt"));
    EXPECT(dir, IN_UNMOUNT | IN_ISDIR, "");
    EXPECT(dir, IN_IGNORED, "");
    NOTHING();
}

TEST(inotify, two_instances_hear_the_same)
{
    int a, b, other;

    begin();
    a = watch(".", IN_CREATE);
    other = CHECK_FD(inotify_init1(IN_NONBLOCK));
    b = CHECK_FD(inotify_add_watch(other, ".", IN_CREATE));
    CHECK_OK(mkdir("dir", 0755));
    EXPECT(a, IN_CREATE | IN_ISDIR, "dir");
    in = other;
    EXPECT(b, IN_CREATE | IN_ISDIR, "dir");
}

TEST(inotify, instances_are_limited_for_each_user)
{
    int count = 0;

    while (inotify_init() >= 0)
        CHECK_LE(++count, 4000);
    CHECK_EQ(errno, EMFILE);
    CHECK_GE(count, 100);
}

TEST(inotify, closing_forgets_everything)
{
    for (int i = 0; i < 300; i++) {
        begin();
        watch(".", IN_ALL_EVENTS);
        close(CHECK_FD(open(".", O_RDONLY)));
        close(in);
    }
}

TEST(inotify, a_pipe_between_processes_by_name)
{
    int wd, fd;

    CHECK_OK(mkfifo("fifo", 0600));
    begin();
    wd = watch("fifo", IN_ALL_EVENTS);
    fd = CHECK_FD(open("fifo", O_RDWR));
    EXPECT(wd, IN_OPEN, "");
    CHECK_EQ(write(fd, "abc", 3), 3);
    EXPECT(wd, IN_MODIFY, "");
    CHECK_EQ(read(fd, buffer, 3), 3);
    EXPECT(wd, IN_ACCESS, "");
    close(fd);
    EXPECT(wd, IN_CLOSE_WRITE, "");
    NOTHING();
}

TEST(inotify, o_path_is_no_open)
{
    close(test_file("file", "", 0));
    begin();
    watch("file", IN_ALL_EVENTS);
    close(CHECK_FD(open("file", O_PATH)));
    NOTHING();
}
