/*
 * The server's one way to wait. The proof is in wait.h.
 */
#include <sync/wait.h>

#include <jg/rt/sync.h>
#include <jg/rt/time.h>
#include <jg/stubs.h>

#include <server.h>

static struct mutex wait_lock HOT_DATA = MUTEX_INIT;

/* task->wake. Only who finds SLEEPS there has to call the kernel. */
enum { QUIET, WOKEN, SLEEPS };

/* Numbers what was begun by wait_wake() or wait_queue_close(); under wait_lock. */
static uint64_t wake_number = 1;

void wait_queue_init(struct waitqueue *queue)
{
    list_init(&queue->waiters);
}

static HOT_IO void add(struct waitqueue *queue, struct waiter *waiter)
{
    mutex_lock(&wait_lock);
    list_add_tail(&queue->waiters, &waiter->link);
    waiter->queued = true;
    mutex_unlock(&wait_lock);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* before the check: see nobody_waits() */
}

HOT_IO void wait_add(struct waitqueue *queue, struct waiter *waiter, struct task *task)
{
    waiter->task = task;
    waiter->notify = NULL;
    add(queue, waiter);
}

void wait_add_notify(struct waitqueue *queue, struct waiter *waiter)
{
    add(queue, waiter);
}

HOT_IO void wait_remove(struct waiter *waiter)
{
    mutex_lock(&wait_lock);
    if (waiter->queued)
        list_remove(&waiter->link);
    waiter->queued = false;
    mutex_unlock(&wait_lock);
}

HOT_IO void wait_prepare(struct task *task)
{
    /* Sequentially consistent, so that the check that follows is not done before it. */
    __atomic_store_n(&task->wake, QUIET, __ATOMIC_SEQ_CST);
}

/* QUIET becomes SLEEPS; false: somebody has woken the task already. */
static bool may_sleep(struct task *task)
{
    uint32_t was = QUIET;

    return __atomic_compare_exchange_n(&task->wake, &was, SLEEPS, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST) ||
           was == SLEEPS;
}

static HOT_IO int sleep_until(struct task *task, jg_time_t deadline, const volatile uint32_t *stop)
{
    jg_status_t status;

    for (;;) {
        if (__atomic_load_n(stop, __ATOMIC_SEQ_CST))
            return -ERESTARTSYS;
        if (!may_sleep(task))
            return 0;
        task->switches++;
        task->sleeps = stop == &task->killed ? 'D' : 'S';
        worker_sleeps(task);
        status = jg_futex_wait((const uint32_t *)&task->wake, SLEEPS, deadline);
        worker_awakes();
        task->sleeps = 0;
        if (status == JG_ERR_TIMED_OUT)
            return __atomic_load_n(stop, __ATOMIC_SEQ_CST) ? -ERESTARTSYS : -ETIMEDOUT;
    }
}

HOT_IO int wait_sleep(struct task *task, jg_time_t deadline)
{
    return sleep_until(task, deadline, &task->signalled);
}

int64_t wait_attempt(struct task *task, struct waitqueue *queue, bool once,
                     int64_t (*attempt)(void *arg), void *arg)
{
    int64_t n, err = once ? -EAGAIN : 0;
    struct waiter w;

    wait_add(queue, &w, task);
    for (;;) {
        wait_prepare(task);
        n = attempt(arg);
        if (n != -EAGAIN || err)
            break;
        err = wait_sleep(task, JG_TIME_INFINITE);
    }
    wait_remove(&w);
    return n == -EAGAIN ? err : n;
}

int wait_sleep_killable(struct task *task)
{
    return sleep_until(task, JG_TIME_INFINITE, &task->killed);
}

void wait_wake_task(struct task *task)
{
    if (__atomic_exchange_n(&task->wake, WOKEN, __ATOMIC_SEQ_CST) == SLEEPS)
        jg_futex_wake((const uint32_t *)&task->wake, 1);
}

/* wait_lock is held. */
static HOT_IO bool tell(struct waiter *w)
{
    if (w->notify)
        return w->notify(w);
    wait_wake_task(w->task);
    return true;
}

HOT_IO bool wait_wake_nested(struct waitqueue *queue)
{
    bool any = false, exclusive_told = false;

    LIST_FOR_EACH(it, &queue->waiters)
    {
        struct waiter *w = LIST_ENTRY(it, struct waiter, link);
        bool exclusive = w->notify && w->exclusive;

        if (exclusive && exclusive_told)
            continue;
        if (tell(w)) {
            any = true;
            exclusive_told |= exclusive;
        }
    }
    return any;
}

/*
 * That nobody is there is seen without the lock. The condition was changed before this fence, and who registers checks it
 * after a fence of his own: either we see him, or he sees the change.
 */
static inline bool nobody_waits(const struct waitqueue *queue)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(&queue->waiters.next, __ATOMIC_RELAXED) == &queue->waiters;
}

HOT_IO void wait_wake(struct waitqueue *queue)
{
    if (nobody_waits(queue))
        return;
    mutex_lock(&wait_lock);
    wake_number++;
    wait_wake_nested(queue);
    mutex_unlock(&wait_lock);
}

uint64_t wait_wake_number(void)
{
    return wake_number;
}

void wait_queue_close(struct waitqueue *queue)
{
    struct list *it;

    mutex_lock(&wait_lock);
    while ((it = list_pop(&queue->waiters))) {
        struct waiter *w = LIST_ENTRY(it, struct waiter, link);

        w->queued = false;
        wake_number++;
        tell(w);
    }
    mutex_unlock(&wait_lock);
}
