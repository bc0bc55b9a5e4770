/* The two sides of a pty: opening, names, closing, hanging up. */
#include "pty.h"

#include <dirent.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

static bool listed(const char *name)
{
    DIR *dir = opendir("/dev/pts");
    struct dirent *d;
    bool found = false;

    CHECK(dir);
    while ((d = readdir(dir)))
        found |= !strcmp(d->d_name, name);
    closedir(dir);
    return found;
}

TEST(terminal, a_pty_has_a_name_while_its_master_is_open)
{
    struct pty p = pty_open();
    struct stat st;

    CHECK_OK(stat(p.name, &st));
    CHECK(S_ISCHR(st.st_mode));
    CHECK_EQ(major(st.st_rdev), 136);
    CHECK_EQ((int)minor(st.st_rdev), p.number);
    CHECK(listed(p.name + strlen("/dev/pts/")));
    CHECK_OK(close(p.master));
    CHECK_ERR(stat(p.name, &st), ENOENT);
    CHECK(!listed(p.name + strlen("/dev/pts/")));
}

TEST(terminal, a_name_belongs_to_who_opened_the_master)
{
    struct stat st;
    struct pty p;

    CHECK_OK(setegid(77));
    CHECK_OK(seteuid(1234));
    p = pty_open();
    CHECK_OK(fstat(p.slave, &st));
    CHECK_EQ(st.st_uid, 1234);
    CHECK_EQ(st.st_gid, 77);
    CHECK_EQ(st.st_mode, S_IFCHR | 0600);
}

TEST(terminal, the_lowest_free_number_is_taken)
{
    struct pty a = pty_open(), b = pty_open(), c;
    int number = a.number;

    CHECK_EQ(b.number, a.number + 1);
    close(a.slave);
    close(a.master);
    c = pty_open();
    CHECK_EQ(c.number, number);
}

TEST(terminal, a_number_is_not_given_again_while_a_slave_is_open)
{
    struct pty a = pty_open(), b;

    close(a.master);
    b = pty_open();
    CHECK_NE(b.number, a.number);
    close(a.slave);
}

TEST(terminal, a_locked_slave_cannot_be_opened)
{
    int on = 1, off = 0, is = 7;
    struct pty p = pty_open();

    CHECK_OK(ioctl(p.master, TIOCGPTLCK, &is));
    CHECK_EQ(is, 0);
    CHECK_OK(ioctl(p.master, TIOCSPTLCK, &on));
    CHECK_OK(ioctl(p.master, TIOCGPTLCK, &is));
    CHECK_EQ(is, 1);
    CHECK_ERR(open(p.name, O_RDWR | O_NOCTTY), EIO);
    CHECK_OK(ioctl(p.master, TIOCSPTLCK, &off));
    CHECK_FD(open(p.name, O_RDWR | O_NOCTTY));
}

TEST(terminal, a_new_pty_is_locked)
{
    int fd = CHECK_FD(open("/dev/ptmx", O_RDWR | O_NOCTTY)), n;
    char name[32];

    CHECK_OK(ioctl(fd, TIOCGPTN, &n));
    snprintf(name, sizeof name, "/dev/pts/%d", n);
    CHECK_ERR(open(name, O_RDWR | O_NOCTTY), EIO);
    CHECK_ERR(ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY), EIO);
}

TEST(terminal, libc_opens_a_pty)
{
    int master = CHECK_FD(posix_openpt(O_RDWR | O_NOCTTY)), slave;
    char *name;

    CHECK_OK(grantpt(master));
    CHECK_OK(unlockpt(master));
    name = ptsname(master);
    CHECK(name);
    slave = CHECK_FD(open(name, O_RDWR | O_NOCTTY));
    CHECK(isatty(slave));
    CHECK_STR(ttyname(slave), name);
}

TEST(terminal, the_peer_opens_without_a_name)
{
    struct pty p = pty_open();
    struct stat a, b;
    int fd = CHECK_FD(ioctl(p.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));

    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_OK(fstat(fd, &a));
    CHECK_OK(fstat(p.slave, &b));
    CHECK_EQ(a.st_ino, b.st_ino);
    CHECK_EQ(a.st_rdev, b.st_rdev);
    CHECK_ERR(ioctl(p.slave, TIOCGPTPEER, O_RDWR), EIO);
}

TEST(terminal, only_masters_know_of_ptys)
{
    struct pty p = pty_open();
    int n = 0;

    CHECK_ERR(ioctl(p.slave, TIOCGPTN, &n), ENOTTY);
    CHECK_ERR(ioctl(p.slave, TIOCSPTLCK, &n), ENOTTY);
    CHECK_ERR(ioctl(p.slave, TIOCPKT, &n), ENOTTY);
    CHECK_ERR(ioctl(p.slave, TIOCSIG, SIGINT), ENOTTY);
    CHECK_ERR(ioctl(p.master, TIOCGPTN, (void *)8), EFAULT);
}

