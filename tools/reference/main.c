/*
 * The reference guest's first stage: the order of things. See stage1.h.
 *
 * In:    /init of the initramfs, as process 1 of the machine.
 * Life:  prepare, unpack, run the guest's pid 1, let the streams drain, power off.
 */
#define _GNU_SOURCE
#include "stage1.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static const char root[] = "/newroot";
static int control = -1, logport = -1;

static _Noreturn void power_off(void)
{
    sync();
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}

/* The kernel's own messages, for whoever looks for the cause of a failure. */
static void dump_kernel_log(void)
{
    static char text[65536];
    int n = klogctl(3, text, sizeof text);

    if (logport >= 0 && n > 0 && write(logport, text, (size_t)n) < 0)
        return;
}

_Noreturn void give_up(const char *what)
{
    dump_kernel_log();
    if (control >= 0)
        dprintf(control, "fail the reference guest: %s: %m\n", what);
    power_off();
}

static int open_terminal(const struct config *config)
{
    int fd = open("/dev/ttyS0", O_RDWR | O_NOCTTY);
    struct winsize size = {.ws_row = config->rows, .ws_col = config->columns};

    if (fd < 0)
        give_up("/dev/ttyS0");
    ioctl(fd, TIOCSWINSZ, &size);
    return fd;
}

/* Makes fd `n` of the guest, and the process that moves its bytes if it is a stream. */
static int open_standard(const struct config *config, int n, int terminal, pid_t *copier)
{
    static const char *const ports[] = {"jargoon.stdin", "jargoon.stdout", "jargoon.stderr"};
    int port, p[2];

    if (config->standard[n] == 't')
        return dup(terminal);
    if (config->standard[n] == 'n')
        return open("/dev/null", O_RDWR);
    if ((port = prepare_port(ports[n])) < 0 || pipe2(p, O_CLOEXEC) != 0)
        give_up(ports[n]);
    *copier = n == 0 ? stream_copy(port, p[1]) : stream_copy(p[0], port);
    return n == 0 ? p[0] : p[1];
}

int main(void)
{
    static struct config config;
    int fds[STANDARD_FDS + 1], p[2], terminal = -1, status;
    pid_t copiers[STANDARD_FDS + 1] = {-1, -1, -1, -1};

    prepare_machine();
    control = prepare_port("jargoon.control");
    logport = prepare_port("jargoon.log");
    signal(SIGPIPE, SIG_IGN);
    config_read(&config, "/config");
    if (mkdir(root, 0755) != 0 || mount("tmpfs", root, "tmpfs", 0, "mode=0755,size=90%") != 0)
        give_up("the root's tmpfs");
    unpack_root("/root.jgroot", root);
    unlink("/root.jgroot");

    if (memchr(config.standard, 't', STANDARD_FDS))
        terminal = open_terminal(&config);
    for (int n = 0; n < STANDARD_FDS; n++)
        fds[n] = open_standard(&config, n, terminal, &copiers[n]);
    if (pipe2(p, O_CLOEXEC) != 0)
        give_up("the control pipe");
    copiers[CONTROL_FD] = stream_copy(p[0], dup(control));
    fds[CONTROL_FD] = p[1];
    if (terminal >= 0)
        stream_control(control, terminal);

    status = guest_run(&config, root, fds);
    for (int n = 1; n <= STANDARD_FDS; n++)
        if (copiers[n] > 0)
            waitpid(copiers[n], NULL, 0);
    if (terminal >= 0)
        tcdrain(terminal);
    if (config.verbose)
        dump_kernel_log();
    if (!WIFSIGNALED(status) || (WTERMSIG(status) != SIGINT && WTERMSIG(status) != SIGHUP))
        dprintf(control, "fail the guest's pid 1 ended without a power-off (status %#x)\n", status);
    power_off();
}
