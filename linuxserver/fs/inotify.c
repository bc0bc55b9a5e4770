/*
 * inotify. See inotify.h. Source: inotify(7).
 */
#include "inotify.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <linux/inotify.h>
#include <server.h>
#include <task.h>

#include "inode.h"
#include "namecache.h"

#define INSTANCES_MAX 128u   /* fs.inotify.max_user_instances */
#define QUEUE_MAX     16384u /* fs.inotify.max_queued_events */
#define NOTICES_ROOM  65536u
#define TOLD                                                                                       \
    (IN_ALL_EVENTS | IN_UNMOUNT | IN_IGNORED | IN_ISDIR) /* of what vfsd says, to programs */

struct event {
    struct list link;
    struct inotify_event e; /* len: with zeros, as it is read */
    char name[];
};

struct watch {
    struct list link;
    int number;
    uint32_t mask;
    jg_handle_t session;
    uint64_t device, inode;
};

struct instance {
    struct list link;
    uint64_t id;
    uint32_t uid;
    int last_number;
    struct list watches, events;
    unsigned queued;
    bool lost; /* IN_Q_OVERFLOW is the last event */
    struct waitqueue wait;
};

static struct mutex lock = MUTEX_INIT;
static struct list instances = LIST_INIT(instances);

static uint64_t tag_of(const struct instance *in, int number)
{
    return in->id << 32 | (uint32_t)number;
}

static struct watch *find_watch(const struct instance *in, int number)
{
    LIST_FOR_EACH(it, &in->watches)
    {
        struct watch *w = LIST_ENTRY(it, struct watch, link);

        if (w->number == number)
            return w;
    }
    return NULL;
}

static void forget(struct watch *w)
{
    list_remove(&w->link);
    rt_free(w);
}

/* Is this what the last event says as well? */
static bool repeats(const struct instance *in, const struct inotify_event *e, const char *name)
{
    const struct event *last;

    if (list_empty(&in->events))
        return false;
    last = LIST_ENTRY(in->events.prev, struct event, link);
    return !(e->mask & IN_IGNORED) && last->e.wd == e->wd && last->e.mask == e->mask &&
           last->e.len == e->len && (!e->len || !strcmp(last->name, name));
}

static void queue(struct instance *in, const struct inotify_event *e, const char *name)
{
    struct event *event;

    if (in->lost || repeats(in, e, name))
        return;
    event = rt_zalloc(sizeof *event + e->len);
    if (!event)
        return; /* as on Linux, where it is lost, too */
    event->e = *e;
    if (e->len)
        memcpy(event->name, name, strlen(name));
    list_add_tail(&in->events, &event->link);
    in->queued++;
    wait_wake(&in->wait);
}

static void queue_overflow(struct instance *in)
{
    queue(in, &(struct inotify_event){.wd = -1, .mask = IN_Q_OVERFLOW}, "");
    in->lost = true;
}

static void queue_event(struct instance *in, int number, uint32_t mask, uint32_t cookie,
                        const char *name, size_t length)
{
    struct inotify_event e = {.wd = number, .mask = mask & TOLD, .cookie = cookie};

    if (length)
        e.len = (uint32_t)((length + sizeof e) & ~(sizeof e - 1));
    if (in->queued >= QUEUE_MAX)
        queue_overflow(in);
    else
        queue(in, &e, name);
}

static void route(const struct vfs_notice *notice, const char *name)
{
    LIST_FOR_EACH(it, &instances)
    {
        struct instance *in = LIST_ENTRY(it, struct instance, link);
        struct watch *w;

        if (!notice->tag)
            queue_overflow(in);
        if (in->id != notice->tag >> 32)
            continue;
        w = find_watch(in, (int)(uint32_t)notice->tag);
        if (!w)
            continue; /* removed in the meantime */
        queue_event(in, w->number, notice->mask, notice->cookie, name, notice->name_len);
        if (notice->mask & IN_IGNORED)
            forget(w);
    }
}

/* Fetches what vfsd has to tell. The lock is held. */
static void fetch(void)
{
    static _Alignas(8) uint8_t data[NOTICES_ROOM];
    size_t length;

    if (list_empty(&instances))
        return;
    do {
        if (vfs_notices(server.vfs, data, sizeof data, &length))
            return;
        for (size_t at = 0; at + sizeof(struct vfs_notice) <= length;) {
            const struct vfs_notice *notice = (const struct vfs_notice *)(data + at);

            if (notice->record_bytes < sizeof *notice || at + notice->record_bytes > length)
                return;
            route(notice, (const char *)(notice + 1));
            at += notice->record_bytes;
        }
    } while (length > sizeof data / 2);
}

