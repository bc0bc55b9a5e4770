/*
 * epoll: a set of files that tell when they become ready.
 *
 * In:    epoll_control(), epoll_wait(); a watched file's queues call on_wake().
 * Life:  an instance is the data of its file and goes with it; a watch goes with either of its two files.
 * Ready: a watch on the ready list *may* be ready: whoever collects asks the file. on_wake() puts it
 *        there; a level-triggered one stays there as long as its file says that it is ready. A watch is
 *        taken off the list before its file is asked, so that what happens after the question puts it back.
 * Locks: see epoll_nest.h.
 */
#include "epoll.h"

#include <jg/rt/heap.h>


#include <task.h>

#include "epoll_nest.h"

#define PRIVATE (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define WITH_EXCLUSIVE                                                                             \
    (EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

struct mutex epoll_lock = MUTEX_INIT;
static struct mutex ready_lock = MUTEX_INIT;

static const struct file_ops epoll_ops;

struct epoll *epoll_of(const struct file *f)
{
    return f->ops == &epoll_ops ? f->data : NULL;
}

static struct list *chain(struct epoll *ep, const struct file *f, int fd)
{
    uint64_t hash = ((uintptr_t)f + (uint64_t)fd) * 0x9e3779b97f4a7c15ull;

    return &ep->watches[hash >> 58];
}

/* epoll_lock or the instance's is held. */
static struct watch *find(struct epoll *ep, const struct file *f, int fd)
{
    LIST_FOR_EACH(it, chain(ep, f, fd))
    {
        struct watch *w = LIST_ENTRY(it, struct watch, link);

        if (w->file == f && w->fd == fd)
            return w;
    }
    return NULL;
}

/* Returns whether it was not there yet. */
static bool make_ready(struct watch *w)
{
    bool new;

    mutex_lock(&ready_lock);
    new = list_empty(&w->ready);
    if (new)
        list_add_tail(&w->epoll->ready, &w->ready);
    mutex_unlock(&ready_lock);
    return new;
}

static void make_idle(struct watch *w)
{
    mutex_lock(&ready_lock);
    list_remove(&w->ready);
    mutex_unlock(&ready_lock);
}

/*
 * A queue of the file was woken: the waiting primitive's mutex is held. However many ways lead from the
 * file to an instance, it passes one wake on once, and once more for each watch that was not ready yet (who was
 * told before may have asked already): nested instances would multiply it by their number on each level otherwise.
 */
static bool on_wake(struct waiter *waiter)
{
    struct watch *w = waiter->owner;
    struct epoll *ep = w->epoll;

    if (!(__atomic_load_n(&w->event.events, __ATOMIC_RELAXED) & ~PRIVATE))
        return false; /* one shot, and fired */
    if (make_ready(w) || ep->told != wait_wake_number()) {
        ep->told = wait_wake_number();
        ep->told_somebody = wait_wake_nested(&ep->wait);
        wait_wake_nested(&ep->polled);
    }
    return ep->told_somebody;
}

/* A watch became ready outside of its file's queues. */
static void tell(struct epoll *ep)
{
    wait_wake(&ep->wait);
    wait_wake(&ep->polled);
}

/* What the file has of what is wished. The instance's lock is held. */
static uint32_t ask(struct watch *w, struct poll_table *table)
{
    return w->file->ops->poll(w->file, table) & w->event.events & ~PRIVATE;
}

/* Asks after a change of wishes; what is ready by now was not told. The instance's lock is held. */
static void ask_now(struct task *t, struct watch *w)
{
    struct poll_table table = {.task = t};

    if (ask(w, &table) && make_ready(w))
        tell(w->epoll);
}

/* epoll_lock and the instance's are held. The caller frees it. */
static void detach(struct watch *w)
{
    for (unsigned i = 0; i < w->used; i++)
        wait_remove(&w->waiters[i]);
    make_idle(w); /* after the waiters are off, nothing puts it back */
    list_remove(&w->link);
    list_remove(&w->other);
    watcher_uncharge(w->epoll->owner);
}

static int64_t add(struct task *t, struct epoll *ep, struct file *f, int fd,
                   const struct epoll_event *event)
{
    struct poll_table table = {.task = t,
                               .room = EPOLL_WAITERS,
                               .notify = on_wake,
                               .exclusive = event->events & EPOLLEXCLUSIVE};
    struct watch *w;
    int64_t err = epoll_check_nesting(ep, f);

    if (err)
        return err;
    if (!watcher_charge(ep->owner))
        return -ENOSPC;
    w = rt_zalloc(sizeof *w);
    if (!w) {
        watcher_uncharge(ep->owner);
        return -ENOMEM;
    }
    w->epoll = ep;
    w->file = f;
    w->fd = fd;
    w->event = *event;
    w->event.events |= EPOLLERR | EPOLLHUP;
    list_init(&w->ready);
    list_add_tail(chain(ep, f, fd), &w->link);
    list_add_tail(&f->watches, &w->other);
    __atomic_store_n(&f->watched, true, __ATOMIC_RELAXED);
    if (epoll_too_many_ways(ep, f)) {
        detach(w);
        rt_free(w);
        return -EINVAL;
    }
    table.waiters = w->waiters;
    table.owner = w;
    if (ask(w, &table) && make_ready(w))
        tell(ep);
    w->used = table.used;
    return 0;
}

static int64_t modify(struct task *t, struct watch *w, const struct epoll_event *event)
{
    if (w->event.events & EPOLLEXCLUSIVE)
        return -EINVAL;
    w->event.data = event->data;
    __atomic_store_n(&w->event.events, event->events | EPOLLERR | EPOLLHUP, __ATOMIC_SEQ_CST);
    ask_now(t, w);
    return 0;
}

/* Both locks are held. *gone is to be freed. */
static int64_t control(struct task *t, struct epoll *ep, int op, struct file *f, int fd,
                       const struct epoll_event *event, struct watch **gone)
{
    struct watch *w = find(ep, f, fd);

    switch (op) {
    case EPOLL_CTL_ADD:
        return w ? -EEXIST : add(t, ep, f, fd, event);
    case EPOLL_CTL_MOD:
        return w ? modify(t, w, event) : -ENOENT;
    case EPOLL_CTL_DEL:
        if (!w)
            return -ENOENT;
        detach(w);
        *gone = w;
        return 0;
    default:
        return -EINVAL;
    }
}

int64_t epoll_control(struct task *t, struct file *epoll, int op, struct file *target, int fd,
                      const struct epoll_event *event)
{
    struct epoll *ep = epoll_of(epoll);
    struct watch *gone = NULL;
    int64_t err;

    if (!target->ops->poll)
        return -EPERM;
    if (!ep || epoll == target)
        return -EINVAL;
    if (op != EPOLL_CTL_DEL && (event->events & EPOLLEXCLUSIVE)) {
        if (op == EPOLL_CTL_MOD || epoll_of(target) || (event->events & ~WITH_EXCLUSIVE))
            return -EINVAL;
    }
    mutex_lock(&epoll_lock);
    mutex_lock(&ep->lock);
    err = control(t, ep, op, target, fd, event, &gone);
    mutex_unlock(&ep->lock);
    mutex_unlock(&epoll_lock);
    rt_free(gone);
    return err;
}

/* Moves what may be ready to `taken`, which stays under ready_lock as well. */
static void take_ready(struct epoll *ep, struct list *taken)
{
    mutex_lock(&ready_lock);
    ep->scans++;
    list_splice_tail(taken, &ep->ready);
    mutex_unlock(&ready_lock);
}

static struct watch *next_of(struct list *taken)
{
    struct list *it;

    mutex_lock(&ready_lock);
    it = list_pop(taken);
    mutex_unlock(&ready_lock);
    return it ? LIST_ENTRY(it, struct watch, ready) : NULL;
}

/* What was not looked at goes back to the front. */
static void put_back(struct epoll *ep, struct list *taken)
{
    mutex_lock(&ready_lock);
    list_splice_tail(taken, &ep->ready);
    list_splice_tail(&ep->ready, taken);
    ep->scans--;
    mutex_unlock(&ready_lock);
}

static int64_t store(struct task *t, uint64_t va, const struct watch *w, uint32_t events)
{
    struct epoll_event out = w->event;

    out.events = events;
    return copy_out(t->mm, va, &out, sizeof out);
}

/* May there be something to collect? What another has taken to ask it may come back. */
static bool may_have_ready(struct epoll *ep)
{
    bool may;

    mutex_lock(&ready_lock);
    may = ep->scans || !list_empty(&ep->ready);
    mutex_unlock(&ready_lock);
    return may;
}

/* Collects up to `room` events. Returns how many, or -EFAULT. */
static int64_t collect(struct task *t, struct epoll *ep, uint64_t va, unsigned room)
{
    struct poll_table table = {.task = t};
    struct list taken = LIST_INIT(taken);
    unsigned done = 0;
    int64_t err = 0;
    struct watch *w;

    mutex_lock(&ep->lock);
    take_ready(ep, &taken);
    while (done < room && (w = next_of(&taken))) {
        uint32_t events = ask(w, &table);

        if (!events)
            continue;
        if (store(t, va + done * sizeof(struct epoll_event), w, events)) {
            make_ready(w);
            err = -EFAULT;
            break;
        }
        done++;
        if (w->event.events & EPOLLONESHOT)
            w->event.events &= PRIVATE;
        else if (!(w->event.events & EPOLLET))
            make_ready(w);
    }
    put_back(ep, &taken);
    mutex_unlock(&ep->lock);
    return done ? (int64_t)done : err;
}

int64_t epoll_wait(struct task *t, struct file *epoll, uint64_t va, unsigned room,
                   jg_time_t deadline)
{
    struct epoll *ep = epoll_of(epoll);
    struct waiter w;
    int64_t n;

    if (!ep)
        return -EINVAL;
    wait_add(&ep->wait, &w, t);
    for (;;) {
        wait_prepare(t);
        n = may_have_ready(ep) ? collect(t, ep, va, room) : 0; /* waits for who scans */
        if (n || !deadline)
            break;
        n = wait_sleep(t, deadline);
        if (n == -ETIMEDOUT)
            deadline = 0; /* one last look */
        else if (n)
            break;
    }
    wait_remove(&w);
    /* Another may have found the list empty while this one held what was on it. */
    if (n && !list_empty(&ep->ready) && !list_empty(&ep->wait.waiters))
        wait_wake(&ep->wait);
    return n == -ERESTARTSYS ? -EINTR : n;
}

/* Is one ready? Those that turn out not to be leave the list. */
static uint32_t epoll_poll(struct file *f, struct poll_table *table)
{
    struct poll_table ask_only = {.task = table ? table->task : NULL};
    struct epoll *ep = f->data;
    struct list taken = LIST_INIT(taken);
    uint32_t mask = 0;
    struct watch *w;

    poll_wait(table, &ep->polled);
    mutex_lock(&ep->lock);
    take_ready(ep, &taken);
    while (!mask && (w = next_of(&taken))) {
        if (!ask(w, &ask_only))
            continue;
        mask = POLLIN | POLLRDNORM;
        mutex_lock(&ready_lock);
        if (list_empty(&w->ready))
            list_add_head(&taken, &w->ready);
        mutex_unlock(&ready_lock);
    }
    put_back(ep, &taken);
    mutex_unlock(&ep->lock);
    return mask;
}

/* There is no position, and no complaint. */
static int64_t epoll_seek(struct file *f, int64_t offset, int whence)
{
    (void)offset, (void)whence;
    return f->pos;
}

static void epoll_release(struct file *f)
{
    struct epoll *ep = f->data;
    struct list *it;

    mutex_lock(&epoll_lock);
    mutex_lock(&ep->lock);
    for (unsigned i = 0; i < EPOLL_HASH; i++) {
        while ((it = ep->watches[i].next) != &ep->watches[i]) {
            struct watch *w = LIST_ENTRY(it, struct watch, link);

            detach(w);
            rt_free(w);
        }
    }
    mutex_unlock(&ep->lock);
    watcher_put(ep->owner);
    mutex_unlock(&epoll_lock);
    wait_queue_close(&ep->wait);
    wait_queue_close(&ep->polled);
    rt_free(ep);
}

/*
 * Nothing is added meanwhile, as that wants a reference. An instance is not freed while epoll_lock is
 * held, and one that collects has its own lock until it has finished with the file.
 */
void epoll_forget(struct file *f)
{
    struct list *it;

    mutex_lock(&epoll_lock);
    while ((it = f->watches.next) != &f->watches) {
        struct watch *w = LIST_ENTRY(it, struct watch, other);
        struct epoll *ep = w->epoll;

        mutex_lock(&ep->lock);
        detach(w);
        mutex_unlock(&ep->lock);
        rt_free(w);
    }
    mutex_unlock(&epoll_lock);
}

static const struct file_ops epoll_ops = {
    .name = "[eventpoll]",
    .poll = epoll_poll,
    .seek = epoll_seek,
    .stat = anonymous_stat,
    .release = epoll_release,
};

static struct watcher *owner_of(uint32_t uid)
{
    struct watcher *owner;

    mutex_lock(&epoll_lock);
    owner = watcher_get(uid);
    mutex_unlock(&epoll_lock);
    return owner;
}

static void free_new(struct epoll *ep)
{
    if (ep->owner) {
        mutex_lock(&epoll_lock);
        watcher_put(ep->owner);
        mutex_unlock(&epoll_lock);
    }
    rt_free(ep);
}

struct file *epoll_create(uint32_t uid)
{
    struct epoll *ep = rt_zalloc(sizeof *ep);
    struct file *f = NULL;

    if (!ep)
        return NULL;
    ep->owner = owner_of(uid);
    list_init(&ep->ready);
    wait_queue_init(&ep->wait);
    wait_queue_init(&ep->polled);
    for (unsigned i = 0; i < EPOLL_HASH; i++)
        list_init(&ep->watches[i]);
    if (ep->owner)
        f = file_create(&epoll_ops, O_RDWR, NULL, ep);
    if (f)
        ep->file = f;
    else
        free_new(ep);
    return f;
}
