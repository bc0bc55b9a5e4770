/*
 * POSIX message queues.
 *
 * In:    sys/mqueue.c for the calls; read, poll and fstat come through the open file.
 * Life:  mq_open makes a queue with a name; mq_unlink takes the name; the last close of a queue without one frees it.
 * Locks: one mutex for all queues, inside files->lock's users and outside tasks_lock. Who waits sleeps without it.
 */
#pragma once

#include <linux/mqueue.h>

#include <file.h>

#define MQ_PRIORITIES 32768u

/* What mq_open wants. `attr` NULL: the usual. */
struct mq_open_request {
    const char *name;
    int flags;
    uint32_t mode;
    const struct mq_attr *attr;
};

/*
 * Opens, perhaps makes, a queue: an open file with one reference in *out. 0, -ENOENT, -EEXIST, -EACCES, -EINVAL,
 * -ENOSPC, -EMFILE (RLIMIT_MSGQUEUE), -ENAMETOOLONG, -ENOMEM. Source: mq_open(2).
 */
int64_t mqueue_open(struct task *t, const struct mq_open_request *request, struct file **out);

/* Takes a name. 0, -ENOENT, -EACCES, -EPERM. */
int64_t mqueue_unlink(struct task *t, const char *name);

/* Is the file a queue? */
bool mqueue_is(const struct file *f);

struct message;

/*
 * Sends `m` (whose type is the priority), taken over on success; takes one, of at most `size` bytes or
 * -EMSGSIZE. Waits until `deadline` unless the file is O_NONBLOCK: -EAGAIN, -ETIMEDOUT, -ERESTARTSYS.
 */
int64_t mqueue_send(struct task *t, struct file *f, struct message *m, jg_time_t deadline);
int64_t mqueue_receive(struct task *t, struct file *f, uint64_t size, jg_time_t deadline,
                       struct message **out);

/* The longest message. */
uint64_t mqueue_message_size(const struct file *f);

/* mq_getsetattr's old values. */
void mqueue_attr(struct file *f, struct mq_attr *out);

/* mq_notify: `how` is SIGEV_NONE or SIGEV_SIGNAL. 0 or -EBUSY. The other takes back what the caller asked for. */
int64_t mqueue_notify(struct task *t, struct file *f, int how, int signal, uint64_t value);
void mqueue_forget(struct task *t, struct file *f);
