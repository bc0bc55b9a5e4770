/*
 * Terminals as files: reads and writes go to consoled, which has the line discipline; sessions,
 * foreground groups and job control are ours. Source: termios(3), ioctl_tty(2), credentials(7).
 */
#pragma once

#include <file.h>

struct process;

/* Opens /dev/tty, /dev/console (major 5). The inode's reference is taken over on success. */
int64_t tty_open(struct task *t, struct inode *inode, uint32_t flags, struct file **out);

/* The console of the user's tree, for standard descriptors; it does not become anybody's controlling terminal. NULL: no memory, or
 * no /dev/console. */
struct file *tty_console(struct task *t);

/* consoled raised an event for terminal `number`. */
void tty_event(unsigned number);

/* A session leader ends or calls setsid: its terminal is nobody's. tasks_lock is held. */
void tty_disown(struct process *p);

/*
 * For /proc/PID/stat: the device number of a process's terminal and its foreground group; 0 and -1
 * without one.
 */
int tty_device_of(const struct process *p);
int tty_group_of(const struct process *p);
