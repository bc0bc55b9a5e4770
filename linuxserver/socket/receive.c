/*
 * Receiving. The reader holds socket->reading, so that the first message stays first while its bytes are
 * copied; it lets go of it while it sleeps.
 */
#include "socket.h"

#include <jg/rt/heap.h>

#include <task.h>

/* What the reader of a stream has so far. */
struct progress {
    size_t done, target;
    size_t skip; /* bytes that a peek has passed */
    bool peek, told;
};

static int64_t take_error(struct socket *s)
{
    int64_t err = -s->error;

    s->error = 0;
    return err;
}

/*
 * The message at the place where the reader stands; *at is where in it. NULL: none, and *why says what that means: 0 for the end.
 */
static struct message *look(struct socket *s, struct progress *g, size_t *at, int64_t *why)
{
    struct message *found = NULL;
    size_t skip = g->skip;

    mutex_lock(&unix_lock);
    LIST_FOR_EACH(it, &s->queue)
    {
        struct message *m = LIST_ENTRY(it, struct message, link);

        if (skip < m->size - m->offset || (!skip && m->size == m->offset)) {
            found = m;
            *at = m->offset + skip;
            break;
        }
        skip -= m->size - m->offset;
    }
    if (!found && g->done < g->target) {
        *why = take_error(s);
        if (!*why && !(s->shut & SHUT_READ))
            *why = -EAGAIN;
    } else {
        *why = 0;
    }
    mutex_unlock(&unix_lock);
    return found;
}

static bool same_sender(const struct incoming *in, const struct message *m)
{
    return in->has_cred == m->has_cred &&
           (!m->has_cred || (in->cred.pid == m->cred.pid && in->cred.uid == m->cred.uid &&
                             in->cred.gid == m->cred.gid));
}

/* The reader learns who sent it. */
static void tell(struct incoming *in, const struct message *m)
{
    in->has_cred = m->has_cred;
    in->cred = m->cred;
    in->from = address_get(m->from);
}

/* The reader gets files of its own; where there is no memory, it is told that some are missing. unix_lock is held. */
static void peek_rights(const struct message *m, struct incoming *in)
{
    in->rights = rights_copy(m->rights);
    if (!in->rights)
        in->result_flags |= MSG_CTRUNC;
}

/*
 * n bytes of the message have been copied: peeks on, or takes them away. Returns whether the call ends
 * here: files were received, or the message has more.
 */
static bool consume(struct socket *s, struct message *m, size_t n, struct progress *g,
                    struct incoming *in)
{
    bool ends, empty = false;

    mutex_lock(&unix_lock);
    ends = m->rights;
    if (g->peek) {
        g->skip += n;
        if (m->rights && !in->rights)
            peek_rights(m, in);
    } else {
        if (m->rights) {
            rights_land(m->rights);
            in->rights = m->rights;
            m->rights = NULL;
        }
        m->offset += n;
        s->queued_bytes -= n;
        empty = m->offset == m->size;
        if (empty)
            message_take(s, m);
        else
            ends = true;
    }
    mutex_unlock(&unix_lock);
    if (empty)
        message_free(m);
    return ends;
}

/* Moves what is there. Returns 0 when the call ends, -EAGAIN when it must wait for more, or -errno. */
static int64_t move(struct socket *s, struct parts *p, struct progress *g, struct incoming *in)
{
    for (;;) {
        struct message *m;
        int64_t why;
        size_t at, n;

        m = look(s, g, &at, &why);
        if (!m)
            return why;
        if (g->told && s->pass_cred && !same_sender(in, m))
            return 0;
        if (!g->told)
            tell(in, m);
        g->told = true;
        n = m->size - at < p->left ? m->size - at : p->left;
        if (parts_put(p, m->data + at, n) != n)
            return g->done ? 0 : -EFAULT;
        g->done += n;
        if (consume(s, m, n, g, in) || !p->left)
            return 0;
    }
}

