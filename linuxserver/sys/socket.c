/*
 * socket(2) and its kin but for sending and receiving: sys/message.c. There are only AF_UNIX sockets.
 */
#include "sys.h"

#include <asm/socket.h>

#include <file.h>
#include <socket/socket.h>

#include "sockets.h"

#define AF_LIMIT   46
#define TYPE_MASK  0xfu
#define TYPE_FLAGS ((uint32_t)(O_NONBLOCK | O_CLOEXEC))

int64_t socket_get_file(struct task *t, int fd, struct file **out)
{
    struct file *f = fd_get(t, fd);
    int64_t err;

    if (!f)
        return -EBADF;
    if (socket_is(f)) {
        *out = f;
        return 0;
    }
    err = f->flags & O_PATH ? -EBADF : -ENOTSOCK;
    file_put(f);
    return err;
}

int64_t name_in(struct task *t, uint64_t va, int length, struct given_name *out)
{
    if (length < 0 || length > (int)sizeof out->as)
        return -EINVAL;
    out->length = (uint32_t)length;
    out->as.un.sun_family = 0;
    return length && copy_in(t->mm, &out->as, va, (size_t)length) ? -EFAULT : 0;
}

int64_t name_out(struct task *t, const struct address *a, uint64_t va, uint64_t length_va)
{
    uint16_t family = AF_UNIX;
    const void *name = a ? (const void *)&a->name : &family;
    int32_t size = a ? (int32_t)a->length : (int32_t)sizeof family, room;

    if (copy_in(t->mm, &room, length_va, sizeof room))
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    room = room < size ? room : size;
    if (copy_out(t->mm, va, name, (size_t)room) || copy_out(t->mm, length_va, &size, sizeof size))
        return -EFAULT;
    return 0;
}

/* Checks what socket and socketpair have in common. */
static int64_t check_kind(const uint64_t *a, int *type)
{
    uint32_t flags = (uint32_t)a[1] & ~TYPE_MASK;
    int family = (int)a[0], protocol = (int)a[2];

    if (flags & ~TYPE_FLAGS)
        return -EINVAL;
    *type = (int)((uint32_t)a[1] & TYPE_MASK);
    if (family < 0 || family >= AF_LIMIT)
        return -EAFNOSUPPORT;
    if (*type > 10)
        return -EINVAL;
    if (family != AF_UNIX)
        return -EAFNOSUPPORT;
    if (protocol && protocol != AF_UNIX)
        return -EPROTONOSUPPORT;
    if (*type == SOCK_RAW)
        *type = SOCK_DGRAM;
    if (*type != SOCK_STREAM && *type != SOCK_DGRAM && *type != SOCK_SEQPACKET)
        return -ESOCKTNOSUPPORT;
    return 0;
}

static int64_t install(struct task *t, struct file *f, bool cloexec)
{
    int64_t fd = fd_install(t, f, 0, cloexec);

    if (fd < 0)
        file_put(f);
    return fd;
}

int64_t sys_socket(struct task *t, const uint64_t *a)
{
    struct file *f;
    int type;
    int64_t err = check_kind(a, &type);

    if (!err)
        err = socket_create(type, (uint32_t)a[1] & O_NONBLOCK, &f);
    return err ? err : install(t, f, a[1] & O_CLOEXEC);
}

int64_t sys_socketpair(struct task *t, const uint64_t *a)
{
    struct file *f[2];
    int32_t fds[2];
    int type;
    int64_t err = check_kind(a, &type);

    if (!err)
        err = socket_create_pair(t, type, (uint32_t)a[1] & O_NONBLOCK, f);
    if (err)
        return err;
    fds[0] = (int32_t)install(t, f[0], a[1] & O_CLOEXEC);
    fds[1] = (int32_t)install(t, f[1], a[1] & O_CLOEXEC);
    if (fds[0] >= 0 && fds[1] >= 0 && !copy_out(t->mm, a[3], fds, sizeof fds))
        return 0;
    err = fds[0] < 0 ? fds[0] : fds[1] < 0 ? fds[1] : -EFAULT;
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0)
            fd_close(t, fds[i]);
    }
    return err;
}

