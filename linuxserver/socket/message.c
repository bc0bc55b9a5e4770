/*
 * Messages: bytes on their way, with their sender's name and what they carry.
 *
 * A message is charged to its sender until it is read: that is what SO_SNDBUF bounds. But a sender may be closed, and
 * what it sent stays; so all messages together may have a part of the memory and no more.
 */
#include "unix.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/stubs.h>

#include <hot.h>

#define PART     4u   /* one in so many bytes of the memory may be queued */
#define OVERHEAD 256u /* of a message, beside its bytes in steps of 512: near what Linux counts */

static size_t held; /* by all messages */

HOT_SOCKET int64_t parts_get(struct parts *p, void *dst, size_t n)
{
    struct io io;

    while (n) {
        size_t rest = p->next->iov_len - p->offset;

        if (!rest) {
            p->next++;
            p->offset = 0;
            continue;
        }
        rest = rest < n ? rest : n;
        io =
            (struct io){.mm = p->mm, .va = (uint64_t)p->next->iov_base + p->offset, .length = rest};
        if (io_get(&io, dst, rest) != (int64_t)rest)
            return -EFAULT;
        p->offset += rest;
        p->left -= rest;
        dst = (uint8_t *)dst + rest;
        n -= rest;
    }
    return 0;
}

HOT_SOCKET size_t parts_put(struct parts *p, const void *src, size_t n)
{
    size_t done = 0;

    while (done < n) {
        size_t rest = p->next->iov_len - p->offset;
        struct io io;
        int64_t put;

        if (!rest) {
            p->next++;
            p->offset = 0;
            continue;
        }
        rest = rest < n - done ? rest : n - done;
        io =
            (struct io){.mm = p->mm, .va = (uint64_t)p->next->iov_base + p->offset, .length = rest};
        put = io_put(&io, (const uint8_t *)src + done, rest);
        if (put > 0) {
            done += (size_t)put;
            p->offset += (size_t)put;
            p->left -= (size_t)put;
        }
        if (put != (int64_t)rest)
            break;
    }
    return done;
}

/* Counts a message of that many bytes, if all have room. */
static inline bool reserve(size_t size)
{
    static size_t most;
    struct jg_info_system info;

    if (!__atomic_load_n(&most, __ATOMIC_RELAXED) &&
        jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info) > 0)
        __atomic_store_n(&most, info.total_frames * PAGE_SIZE / PART, __ATOMIC_RELAXED);
    if (__atomic_add_fetch(&held, size, __ATOMIC_RELAXED) <= most)
        return true;
    __atomic_sub_fetch(&held, size, __ATOMIC_RELAXED);
    return false;
}

HOT_SOCKET struct message *message_new(struct socket *s, size_t size)
{
    struct message *m;

    if (!reserve(sizeof *m + size))
        return NULL;
    m = rt_alloc(sizeof *m + size);
    if (!m) {
        __atomic_sub_fetch(&held, sizeof *m + size, __ATOMIC_RELAXED);
        return NULL;
    }
    memset(m, 0, sizeof *m);
    m->size = size;
    m->charge = OVERHEAD + ((size + 320 + 511) & ~511ul);
    m->sender = socket_get(s);
    return m;
}

HOT_SOCKET void message_queue(struct socket *to, struct message *m)
{
    m->sender->charged += m->charge;
    list_add_tail(&to->queue, &m->link);
    to->queued_messages++;
    to->queued_bytes += m->size;
    if (m->rights)
        rights_launch(m->rights);
}

HOT_SOCKET void message_take(struct socket *from, struct message *m)
{
    struct socket *sender = m->sender;
    bool was_full = socket_full(from);

    list_remove(&m->link);
    from->queued_messages--;
    from->queued_bytes -= m->size - m->offset;
    sender->charged -= m->charge;
    m->charge = 0;
    if (m->rights)
        rights_land(m->rights);
    if (was_full && from->type != SOCK_STREAM && !socket_full(from))
        socket_has_room(from);
    if (socket_writable(sender))
        wait_wake(&sender->write_wait);
}

HOT_SOCKET void message_drop(struct message *m, struct rights **list)
{
    __atomic_sub_fetch(&held, sizeof *m + m->size, __ATOMIC_RELAXED);
    if (m->rights)
        rights_push(list, m->rights);
    address_put(m->from);
    socket_put(m->sender);
    rt_free(m);
}

HOT_SOCKET void message_free(struct message *m)
{
    struct rights *list = NULL;

    message_drop(m, &list);
    if (list)
        rights_drain(&list);
}
