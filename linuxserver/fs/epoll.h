/*
 * epoll. Source: epoll(7).
 */
#pragma once

#include <file.h>

struct epoll_event;

/* A new one. NULL: no memory. */
struct file *epoll_create(void);

/*
 * epoll_ctl(2): `fd` is the number under which `target` is known; `event` may be NULL for
 * EPOLL_CTL_DEL. The caller holds references to both. Returns 0, -EINVAL, -EPERM, -EEXIST, -ENOENT,
 * -ELOOP, -ENOSPC or -ENOMEM.
 */
int64_t epoll_control(struct task *t, struct file *epoll, int op, struct file *target, int fd,
                      const struct epoll_event *event);

/*
 * Waits until one is ready, then stores up to `room` events at `va`. Returns how many, 0 at the
 * deadline (0: does not wait), -EFAULT, -EINVAL (no epoll) or -EINTR.
 */
int64_t epoll_wait(struct task *t, struct file *epoll, uint64_t va, unsigned room,
                   jg_time_t deadline);

/* The last reference to a file that is watched has gone. No lock is held. */
void epoll_forget(struct file *f);