TEST(terminal, the_master_is_the_ptmx_device)
{
    struct pty p = pty_open();
    struct stat st;

    CHECK_OK(fstat(p.master, &st));
    CHECK_EQ(st.st_rdev, makedev(5, 2));
    CHECK(isatty(p.master));
    CHECK_ERR(lseek(p.master, 0, SEEK_SET), ESPIPE);
    CHECK_ERR(lseek(p.slave, 0, SEEK_CUR), ESPIPE);
}

TEST(terminal, each_opening_of_ptmx_is_a_new_pty)
{
    struct pty a = pty_open(), b = pty_open();

    CHECK_NE(a.number, b.number);
    pty_raw(a.slave, 1, 0);
    pty_raw(b.slave, 1, 0);
    pty_type(&a, "one");
    pty_type(&b, "two");
    PTY_READS(a.slave, "one");
    PTY_READS(b.slave, "two");
}

TEST(terminal, the_ptmx_in_devpts_works_too)
{
    int fd = CHECK_FD(open("/dev/pts/ptmx", O_RDWR | O_NOCTTY)), n;

    CHECK_OK(ioctl(fd, TIOCGPTN, &n));
    CHECK_GE(n, 0);
}

TEST(terminal, devpts_is_a_file_system_of_its_own)
{
    struct statfs fs;
    struct stat st, root;

    CHECK_OK(statfs("/dev/pts", &fs));
    CHECK_EQ(fs.f_type, 0x1cd1);
    CHECK_OK(stat("/dev/pts", &st));
    CHECK_EQ(st.st_mode, S_IFDIR | 0755);
    CHECK_OK(stat("/dev", &root));
    CHECK_NE(st.st_dev, root.st_dev);
    CHECK_ERR(open("/dev/pts/new", O_CREAT | O_RDWR, 0600), EACCES);
    CHECK_ERR(mkdir("/dev/pts/new", 0700), EPERM);
    CHECK_ERR(symlink("x", "/dev/pts/new"), EPERM);
    CHECK_ERR(mknod("/dev/pts/new", S_IFCHR | 0600, makedev(136, 0)), EPERM);
}

TEST(terminal, a_name_cannot_be_removed_or_renamed)
{
    struct pty p = pty_open();

    CHECK_ERR(unlink(p.name), EPERM);
    CHECK_ERR(rename(p.name, "/dev/pts/other"), EPERM);
    CHECK_ERR(link(p.name, "/dev/pts/other"), EPERM);
    CHECK_OK(access(p.name, F_OK));
}

TEST(terminal, a_name_has_permissions)
{
    struct pty p = pty_open();
    struct stat st;

    CHECK_OK(chmod(p.name, 0622));
    CHECK_OK(chown(p.name, 5, 6));
    CHECK_OK(fstat(p.slave, &st));
    CHECK_EQ(st.st_mode, S_IFCHR | 0622);
    CHECK_EQ(st.st_uid, 5);
    CHECK_EQ(st.st_gid, 6);
    CHECK_OK(chmod(p.name, 0600));
    CHECK_IN_CHILD({
        CHECK_OK(setuid(4000));
        CHECK_ERR(open(p.name, O_RDWR | O_NOCTTY), EACCES);
    });
}

TEST(terminal, a_node_elsewhere_is_no_way_to_a_pty)
{
    struct pty p = pty_open();

    CHECK_OK(mknod("node", S_IFCHR | 0600, makedev(136, (unsigned)p.number)));
    CHECK_ERR(open("node", O_RDWR | O_NOCTTY), EIO);
}

TEST(terminal, what_the_slave_writes_the_master_reads)
{
    struct pty p = pty_open();

    CHECK_EQ(write(p.slave, "hello\n", 6), 6);
    PTY_READS(p.master, "hello\r\n");
    PTY_SILENT(p.master);
}

TEST(terminal, what_the_master_writes_is_echoed_and_read)
{
    struct pty p = pty_open();

    pty_type(&p, "typed\r");
    PTY_SHOWS(p.master, "typed\r\n");
    PTY_READS(p.slave, "typed\n");
}

TEST(terminal, typing_before_the_slave_is_opened_is_kept)
{
    int fd = CHECK_FD(open("/dev/ptmx", O_RDWR | O_NOCTTY)), slave, unlock = 0;

    CHECK_EQ(write(fd, "early\n", 6), 6);
    PTY_SHOWS(fd, "early\r\n");
    CHECK_OK(ioctl(fd, TIOCSPTLCK, &unlock));
    slave = CHECK_FD(ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY));
    PTY_READS(slave, "early\n");
}

