/*
 * Sockets that find each other: bind, listen, connect, accept, shutdown, names.
 *
 * A connection is made whole by the one who connects: a new socket, the embryo, which is its peer and
 * lies in the listener's list until it is accepted.
 */
#include "socket.h"

#include <jg/rt/heap.h>

#include <fs/inode.h>
#include <task.h>

#define BACKLOG_MAX 4096u /* net.core.somaxconn */

int64_t socket_bind(struct task *t, struct file *f, const struct given_name *name)
{
    return name_bind(t, socket_of(f), name);
}

int64_t socket_listen(struct task *t, struct file *f, int backlog)
{
    struct socket *s = socket_of(f);
    int64_t err = 0;

    if (!socket_connects(s))
        return -EOPNOTSUPP;
    mutex_lock(&unix_lock);
    if (!s->name || s->state == SOCKET_CONNECTED) {
        err = -EINVAL;
    } else {
        s->backlog = (unsigned)backlog < BACKLOG_MAX ? (unsigned)backlog : BACKLOG_MAX;
        s->state = SOCKET_LISTENING;
        peer_cred_of(t, &s->peer_cred); /* what those who connect are told */
        s->has_peer_cred = true;
        wait_wake(&s->room_wait);
    }
    mutex_unlock(&unix_lock);
    return err;
}

/* The listener's side of a connection. unix_lock is held; nothing can fail. */
static void join(struct task *t, struct socket *s, struct socket *listener, struct socket *embryo)
{
    embryo->state = SOCKET_CONNECTED;
    peer_set(embryo, s);
    embryo->name = address_get(listener->name);
    embryo->pass_cred = listener->pass_cred;
    embryo->backlog = listener->backlog;
    peer_cred_of(t, &embryo->peer_cred);
    embryo->has_peer_cred = true;
    peer_set(s, embryo);
    s->peer_cred = listener->peer_cred;
    s->has_peer_cred = true;
    s->state = SOCKET_CONNECTED;
    list_add_tail(&listener->embryos, &embryo->embryo);
    listener->waiting_connections++;
}

/* Returns 0, -EAGAIN when the listener's list is full, or why there is no connection. */
static int64_t try_connect(struct task *t, struct socket *s, struct socket *listener,
                           struct socket *embryo)
{
    int64_t err = 0;

    mutex_lock(&unix_lock);
    if (listener->dead || listener->state != SOCKET_LISTENING || (listener->shut & SHUT_READ))
        err = -ECONNREFUSED;
    else if (socket_full(listener))
        err = -EAGAIN;
    else if (s->state != SOCKET_CLOSED || s->peer)
        err = s->state == SOCKET_LISTENING ? -EINVAL : -EISCONN;
    else
        join(t, s, listener, embryo);
    mutex_unlock(&unix_lock);
    if (!err)
        wait_wake(&listener->read_wait);
    return err;
}

/* Connects; waits while the list is full. */
static int64_t connect_to(struct task *t, struct socket *s, struct socket *embryo,
                          struct socket *listener, jg_time_t deadline)
{
    struct waiter w;
    int64_t err;

    wait_add(&listener->room_wait, &w, t);
    for (;;) {
        wait_prepare(t);
        err = try_connect(t, s, listener, embryo);
        if (err != -EAGAIN || !deadline)
            break;
        if ((err = socket_sleep(t, deadline)))
            break;
    }
    wait_remove(&w);
    return err;
}

static int64_t connect_stream(struct task *t, struct file *f, const struct given_name *name)
{
    struct socket *s = socket_of(f), *listener, *embryo;
    int64_t err;

    if ((err = name_check(name)))
        return err;
    if (s->pass_cred && !s->name && (err = name_bind_any(s)))
        return err;
    embryo = socket_new(s->type);
    if (!embryo)
        return -ENOMEM;
    err = name_find(t, name, s->type, &listener);
    if (!err) {
        err = connect_to(t, s, embryo, listener,
                         socket_deadline(s->send_time, f->flags & O_NONBLOCK));
        socket_put(listener);
    }
    if (err)
        socket_put(embryo);
    return err;
}

