/*
 * AF_UNIX sockets as files: their life, poll, ioctl.
 */
#include "socket.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <linux/sockios.h>

#include <fs/inode.h>
#include <task.h>

#define BUFFER_DEFAULT 212992u
#define DATAGRAMS_MAX  10u /* net.unix.max_dgram_qlen */

struct mutex unix_lock = MUTEX_INIT;
static const struct file_ops socket_ops;

HOT_SOCKET struct socket *socket_of(const struct file *f)
{
    return f->ops == &socket_ops ? f->data : NULL;
}

bool socket_is(const struct file *f)
{
    return f->ops == &socket_ops;
}

struct socket *socket_new(int type)
{
    struct socket *s = rt_zalloc(sizeof *s);

    if (!s)
        return NULL;
    s->refs = 1;
    s->type = type;
    s->backlog = DATAGRAMS_MAX;
    s->send_size = s->receive_size = BUFFER_DEFAULT;
    s->receive_low = 1;
    s->peek_offset = -1;
    list_init(&s->followers);
    list_init(&s->following);
    list_init(&s->bound);
    list_init(&s->embryos);
    list_init(&s->embryo);
    list_init(&s->queue);
    list_init(&s->flying);
    wait_queue_init(&s->read_wait);
    wait_queue_init(&s->write_wait);
    wait_queue_init(&s->room_wait);
    return s;
}

HOT_SOCKET void socket_put(struct socket *s)
{
    if (__atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL))
        return;
    wait_queue_close(&s->read_wait);
    wait_queue_close(&s->write_wait);
    wait_queue_close(&s->room_wait);
    address_put(s->name);
    rt_free(s);
}

struct file *socket_file(struct socket *s, uint32_t flags)
{
    struct file *f = file_create(&socket_ops, O_RDWR | flags, NULL, s);

    if (f)
        s->file = f;
    return f;
}

void peer_cred_of(struct task *t, struct peer_cred *out)
{
    *out = (struct peer_cred){.pid = t->process->pid, .uid = t->cred.euid, .gid = t->cred.egid};
}

HOT_SOCKET jg_time_t socket_deadline(jg_time_t limit, bool now)
{
    jg_time_t from;

    if (now)
        return 0;
    if (!limit)
        return JG_TIME_INFINITE;
    from = time_monotonic();
    return limit > JG_TIME_INFINITE - from ? JG_TIME_INFINITE : from + limit;
}

HOT_SOCKET int64_t socket_sleep(struct task *t, jg_time_t deadline)
{
    int64_t err = deadline ? wait_sleep(t, deadline) : -ETIMEDOUT;

    if (err == -ETIMEDOUT)
        return -EAGAIN;
    return err == -ERESTARTSYS && deadline != JG_TIME_INFINITE ? -EINTR : err;
}

int64_t socket_create(int type, uint32_t flags, struct file **out)
{
    struct socket *s = socket_new(type);

    if (!s)
        return -ENOMEM;
    *out = socket_file(s, flags);
    if (!*out)
        socket_put(s);
    return *out ? 0 : -ENOMEM;
}

int64_t socket_create_pair(struct task *t, int type, uint32_t flags, struct file *out[2])
{
    struct socket *a, *b;

    if (socket_create(type, flags, &out[0]))
        return -ENOMEM;
    if (socket_create(type, flags, &out[1])) {
        file_put(out[0]);
        return -ENOMEM;
    }
    a = socket_of(out[0]);
    b = socket_of(out[1]);
    mutex_lock(&unix_lock);
    peer_set(a, b);
    peer_set(b, a);
    mutex_unlock(&unix_lock);
    a->state = b->state = SOCKET_CONNECTED;
    peer_cred_of(t, &a->peer_cred);
    b->peer_cred = a->peer_cred;
    a->has_peer_cred = b->has_peer_cred = true;
    return 0;
}

void peer_set(struct socket *s, struct socket *peer)
{
    struct socket *old = s->peer;

    if (old)
        list_remove(&s->following);
    s->peer = peer;
    if (peer) {
        socket_get(peer);
        list_add_tail(&peer->followers, &s->following);
    }
    if (old)
        socket_put(old);
}

void socket_has_room(struct socket *s)
{
    wait_wake(&s->room_wait);
    LIST_FOR_EACH(it, &s->followers)
    wait_wake(&LIST_ENTRY(it, struct socket, following)->write_wait);
}

/* unix_lock is held. */
static void wake_all(struct socket *s)
{
    wait_wake(&s->read_wait);
    wait_wake(&s->write_wait);
    socket_has_room(s);
}

/* unix_lock is held. */
static void leave_peer(struct socket *s, bool unread)
{
    struct socket *peer = s->peer;

    if (!peer)
        return;
    if (socket_connects(s)) {
        peer->shut = SHUT_BOTH;
        if (unread)
            peer->error = ECONNRESET;
        wake_all(peer);
    }
    peer_set(s, NULL);
}