TEST(terminal, the_master_waits_before_the_first_slave)
{
    int fd = CHECK_FD(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK));
    struct pollfd one = {.fd = fd, .events = POLLIN | POLLOUT};
    char c;

    CHECK_ERR(read(fd, &c, 1), EAGAIN);
    CHECK_EQ(poll(&one, 1, 0), 1);
    CHECK_EQ(one.revents, POLLOUT);
}

TEST(terminal, the_master_gets_eio_after_the_last_slave)
{
    struct pty p = pty_open();
    int other = CHECK_FD(dup(p.slave)), again = CHECK_FD(open(p.name, O_RDWR | O_NOCTTY));
    struct pollfd one = {.fd = p.master, .events = POLLIN};
    char c;

    CHECK_EQ(write(p.slave, "last", 4), 4);
    close(p.slave);
    close(other);
    CHECK_EQ(poll(&one, 1, 0), 1);
    CHECK_EQ(one.revents, POLLIN);
    close(again);
    CHECK_EQ(poll(&one, 1, 0), 1);
    CHECK_EQ(one.revents, POLLIN | POLLHUP);
    PTY_READS(p.master, "last");
    CHECK_ERR(read(p.master, &c, 1), EIO);
    CHECK_EQ(poll(&one, 1, 0), 1);
    CHECK_EQ(one.revents, POLLHUP);
}

TEST(terminal, a_slave_that_comes_back_ends_the_eio)
{
    struct pty p = pty_open();
    char c;

    close(p.slave);
    CHECK_ERR(read(p.master, &c, 1), EIO);
    p.slave = CHECK_FD(open(p.name, O_RDWR | O_NOCTTY));
    CHECK_EQ(write(p.slave, "back", 4), 4);
    PTY_READS(p.master, "back");
    PTY_SILENT(p.master);
}

TEST(terminal, modes_and_input_outlive_the_last_slave)
{
    struct pty p = pty_open();

    pty_raw(p.slave, 1, 0);
    close(p.slave);
    pty_type(&p, "kept");
    p.slave = CHECK_FD(open(p.name, O_RDWR | O_NOCTTY));
    CHECK_EQ(pty_mode(p.slave).c_lflag & ICANON, 0);
    PTY_READS(p.slave, "kept");
}

TEST(terminal, a_waiting_master_is_woken_by_the_last_close)
{
    for (int i = 0; i < 20; i++) {
        struct pty p = pty_open();
        pid_t child = CHILD({
            char c;

            close(p.slave);
            CHECK_ERR(read(p.master, &c, 1), EIO);
        });

        if (i % 2)
            test_sleep_ms(5);
        close(p.slave);
        CHECK_EXIT(child, 0);
        close(p.master);
    }
}

TEST(terminal, a_waiting_slave_is_woken_by_the_masters_end)
{
    for (int i = 0; i < 20; i++) {
        struct pty p = pty_open();
        pid_t child = CHILD({
            char c;
            ssize_t n;

            close(p.master);
            n = read(p.slave, &c, 1);
            CHECK(n == 0 || (n < 0 && errno == EIO));
            while ((n = read(p.slave, &c, 1)) < 0) /* the master's close is not done yet */
                CHECK_EQ(errno, EIO);
            CHECK_EQ(n, 0);
        });

        if (i % 2)
            test_sleep_ms(5);
        close(p.master);
        CHECK_EXIT(child, 0);
        close(p.slave);
    }
}

TEST(terminal, a_slave_without_master_is_hung_up)
{
    struct pty p = pty_open();
    struct pollfd one = {.fd = p.slave, .events = POLLIN | POLLOUT};
    struct termios mode;
    int group = 1;
    char c;

    pty_type(&p, "lost\n");
    PTY_SHOWS(p.master, "lost\r\n");
    close(p.master);
    CHECK_EQ(read(p.slave, &c, 1), 0);
    CHECK_ERR(write(p.slave, "x", 1), EIO);
    CHECK_EQ(poll(&one, 1, 0), 1);
    CHECK_EQ(one.revents, POLLIN | POLLOUT | POLLERR | POLLHUP);
    CHECK_ERR(tcgetattr(p.slave, &mode), EIO);
    CHECK_ERR(ioctl(p.slave, TIOCSPGRP, &group), ENOTTY);
    CHECK_ERR(open(p.name, O_RDWR), ENOENT);
}

TEST(terminal, a_hung_up_slave_opens_again_by_no_path)
{
    struct pty p = pty_open();
    char path[64];

    snprintf(path, sizeof path, "/proc/self/fd/%d", p.slave);
    close(p.master);
    CHECK_ERR(open(path, O_RDWR | O_NOCTTY), EIO);
}

