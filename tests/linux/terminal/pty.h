/*
 * What the cases of this folder share: a pty, its modes, and waiting for what the other side shows.
 */
#pragma once

#include "test.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <termios.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

struct pty {
    int master, slave, number;
    char name[32];
};

/* A new pair, unlocked; the slave is open but nobody's terminal. */
__attribute__((unused)) static struct pty pty_open(void)
{
    struct pty p;
    int unlock = 0;

    p.master = CHECK_FD(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
    CHECK_OK(ioctl(p.master, TIOCSPTLCK, &unlock));
    CHECK_OK(ioctl(p.master, TIOCGPTN, &p.number));
    snprintf(p.name, sizeof p.name, "/dev/pts/%d", p.number);
    p.slave = CHECK_FD(open(p.name, O_RDWR | O_NOCTTY | O_CLOEXEC));
    return p;
}

__attribute__((unused)) static struct termios pty_mode(int fd)
{
    struct termios mode;

    CHECK_OK(tcgetattr(fd, &mode));
    return mode;
}

/* Clears and sets bits of c_lflag. */
__attribute__((unused)) static void pty_local(int fd, tcflag_t clear, tcflag_t set)
{
    struct termios mode = pty_mode(fd);

    mode.c_lflag = (mode.c_lflag & ~clear) | set;
    CHECK_OK(tcsetattr(fd, TCSANOW, &mode));
}

/* No processing in any direction; VMIN and VTIME as given. */
__attribute__((unused)) static void pty_raw(int fd, int min, int time)
{
    struct termios mode = pty_mode(fd);

    cfmakeraw(&mode);
    mode.c_cc[VMIN] = (cc_t)min;
    mode.c_cc[VTIME] = (cc_t)time;
    CHECK_OK(tcsetattr(fd, TCSANOW, &mode));
}

/* Types on the master. */
__attribute__((unused)) static void pty_type(const struct pty *p, const char *keys)
{
    CHECK_EQ(write(p->master, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* Does something come to be read within `ms`? */
__attribute__((unused)) static bool pty_comes(int fd, int ms)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};

    return poll(&one, 1, ms) == 1 && (one.revents & POLLIN);
}

/* Reads from `fd` until `text` was all that came; anything else, or nothing for two seconds, fails. */
#define PTY_SHOWS(fd, text) pty_shows(__FILE__, __LINE__, fd, text, strlen(text))
__attribute__((unused)) static void pty_shows(const char *file, int line, int fd, const char *text,
                                              size_t size)
{
    char got[4096];
    size_t used = 0;

    while (used < size && pty_comes(fd, 2000)) {
        ssize_t n = read(fd, got + used, sizeof got - 1 - used);

        if (n <= 0)
            break;
        used += (size_t)n;
    }
    got[used] = '\0';
    if (used != size || memcmp(got, text, size) != 0)
        test_fail(file, line, "shows \"%s\" (%zu bytes), not \"%s\"", got, used, text);
}

/* One read gives exactly this. */
#define PTY_READS(fd, text)                                                                        \
    do {                                                                                           \
        char pty_got[8192];                                                                        \
        ssize_t pty_n = read(fd, pty_got, sizeof pty_got - 1);                                     \
        CHECK_EQ(pty_n, (ssize_t)strlen(text));                                                    \
        pty_got[pty_n < 0 ? 0 : pty_n] = '\0';                                                     \
        CHECK_STR(pty_got, text);                                                                  \
    } while (0)

/* Nothing is there and nothing comes for a moment. */
#define PTY_SILENT(fd) CHECK(!pty_comes(fd, 50))

/* In a child: a new session whose terminal is the slave. */
__attribute__((unused)) static void pty_login(const struct pty *p)
{
    CHECK_EQ(setsid(), getpid());
    CHECK_OK(ioctl(p->slave, TIOCSCTTY, 0));
}

/* Waits until the process has stopped with `sig`. */
#define CHECK_STOPPED(pid, sig)                                                                    \
    do {                                                                                           \
        int pty_status;                                                                            \
        CHECK_EQ(waitpid(pid, &pty_status, WUNTRACED), pid);                                       \
        if (!WIFSTOPPED(pty_status) || WSTOPSIG(pty_status) != (sig))                              \
            FAIL("status is %#x, not stopped by signal %d", pty_status, (int)(sig));               \
    } while (0)
