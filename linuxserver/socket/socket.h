/*
 * AF_UNIX sockets for the system calls. Source: unix(7), socket(7).
 *
 * Every call that takes a file expects a socket: see socket_is(). Counts or -errno; the restart codes
 * of linux.h where a call waits.
 */
#pragma once

#include <file.h>

#include "unix.h"

/* Whether the file is a socket. */
bool socket_is(const struct file *f);

/* type: SOCK_* without flags, already checked. 0 or -ENOMEM. */
int64_t socket_create(int type, uint32_t flags, struct file **out);
int64_t socket_create_pair(struct task *t, int type, uint32_t flags, struct file *out[2]);

/* Gives it a name. 0, -EINVAL (it has one, or the name is bad), -EADDRINUSE, or as a path fails. */
int64_t socket_bind(struct task *t, struct file *f, const struct given_name *name);

/* Lets others connect to it. 0, -EOPNOTSUPP (datagrams) or -EINVAL (no name, or connected). */
int64_t socket_listen(struct task *t, struct file *f, int backlog);

/*
 * Connects to the socket of that name; waits while its backlog is full. 0, -ECONNREFUSED, -EPROTOTYPE,
 * -EISCONN, -EINVAL, -EAGAIN, -EPERM (a datagram socket with another peer), or as a path fails.
 */
int64_t socket_connect(struct task *t, struct file *f, const struct given_name *name);

/* The next connection as a new file. 0, -EAGAIN, -EINVAL (not listening), -EOPNOTSUPP or -ENOMEM. */
int64_t socket_accept(struct task *t, struct file *f, uint32_t flags, struct file **out);

/* how: 0 reading, 1 writing, 2 both. The peer of a connection learns it. 0 or -EINVAL. */
int64_t socket_shutdown(struct file *f, int how);

/* The name of the socket or (peer) of the other side; with a reference, NULL: it has none. -ENOTCONN. */
int64_t socket_name(struct file *f, bool peer, struct address **out);

/* What goes with a message. */
struct outgoing {
    uint32_t flags;
    const struct given_name *to; /* NULL: the peer */
    bool has_cred;
    struct peer_cred cred;
    struct rights *rights; /* taken over when they were sent, and then NULL */
};

struct incoming {
    uint32_t flags, result_flags;
    struct address *from;
    bool has_cred;
    struct peer_cred cred;
    struct rights *rights;
};

/*
 * Sends all of `p` or, of a stream, what is possible. Bytes, or -EAGAIN, -ENOTCONN, -EPIPE (after
 * SIGPIPE where Linux sends it), -EMSGSIZE, -ECONNREFUSED, -ETOOMANYREFS, -ENOBUFS, -EFAULT and what
 * finding o->to gives.
 */
int64_t socket_send(struct task *t, struct file *f, struct parts *p, struct outgoing *o);
/*
 * Receives into `p`. Bytes, 0 at the end, or -EAGAIN, -EINVAL, -ENOTCONN, -ECONNRESET, -EFAULT. On success the
 * caller owns in->from and in->rights.
 */
int64_t socket_receive(struct task *t, struct file *f, struct parts *p, struct incoming *in);

/* setsockopt and getsockopt at SOL_SOCKET; *length is the room at va and then what was stored. */
int64_t socket_set_option(struct task *t, struct file *f, int option, uint64_t va, int length);
int64_t socket_get_option(struct task *t, struct file *f, int option, uint64_t va, int *length);