void inotify_event(void)
{
    mutex_lock(&lock);
    fetch();
    mutex_unlock(&lock);
}

bool inotify_used(void)
{
    return namecache_watches();
}

/* Does nobody want to hear this of the file, as far as was said and still holds? */
static bool unwanted(const struct interest *known, uint32_t mask)
{
    uint64_t stamp = __atomic_load_n(&known->stamp, __ATOMIC_ACQUIRE);
    uint32_t word = __atomic_load_n(&known->word, __ATOMIC_RELAXED);
    bool wanted = __atomic_load_n(&known->mask, __ATOMIC_RELAXED) & mask;

    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return stamp && !wanted && __atomic_load_n(&known->stamp, __ATOMIC_RELAXED) == stamp &&
           namecache_watch_holds(word, stamp);
}

void inotify_touch(const struct file *f, uint32_t mask)
{
    struct inode *i = f->inode;
    struct interest now;

    if (inode_in_proc(i) || i->session != server.vfs || (f->flags & O_PATH) ||
        unwanted(&i->interest, mask))
        return;
    if (vfs_touch(i->session, i->node, mask, &now.mask, &now.word, &now.stamp))
        return;
    /* Whoever reads sees one stamp before and after, or asks: half of one answer is never used. */
    __atomic_store_n(&i->interest.stamp, 0, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&i->interest.word, now.word, __ATOMIC_RELAXED);
    __atomic_store_n(&i->interest.mask, now.mask, __ATOMIC_RELAXED);
    __atomic_store_n(&i->interest.stamp, now.stamp, __ATOMIC_RELEASE);
}

static size_t size_of(const struct event *event)
{
    return sizeof event->e + event->e.len;
}

struct want {
    struct instance *in;
    size_t room;
    struct list taken;
};

/* Moves the events that fit to w->taken. Returns how many bytes they are, -EAGAIN, or -EINVAL: not even one fits. */
static int64_t take(void *arg)
{
    struct want *w = arg;
    struct instance *in = w->in;
    size_t used = 0;
    bool empty;

    mutex_lock(&lock);
    fetch();
    empty = list_empty(&in->events);
    while (!list_empty(&in->events)) {
        struct event *event = LIST_ENTRY(in->events.next, struct event, link);

        if (used + size_of(event) > w->room)
            break;
        used += size_of(event);
        list_remove(&event->link);
        list_add_tail(&w->taken, &event->link);
        in->queued--;
        in->lost = in->lost && in->queued;
    }
    mutex_unlock(&lock);
    return empty ? -EAGAIN : used ? (int64_t)used : -EINVAL;
}

static int64_t inotify_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct want w = {.in = f->data, .room = io->length};
    int64_t n;

    (void)pos;
    list_init(&w.taken);
    n = wait_attempt(t, &w.in->wait, f->flags & O_NONBLOCK, take, &w);
    while (!list_empty(&w.taken)) {
        struct event *event = LIST_ENTRY(w.taken.next, struct event, link);

        if (n > 0 && io_put(io, &event->e, size_of(event)) != (int64_t)size_of(event))
            n = -EFAULT;
        list_remove(&event->link);
        rt_free(event);
    }
    return n;
}

static uint32_t inotify_poll(struct file *f, struct poll_table *table)
{
    struct instance *in = f->data;
    bool empty;

    poll_wait(table, &in->wait);
    mutex_lock(&lock);
    fetch();
    empty = list_empty(&in->events);
    mutex_unlock(&lock);
    return empty ? 0 : POLLIN | POLLRDNORM;
}

static int64_t inotify_ioctl(struct task *t, struct file *f, uint32_t cmd, uint64_t arg)
{
    struct instance *in = f->data;
    int32_t bytes = 0;

    if (cmd != FIONREAD)
        return -ENOTTY;
    mutex_lock(&lock);
    fetch();
    LIST_FOR_EACH(it, &in->events)
    bytes += (int32_t)size_of(LIST_ENTRY(it, struct event, link));
    mutex_unlock(&lock);
    return copy_out(t->mm, arg, &bytes, sizeof bytes);
}

