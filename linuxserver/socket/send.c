/*
 * Sending. The bytes are copied into a message first; then, under the lock, either everything is as it
 * must be and the message is queued, or the sender sleeps and looks again.
 */
#include "socket.h"

#include <jg/rt/heap.h>

#include <signal.h>
#include <task.h>

#define COLLECT_EVERY 64u    /* sends of files */
#define PIECE         32768u /* of a stream, in one message */

/* A message with the next `size` bytes, and what every message of the call tells. */
static int64_t make(struct socket *s, struct parts *p, size_t size, const struct outgoing *o,
                    struct message **out)
{
    struct message *m = message_new(s, size);
    int64_t err;

    if (!m)
        return -ENOBUFS;
    if ((err = parts_get(p, m->data, size))) {
        message_free(m);
        return err;
    }
    m->has_cred = o->has_cred;
    m->cred = o->cred;
    mutex_lock(&unix_lock);
    m->from = address_get(s->name);
    mutex_unlock(&unix_lock);
    *out = m;
    return 0;
}

/* Puts the message where it goes, with the call's files if they have not gone. unix_lock is held. */
static int64_t commit(struct task *t, struct socket *s, struct socket *to, struct message *m,
                      struct outgoing *o)
{
    if (o->rights && !rights_allowed(t, o->rights->count))
        return -ETOOMANYREFS;
    if (!m->has_cred && (s->pass_cred || to->pass_cred)) {
        peer_cred_of(t, &m->cred);
        m->has_cred = true;
    }
    m->rights = o->rights;
    o->rights = NULL;
    message_queue(to, m);
    wait_wake(&to->read_wait);
    return 0;
}

static int64_t take_error(struct socket *s)
{
    int64_t err = -s->error;

    s->error = 0;
    return err;
}

/* One try for a piece of a stream: 0, -EAGAIN when its charge is too high, or -errno. */
static HOT_SOCKET int64_t put_stream(struct task *t, struct socket *s, struct message *m, struct outgoing *o)
{
    int64_t err;

    mutex_lock(&unix_lock);
    err = take_error(s);
    if (err)
        ;
    else if (!s->peer || s->peer->dead || (s->shut & SHUT_WRITE) || (s->peer->shut & SHUT_READ))
        err = -EPIPE;
    else if (s->charged >= s->send_size)
        err = -EAGAIN;
    else
        err = commit(t, s, s->peer, m, o);
    mutex_unlock(&unix_lock);
    return err;
}

static int64_t send_piece(struct task *t, struct socket *s, struct message *m, struct outgoing *o,
                          jg_time_t deadline)
{
    struct waiter w;
    int64_t err = put_stream(t, s, m, o);

    if (err != -EAGAIN || !deadline)
        return err;
    wait_add(&s->write_wait, &w, t);
    for (;;) {
        wait_prepare(t);
        err = put_stream(t, s, m, o);
        if (err != -EAGAIN || (err = socket_sleep(t, deadline)))
            break;
    }
    wait_remove(&w);
    return err;
}

static int64_t send_stream(struct task *t, struct file *f, struct parts *p, struct outgoing *o)
{
    struct socket *s = socket_of(f);
    jg_time_t deadline =
        socket_deadline(s->send_time, (f->flags & O_NONBLOCK) || (o->flags & MSG_DONTWAIT));
    int64_t done = 0, err = 0;

    if (o->to)
        return s->state == SOCKET_CONNECTED ? -EISCONN : -EOPNOTSUPP;
    if (!s->peer && s->state != SOCKET_CONNECTED && !(s->shut & SHUT_WRITE))
        return -ENOTCONN;
    if (s->shut & SHUT_WRITE)
        err = -EPIPE;
    while (!err && p->left) {
        size_t size = p->left < PIECE ? p->left : PIECE;
        struct message *m;

        if (size > s->send_size / 2)
            size = s->send_size / 2;
        if ((err = make(s, p, size, o, &m)))
            break;
        err = send_piece(t, s, m, o, deadline);
        if (err)
            message_free(m);
        else
            done += (int64_t)size;
    }
    if (done)
        return done;
    if (err == -EPIPE && !(o->flags & MSG_NOSIGNAL))
        return signal_broken_pipe(t);
    return err;
}

/*
 * One try for a datagram. -EAGAIN: *full is whom to wait for (with a reference), or NULL for our own
 * charge to fall.
 */
