/*
 * Sending and receiving: sendto, recvfrom, sendmsg, recvmsg and the forms for many messages.
 */
#include "sys.h"

#include <jg/rt/heap.h>
#include <jg/rt/time.h>

#include <file.h>

#include "sockets.h"

#define COMPAT 0x80000000u /* MSG_CMSG_COMPAT: the kernel's own */

int64_t sys_sendto(struct task *t, const uint64_t *a)
{
    uint64_t size = a[2] < RW_MAX ? a[2] : RW_MAX;
    struct iovec v = {.iov_base = (void *)a[1], .iov_len = size};
    struct parts p = {.mm = t->mm, .next = &v, .count = 1, .left = size};
    struct outgoing o = {.flags = (uint32_t)a[3]};
    struct given_name name;
    struct file *f;
    int64_t n = socket_get_file(t, (int)a[0], &f);

    if (n)
        return n;
    if (a[4] && !(n = name_in(t, a[4], (int)a[5], &name)) && name.length)
        o.to = &name;
    if (!n)
        n = socket_send(t, f, &p, &o);
    file_put(f);
    return n;
}

int64_t sys_recvfrom(struct task *t, const uint64_t *a)
{
    uint64_t size = a[2] < RW_MAX ? a[2] : RW_MAX;
    struct iovec v = {.iov_base = (void *)a[1], .iov_len = size};
    struct parts p = {.mm = t->mm, .next = &v, .count = 1, .left = size};
    struct incoming in = {.flags = (uint32_t)a[3]};
    int32_t none = 0;
    struct file *f;
    int64_t n = socket_get_file(t, (int)a[0], &f), err = 0;

    if (n)
        return n;
    n = socket_receive(t, f, &p, &in);
    file_put(f);
    if (n < 0)
        return n;
    if (a[4])
        err =
            in.from ? name_out(t, in.from, a[4], a[5]) : copy_out(t->mm, a[5], &none, sizeof none);
    address_put(in.from);
    rights_free(in.rights);
    return err ? err : n;
}

/* The header and its vector, which the caller frees also after a failure. */
static int64_t header_in(struct task *t, uint64_t va, struct message_header *h, struct iovec **v,
                         struct parts *p)
{
    uint64_t total;
    int64_t err;

    if (copy_in(t->mm, h, va, sizeof *h))
        return -EFAULT;
    if (!h->name)
        h->name_length = 0;
    if (h->name_length < 0)
        return -EINVAL;
    if (h->count > VECTOR_LIMIT)
        return -EMSGSIZE;
    err = vector_in(t, h->vector, h->count, v, &total);
    if (err) {
        *v = NULL;
        return err;
    }
    *p = (struct parts){.mm = t->mm, .next = *v, .count = h->count, .left = total};
    return 0;
}

static int64_t send_one(struct task *t, struct file *f, uint64_t va, uint32_t flags)
{
    struct outgoing o = {.flags = flags};
    struct message_header h;
    struct given_name name;
    struct iovec *v = NULL;
    struct parts p;
    int64_t n = header_in(t, va, &h, &v, &p);

    if (!n && h.name_length) {
        if (h.name_length > (int32_t)sizeof name.as)
            h.name_length = (int32_t)sizeof name.as;
        n = name_in(t, h.name, h.name_length, &name);
        o.to = &name;
    }
    if (!n && h.control)
        n = control_in(t, h.control, h.control_length, &o);
    if (!n)
        n = socket_send(t, f, &p, &o);
    rights_free(o.rights);
    rt_free(v);
    return n;
}

typedef int64_t (*mover)(struct task *t, struct file *f, uint64_t va, uint32_t flags);

/* sendmsg and recvmsg. */
static int64_t one_message(struct task *t, const uint64_t *a, mover move)
{
    struct file *f;
    int64_t n;

    if ((uint32_t)a[2] & COMPAT)
        return -EINVAL;
    if ((n = socket_get_file(t, (int)a[0], &f)))
        return n;
    n = move(t, f, a[1], (uint32_t)a[2]);
    file_put(f);
    return n;
}

int64_t sys_sendmsg(struct task *t, const uint64_t *a)
{
    return one_message(t, a, send_one);
}

#define MANY_STRIDE 64u /* struct mmsghdr: a msghdr, a length, and a pad */
#define MANY_LENGTH 56u

