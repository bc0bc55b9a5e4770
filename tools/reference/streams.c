/*
 * The guest's standard streams are pipes, as on Jargoon; a process each moves their bytes from or
 * to a virtio port.
 *
 * A port whose host end is not connected (yet) reads as end of file, so the reader waits for the
 * first connection before it believes one. When the host closes an output, the copier ends, and
 * with it the pipe's last reader.
 */
#define _GNU_SOURCE
#include "stage1.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static void wait_connected(int fd)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    struct pollfd p = {.fd = fd};

    for (int tries = 0; tries < 200; tries++) {
        if (poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP))
            return;
        nanosleep(&pause, NULL);
    }
}

/* Whether there is something to read; false when the other side of `to` has gone. */
static bool wait_readable(int from, int to)
{
    struct pollfd p[2] = {{.fd = from, .events = POLLIN}, {.fd = to}};

    while (poll(p, 2, -1) < 0 && errno == EINTR)
        continue;
    return !(p[1].revents & (POLLHUP | POLLERR));
}

static void copy(int from, int to)
{
    static char buffer[65536];
    ssize_t n;

    wait_connected(from);
    wait_connected(to);
    while (wait_readable(from, to) && (n = read(from, buffer, sizeof buffer)) > 0) {
        ssize_t done = 0, w;
        while (done < n) {
            w = write(to, buffer + done, (size_t)(n - done));
            if (w < 0 && errno != EINTR)
                return;
            done += w > 0 ? w : 0;
        }
    }
}

static void close_others(int one, int two)
{
    for (int fd = 0; fd < FDS_OF_STAGE1; fd++)
        if (fd != one && fd != two)
            close(fd);
}

pid_t stream_copy(int from, int to)
{
    pid_t pid = fork();

    if (pid < 0)
        give_up("fork");
    if (pid == 0) {
        close_others(from, to);
        copy(from, to);
        _exit(0);
    }
    close(from);
    close(to);
    return pid;
}

static void obey(const char *line, int terminal)
{
    struct winsize size = {0};

    if (sscanf(line, "winsize %hu %hu", &size.ws_row, &size.ws_col) == 2)
        ioctl(terminal, TIOCSWINSZ, &size);
}

pid_t stream_control(int control, int terminal)
{
    pid_t pid = fork();
    char line[200];
    size_t used = 0;

    if (pid != 0)
        return pid;
    close_others(control, terminal);
    wait_connected(control);
    while (read(control, line + used, 1) == 1) {
        if (line[used] != '\n' && used + 2 < sizeof line) {
            used++;
            continue;
        }
        line[used] = '\0';
        obey(line, terminal);
        used = 0;
    }
    _exit(0);
}
