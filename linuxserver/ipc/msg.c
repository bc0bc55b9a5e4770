/*
 * Message queues. See msg.h. Source: msgop(2), msgctl(2), Linux 6.1's ipc/msg.c.
 *
 * A message goes to the first receiver that waits for its type, or into the queue; a sender that waits has its
 * message put there for it, the oldest that fits first. So what is waited for is always handed over by the other side, under
 * ipc_lock, which then wakes: `done` is looked at under that lock between wait_prepare() and the sleep, and no
 * wake-up is lost. A wait is in a list until one of the two sides takes it out.
 */
#include "msg.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <fs/proc_text.h>

#ifndef MSG_COPY
#define MSG_COPY 040000
#endif

struct queue {
    struct ipc_object object;
    struct list messages, senders, receivers; /* oldest first */
    uint64_t bytes, count, limit;
    int64_t sent_at, received_at, changed_at; /* seconds of the wall clock */
    int32_t sender, receiver;                 /* the last ones */
};

/* What a receiver wants. */
struct wish {
    enum { ANY, EQUAL, OTHER, AT_MOST, NUMBER } kind;
    int64_t type;
    size_t size;
};

struct wait {
    struct list link;
    struct task *task;
    struct message *message; /* to be sent, or received */
    struct wish wish;
    bool done;
    int64_t result;
};

static struct ipc_set queues = IPC_SET_INIT(MSG_QUEUES_MAX);
static uint64_t bytes_total, messages_total; /* ipc_lock */
static uint64_t allocated;                   /* atomic */

static struct queue *of_object(const struct ipc_object *object)
{
    return LIST_ENTRY(object, struct queue, object);
}

static int64_t now(void)
{
    return time_wall() / NS_PER_SEC;
}

struct message *msg_alloc(size_t size)
{
    size_t whole = sizeof(struct message) + size;
    struct message *m = NULL;

    if (__atomic_add_fetch(&allocated, whole, __ATOMIC_RELAXED) <= MSG_ALL_MAX)
        m = rt_alloc(whole);
    if (m)
        m->size = size;
    else
        __atomic_sub_fetch(&allocated, whole, __ATOMIC_RELAXED);
    return m;
}

void msg_free(struct message *m)
{
    if (!m)
        return;
    __atomic_sub_fetch(&allocated, sizeof *m + m->size, __ATOMIC_RELAXED);
    rt_free(m);
}

static struct ipc_object *create(struct task *t, const void *request, int64_t *err)
{
    struct queue *q = rt_zalloc(sizeof *q);

    (void)t, (void)request;
    *err = -ENOMEM;
    if (!q)
        return NULL;
    list_init(&q->messages);
    list_init(&q->senders);
    list_init(&q->receivers);
    q->limit = MSG_QUEUE_MAX;
    q->changed_at = now();
    return &q->object;
}

static void destroy(struct ipc_object *object)
{
    rt_free(of_object(object));
}

static int64_t check(const struct ipc_object *object, const void *request)
{
    (void)object, (void)request;
    return 0;
}

int64_t msg_get(struct task *t, int32_t key, int flags)
{
    static const struct ipc_kind kind = {&queues, create, destroy, check};

    return ipc_get(t, &kind, key, flags, NULL);
}

static void complete(struct wait *w, struct message *m, int64_t result)
{
    list_remove(&w->link);
    w->message = m;
    w->result = result;
    w->done = true;
    wait_wake_task(w->task);
}

/* Sleeps until the wait is complete or a signal ends it. */
static int64_t sleep(struct wait *w)
{
    int64_t err = 0;

    for (;;) {
        wait_prepare(w->task);
        mutex_lock(&ipc_lock);
        if (w->done || err)
            break;
        mutex_unlock(&ipc_lock);
        err = wait_sleep(w->task, JG_TIME_INFINITE);
    }
    if (!w->done)
        list_remove(&w->link);
    mutex_unlock(&ipc_lock);
    return w->done ? w->result : -ERESTARTNOHAND;
}

static bool matches(const struct wish *wish, const struct message *m)
{
    switch (wish->kind) {
    case EQUAL:
        return m->type == wish->type;
    case OTHER:
        return m->type != wish->type;
    case AT_MOST:
        return m->type <= wish->type;
    default:
        return true;
    }
}

static bool fits(const struct queue *q, const struct message *m)
{
    return q->bytes + m->size <= q->limit && q->count + 1 <= q->limit;
}

