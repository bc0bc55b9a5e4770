/*
 * Control messages: descriptors and credentials on their way in and out. Source: cmsg(3), unix(7).
 */
#include <asm/socket.h>

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <file.h>

#include "sockets.h"

#define CONTROL_MAX 20480u /* net.core.optmem_max */

/* Appends descriptors to what is sent. */
static int64_t add_rights(struct task *t, const int32_t *fd, uint64_t count, struct outgoing *o)
{
    struct rights *r = o->rights;

    if (!count)
        return 0;
    if (count > RIGHTS_MAX)
        return -EINVAL;
    if (!r) {
        r = rt_zalloc(sizeof *r + RIGHTS_MAX * sizeof r->file[0]);
        if (!r)
            return -ENOMEM;
        r->uid = t->cred.uid;
        o->rights = r;
    }
    if (r->count + count > RIGHTS_MAX)
        return -EINVAL;
    for (uint64_t i = 0; i < count; i++) {
        struct file *f = fd_get(t, fd[i]);

        if (!f)
            return -EBADF;
        r->file[r->count++] = f;
    }
    return 0;
}

/* May the task say that it is this one? */
static int64_t check_cred(struct task *t, const struct peer_cred *c)
{
    const struct cred *own = &t->cred;
    bool known;

    if (c->pid != t->process->pid && !cred_capable(own, CAP_SYS_ADMIN))
        return -EPERM;
    if (c->uid != own->uid && c->uid != own->euid && c->uid != own->suid &&
        !cred_capable(own, CAP_SETUID))
        return -EPERM;
    if (c->gid != own->gid && c->gid != own->egid && c->gid != own->sgid &&
        !cred_capable(own, CAP_SETGID))
        return -EPERM;
    mutex_lock(&tasks_lock);
    known = process_find(c->pid) || task_find(c->pid);
    mutex_unlock(&tasks_lock);
    return known ? 0 : -ESRCH;
}

static int64_t add_one(struct task *t, const struct control_header *h, const uint8_t *data,
                       struct outgoing *o)
{
    uint64_t size = h->length - sizeof *h;

    if (h->level != SOL_SOCKET)
        return 0;
    switch (h->type) {
    case SCM_RIGHTS:
        return add_rights(t, (const int32_t *)(const void *)data, size / sizeof(int32_t), o);
    case SCM_CREDENTIALS:
        if (size != sizeof o->cred)
            return -EINVAL;
        memcpy(&o->cred, data, sizeof o->cred);
        o->has_cred = true;
        return check_cred(t, &o->cred);
    default:
        return -EINVAL;
    }
}

int64_t control_in(struct task *t, uint64_t va, uint64_t length, struct outgoing *o)
{
    uint64_t at = 0;
    uint8_t *buf;
    int64_t err = 0;

    if (length > CONTROL_MAX)
        return -ENOBUFS;
    if (length < sizeof(struct control_header))
        return 0;
    buf = rt_alloc(length);
    if (!buf)
        return -ENOBUFS;
    if (copy_in(t->mm, buf, va, length))
        err = -EFAULT;
    while (!err && length - at >= sizeof(struct control_header)) {
        struct control_header h;

        memcpy(&h, buf + at, sizeof h);
        if (h.length < sizeof h || h.length > length - at) {
            err = -EINVAL;
            break;
        }
        err = add_one(t, &h, buf + at + sizeof h, o);
        if (CONTROL_ALIGN(h.length) >= length - at)
            break;
        at += CONTROL_ALIGN(h.length);
    }
    rt_free(buf);
    return err;
}

/* Writes one, or as much of it as there is room for. */
static void put(struct task *t, struct message_header *h, uint64_t *used, int type,
                const void *data, uint64_t size, struct incoming *in)
{
    struct control_header c = {.length = sizeof c + size, .level = SOL_SOCKET, .type = type};
    uint64_t room = h->control_length - *used;

    if (!h->control || room < sizeof c) {
        in->result_flags |= MSG_CTRUNC;
        return;
    }
    if (room < c.length) {
        in->result_flags |= MSG_CTRUNC;
        c.length = room;
    }
    if (copy_out(t->mm, h->control + *used, &c, sizeof c) ||
        copy_out(t->mm, h->control + *used + sizeof c, data, c.length - sizeof c))
        return;
    *used += CONTROL_ALIGN(sizeof c + size) < room ? CONTROL_ALIGN(sizeof c + size) : room;
}

/* Installs descriptors as long as there is room to tell them. Returns how many. */
static uint32_t install(struct task *t, const struct rights *r, uint64_t room, uint64_t va,
                        bool cloexec)
{
    uint32_t done = 0;

    for (; done < r->count && (done + 1) * sizeof(int32_t) <= room; done++) {
        int32_t fd = fd_install(t, file_get(r->file[done]), 0, cloexec);

        if (fd < 0) {
            file_put(r->file[done]);
            break;
        }
        if (copy_out(t->mm, va + done * sizeof fd, &fd, sizeof fd)) {
            fd_close(t, fd);
            break;
        }
    }
    return done;
}

static void put_rights(struct task *t, struct message_header *h, uint64_t *used,
                       struct incoming *in, bool cloexec)
{
    struct control_header c = {.level = SOL_SOCKET, .type = SCM_RIGHTS};
    uint64_t room = h->control_length - *used, space;
    uint32_t count = 0;

    if (h->control && room > sizeof c)
        count = install(t, in->rights, room - sizeof c, h->control + *used + sizeof c, cloexec);
    if (count < in->rights->count)
        in->result_flags |= MSG_CTRUNC;
    if (!count)
        return;
    c.length = sizeof c + count * sizeof(int32_t);
    copy_out(t->mm, h->control + *used, &c, sizeof c);
    space = CONTROL_ALIGN(c.length);
    *used += space < room ? space : room;
}

void control_out(struct task *t, struct message_header *h, struct incoming *in, bool wants_cred,
                 bool cloexec)
{
    struct peer_cred nobody = {.pid = 0, .uid = 65534, .gid = 65534};
    uint64_t used = 0;

    if (wants_cred)
        put(t, h, &used, SCM_CREDENTIALS, in->has_cred ? &in->cred : &nobody, sizeof in->cred, in);
    if (in->rights)
        put_rights(t, h, &used, in, cloexec);
    h->control_length = used;
}