typedef int64_t (*namer)(struct task *t, struct file *f, const struct given_name *name);

/* bind and connect. */
static int64_t give_name(struct task *t, const uint64_t *a, namer give)
{
    struct given_name name;
    struct file *f;
    int64_t err = socket_get_file(t, (int)a[0], &f);

    if (err)
        return err;
    err = name_in(t, a[1], (int)a[2], &name);
    if (!err)
        err = give(t, f, &name);
    file_put(f);
    return err;
}

int64_t sys_bind(struct task *t, const uint64_t *a)
{
    return give_name(t, a, socket_bind);
}

int64_t sys_connect(struct task *t, const uint64_t *a)
{
    return give_name(t, a, socket_connect);
}

int64_t sys_listen(struct task *t, const uint64_t *a)
{
    struct file *f;
    int64_t err = socket_get_file(t, (int)a[0], &f);

    if (err)
        return err;
    err = socket_listen(t, f, (int)a[1]);
    file_put(f);
    return err;
}

static int64_t accept(struct task *t, const uint64_t *a, uint32_t flags)
{
    struct address *name = NULL;
    struct file *f, *new;
    int64_t err;

    if (flags & ~TYPE_FLAGS)
        return -EINVAL;
    if ((err = socket_get_file(t, (int)a[0], &f)))
        return err;
    err = socket_accept(t, f, flags & O_NONBLOCK, &new);
    file_put(f);
    if (err)
        return err;
    if (a[1]) {
        err = socket_name(new, true, &name);
        if (!err)
            err = name_out(t, name, a[1], a[2]);
        address_put(name);
        if (err) {
            file_put(new);
            return err;
        }
    }
    return install(t, new, flags & O_CLOEXEC);
}

int64_t sys_accept(struct task *t, const uint64_t *a)
{
    return accept(t, a, 0);
}

int64_t sys_accept4(struct task *t, const uint64_t *a)
{
    return accept(t, a, (uint32_t)a[3]);
}

int64_t sys_shutdown(struct task *t, const uint64_t *a)
{
    struct file *f;
    int64_t err = socket_get_file(t, (int)a[0], &f);

    if (err)
        return err;
    err = socket_shutdown(f, (int)a[1]);
    file_put(f);
    return err;
}

static int64_t tell_name(struct task *t, const uint64_t *a, bool peer)
{
    struct address *name = NULL;
    struct file *f;
    int64_t err = socket_get_file(t, (int)a[0], &f);

    if (err)
        return err;
    err = socket_name(f, peer, &name);
    if (!err)
        err = name_out(t, name, a[1], a[2]);
    address_put(name);
    file_put(f);
    return err;
}

int64_t sys_getsockname(struct task *t, const uint64_t *a)
{
    return tell_name(t, a, false);
}

int64_t sys_getpeername(struct task *t, const uint64_t *a)
{
    return tell_name(t, a, true);
}

int64_t sys_setsockopt(struct task *t, const uint64_t *a)
{
    struct file *f;
    int64_t err;

    if ((int)a[4] < 0)
        return -EINVAL;
    if ((err = socket_get_file(t, (int)a[0], &f)))
        return err;
    err =
        (int)a[1] == SOL_SOCKET ? socket_set_option(t, f, (int)a[2], a[3], (int)a[4]) : -EOPNOTSUPP;
    file_put(f);
    return err;
}

int64_t sys_getsockopt(struct task *t, const uint64_t *a)
{
    struct file *f;
    int32_t length;
    int64_t err = socket_get_file(t, (int)a[0], &f);

    if (err)
        return err;
    if ((int)a[1] != SOL_SOCKET)
        err = -EOPNOTSUPP;
    else if (copy_in(t->mm, &length, a[4], sizeof length))
        err = -EFAULT;
    else
        err = socket_get_option(t, f, (int)a[2], a[3], &length);
    if (!err && copy_out(t->mm, a[4], &length, sizeof length))
        err = -EFAULT;
    file_put(f);
    return err;
}