/* Hands a message to who waits for it, or puts it into the queue. */
static void deliver(struct queue *q, struct message *m, struct task *from)
{
    q->sender = from->process->pid;
    q->sent_at = now();
    LIST_FOR_EACH_SAFE(it, &q->receivers)
    {
        struct wait *w = LIST_ENTRY(it, struct wait, link);

        if (!matches(&w->wish, m))
            continue;
        if (m->size > w->wish.size) {
            complete(w, NULL, -E2BIG);
            continue;
        }
        q->receiver = w->task->process->pid;
        q->received_at = now();
        complete(w, m, 0);
        return;
    }
    list_add_tail(&q->messages, &m->link);
    q->bytes += m->size;
    q->count++;
    bytes_total += m->size;
    messages_total++;
}

/* There is more room: the senders whose messages fit go on. */
static void admit(struct queue *q)
{
    LIST_FOR_EACH_SAFE(it, &q->senders)
    {
        struct wait *w = LIST_ENTRY(it, struct wait, link);

        if (!fits(q, w->message))
            continue;
        deliver(q, w->message, w->task);
        complete(w, NULL, 0);
    }
}

static void take(struct queue *q, struct message *m)
{
    list_remove(&m->link);
    q->bytes -= m->size;
    q->count--;
    bytes_total -= m->size;
    messages_total--;
}

/* The queue, if `t` may do that to it; ipc_lock is held. */
static int64_t find(struct task *t, int id, uint32_t wanted, struct queue **out)
{
    struct ipc_object *object = id < 0 ? NULL : ipc_find(&queues, id);

    if (!object)
        return -EINVAL;
    *out = of_object(object);
    return ipc_may(t, object, wanted) ? 0 : -EACCES;
}

int64_t msg_send(struct task *t, int id, struct message *m, int flags)
{
    struct wait w = {.task = t, .message = m};
    struct queue *q;
    int64_t err;

    list_init(&w.link);
    list_init(&m->link);
    mutex_lock(&ipc_lock);
    err = find(t, id, IPC_WRITES, &q);
    if (!err && fits(q, m)) {
        deliver(q, m, t);
    } else if (!err && (flags & IPC_NOWAIT)) {
        err = -EAGAIN;
    } else if (!err) {
        list_add_tail(&q->senders, &w.link);
        mutex_unlock(&ipc_lock);
        return sleep(&w);
    }
    mutex_unlock(&ipc_lock);
    return err;
}

/* Which message of the queue a wish means. NULL: none. */
static struct message *pick(const struct queue *q, const struct wish *wish)
{
    struct message *best = NULL;
    int64_t number = 0;

    LIST_FOR_EACH(it, &q->messages)
    {
        struct message *m = LIST_ENTRY(it, struct message, link);

        if (wish->kind == NUMBER) {
            if (number++ == wish->type)
                return m;
        } else if (matches(wish, m) && (!best || m->type < best->type)) {
            best = m;
            if (wish->kind != AT_MOST)
                return m;
        }
    }
    return best;
}

static struct wish wish_of(int64_t type, size_t size, int flags)
{
    struct wish wish = {.type = type, .size = flags & MSG_NOERROR ? SIZE_MAX : size};

    if (flags & MSG_COPY)
        wish.kind = NUMBER;
    else if (!type)
        wish.kind = ANY;
    else if (type < 0)
        wish = (struct wish){AT_MOST, type == INT64_MIN ? INT64_MAX : -type, wish.size};
    else
        wish.kind = flags & MSG_EXCEPT ? OTHER : EQUAL;
    return wish;
}

static int64_t copy_of(const struct message *m, size_t size, struct message **out)
{
    if (m->size > size)
        return -EINVAL;
    *out = msg_alloc(m->size);
    if (!*out)
        return -ENOMEM;
    (*out)->type = m->type;
    memcpy((*out)->data, m->data, m->size);
    return 0;
}

/* Takes (or copies) a message that is there. -EAGAIN: there is none. */
static int64_t receive_now(struct task *t, struct queue *q, const struct wish *wish, size_t size,
                           struct message **out)
{
    struct message *m = pick(q, wish);

    if (!m)
        return -EAGAIN;
    if (m->size > wish->size)
        return -E2BIG;
    if (wish->kind == NUMBER)
        return copy_of(m, size, out);
    take(q, m);
    q->receiver = t->process->pid;
    q->received_at = now();
    *out = m;
    admit(q);
    return 0;
}

int64_t msg_receive(struct task *t, int id, size_t size, int64_t type, int flags,
                    struct message **out)
{
    struct wait w = {.task = t, .wish = wish_of(type, size, flags)};
    struct queue *q;
    int64_t err;

    if ((flags & MSG_COPY) && ((flags & MSG_EXCEPT) || !(flags & IPC_NOWAIT)))
        return -EINVAL;
    list_init(&w.link);
    mutex_lock(&ipc_lock);
    err = find(t, id, IPC_READS, &q);
    if (!err)
        err = receive_now(t, q, &w.wish, size, out);
    if (err == -EAGAIN && (flags & IPC_NOWAIT)) {
        err = -ENOMSG;
    } else if (err == -EAGAIN) {
        list_add_tail(&q->receivers, &w.link);
        mutex_unlock(&ipc_lock);
        err = sleep(&w);
        *out = w.message;
        return err;
    }
    mutex_unlock(&ipc_lock);
    return err;
}

