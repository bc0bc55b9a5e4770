/*
 * System V message queues.
 *
 * In:    sys/msg.c for the calls.
 * Life:  msgget makes a queue; IPC_RMID takes it out, ends all waits with EIDRM, and frees it with its messages.
 * Locks: ipc_lock. Who waits sleeps without it: msg.c.
 */
#pragma once

#include <linux/msg.h>

#include "ipc.h"

#define MSG_QUEUES_MAX 32000
#define MSG_SIZE_MAX   8192
#define MSG_QUEUE_MAX  16384         /* bytes of one queue, unless its owner is given more */
#define MSG_ALL_MAX    (16ull << 20) /* bytes of all messages: ENOMEM */

struct message {
    struct list link;
    int64_t type;
    size_t size;
    uint8_t data[];
};

/* msgget: the id or -errno. Source: msgget(2). */
int64_t msg_get(struct task *t, int32_t key, int flags);

/* Room for a message of so many bytes; NULL: no memory. And its end. */
struct message *msg_alloc(size_t size);
void msg_free(struct message *m);

/*
 * msgsnd: takes `m` over on success. 0, -EINVAL, -EACCES, -EAGAIN, -EIDRM, -ERESTARTNOHAND. Source: msgop(2).
 */
int64_t msg_send(struct task *t, int id, struct message *m, int flags);

/*
 * msgrcv: a message for the caller to free, of at most `size` bytes or (MSG_NOERROR) any; with MSG_COPY a copy.
 * 0, -EINVAL, -EACCES, -E2BIG, -ENOMSG, -ENOMEM, -EIDRM, -ERESTARTNOHAND.
 */
int64_t msg_receive(struct task *t, int id, size_t size, int64_t type, int flags,
                    struct message **out);

/* IPC_STAT, MSG_STAT (`by_slot`) and MSG_STAT_ANY (`any`): 0 or the id, or -errno. */
int64_t msg_stat(struct task *t, int id, bool by_slot, bool any, struct msqid64_ds *out);

/* IPC_SET and IPC_RMID. */
int64_t msg_set(struct task *t, int id, const struct msqid64_ds *in);
int64_t msg_remove(struct task *t, int id);

/* IPC_INFO and MSG_INFO: the highest slot in use, or 0. */
int64_t msg_info(bool usage, struct msginfo *out);
