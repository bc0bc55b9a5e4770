/*
 * Terminals as files: reads and writes go to consoled, which has the line discipline; sessions,
 * foreground groups and job control are ours. Source: termios(3), ioctl_tty(2), pty(7),
 * credentials(7).
 */
#pragma once

#include <file.h>

struct process;

/* Is it a terminal's device number? */
bool tty_is_device(uint32_t major, uint32_t minor);

/* Opens a terminal or /dev/ptmx. The inode's reference is taken over on success. */
int64_t tty_open(struct task *t, struct inode *inode, uint32_t flags, struct file **out);

/* The host's terminal, for standard descriptors; it does not become anybody's controlling terminal. NULL: no memory, or
 * no such device in the user's tree. */
struct file *tty_standard(struct task *t);

/* consoled raised an event for the host's terminal; for ptys. */
void tty_event(void);
void pty_event(void);

/*
 * A session leader ends: its terminal is nobody's. tasks_lock is held, and tty_disowned() must
 * follow when it is held no more.
 */
void tty_disown(struct process *p);
void tty_disowned(void);

/*
 * How many ptys there are, and may be: kernel.pty.nr and kernel.pty.max. Setting gives 0, or
 * -EINVAL: more than consoled has.
 */
unsigned pty_count(void);
unsigned pty_limit(void);
int64_t pty_set_limit(unsigned limit);

/* vhangup(2): hangs up the caller's terminal, if it has one. */
void tty_hang_up_own(struct task *t);

/*
 * For /proc/PID/stat: the device number of a process's terminal and its foreground group; 0 and -1
 * without one. tasks_lock is held.
 */
int tty_device_of(const struct process *p);
int tty_group_of(const struct process *p);
