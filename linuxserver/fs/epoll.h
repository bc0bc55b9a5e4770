/*
 * epoll. Source: epoll(7).
 */
#pragma once

#include <file.h>

struct epoll_event;

/* A new one, whose watches count for the user `uid`. NULL: no memory. */
struct file *epoll_create(uint32_t uid);

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

/* fs.epoll.max_user_watches: how many watches one user's instances may have together. */
uint64_t epoll_watch_limit(void);
void epoll_set_watch_limit(uint64_t limit);
