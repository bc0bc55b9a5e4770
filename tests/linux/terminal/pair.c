/* Ptys: opening them, their names and numbers, who may. */
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
