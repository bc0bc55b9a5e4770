/*
 * POSIX message queues: names, limits, open files. See mqueue.h. Source: mq_overview(7), Linux 6.1's ipc/mqueue.c.
 */
#include "mqueue.h"

#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <ipc/vfs_client.h>
#include <signal.h>
#include <task.h>

#include "mq_set.h"
#include "msg.h"

#define QUEUES_MAX   256
#define ROOM_USUAL   10 /* msg_max, msg_default */
#define SIZE_USUAL   8192
#define ROOM_MOST    65536 /* with CAP_SYS_RESOURCE */
#define SIZE_MOST    16777216
#define OVERHEAD     96u /* of a message, as Linux counts it for RLIMIT_MSGQUEUE */
#define TEXT_SIZE    80
#define MQ_DEVICE    14
#define NAME_LONGEST 255

struct mutex mq_lock = MUTEX_INIT;
static struct list names = LIST_INIT(names);
static unsigned count;

static struct mq *of(const struct file *f)
{
    return f->data;
}

bool mqueue_is(const struct file *f)
{
    return f->ops == &mqueue_ops;
}

static struct mq *find(const char *name)
{
    LIST_FOR_EACH(it, &names)
    {
        struct mq *q = LIST_ENTRY(it, struct mq, link);

        if (!strcmp(q->name, name))
            return q;
    }
    return NULL;
}

void mq_put(struct mq *q)
{
    if (--q->refs)
        return;
    while (!list_empty(&q->messages)) {
        struct message *m = LIST_ENTRY(q->messages.next, struct message, link);

        list_remove(&m->link);
        msg_free(m);
    }
    count--;
    rt_free(q->name);
    rt_free(q);
}

static int64_t check_name(const char *name)
{
    size_t length = strlen(name);

    if (!length)
        return -ENOENT;
    if (length > NAME_LONGEST)
        return -ENAMETOOLONG;
    return strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") ? -EACCES : 0;
}

static bool in_group(const struct cred *c, uint32_t gid)
{
    for (uint32_t i = 0; i < c->group_count; i++)
        if (c->groups[i] == gid)
            return true;
    return c->fsgid == gid;
}

/* May `t` open it so? */
static int64_t check_open(const struct task *t, const struct mq *q, int flags)
{
    uint32_t wanted = (flags & O_ACCMODE) == O_RDONLY ? 4 : (flags & O_ACCMODE) == O_WRONLY ? 2 : 6;
    unsigned shift = t->cred.fsuid == q->uid ? 6 : in_group(&t->cred, q->gid) ? 3 : 0;

    if ((q->mode >> shift & wanted) == wanted || cred_capable(&t->cred, CAP_DAC_OVERRIDE))
        return 0;
    return wanted == 4 && cred_capable(&t->cred, CAP_DAC_READ_SEARCH) ? 0 : -EACCES;
}

/* What a user's queues count for. mq_lock is held. */
static uint64_t charge(uint64_t room, uint64_t size)
{
    return room * (size + OVERHEAD);
}

static bool over_limit(const struct task *t, uint64_t more)
{
    LIST_FOR_EACH(it, &names)
    {
        const struct mq *q = LIST_ENTRY(it, struct mq, link);

        if (q->uid == t->cred.fsuid)
            more += charge(q->room, q->size);
    }
    return more > t->process->limits.limit[RLIMIT_MSGQUEUE].rlim_cur;
}

static int64_t check_attr(const struct task *t, const struct mq_attr *attr)
{
    bool may = cred_capable(&t->cred, CAP_SYS_RESOURCE);

    if (!attr)
        return 0;
    if (attr->mq_maxmsg <= 0 || attr->mq_msgsize <= 0)
        return -EINVAL;
    return attr->mq_maxmsg > (may ? ROOM_MOST : ROOM_USUAL) ||
                   attr->mq_msgsize > (may ? SIZE_MOST : SIZE_USUAL)
               ? -EINVAL
               : 0;
}

static int64_t make(struct task *t, const struct mq_open_request *r, struct mq **out)
{
    size_t length = strlen(r->name) + 1;
    struct mq *q;
    int64_t err = check_attr(t, r->attr);

    if (err)
        return err;
    if (count >= QUEUES_MAX && !cred_capable(&t->cred, CAP_SYS_RESOURCE))
        return -ENOSPC;
    q = rt_zalloc(sizeof *q);
    if (!q)
        return -ENOMEM;
    q->name = rt_alloc(length);
    q->room = r->attr ? (uint64_t)r->attr->mq_maxmsg : ROOM_USUAL;
    q->size = r->attr ? (uint64_t)r->attr->mq_msgsize : SIZE_USUAL;
    if (!q->name || over_limit(t, charge(q->room, q->size))) {
        err = q->name ? -EMFILE : -ENOMEM;
        rt_free(q->name);
        rt_free(q);
        return err;
    }
    memcpy(q->name, r->name, length);
    q->refs = 1;
    q->mode = r->mode & 07777;
    q->uid = t->cred.fsuid;
    q->gid = t->cred.fsgid;
    q->made = q->changed = time_wall();
    list_init(&q->messages);
    list_init(&q->senders);
    list_init(&q->receivers);
    wait_queue_init(&q->poll);
    list_add_tail(&names, &q->link);
    count++;
    *out = q;
    return 0;
}