static int64_t put_datagram(struct task *t, struct socket *s, struct socket *to, struct message *m,
                            struct outgoing *o)
{
    int64_t err;

    mutex_lock(&unix_lock);
    err = take_error(s);
    if (err) {
        ;
    } else if (s->shut & SHUT_WRITE) {
        err = -EPIPE;
    } else if (to->dead) {
        err = s->type == SOCK_SEQPACKET ? -EPIPE : -ECONNREFUSED;
        if (s->peer == to && s->type == SOCK_DGRAM) {
            peer_set(s, NULL); /* the caller has a reference */
            s->state = SOCKET_CLOSED;
        }
    } else if (to->shut & SHUT_READ) {
        err = -EPIPE;
    } else if (s->type == SOCK_DGRAM && to->peer && to->peer != s) {
        err = -EPERM;
    } else if (s->charged >= s->send_size ||
               (to != s && to->peer != s && to->queued_messages > to->backlog)) {
        err = -EAGAIN;
    } else {
        err = commit(t, s, to, m, o);
    }
    mutex_unlock(&unix_lock);
    return err;
}

static int64_t send_to(struct task *t, struct socket *s, struct socket *to, struct message *m,
                       struct outgoing *o, jg_time_t deadline)
{
    struct waiter own, theirs;
    int64_t err = put_datagram(t, s, to, m, o);

    if (err != -EAGAIN || !deadline)
        return err;
    wait_add(&s->write_wait, &own, t);
    wait_add(&to->room_wait, &theirs, t);
    for (;;) {
        wait_prepare(t);
        err = put_datagram(t, s, to, m, o);
        if (err != -EAGAIN || (err = socket_sleep(t, deadline)))
            break;
    }
    wait_remove(&own);
    wait_remove(&theirs);
    return err;
}

/* Where it goes, with a reference. */
static int64_t destination(struct task *t, struct socket *s, const struct outgoing *o,
                           struct socket **out)
{
    if (o->to)
        return name_find(t, o->to, s->type, out);
    mutex_lock(&unix_lock);
    *out = s->peer;
    if (*out)
        socket_get(*out);
    mutex_unlock(&unix_lock);
    return *out ? 0 : -ENOTCONN;
}

static int64_t send_datagram(struct task *t, struct file *f, struct parts *p, struct outgoing *o)
{
    struct socket *s = socket_of(f), *to;
    jg_time_t deadline =
        socket_deadline(s->send_time, (f->flags & O_NONBLOCK) || (o->flags & MSG_DONTWAIT));
    size_t size = p->left;
    struct message *m;
    int64_t err;

    if (o->to && (err = name_check(o->to)))
        return err;
    if (!o->to && !s->peer)
        return -ENOTCONN;
    if (s->pass_cred && !s->name && (err = name_bind_any(s)))
        return err;
    if (size > s->send_size - 32)
        return -EMSGSIZE;
    if ((err = make(s, p, size, o, &m)))
        return err;
    err = destination(t, s, o, &to);
    if (!err) {
        err = send_to(t, s, to, m, o, deadline);
        socket_put(to);
    }
    if (err)
        message_free(m);
    return err ? err : (int64_t)size;
}

/* A packet goes to the peer, whatever name is given. */
static int64_t send_packet(struct task *t, struct file *f, struct parts *p, struct outgoing *o)
{
    struct socket *s = socket_of(f);
    int64_t err;

    mutex_lock(&unix_lock);
    err = take_error(s);
    if (!err && s->state != SOCKET_CONNECTED)
        err = -ENOTCONN;
    else if (!err && !s->peer)
        err = -EPIPE;
    mutex_unlock(&unix_lock);
    o->to = NULL;
    return err ? err : send_datagram(t, f, p, o);
}

HOT_SOCKET int64_t socket_send(struct task *t, struct file *f, struct parts *p, struct outgoing *o)
{
    static uint32_t sends; /* of files */

    if (o->flags & MSG_OOB)
        return -EOPNOTSUPP;
    /* A program that only makes garbage ends no socket, which is what else starts a collection. */
    if (o->rights && __atomic_add_fetch(&sends, 1, __ATOMIC_RELAXED) % COLLECT_EVERY == 0)
        collect_garbage();
    switch (socket_of(f)->type) {
    case SOCK_STREAM:
        return send_stream(t, f, p, o);
    case SOCK_SEQPACKET:
        return send_packet(t, f, p, o);
    default:
        return send_datagram(t, f, p, o);
    }
}