TEST(terminal, the_masters_number_is_no_terminal_of_its_own)
{
    struct pty p = pty_open();
    struct termios mode = pty_mode(p.master);

    /* A master's attributes are the slave's. */
    mode.c_lflag &= ~(tcflag_t)ECHO;
    CHECK_OK(tcsetattr(p.master, TCSANOW, &mode));
    CHECK_EQ(pty_mode(p.slave).c_lflag & ECHO, 0);
}

TEST(terminal, fifty_ptys_at_once)
{
    struct pty p[50];

    for (int i = 0; i < 50; i++)
        p[i] = pty_open();
    for (int i = 0; i < 50; i++) {
        char text[8];

        snprintf(text, sizeof text, "n%d", i);
        CHECK_EQ(write(p[i].slave, text, strlen(text)), (ssize_t)strlen(text));
    }
    for (int i = 49; i >= 0; i--) {
        char text[8];

        snprintf(text, sizeof text, "n%d", i);
        PTY_READS(p[i].master, text);
        close(p[i].slave);
        close(p[i].master);
    }
}

/* Writes `size` bytes, each told by its place, `piece` at a time. */
static void pour(int fd, int size, int piece)
{
    char out[2000];

    for (int done = 0; done < size;) {
        int n = size - done < piece ? size - done : piece;

        for (int i = 0; i < n; i++)
            out[i] = (char)((done + i) * 7);
        CHECK_EQ(write(fd, out, (size_t)n), n);
        done += n;
    }
}

/* Reads as many, at most `piece` at a time, and looks at each. */
static void drink(int fd, int size, size_t piece)
{
    char in[3000];

    for (int at = 0; at < size;) {
        ssize_t n = read(fd, in, piece);

        CHECK_GT(n, 0);
        for (ssize_t i = 0; i < n; i++, at++)
            CHECK_EQ(in[i], (char)(at * 7));
    }
}

TEST(terminal, a_pty_carries_a_megabyte_unharmed)
{
    struct pty p = pty_open();
    pid_t child;

    pty_raw(p.slave, 1, 0);
    child = CHILD(pour(p.slave, 1 << 20, 2000));
    close(p.slave);
    drink(p.master, 1 << 20, 3000);
    CHECK_EXIT(child, 0);
}

TEST(terminal, typing_a_lot_reaches_a_slow_reader)
{
    struct pty p = pty_open();
    pid_t child;

    pty_raw(p.slave, 1, 0);
    child = CHILD(pour(p.master, 200000, 1500));
    drink(p.slave, 200000, 777);
    CHECK_EXIT(child, 0);
}

TEST(terminal, a_full_pty_is_not_writable)
{
    struct pty p = pty_open();
    struct pollfd out = {.fd = p.slave, .events = POLLOUT};
    char block[1024] = {0};
    size_t total = 0;
    ssize_t n;

    pty_raw(p.slave, 1, 0);
    CHECK_OK(fcntl(p.slave, F_SETFL, O_NONBLOCK));
    while ((n = write(p.slave, block, sizeof block)) > 0)
        total += (size_t)n;
    CHECK_EQ(errno, EAGAIN);
    CHECK_GE(total, 4096);
    CHECK_EQ(poll(&out, 1, 0), 0);
    CHECK_OK(fcntl(p.master, F_SETFL, O_NONBLOCK));
    while ((n = read(p.master, block, sizeof block)) > 0)
        total -= (size_t)n;
    CHECK_EQ(total, 0);
    CHECK_EQ(poll(&out, 1, 2000), 1);
}

TEST(terminal, exclusive_terminals_open_for_root_only)
{
    struct pty p = pty_open();
    int is = 0;

    CHECK_OK(chmod(p.name, 0666));
    CHECK_OK(ioctl(p.slave, TIOCEXCL));
    CHECK_OK(ioctl(p.slave, TIOCGEXCL, &is));
    CHECK_EQ(is, 1);
    CHECK_FD(open(p.name, O_RDWR | O_NOCTTY));
    CHECK_IN_CHILD({
        CHECK_OK(setuid(4000));
        CHECK_ERR(open(p.name, O_RDWR | O_NOCTTY), EBUSY);
    });
    CHECK_OK(ioctl(p.slave, TIOCNXCL));
    CHECK_IN_CHILD({
        CHECK_OK(setuid(4000));
        CHECK_FD(open(p.name, O_RDWR | O_NOCTTY));
    });
}

TEST(terminal, a_terminals_device_number_can_be_asked)
{
    struct pty p = pty_open();
    unsigned dev = 0;

    CHECK_OK(ioctl(p.slave, TIOCGDEV, &dev));
    CHECK_EQ(dev, 136u << 8 | (unsigned)p.number);
    CHECK_OK(ioctl(p.master, TIOCGDEV, &dev));
    CHECK_EQ(dev, 136u << 8 | (unsigned)p.number);
}