/* Changes whom datagrams go to; what others sent before is forgotten. */
static void set_peer(struct socket *s, struct socket *peer)
{
    struct list messages = LIST_INIT(messages), *it;
    struct socket *old;

    mutex_lock(&unix_lock);
    old = s->peer ? socket_get(s->peer) : NULL;
    peer_set(s, peer);
    s->state = peer ? SOCKET_CONNECTED : SOCKET_CLOSED;
    if (old && old != peer && !list_empty(&s->queue)) {
        while (!list_empty(&s->queue)) {
            struct message *m = LIST_ENTRY(s->queue.next, struct message, link);

            message_take(s, m);
            list_add_tail(&messages, &m->link);
        }
        if (!old->dead && old->peer == s) {
            old->error = ECONNRESET;
            wait_wake(&old->read_wait);
        }
    }
    wait_wake(&s->write_wait);
    mutex_unlock(&unix_lock);
    if (old)
        socket_put(old);
    while ((it = list_pop(&messages)))
        message_free(LIST_ENTRY(it, struct message, link));
}

static int64_t connect_datagram(struct task *t, struct file *f, const struct given_name *name)
{
    struct socket *s = socket_of(f), *peer;
    int64_t err;

    if (name->length < sizeof(uint16_t))
        return -EINVAL;
    if (name->as.un.sun_family == AF_UNSPEC) {
        set_peer(s, NULL);
        return 0;
    }
    if ((err = name_check(name)))
        return err;
    if (s->pass_cred && !s->name && (err = name_bind_any(s)))
        return err;
    if ((err = name_find(t, name, s->type, &peer)))
        return err;
    mutex_lock(&unix_lock);
    if (peer->peer && peer->peer != s)
        err = -EPERM;
    mutex_unlock(&unix_lock);
    if (!err)
        set_peer(s, peer);
    socket_put(peer);
    return err;
}

int64_t socket_connect(struct task *t, struct file *f, const struct given_name *name)
{
    return socket_connects(socket_of(f)) ? connect_stream(t, f, name)
                                         : connect_datagram(t, f, name);
}

/* The first embryo with its reference, or why there is none. */
static int64_t take_embryo(struct socket *s, struct socket **out)
{
    struct list *it;
    int64_t err = 0;

    mutex_lock(&unix_lock);
    it = list_pop(&s->embryos);
    if (it) {
        s->waiting_connections--;
        *out = LIST_ENTRY(it, struct socket, embryo);
    } else if (s->state != SOCKET_LISTENING || (s->shut & SHUT_READ)) {
        err = -EINVAL;
    } else {
        err = -EAGAIN;
    }
    mutex_unlock(&unix_lock);
    return err;
}

int64_t socket_accept(struct task *t, struct file *f, uint32_t flags, struct file **out)
{
    struct socket *s = socket_of(f), *embryo = NULL;
    struct rights *list = NULL;
    jg_time_t deadline = socket_deadline(s->receive_time, f->flags & O_NONBLOCK);
    struct waiter w;
    int64_t err;

    if (!socket_connects(s))
        return -EOPNOTSUPP;
    wait_add(&s->read_wait, &w, t);
    for (;;) {
        wait_prepare(t);
        err = take_embryo(s, &embryo);
        if (err != -EAGAIN || !deadline)
            break;
        if ((err = socket_sleep(t, deadline)))
            break;
    }
    wait_remove(&w);
    if (err)
        return err;
    wait_wake(&s->room_wait);
    *out = socket_file(embryo, flags);
    if (*out)
        return 0;
    socket_end(embryo, true, &list);
    rights_drain(&list);
    return -ENOMEM;
}

int64_t socket_shutdown(struct file *f, int how)
{
    struct socket *s = socket_of(f), *peer;
    uint32_t shut = (uint32_t)how + 1; /* SHUT_RD, SHUT_WR, SHUT_RDWR are 0, 1, 2 */

    if (how < 0 || how > 2)
        return -EINVAL;
    mutex_lock(&unix_lock);
    s->shut |= shut;
    peer = s->peer;
    if (peer && socket_connects(s)) {
        peer->shut |= (shut & SHUT_READ ? SHUT_WRITE : 0) | (shut & SHUT_WRITE ? SHUT_READ : 0);
        wait_wake(&peer->read_wait);
        wait_wake(&peer->write_wait);
    }
    wait_wake(&s->read_wait);
    wait_wake(&s->write_wait);
    wait_wake(&s->room_wait);
    mutex_unlock(&unix_lock);
    return 0;
}

int64_t socket_name(struct file *f, bool peer, struct address **out)
{
    struct socket *s = socket_of(f);
    int64_t err = 0;

    mutex_lock(&unix_lock);
    if (peer)
        s = s->peer;
    if (s)
        *out = address_get(s->name);
    else
        err = -ENOTCONN;
    mutex_unlock(&unix_lock);
    return err;
}
