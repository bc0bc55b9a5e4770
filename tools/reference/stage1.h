/*
 * The reference guest's first stage: makes of a plain Linux kernel the surroundings that our
 * programs find on Jargoon, so that the same pid 1, root and test programs run on both.
 *
 * Files: main.c (order of things), prepare.c (mounts, modules, ports), unpack.c (JGROOT to tmpfs),
 *        config.c (the run's configuration), streams.c (pipes in place of virtio ports), guest.c
 *        (the guest's pid 1, in a pid namespace of its own).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { ARGS_MAX = 512, STANDARD_FDS = 3, CONTROL_FD = 3, FDS_OF_STAGE1 = 64, NAME_MAX_PORT = 32 };

/* What the run asks for; the strings live as long as the process. */
struct config {
    char *argv[ARGS_MAX]; /* COMMAND and its arguments, zero-terminated list; may be empty */
    size_t argc;
    char *env[ARGS_MAX];
    size_t envc;
    char *cwd;
    char standard[STANDARD_FDS]; /* 't' terminal, 's' stream, 'n' nothing */
    unsigned short rows, columns;
    bool verbose;
};

/* Ends the run with a sentence on the control port (as far as there is one) and a power-off. */
_Noreturn void give_up(const char *what);

/* Fills `config` from the file's text; unknown keys are ignored. Gives up when it cannot be read. */
void config_read(struct config *config, const char *path);

/* Mounts /dev, /proc and /sys of this stage and loads /modules, in the order of their names. */
void prepare_machine(void);

/* Opens the virtio port with this name. Waits up to some seconds for it; -1 if there is none. */
int prepare_port(const char *name);

/* Unpacks a JGROOT image below the existing directory `to`. Gives up on a corrupt one. */
void unpack_root(const char *image, const char *to);

/*
 * Starts a process that copies from one descriptor to the other until the end of file, and
 * closes both here. It keeps no other descriptor, so that pipes end when they should. Its pid.
 */
pid_t stream_copy(int from, int to);

/* Starts a process that obeys the host's lines on the control port: "winsize ROWS COLUMNS". */
pid_t stream_control(int control, int terminal);

/*
 * Runs the guest's pid 1 below `root` in a new pid namespace, with fds 0 to 3 as given, and waits
 * for it. Returns its wait status: powering off shows as a death by SIGINT, restart by SIGHUP.
 */
int guest_run(const struct config *config, const char *root, const int fds[STANDARD_FDS + 1]);
