/*
 * Files on their way (SCM_RIGHTS), and the collection of those that nobody can ever receive.
 *
 * A socket that is open only because its file lies in the queue of another such socket is garbage. The
 * collector counts for each socket on its way how many of its file's references are on their way: if
 * all are, it is a candidate. Candidates that lie in a queue of one that is none are reached, and with
 * them what lies in theirs; what the rest holds is dropped. No reference can appear meanwhile: a
 * candidate has no descriptor, and receiving takes unix_lock.
 *
 * Each socket on its way and each message in its queue is looked at a few times, whatever lies in what.
 *
 * Letting go of a file may end a socket, which frees messages, which let go of files: drain() does that in a loop and
 * not in itself, so that the stack stays flat. Whoever began it ends it, before its call returns.
 */
#include "unix.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <task.h>

struct payer {
    struct list link;
    uint32_t uid, count;
};

static struct list flying = LIST_INIT(flying); /* sockets with in_flight; under unix_lock */
static struct list payers = LIST_INIT(payers); /* users with files on their way; under unix_lock */

/* unix_lock is held. */
static struct payer *payer_of(uint32_t uid)
{
    LIST_FOR_EACH(it, &payers)
    {
        struct payer *p = LIST_ENTRY(it, struct payer, link);

        if (p->uid == uid)
            return p;
    }
    return NULL;
}

bool rights_allowed(struct task *t, uint32_t count)
{
    uint32_t uid = t->cred.uid;
    struct payer *p = payer_of(uid);

    if (!p) {
        p = rt_alloc(sizeof *p);
        if (!p)
            return false;
        p->uid = uid;
        p->count = 0;
        list_add_tail(&payers, &p->link);
    }
    return p->count + count <= t->process->limits.limit[RLIMIT_NOFILE].rlim_cur ||
           cred_capable(&t->cred, CAP_SYS_RESOURCE) || cred_capable(&t->cred, CAP_SYS_ADMIN);
}

void rights_launch(struct rights *r)
{
    struct payer *p = payer_of(r->uid);

    if (p)
        p->count += r->count;
    for (uint32_t i = 0; i < r->count; i++) {
        struct socket *s = socket_of(r->file[i]);

        if (s && !s->in_flight++)
            list_add_tail(&flying, &s->flying);
    }
}

void rights_land(struct rights *r)
{
    struct payer *p = payer_of(r->uid);

    if (p && !(p->count -= r->count)) {
        list_remove(&p->link);
        rt_free(p);
    }
    for (uint32_t i = 0; i < r->count; i++) {
        struct socket *s = socket_of(r->file[i]);

        if (s && !--s->in_flight)
            list_remove(&s->flying);
    }
}

struct rights *rights_copy(const struct rights *from)
{
    size_t size = sizeof *from + from->count * sizeof from->file[0];
    struct rights *r = rt_alloc(size);

    if (!r)
        return NULL;
    memcpy(r, from, size);
    for (uint32_t i = 0; i < r->count; i++)
        file_get(r->file[i]);
    return r;
}

void rights_push(struct rights **list, struct rights *r)
{
    r->next = *list;
    *list = r;
}

/* Lets go of one file. Returns whether that was a socket's end, which leaves on `list` what it held. */
static bool let_go(struct file *f, struct rights **list)
{
    struct socket *s = socket_of(f);

    if (!file_unref(f))
        return false;
    if (s)
        s->heirs = list; /* nobody else ends it */
    file_end(f);
    return s;
}

/* Lets go of what is on the list, and of what is put there by that. Returns whether a socket ended. */
static bool drain(struct rights **list)
{
    struct rights *r;
    bool ended = false;

    while ((r = *list)) {
        *list = r->next;
        for (uint32_t i = 0; i < r->count; i++)
            ended |= let_go(r->file[i], list);
        rt_free(r);
    }
    return ended;
}

void rights_drain(struct rights **list)
{
    if (drain(list))
        collect_garbage();
}

HOT_SOCKET void rights_free(struct rights *r)
{
    struct rights *list = NULL;

    if (!r)
        return;
    rights_push(&list, r);
    rights_drain(&list);
}

typedef void (*visitor)(struct socket *s);

/* unix_lock is held. */
static void visit_queue(struct socket *holder, visitor visit)
{
    LIST_FOR_EACH(it, &holder->queue)
    {
        struct rights *r = LIST_ENTRY(it, struct message, link)->rights;

        for (uint32_t i = 0; r && i < r->count; i++) {
            struct socket *s = socket_of(r->file[i]);

            if (s)
                visit(s);
        }
    }
}

/* Visits what lies in the socket's queue and, of a listener, in its connections'. */
static void visit_held(struct socket *holder, visitor visit)
{
    visit_queue(holder, visit);
    LIST_FOR_EACH(it, &holder->embryos)
    visit_queue(LIST_ENTRY(it, struct socket, embryo), visit);
}

static void count_inside(struct socket *s)
{
    s->held_inside++;
}

static struct socket *work; /* to be looked through, by next_work; under unix_lock */

static void push(struct socket *s)
{
    s->reached = true;
    s->next_work = work;
    work = s;
}

static struct socket *pop(void)
{
    struct socket *s = work;

    if (s)
        work = s->next_work;
    return s;
}

static void reach(struct socket *s)
{
    if (!s->reached)
        push(s);
}

static bool is_candidate(const struct socket *s)
{
    return s->file && __atomic_load_n(&s->file->refs, __ATOMIC_SEQ_CST) == s->in_flight;
}

/* Marks the sockets on their way that somebody can come to. unix_lock is held. */
static void mark(void)
{
    struct socket *s;

    LIST_FOR_EACH(it, &flying)
    {
        s = LIST_ENTRY(it, struct socket, flying);
        s->held_inside = 0;
        s->reached = !is_candidate(s);
    }
    LIST_FOR_EACH(it, &flying)
    {
        s = LIST_ENTRY(it, struct socket, flying);
        if (!s->reached)
            visit_held(s, count_inside);
    }
    LIST_FOR_EACH(it, &flying)
    {
        s = LIST_ENTRY(it, struct socket, flying);
        if (s->reached || s->in_flight > s->held_inside)
            push(s);
    }
    while ((s = pop()))
        visit_held(s, reach);
}

/* Takes the messages with files out of the queue. unix_lock is held. */
static void empty_queue(struct socket *s, struct list *out)
{
    LIST_FOR_EACH_SAFE(it, &s->queue)
    {
        struct message *m = LIST_ENTRY(it, struct message, link);

        if (!m->rights)
            continue;
        message_take(s, m);
        list_add_tail(out, &m->link);
    }
}

/* Takes what nobody can come to out of the queues, and leaves on `list` the files of it. */
static void take_garbage(struct rights **list)
{
    struct list dropped = LIST_INIT(dropped), *it;
    struct socket *s;

    mutex_lock(&unix_lock);
    mark();
    LIST_FOR_EACH(at, &flying)
    reach(LIST_ENTRY(at, struct socket, flying)); /* those that were not are left now */
    while ((s = pop())) {
        empty_queue(s, &dropped);
        LIST_FOR_EACH(at, &s->embryos)
        empty_queue(LIST_ENTRY(at, struct socket, embryo), &dropped);
    }
    mutex_unlock(&unix_lock);
    while ((it = list_pop(&dropped)))
        message_drop(LIST_ENTRY(it, struct message, link), list);
}

void collect_garbage(void)
{
    struct rights *list = NULL;

    do
        take_garbage(&list);
    while (drain(&list));
}
