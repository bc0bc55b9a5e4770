/*
 * Slaves that are opened while their master closes, and mounts of devpts that fail: what stays behind.
 */
#include "pty.h"

#include <sched.h>
#include <sys/mount.h>

/* A leader without a terminal that opens the slave as soon as it can read from `go`, and looks when `go` has ended. */
static pid_t opener(const struct pty *p, int go[2], bool take)
{
    return CHILD({
        int fd;
        char c;

        close(go[1]);
        close(p->master);
        close(p->slave);
        signal(SIGHUP, SIG_IGN);
        CHECK_FD(setsid());
        CHECK_EQ(read(go[0], &c, 1), 1);
        fd = open(p->name, O_RDWR | (take ? O_NOCTTY : 0));
        if (fd < 0)
            CHECK(errno == EIO || errno == ENOENT);
        if (fd >= 0 && take && ioctl(fd, TIOCSCTTY, 0))
            CHECK_EQ(errno, EIO);
        CHECK_EQ(read(go[0], &c, 1), 0);
        CHECK_EQ(open("/dev/tty", O_RDWR), -1);
        CHECK(errno == ENXIO || (take && errno == EIO)); /* Linux itself may give out a dead one */
        if (fd >= 0) {
            CHECK_ERR(write(fd, "x", 1), EIO);
            CHECK_ERR(ioctl(fd, TIOCSCTTY, 0), EIO);
        }
    });
}

static void race(bool take)
{
    for (int i = 0; i < 60; i++) {
        struct pty p = pty_open();
        int go[2];
        pid_t pid;

        CHECK_OK(pipe(go));
        pid = opener(&p, go, take);
        close(go[0]);
        CHECK_EQ(write(go[1], "g", 1), 1);
        for (int turn = 0; turn < i % 7; turn++)
            sched_yield();
        CHECK_OK(close(p.master));
        CHECK_OK(close(go[1]));
        CHECK_EXIT(pid, 0);
        CHECK_OK(close(p.slave));
    }
}

TEST(terminal, a_slave_opened_while_the_master_closes_is_nobodys_terminal)
{
    race(false);
}

TEST(terminal, nor_is_one_that_is_asked_for)
{
    race(true);
}

TEST(terminal, a_mount_of_devpts_that_fails_changes_nothing)
{
    struct pty a = pty_open(), b;
    struct stat before, st;

    CHECK_OK(stat(a.name, &before));
    CHECK_OK(close(CHECK_FD(open("file", O_CREAT | O_WRONLY, 0644))));
    CHECK_ERR(mount("devpts", "file", "devpts", 0, "mode=0641,gid=5"), ENOTDIR);
    CHECK_ERR(mount("devpts", "nowhere", "devpts", 0, "mode=0641,gid=5"), ENOENT);
    CHECK_OK(mkdir("folder", 0755));
    CHECK_ERR(mount("devpts", "folder", "devpts", 0, "mode=0641,nonsense"), EINVAL);
    b = pty_open();
    CHECK_OK(stat(b.name, &st));
    CHECK_EQ(st.st_mode, before.st_mode);
    CHECK_EQ(st.st_gid, before.st_gid);
}
