/*
 * POSIX message queues: messages go in and out. See mqueue.h. Source: mq_send(3), mq_receive(3), mq_notify(3).
 *
 * As in msg.c the other side hands over, under mq_lock, what somebody waits for, and then wakes him: `done` is looked at
 * under that lock between wait_prepare() and the sleep, so no wake-up is lost.
 */
#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <signal.h>
#include <task.h>

#include "mq_set.h"
#include "msg.h"

struct mq_wait {
    struct list link;
    struct task *task;
    struct message *message; /* to be sent, or received */
    bool done;
};

static void complete(struct mq_wait *w, struct message *m)
{
    list_remove(&w->link);
    w->message = m;
    w->done = true;
    wait_wake_task(w->task);
}

/* Waits in a list. mq_lock is held and dropped. */
static int64_t wait_in(struct list *waits, struct mq_wait *w, jg_time_t deadline)
{
    int64_t err = 0;

    list_add_tail(waits, &w->link);
    for (;;) {
        mutex_unlock(&mq_lock);
        err = err ? err : wait_sleep(w->task, deadline);
        wait_prepare(w->task);
        mutex_lock(&mq_lock);
        if (w->done || err)
            break;
    }
    if (!w->done)
        list_remove(&w->link);
    mutex_unlock(&mq_lock);
    return w->done ? 0 : err;
}

/* Into the queue, behind those of its priority. */
static void insert(struct mq *q, struct message *m)
{
    struct list *at = &q->messages;

    while (at->prev != &q->messages && LIST_ENTRY(at->prev, struct message, link)->type < m->type)
        at = at->prev;
    list_insert_before(at, &m->link);
    q->count++;
    q->bytes += m->size;
}

/* Takes the notice, if this message is what it waits for. mq_lock is held. */
static struct mq_notice take_notice(struct mq *q)
{
    struct mq_notice notice = q->notice;

    if (q->count != 1)
        return (struct mq_notice){0};
    q->notice.owner = NULL;
    return notice;
}

static void tell(struct task *from, const struct mq_notice *notice)
{
    struct process *p;
    siginfo_t info;

    if (!notice->owner || notice->how != SIGEV_SIGNAL || !notice->signal)
        return;
    siginfo_user(&info, notice->signal, SI_MESGQ, from);
    info.si_value.sival_ptr = (void *)notice->value;
    mutex_lock(&tasks_lock);
    p = process_find(notice->pid);
    if (p && !p->zombie)
        signal_send_process(p, &info);
    mutex_unlock(&tasks_lock);
}

int64_t mqueue_send(struct task *t, struct file *f, struct message *m, jg_time_t deadline)
{
    struct mq_wait w = {.task = t, .message = m};
    struct mq_notice notice = {0};
    struct mq *q = f->data;

    list_init(&w.link);
    list_init(&m->link);
    wait_prepare(t);
    mutex_lock(&mq_lock);
    if (q->count >= q->room) {
        if (!(f->flags & O_NONBLOCK))
            return wait_in(&q->senders, &w, deadline);
        mutex_unlock(&mq_lock);
        return -EAGAIN;
    }
    q->changed = time_wall();
    if (!list_empty(&q->receivers)) {
        complete(LIST_ENTRY(q->receivers.next, struct mq_wait, link), m);
    } else {
        insert(q, m);
        notice = take_notice(q);
    }
    mutex_unlock(&mq_lock);
    wait_wake(&q->poll);
    tell(t, &notice);
    return 0;
}

int64_t mqueue_receive(struct task *t, struct file *f, uint64_t size, jg_time_t deadline,
                       struct message **out)
{
    struct mq_wait w = {.task = t};
    struct mq *q = f->data;
    struct message *m;
    int64_t err;

    if (size < q->size)
        return -EMSGSIZE;
    list_init(&w.link);
    wait_prepare(t);
    mutex_lock(&mq_lock);
    if (!q->count) {
        if (!(f->flags & O_NONBLOCK)) {
            err = wait_in(&q->receivers, &w, deadline);
            *out = w.message;
            return err;
        }
        mutex_unlock(&mq_lock);
        return -EAGAIN;
    }
    m = LIST_ENTRY(q->messages.next, struct message, link);
    list_remove(&m->link);
    q->count--;
    q->bytes -= m->size;
    q->changed = time_wall();
    if (!list_empty(&q->senders)) {
        struct mq_wait *sender = LIST_ENTRY(q->senders.next, struct mq_wait, link);
        struct message *theirs = sender->message;

        insert(q, theirs);
        complete(sender, NULL);
    }
    mutex_unlock(&mq_lock);
    wait_wake(&q->poll);
    *out = m;
    return 0;
}
