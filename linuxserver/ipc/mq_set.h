/*
 * What the files of POSIX message queues share: a queue and the lock.
 */
#pragma once

#include <jg/rt/list.h>
#include <jg/rt/sync.h>

#include "mqueue.h"

/* Who is told of a message in an empty queue: once. */
struct mq_notice {
    const struct files *owner; /* whose close forgets it; NULL: nobody */
    int pid;
    int how, signal;
    uint64_t value;
};

struct mq {
    struct list link; /* of those with names; in none after mq_unlink */
    uint32_t refs;    /* the name, and open files */
    char *name;
    uint32_t mode, uid, gid;
    uint64_t room, size; /* messages at most, bytes of one at most */
    uint64_t count, bytes;
    struct list messages;           /* as they are received */
    struct list senders, receivers; /* struct mq_wait, oldest first */
    struct waitqueue poll;
    struct mq_notice notice;
    int64_t made, changed;
};

extern struct mutex mq_lock;
extern const struct file_ops mqueue_ops;

/* Lets go of one reference; mq_lock is held. */
void mq_put(struct mq *q);
