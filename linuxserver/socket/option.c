/*
 * Options of sockets, at SOL_SOCKET. AF_UNIX has none of its own.
 */
#include "socket.h"

#include <asm/socket.h>

#include <jg/rt/string.h>

#include <task.h>

#define BUFFER_MAX    212992 /* net.core.wmem_max and rmem_max */
#define SEND_LEAST    4608u
#define RECEIVE_LEAST 2304u

/* Those that are only kept: by their bit in socket->flags. */
static int kept_bit(int option)
{
    switch (option) {
    case SO_DEBUG:
        return 0;
    case SO_REUSEADDR:
        return 1;
    case SO_DONTROUTE:
        return 2;
    case SO_BROADCAST:
        return 3;
    case SO_KEEPALIVE:
        return 4;
    case SO_OOBINLINE:
        return 5;
    case SO_TIMESTAMP_OLD:
        return 6;
    case SO_REUSEPORT:
        return 7;
    default:
        return -1;
    }
}

static int64_t set_buffer(struct socket *s, bool send, int value)
{
    size_t least = send ? SEND_LEAST : RECEIVE_LEAST;
    size_t doubled; /* Linux counts its own overhead so */

    value = value > BUFFER_MAX ? BUFFER_MAX : value;
    doubled = value < 0 ? 0 : (size_t)value * 2;
    *(send ? &s->send_size : &s->receive_size) = doubled < least ? least : doubled;
    wait_wake(&s->write_wait);
    return 0;
}

static int64_t set_time(struct task *t, uint64_t va, int length, jg_time_t *out)
{
    int64_t tv[2];

    if (length < (int)sizeof tv)
        return -EINVAL;
    if (copy_in(t->mm, tv, va, sizeof tv))
        return -EFAULT;
    if (tv[1] < 0 || tv[1] >= 1000000)
        return -EDOM;
    if (tv[0] < 0)
        *out = 1; /* at once, or nearly */
    else if (tv[0] >= INT64_MAX / NS_PER_SEC - 1)
        *out = 0;
    else
        *out = tv[0] * NS_PER_SEC + tv[1] * 1000;
    return 0;
}

static int64_t set_linger(struct task *t, struct socket *s, uint64_t va, int length)
{
    int32_t v[2];

    if (length < (int)sizeof v)
        return -EINVAL;
    if (copy_in(t->mm, v, va, sizeof v))
        return -EFAULT;
    s->linger_on = v[0];
    if (v[0])
        s->linger = v[1];
    return 0;
}

static int64_t set_number(struct task *t, struct socket *s, int option, int value)
{
    int bit = kept_bit(option);

    switch (option) {
    case SO_SNDBUF:
    case SO_RCVBUF:
        return set_buffer(s, option == SO_SNDBUF, value);
    case SO_SNDBUFFORCE:
    case SO_RCVBUFFORCE:
        /* The limit holds for everybody, as it bounds the server's memory. */
        return cred_capable(&t->cred, CAP_NET_ADMIN)
                   ? set_buffer(s, option == SO_SNDBUFFORCE, value)
                   : -EPERM;
    case SO_PASSCRED:
        s->pass_cred = value;
        return 0;
    case SO_RCVLOWAT:
        s->receive_low = value < 0 ? INT32_MAX : value ? value : 1;
        return 0;
    case SO_PEEK_OFF:
        s->peek_offset = value < 0 ? -1 : value;
        return 0;
    case SO_TYPE:
    case SO_DOMAIN:
    case SO_PROTOCOL:
    case SO_ERROR:
    case SO_ACCEPTCONN:
    case SO_PEERCRED:
        return -ENOPROTOOPT;
    default:
        if (bit < 0)
            return -ENOPROTOOPT;
        s->flags = (s->flags & ~(1u << bit)) | (value ? 1u << bit : 0);
        return 0;
    }
}

int64_t socket_set_option(struct task *t, struct file *f, int option, uint64_t va, int length)
{
    struct socket *s = socket_of(f);
    int32_t value;
    int64_t err;

    if (length < (int)sizeof value)
        return -EINVAL;
    if (copy_in(t->mm, &value, va, sizeof value))
        return -EFAULT;
    mutex_lock(&s->reading); /* only so that two that set do not mix */
    if (option == SO_LINGER)
        err = set_linger(t, s, va, length);
    else if (option == SO_RCVTIMEO_OLD)
        err = set_time(t, va, length, &s->receive_time);
    else if (option == SO_SNDTIMEO_OLD)
        err = set_time(t, va, length, &s->send_time);
    else
        err = set_number(t, s, option, value);
    mutex_unlock(&s->reading);
    return err;
}

static int64_t get_number(struct socket *s, int option, int32_t *out)
{
    int bit = kept_bit(option);

    switch (option) {
    case SO_TYPE:
        *out = s->type;
        return 0;
    case SO_DOMAIN:
        *out = AF_UNIX;
        return 0;
    case SO_PROTOCOL:
        *out = 0;
        return 0;
    case SO_ERROR:
        *out = s->error;
        s->error = 0;
        return 0;
    case SO_ACCEPTCONN:
        *out = s->state == SOCKET_LISTENING;
        return 0;
    case SO_SNDBUF:
        *out = (int32_t)s->send_size;
        return 0;
    case SO_RCVBUF:
        *out = (int32_t)s->receive_size;
        return 0;
    case SO_PASSCRED:
        *out = s->pass_cred;
        return 0;
    case SO_RCVLOWAT:
        *out = s->receive_low;
        return 0;
    case SO_SNDLOWAT:
        *out = 1;
        return 0;
    case SO_PEEK_OFF:
        *out = s->peek_offset;
        return 0;
    default:
        if (bit < 0)
            return -ENOPROTOOPT;
        *out = s->flags >> bit & 1;
        return 0;
    }
}

/* The longest value is a time's. Returns its size, or -errno. unix_lock is held. */
static int64_t get_value(struct socket *s, int option, void *out)
{
    struct peer_cred cred = {.pid = 0, .uid = ~0u, .gid = ~0u};
    int32_t linger[2] = {s->linger_on, s->linger};
    jg_time_t ns = option == SO_RCVTIMEO_OLD ? s->receive_time : s->send_time;
    int64_t tv[2] = {ns / NS_PER_SEC, ns % NS_PER_SEC / 1000};
    int32_t number;
    int64_t err;

    switch (option) {
    case SO_PEERCRED:
        if (s->has_peer_cred)
            cred = s->peer_cred;
        memcpy(out, &cred, sizeof cred);
        return sizeof cred;
    case SO_LINGER:
        memcpy(out, linger, sizeof linger);
        return sizeof linger;
    case SO_RCVTIMEO_OLD:
    case SO_SNDTIMEO_OLD:
        memcpy(out, tv, sizeof tv);
        return sizeof tv;
    default:
        err = get_number(s, option, &number);
        memcpy(out, &number, sizeof number);
        return err ? err : (int64_t)sizeof number;
    }
}

int64_t socket_get_option(struct task *t, struct file *f, int option, uint64_t va, int *length)
{
    struct socket *s = socket_of(f);
    uint8_t value[16];
    int64_t size;

    if (*length < 0)
        return -EINVAL;
    mutex_lock(&unix_lock);
    size = get_value(s, option, value);
    mutex_unlock(&unix_lock);
    if (size < 0)
        return size;
    if (*length > size)
        *length = (int)size;
    return copy_out(t->mm, va, value, (size_t)*length);
}