static int64_t receive_stream(struct task *t, struct file *f, struct parts *p, struct incoming *in)
{
    struct socket *s = socket_of(f);
    jg_time_t deadline =
        socket_deadline(s->receive_time, (f->flags & O_NONBLOCK) || (in->flags & MSG_DONTWAIT));
    size_t low = (size_t)s->receive_low;
    struct progress g = {.peek = in->flags & MSG_PEEK};
    struct waiter w;
    int64_t err;

    if (s->state != SOCKET_CONNECTED)
        return -EINVAL;
    g.target = in->flags & MSG_WAITALL ? p->left : low < p->left ? low : p->left;
    if (!g.target)
        g.target = 1;
    if (g.peek && s->peek_offset > 0)
        g.skip = (size_t)s->peek_offset;
    mutex_lock(&s->reading);
    err = move(s, p, &g, in);
    if (err == -EAGAIN && deadline) {
        wait_add(&s->read_wait, &w, t);
        for (;;) {
            wait_prepare(t);
            err = move(s, p, &g, in);
            if (err != -EAGAIN)
                break;
            mutex_unlock(&s->reading);
            err = socket_sleep(t, deadline);
            mutex_lock(&s->reading);
            if (err)
                break;
        }
        wait_remove(&w);
    }
    if (s->peek_offset >= 0)
        s->peek_offset = g.peek                         ? s->peek_offset + (int)g.done
                         : s->peek_offset > (int)g.done ? s->peek_offset - (int)g.done
                                                        : 0;
    mutex_unlock(&s->reading);
    return g.done ? (int64_t)g.done : err;
}

/* The first datagram; NULL: *why says what that means, 0 for the end. */
static struct message *first_of(struct socket *s, bool waits, int64_t *why)
{
    struct message *m = NULL;

    mutex_lock(&unix_lock);
    *why = take_error(s);
    if (!*why && !list_empty(&s->queue))
        m = LIST_ENTRY(s->queue.next, struct message, link);
    else if (!*why && (!(s->shut & SHUT_READ) || (!waits && s->type == SOCK_DGRAM)))
        *why = -EAGAIN;
    mutex_unlock(&unix_lock);
    return m;
}

/* Copies a datagram out and, unless it was only peeked at, takes it away. */
static int64_t deliver(struct socket *s, struct message *m, struct parts *p, struct incoming *in)
{
    size_t n = m->size < p->left ? m->size : p->left;
    bool peek = in->flags & MSG_PEEK;
    int64_t result = in->flags & MSG_TRUNC ? (int64_t)m->size : (int64_t)n;

    if (n < m->size)
        in->result_flags |= MSG_TRUNC;
    tell(in, m);
    if (parts_put(p, m->data, n) != n)
        result = -EFAULT;
    mutex_lock(&unix_lock);
    if (peek) {
        if (m->rights)
            peek_rights(m, in);
    } else {
        message_take(s, m);
        in->rights = m->rights;
        m->rights = NULL;
    }
    mutex_unlock(&unix_lock);
    if (peek)
        return result;
    message_free(m);
    return result;
}

static int64_t receive_datagram(struct task *t, struct file *f, struct parts *p,
                                struct incoming *in)
{
    struct socket *s = socket_of(f);
    jg_time_t deadline =
        socket_deadline(s->receive_time, (f->flags & O_NONBLOCK) || (in->flags & MSG_DONTWAIT));
    struct message *m;
    struct waiter w;
    int64_t err;

    if (s->type == SOCK_SEQPACKET && s->state != SOCKET_CONNECTED)
        return -ENOTCONN;
    wait_add(&s->read_wait, &w, t);
    mutex_lock(&s->reading);
    for (;;) {
        wait_prepare(t);
        m = first_of(s, deadline, &err);
        if (m || err != -EAGAIN)
            break;
        mutex_unlock(&s->reading);
        err = socket_sleep(t, deadline);
        mutex_lock(&s->reading);
        if (err)
            break;
    }
    if (m)
        err = deliver(s, m, p, in);
    mutex_unlock(&s->reading);
    wait_remove(&w);
    return err;
}

HOT_SOCKET int64_t socket_receive(struct task *t, struct file *f, struct parts *p, struct incoming *in)
{
    int64_t n;

    if (in->flags & MSG_OOB)
        return -EOPNOTSUPP;
    n = socket_of(f)->type == SOCK_STREAM ? receive_stream(t, f, p, in)
                                          : receive_datagram(t, f, p, in);
    if (n < 0) {
        address_put(in->from);
        rights_free(in->rights);
        in->from = NULL;
        in->rights = NULL;
    }
    return n;
}