int64_t msg_stat(struct task *t, int id, bool by_slot, bool any, struct msqid64_ds *out)
{
    struct ipc_object *object;
    int64_t result = -EINVAL;

    memset(out, 0, sizeof *out);
    mutex_lock(&ipc_lock);
    object = by_slot ? ipc_at(&queues, (unsigned)id) : ipc_find(&queues, id);
    if (object)
        result = any || ipc_may(t, object, IPC_READS) ? (by_slot ? object->id : 0) : -EACCES;
    if (result >= 0) {
        const struct queue *q = of_object(object);

        ipc_perm_out(object, &out->msg_perm);
        out->msg_stime = q->sent_at;
        out->msg_rtime = q->received_at;
        out->msg_ctime = q->changed_at;
        out->msg_cbytes = q->bytes;
        out->msg_qnum = q->count;
        out->msg_qbytes = q->limit;
        out->msg_lspid = q->sender;
        out->msg_lrpid = q->receiver;
    }
    mutex_unlock(&ipc_lock);
    return result;
}

int64_t msg_set(struct task *t, int id, const struct msqid64_ds *in)
{
    struct ipc_object *object;
    int64_t err = -EINVAL;

    mutex_lock(&ipc_lock);
    object = ipc_find(&queues, id);
    if (object)
        err = ipc_owns(t, object) ? 0 : -EPERM;
    if (!err && in->msg_qbytes > MSG_QUEUE_MAX && !cred_capable(&t->cred, CAP_SYS_RESOURCE))
        err = -EPERM;
    if (!err)
        err = ipc_perm_in(object, &in->msg_perm);
    if (!err) {
        of_object(object)->limit = in->msg_qbytes;
        of_object(object)->changed_at = now();
        admit(of_object(object));
    }
    mutex_unlock(&ipc_lock);
    return err;
}

static void end_waits(struct list *waits)
{
    LIST_FOR_EACH_SAFE(it, waits)
    {
        struct wait *w = LIST_ENTRY(it, struct wait, link);

        complete(w, w->message, -EIDRM);
    }
}

int64_t msg_remove(struct task *t, int id)
{
    struct ipc_object *object;
    int64_t err = -EINVAL;

    mutex_lock(&ipc_lock);
    object = ipc_find(&queues, id);
    if (object)
        err = ipc_owns(t, object) ? 0 : -EPERM;
    if (!err) {
        struct queue *q = of_object(object);

        ipc_remove(&queues, object);
        end_waits(&q->senders);
        end_waits(&q->receivers);
        while (!list_empty(&q->messages)) {
            struct message *m = LIST_ENTRY(q->messages.next, struct message, link);

            take(q, m);
            msg_free(m);
        }
        destroy(object);
    }
    mutex_unlock(&ipc_lock);
    return err;
}

int64_t msg_info(bool usage, struct msginfo *out)
{
    int highest;

    *out = (struct msginfo){.msgpool = MSGPOOL,
                            .msgmap = MSGMAP,
                            .msgmax = MSG_SIZE_MAX,
                            .msgmnb = MSG_QUEUE_MAX,
                            .msgmni = MSG_QUEUES_MAX,
                            .msgssz = MSGSSZ,
                            .msgtql = MSGTQL,
                            .msgseg = MSGSEG};
    mutex_lock(&ipc_lock);
    if (usage) {
        out->msgpool = (int)queues.used;
        out->msgmap = (int)messages_total;
        out->msgtql = (int)bytes_total;
    }
    highest = ipc_highest(&queues);
    mutex_unlock(&ipc_lock);
    return highest < 0 ? 0 : highest;
}

int64_t proc_sysvipc_msg(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader, (void)at;
    text_add(out,
             "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  "
             "cgid      stime      rtime      ctime\n");
    mutex_lock(&ipc_lock);
    for (unsigned i = 0; i < queues.room && !out->failed; i++) {
        const struct ipc_object *o = queues.slots[i];
        const struct queue *q;

        if (!o)
            continue;
        q = of_object(o);
        text_add(out, "%10d %10d  %4o  %10lu %10lu %5u %5u %5u %5u %5u %5u ", o->key, o->id,
                 o->mode, q->bytes, q->count, (unsigned)q->sender, (unsigned)q->receiver, o->uid,
                 o->gid, o->cuid, o->cgid);
        text_add(out, "%10lu %10lu %10lu\n", (uint64_t)q->sent_at, (uint64_t)q->received_at,
                 (uint64_t)q->changed_at);
    }
    mutex_unlock(&ipc_lock);
    return 0;
}