static void inotify_release(struct file *f)
{
    struct instance *in = f->data;

    mutex_lock(&lock);
    list_remove(&in->link);
    while (!list_empty(&in->watches)) {
        struct watch *w = LIST_ENTRY(in->watches.next, struct watch, link);

        if (w->session == server.vfs)
            vfs_unwatch(w->session, tag_of(in, w->number));
        forget(w);
    }
    mutex_unlock(&lock);
    while (!list_empty(&in->events)) {
        struct event *event = LIST_ENTRY(in->events.next, struct event, link);

        list_remove(&event->link);
        rt_free(event);
    }
    rt_free(in);
}

static const struct file_ops inotify_ops = {
    .name = "inotify",
    .read = inotify_read,
    .poll = inotify_poll,
    .ioctl = inotify_ioctl,
    .seek_is_zero = true,
    .stat = anonymous_stat,
    .release = inotify_release,
};

bool file_is_inotify(const struct file *f)
{
    return f->ops == &inotify_ops;
}

/* How many instances a user has. The lock is held. */
static unsigned count_of(uint32_t uid)
{
    unsigned count = 0;

    LIST_FOR_EACH(it, &instances)
    count += LIST_ENTRY(it, struct instance, link)->uid == uid;
    return count;
}

int64_t inotify_create(struct task *t, uint32_t flags, struct file **out)
{
    static uint64_t last_id;
    struct instance *in = rt_zalloc(sizeof *in);
    bool room;

    if (!in)
        return -ENOMEM;
    in->uid = t->cred.uid;
    list_init(&in->watches);
    list_init(&in->events);
    wait_queue_init(&in->wait);
    *out = file_create(&inotify_ops, O_RDONLY | (flags & O_NONBLOCK), NULL, in);
    if (!*out) {
        rt_free(in);
        return -ENOMEM;
    }
    mutex_lock(&lock);
    room = count_of(in->uid) < INSTANCES_MAX;
    in->id = ++last_id;
    list_add_tail(&instances, &in->link);
    mutex_unlock(&lock);
    if (room)
        return 0;
    file_put(*out);
    return -EMFILE;
}

static struct watch *find_inode(const struct instance *in, const struct inode *i)
{
    LIST_FOR_EACH(it, &in->watches)
    {
        struct watch *w = LIST_ENTRY(it, struct watch, link);

        if (w->session == i->session && w->device == i->device && w->inode == i->number)
            return w;
    }
    return NULL;
}

/* Tells vfsd. Files of procfs and of the system's tree are watched in vain. */
static int64_t watch_set(const struct instance *in, const struct inode *i, int number,
                         uint32_t mask)
{
    if (i->session != server.vfs)
        return 0;
    return vfs_errno(vfs_watch(i->session, i->node, tag_of(in, number),
                               mask & (IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT)));
}

static int64_t add(struct instance *in, const struct inode *i, uint32_t mask)
{
    struct watch *w = rt_zalloc(sizeof *w);
    int64_t err;

    if (!w)
        return -ENOMEM;
    w->number = in->last_number + 1;
    w->mask = mask;
    w->session = i->session;
    w->device = i->device;
    w->inode = i->number;
    err = watch_set(in, i, w->number, mask);
    if (err) {
        rt_free(w);
        return err;
    }
    in->last_number = w->number;
    list_add_tail(&in->watches, &w->link);
    return w->number;
}

int64_t inotify_add(struct file *f, struct inode *i, uint32_t mask)
{
    struct instance *in = f->data;
    struct watch *w;
    int64_t r;

    mutex_lock(&lock);
    fetch(); /* perhaps the watch has ended */
    w = find_inode(in, i);
    if (!w) {
        r = add(in, i, mask);
    } else if (mask & IN_MASK_CREATE) {
        r = -EEXIST;
    } else {
        w->mask = mask | (mask & IN_MASK_ADD ? w->mask : 0);
        r = watch_set(in, i, w->number, w->mask);
        r = r ? r : w->number;
    }
    mutex_unlock(&lock);
    return r;
}

int64_t inotify_remove(struct file *f, int number)
{
    struct instance *in = f->data;
    struct watch *w;

    mutex_lock(&lock);
    fetch(); /* what came before stays before */
    w = find_watch(in, number);
    if (w) {
        if (w->session == server.vfs)
            vfs_unwatch(w->session, tag_of(in, number));
        queue_event(in, number, IN_IGNORED, 0, "", 0);
        forget(w);
    }
    mutex_unlock(&lock);
    return w ? 0 : -EINVAL;
}