void socket_end(struct socket *s, bool embryo, struct rights **list)
{
    struct list messages = LIST_INIT(messages), embryos = LIST_INIT(embryos), *it;
    bool unread;

    mutex_lock(&unix_lock);
    s->dead = true;
    s->file = NULL;
    s->state = SOCKET_CLOSED;
    s->shut = SHUT_BOTH;
    name_forget(s);
    unread = embryo || !list_empty(&s->queue);
    while (!list_empty(&s->queue)) {
        struct message *m = LIST_ENTRY(s->queue.next, struct message, link);

        message_take(s, m);
        list_add_tail(&messages, &m->link);
    }
    list_splice_tail(&embryos, &s->embryos);
    s->waiting_connections = 0;
    leave_peer(s, unread);
    wake_all(s);
    mutex_unlock(&unix_lock);

    while ((it = list_pop(&embryos)))
        socket_end(LIST_ENTRY(it, struct socket, embryo), true, list);
    while ((it = list_pop(&messages)))
        message_drop(LIST_ENTRY(it, struct message, link), list);
    inode_put(s->inode);
    s->inode = NULL;
    socket_put(s);
}

static void socket_release(struct file *f)
{
    struct socket *s = f->data;
    struct rights *list = NULL;

    if (s->heirs) {
        socket_end(s, false, s->heirs);
        return;
    }
    socket_end(s, false, &list);
    rights_drain(&list);
    collect_garbage();
}

/* May a datagram be sent to its peer? unix_lock is held. */
static bool peer_has_room(struct socket *s)
{
    return !s->peer || s->peer->peer == s || !socket_full(s->peer);
}

static uint32_t socket_poll(struct file *f, struct poll_table *table)
{
    struct socket *s = f->data;
    uint32_t mask = 0;

    poll_wait(table, &s->read_wait);
    poll_wait(table, &s->write_wait);
    mutex_lock(&unix_lock);
    if (s->error)
        mask |= POLLERR;
    if (s->shut == SHUT_BOTH)
        mask |= POLLHUP;
    if (s->shut & SHUT_READ)
        mask |= POLLRDHUP | POLLIN | POLLRDNORM;
    if (!list_empty(&s->queue) || !list_empty(&s->embryos))
        mask |= POLLIN | POLLRDNORM;
    if (socket_connects(s) && s->state == SOCKET_CLOSED)
        mask |= POLLHUP;
    if (socket_writable(s) && (s->type == SOCK_STREAM || peer_has_room(s)))
        mask |= POLLOUT | POLLWRNORM | POLLWRBAND;
    mutex_unlock(&unix_lock);
    return mask;
}

static int64_t readable_bytes(const struct socket *s)
{
    const struct message *first;

    if (s->state == SOCKET_LISTENING)
        return -EINVAL;
    if (socket_connects(s))
        return (int64_t)s->queued_bytes;
    first = list_empty(&s->queue) ? NULL : LIST_ENTRY(s->queue.next, struct message, link);
    return first ? (int64_t)first->size : 0;
}

static int64_t socket_ioctl(struct task *t, struct file *f, uint32_t cmd, uint64_t arg)
{
    struct socket *s = f->data;
    int64_t n;
    int32_t out;

    if (cmd != SIOCINQ && cmd != SIOCOUTQ)
        return -ENOTTY;
    mutex_lock(&unix_lock);
    n = cmd == SIOCINQ ? readable_bytes(s) : (int64_t)s->charged;
    mutex_unlock(&unix_lock);
    if (n < 0)
        return n;
    out = (int32_t)n;
    return copy_out(t->mm, arg, &out, sizeof out);
}

static int64_t socket_stat(struct file *f, struct vfs_attr *out)
{
    memset(out, 0, sizeof *out);
    out->mode = S_IFSOCK | 0777;
    out->nlink = 1;
    out->dev = 8; /* sockfs */
    out->ino = (uintptr_t)f->data >> 4 & 0xffffffff;
    return 0;
}

static int64_t transfer(struct task *t, struct file *f, struct parts *p, bool write, bool nowait)
{
    struct outgoing o = {0};
    struct incoming in = {.flags = nowait ? MSG_DONTWAIT : 0};
    int64_t n;

    if (write)
        return socket_send(t, f, p, &o);
    if (!p->left)
        return 0; /* unlike recv(2) */
    n = socket_receive(t, f, p, &in);
    if (n >= 0) {
        address_put(in.from);
        rights_free(in.rights); /* read(2) has no place for them */
    }
    return n;
}

static HOT_SOCKET int64_t socket_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct iovec v = {.iov_base = (void *)io->va, .iov_len = io->length};
    struct parts p = {.mm = io->mm, .next = &v, .count = 1, .left = io->length};

    (void)pos;
    return transfer(t, f, &p, false, io->nowait);
}

static HOT_SOCKET int64_t socket_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct iovec v = {.iov_base = (void *)io->va, .iov_len = io->length};
    struct parts p = {.mm = io->mm, .next = &v, .count = 1, .left = io->length};

    (void)pos;
    return transfer(t, f, &p, true, false);
}

static int64_t socket_vector(struct task *t, struct file *f, const struct iovec *v, uint64_t count,
                             bool write)
{
    struct parts p = {.mm = t->mm, .next = v, .count = count};

    for (uint64_t i = 0; i < count; i++)
        p.left += v[i].iov_len;
    return transfer(t, f, &p, write, false);
}

static const struct file_ops socket_ops = {
    .name = "socket",
    .splice_in = true,
    .splice_out = true,
    .read = socket_read,
    .write = socket_write,
    .vector = socket_vector,
    .poll = socket_poll,
    .ioctl = socket_ioctl,
    .stat = socket_stat,
    .release = socket_release,
};
