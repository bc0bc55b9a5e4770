/*
 * AF_UNIX sockets from inside: what the files of this folder share.
 *
 * Life:  a socket is counted: by its file, by the sockets that are connected to it, by the messages that it
 *        sent and that are not yet read (they are charged to it). Its file's end closes it for everybody; the
 *        memory goes with the last reference.
 * Locks: unix_lock guards every field of every socket and message that is not said to be fixed. It is held
 *        for a few instructions, never while bytes are copied, a file is let go of or a task sleeps; inside it
 *        only wake-ups. socket->reading is taken outside of it and held while one reader copies from the front
 *        of the queue: nobody else takes that away.
 */
#pragma once

#include <jg/rt/list.h>
#include <jg/rt/sync.h>

#include <linux/uio.h>
#include <linux/un.h>

#include <file.h>
#include <sync/wait.h>

#define SOCK_STREAM    1
#define SOCK_DGRAM     2
#define SOCK_RAW       3
#define SOCK_SEQPACKET 5

#define AF_UNSPEC 0
#define AF_UNIX   1

#define MSG_OOB          0x1u
#define MSG_PEEK         0x2u
#define MSG_CTRUNC       0x8u
#define MSG_TRUNC        0x20u
#define MSG_DONTWAIT     0x40u
#define MSG_WAITALL      0x100u
#define MSG_NOSIGNAL     0x4000u
#define MSG_WAITFORONE   0x10000u
#define MSG_CMSG_CLOEXEC 0x40000000u

#define SHUT_READ  1u
#define SHUT_WRITE 2u
#define SHUT_BOTH  3u

#define NAME_OFFSET offsetof(struct sockaddr_un, sun_path)
#define NAME_MAX_UN sizeof(((struct sockaddr_un *)0)->sun_path)

/* A name that a socket has, or had when it sent; counted, fixed. */
struct address {
    uint32_t refs;
    uint32_t length; /* as getsockname(2) tells it */
    struct {
        uint16_t family;
        char path[NAME_MAX_UN + 1];
    } name;
};

struct peer_cred {
    int pid;
    uint32_t uid, gid;
};

/* Files on their way. */
struct rights {
    struct rights *next; /* on a list of rights_push() */
    uint32_t count;
    uint32_t uid; /* who pays for them */
    struct file *file[];
};

#define RIGHTS_MAX 253u /* SCM_MAX_FD */

struct message {
    struct list link;
    struct socket *sender;
    size_t charge;       /* to the sender */
    size_t size, offset; /* offset: bytes read so far */
    struct address *from;
    bool has_cred;
    struct peer_cred cred;
    struct rights *rights;
    uint8_t data[];
};

enum socket_state { SOCKET_CLOSED, SOCKET_LISTENING, SOCKET_CONNECTED };

struct socket {
    uint32_t refs;
    int type;          /* fixed */
    struct file *file; /* not counted; NULL before accept and after the end */
    enum socket_state state;
    bool dead; /* its file has gone */
    uint32_t shut;
    int error; /* told once */

    struct socket *peer;   /* peer_set() */
    struct list followers; /* whose peer this is; `following` */
    struct list following; /* in its peer's list */
    struct address *name;
    struct list bound;   /* in the table of names */
    struct inode *inode; /* of a path name */
    struct list embryos; /* a listener's: connected, not accepted; `embryo` */
    struct list embryo;  /* in its listener's list */
    uint32_t waiting_connections, backlog;

    struct mutex reading;
    struct list queue; /* messages to read */
    uint32_t queued_messages;
    size_t queued_bytes;
    size_t charged; /* of what it sent and others have not read */
    size_t send_size, receive_size;

    bool pass_cred, linger_on;
    int linger, receive_low, peek_offset;
    uint32_t flags;                    /* other options that are only kept, by number */
    jg_time_t receive_time, send_time; /* 0: no limit */
    bool has_peer_cred;
    struct peer_cred peer_cred;

    struct waitqueue read_wait;  /* something to read or accept, or an end */
    struct waitqueue write_wait; /* its own charge fell, or an end */
    struct waitqueue
        room_wait; /* its queue or list of embryos is full no more: those who send to it */

    uint32_t in_flight; /* how often its file is on its way */
    struct list flying; /* while in_flight */

    /* The collector's, of those in flight. */
    uint32_t held_inside;
    bool reached;
    struct socket *next_work;
    struct rights *
        *heirs; /* where its end leaves the files in its queue; NULL: it lets go of them itself */
};

extern struct mutex unix_lock;

/* A new one with one reference. NULL: no memory. */
struct socket *socket_new(int type);
static inline struct socket *socket_get(struct socket *s)
{
    __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
    return s;
}
/* May be called with unix_lock. */
void socket_put(struct socket *s);