int64_t mqueue_open(struct task *t, const struct mq_open_request *r, struct file **out)
{
    struct mq *q;
    int64_t err = check_name(r->name);

    if (err)
        return err;
    mutex_lock(&mq_lock);
    q = find(r->name);
    if (!q)
        err = r->flags & O_CREAT ? make(t, r, &q) : -ENOENT;
    else if ((r->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        err = -EEXIST;
    else if ((r->flags & O_ACCMODE) == O_ACCMODE)
        err = -EINVAL;
    else
        err = check_open(t, q, r->flags);
    if (!err) {
        *out = file_create(&mqueue_ops, (uint32_t)r->flags & (O_ACCMODE | O_NONBLOCK), NULL, q);
        err = *out ? 0 : -ENOMEM;
        q->refs += !err;
    }
    mutex_unlock(&mq_lock);
    return err;
}

int64_t mqueue_unlink(struct task *t, const char *name)
{
    struct mq *q;
    int64_t err = check_name(name);

    if (err)
        return err;
    mutex_lock(&mq_lock);
    q = find(name);
    if (!q)
        err = -ENOENT;
    else if (t->cred.fsuid && t->cred.fsuid != q->uid && !cred_capable(&t->cred, CAP_FOWNER))
        err = -EPERM; /* all names are in a sticky directory */
    if (!err) {
        list_remove(&q->link);
        mq_put(q);
    }
    mutex_unlock(&mq_lock);
    return err;
}

uint64_t mqueue_message_size(const struct file *f)
{
    return of(f)->size;
}

void mqueue_attr(struct file *f, struct mq_attr *out)
{
    mutex_lock(&mq_lock);
    *out = (struct mq_attr){.mq_flags = f->flags & O_NONBLOCK,
                            .mq_maxmsg = (long)of(f)->room,
                            .mq_msgsize = (long)of(f)->size,
                            .mq_curmsgs = (long)of(f)->count};
    mutex_unlock(&mq_lock);
}

int64_t mqueue_notify(struct task *t, struct file *f, int how, int signal, uint64_t value)
{
    struct mq *q = of(f);
    int64_t err = -EBUSY;

    mutex_lock(&mq_lock);
    if (!q->notice.owner) {
        q->notice = (struct mq_notice){t->files, t->process->pid, how, signal, value};
        err = 0;
    }
    mutex_unlock(&mq_lock);
    return err;
}

static void forget(struct file *f, const struct files *owner)
{
    mutex_lock(&mq_lock);
    if (of(f)->notice.owner == owner)
        of(f)->notice.owner = NULL;
    mutex_unlock(&mq_lock);
}

void mqueue_forget(struct task *t, struct file *f)
{
    forget(f, t->files);
}

static int64_t mq_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    const struct mq *q = of(f);
    char text[TEXT_SIZE];
    size_t n;

    (void)t;
    mutex_lock(&mq_lock);
    n = rt_format(text, sizeof text, "QSIZE:%-10lu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n",
                  q->bytes, q->notice.owner ? q->notice.how : 0,
                  q->notice.owner && q->notice.how == 0 ? q->notice.signal : 0,
                  q->notice.owner ? q->notice.pid : 0);
    mutex_unlock(&mq_lock);
    return pos >= (int64_t)n ? 0 : io_put(io, text + pos, n - (size_t)pos);
}

static int64_t mq_seek(struct file *f, int64_t offset, int whence)
{
    int64_t to = whence == SEEK_CUR ? f->pos + offset : whence == SEEK_SET ? offset : -1;

    if (to < 0)
        return -EINVAL;
    return f->pos = to;
}

static uint32_t mq_poll(struct file *f, struct poll_table *table)
{
    struct mq *q = of(f);
    uint32_t events;

    poll_wait(table, &q->poll);
    mutex_lock(&mq_lock);
    events = (q->count ? POLLIN | POLLRDNORM : 0) | (q->count < q->room ? POLLOUT | POLLWRNORM : 0);
    mutex_unlock(&mq_lock);
    return events;
}

static int64_t mq_stat(struct file *f, struct vfs_attr *out)
{
    const struct mq *q = of(f);

    memset(out, 0, sizeof *out);
    out->mode = S_IFREG | q->mode;
    out->nlink = !list_empty(&q->link);
    out->uid = q->uid;
    out->gid = q->gid;
    out->size = TEXT_SIZE;
    out->dev = MQ_DEVICE;
    out->ino = (uint64_t)q >> 4;
    out->atime = out->mtime = out->ctime = q->changed;
    out->btime = q->made;
    return 0;
}

static void mq_release(struct file *f)
{
    mutex_lock(&mq_lock);
    mq_put(of(f));
    mutex_unlock(&mq_lock);
}

const struct file_ops mqueue_ops = {
    .name = "mqueue",
    .read = mq_read,
    .seek = mq_seek,
    .poll = mq_poll,
    .stat = mq_stat,
    .closed = forget,
    .release = mq_release,
};