int64_t sys_sendmmsg(struct task *t, const uint64_t *a)
{
    uint32_t count = (uint32_t)a[2] < VECTOR_LIMIT ? (uint32_t)a[2] : VECTOR_LIMIT, done = 0;
    struct file *f;
    int64_t n;

    if ((uint32_t)a[3] & COMPAT)
        return -EINVAL;
    if ((n = socket_get_file(t, (int)a[0], &f)))
        return n;
    for (n = 0; done < count; done++) {
        uint64_t at = a[1] + done * MANY_STRIDE;
        uint32_t length;

        n = send_one(t, f, at, (uint32_t)a[3]);
        if (n < 0)
            break;
        length = (uint32_t)n;
        if ((n = copy_out(t->mm, at + MANY_LENGTH, &length, sizeof length)))
            break;
    }
    file_put(f);
    return done ? done : n < 0 ? n : 0;
}

/* Tells who sent it, and what the header's fields are now. */
static int64_t header_out(struct task *t, uint64_t va, struct message_header *h,
                          const struct incoming *in)
{
    int32_t size = in->from ? (int32_t)in->from->length : 0;
    int32_t room = h->name_length < size ? h->name_length : size;

    if (h->name &&
        (copy_out(t->mm, h->name, in->from ? &in->from->name : NULL, (size_t)room) ||
         copy_out(t->mm, va + offsetof(struct message_header, name_length), &size, sizeof size)))
        return -EFAULT;
    if (copy_out(t->mm, va + offsetof(struct message_header, control_length), &h->control_length,
                 sizeof h->control_length) ||
        copy_out(t->mm, va + offsetof(struct message_header, flags), &in->result_flags,
                 sizeof in->result_flags))
        return -EFAULT;
    return 0;
}

static int64_t receive_one(struct task *t, struct file *f, uint64_t va, uint32_t flags)
{
    struct incoming in = {.flags = flags, .result_flags = flags & MSG_CMSG_CLOEXEC};
    struct message_header h;
    struct iovec *v = NULL;
    struct parts p;
    int64_t n = header_in(t, va, &h, &v, &p), err;

    if (!n)
        n = socket_receive(t, f, &p, &in);
    rt_free(v);
    if (n < 0)
        return n;
    control_out(t, &h, &in, socket_of(f)->pass_cred, flags & MSG_CMSG_CLOEXEC);
    err = header_out(t, va, &h, &in);
    address_put(in.from);
    rights_free(in.rights);
    return err ? err : n;
}

int64_t sys_recvmsg(struct task *t, const uint64_t *a)
{
    return one_message(t, a, receive_one);
}

/* Receives until there are `count`, nothing more is there, or time is over. *n: of the last that failed. */
static uint32_t receive_many(struct task *t, struct file *f, uint64_t va, uint32_t count,
                             uint32_t flags, jg_time_t deadline, int64_t *n)
{
    uint32_t done = 0;

    for (*n = 0; done < count; done++) {
        uint64_t at = va + done * MANY_STRIDE;
        uint32_t length;

        *n = receive_one(t, f, at, flags & ~MSG_WAITFORONE);
        if (*n < 0)
            break;
        length = (uint32_t)*n;
        if ((*n = copy_out(t->mm, at + MANY_LENGTH, &length, sizeof length)))
            break;
        if (flags & MSG_WAITFORONE)
            flags |= MSG_DONTWAIT;
        if (time_monotonic() >= deadline) {
            done++;
            break;
        }
    }
    return done;
}

int64_t sys_recvmmsg(struct task *t, const uint64_t *a)
{
    uint32_t count = (uint32_t)a[2] < VECTOR_LIMIT ? (uint32_t)a[2] : VECTOR_LIMIT, done;
    jg_time_t ns, deadline = JG_TIME_INFINITE;
    struct file *f;
    int64_t n;

    if ((uint32_t)a[3] & COMPAT)
        return -EINVAL;
    if (a[4]) {
        if ((n = time_in(t, a[4], &ns)))
            return n;
        deadline = deadline_after(ns);
    }
    if ((n = socket_get_file(t, (int)a[0], &f)))
        return n;
    done = receive_many(t, f, a[1], count, (uint32_t)a[3], deadline, &n);
    file_put(f);
    if (a[4] && done) {
        ns = deadline - time_monotonic();
        time_out(t, a[4], ns > 0 ? ns : 0);
    }
    return done ? done : n < 0 ? n : 0;
}