/* The socket behind a file, or NULL. */
struct socket *socket_of(const struct file *f);

/* The open file of a socket whose reference it takes over on success. NULL: no memory. */
struct file *socket_file(struct socket *s, uint32_t flags);

/*
 * The end of a socket: tells its peer, forgets its name, drops what is queued; the files in that are left on `list`.
 * `embryo`: it was never accepted. Lets go of one reference. No lock is held.
 */
void socket_end(struct socket *s, bool embryo, struct rights **list);

static inline bool socket_connects(const struct socket *s)
{
    return s->type != SOCK_DGRAM;
}
/* unix_lock is held, for all of these. */
static inline bool socket_full(const struct socket *s)
{
    return (s->state == SOCKET_LISTENING ? s->waiting_connections : s->queued_messages) >
           s->backlog;
}
static inline bool socket_writable(const struct socket *s)
{
    return s->state != SOCKET_LISTENING && s->charged * 4 <= s->send_size;
}

/* Makes `peer` (NULL: nobody) the one that s sends to. */
void peer_set(struct socket *s, struct socket *peer);

/* Others may send to s again: wakes those who wait for that, and those who poll a follower. */
void socket_has_room(struct socket *s);

/* Who the task is, as others are told. */
void peer_cred_of(struct task *t, struct peer_cred *out);

/* When a call that starts now must end: *limit is SO_RCVTIMEO's or SO_SNDTIMEO's; `now`: at once. */
jg_time_t socket_deadline(jg_time_t limit, bool now);

/* Sleeps. Returns 0, -EAGAIN (time is over), -ERESTARTSYS, or -EINTR where there was a limit. */
int64_t socket_sleep(struct task *t, jg_time_t deadline);

/* Several pieces of memory as one, read or filled from the front. */
struct parts {
    struct mm *mm; /* NULL: the server's own */
    const struct iovec *next;
    uint64_t count;
    size_t offset; /* into the first */
    size_t left;
};

/* Copies n bytes from the front. Returns 0 or -EFAULT. */
int64_t parts_get(struct parts *p, void *dst, size_t n);
/* Copies to the front. Returns how many bytes, fewer than n at a fault. */
size_t parts_put(struct parts *p, const void *src, size_t n);

/* A message of `size` bytes from s, not yet charged. NULL: no memory, or all messages together have too much. */
struct message *message_new(struct socket *s, size_t size);
/* Charges it to its sender and queues it. unix_lock is held. The caller wakes to->read_wait after. */
void message_queue(struct socket *to, struct message *m);
/* Takes it off the queue and the charge off its sender; wakes who waits for either. unix_lock is held. */
void message_take(struct socket *from, struct message *m);
/* Frees one that is in no queue, with what it carries. No lock is held. */
void message_free(struct message *m);
/* The same, but leaves its files on `list`. */
void message_drop(struct message *m, struct rights **list);

/* Counts files as being on their way, or no longer. unix_lock is held. */
void rights_launch(struct rights *r);
void rights_land(struct rights *r);
/* Whether user `uid` may send `count` more; unix_lock is held. */
bool rights_allowed(struct task *t, uint32_t count);
/* Another reference to each. unix_lock is held. NULL: no memory. */
struct rights *rights_copy(const struct rights *r);
/* Puts it on a list of those to be let go of. */
void rights_push(struct rights **list, struct rights *r);
/* Lets go of the files of one (NULL: of none), of all on a list. No lock is held. */
void rights_free(struct rights *r);
void rights_drain(struct rights **list);

/* Drops what only sockets on their way could ever read. No lock is held. */
void collect_garbage(void);

/* Names. `address_new` copies; NULL: no memory. */
struct address *address_new(const void *name, uint32_t length);
static inline struct address *address_get(struct address *a)
{
    if (a)
        __atomic_add_fetch(&a->refs, 1, __ATOMIC_RELAXED);
    return a;
}
/* Lets go of a name, or of NULL. */
void address_put(struct address *a);

/* A name as a program gave it. */
struct given_name {
    uint32_t length;
    union {
        struct sockaddr_un un;
        uint8_t bytes[128];
    } as;
};

/* -EINVAL unless it is an AF_UNIX name. */
int64_t name_check(const struct given_name *name);

/* bind(2), and the name that an unnamed socket gets by itself. */
int64_t name_bind(struct task *t, struct socket *s, const struct given_name *name);
int64_t name_bind_any(struct socket *s);

/*
 * The socket of that name, with a reference: -ECONNREFUSED, -EPROTOTYPE (another type), -ENOENT,
 * -EACCES. No lock is held.
 */
int64_t name_find(struct task *t, const struct given_name *name, int type, struct socket **out);

/* Takes its name out of the table. unix_lock is held. */
void name_forget(struct socket *s);
