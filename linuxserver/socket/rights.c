/*
 * Files on their way (SCM_RIGHTS), and the collection of those that nobody can ever receive.
 *
 * A socket that is open only because its file lies in the queue of another such socket is garbage. The
 * collector counts for each socket on its way how many of its file's references are on their way: if
 * all are, it is a candidate. Candidates that lie in a queue of one that is none are reached, and with
 * them what lies in theirs; what the rest holds is dropped. No reference can appear meanwhile: a
 * candidate has no descriptor, and receiving takes unix_lock.
 *
 * Letting go of a file may end a socket, which frees messages, which let go of files: rights_free()
 * does that in a loop and not in itself, so that the stack stays flat.
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

static struct mutex doom_lock = MUTEX_INIT;
static struct rights *doom; /* to be let go of; under doom_lock */
static bool dooming;

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

    if (p)
        p->count -= r->count;
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

static struct rights *pop_doomed(void)
{
    struct rights *r;

    mutex_lock(&doom_lock);
    r = doom;
    if (r)
        doom = r->next;
    else
        dooming = false;
    mutex_unlock(&doom_lock);
    return r;
}

void rights_free(struct rights *r)
{
    bool mine;

    if (!r)
        return;
    mutex_lock(&doom_lock);
    r->next = doom;
    doom = r;
    mine = !dooming;
    dooming = true;
    mutex_unlock(&doom_lock);
    while (mine && (r = pop_doomed())) {
        for (uint32_t i = 0; i < r->count; i++)
            file_put(r->file[i]);
        rt_free(r);
    }
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

static bool more_reached;

static void reach(struct socket *s)
{
    if (s->reached)
        return;
    s->reached = true;
    more_reached = true;
}

static bool is_candidate(const struct socket *s)
{
    return s->file && __atomic_load_n(&s->file->refs, __ATOMIC_SEQ_CST) == s->in_flight;
}

/* Marks the sockets on their way that somebody can come to. unix_lock is held. */
static void mark(void)
{
    LIST_FOR_EACH(it, &flying)
    {
        struct socket *s = LIST_ENTRY(it, struct socket, flying);

        s->held_inside = 0;
        s->reached = !is_candidate(s);
    }
    LIST_FOR_EACH(it, &flying)
    {
        struct socket *s = LIST_ENTRY(it, struct socket, flying);

        if (!s->reached)
            visit_held(s, count_inside);
    }
    LIST_FOR_EACH(it, &flying)
    {
        struct socket *s = LIST_ENTRY(it, struct socket, flying);

        if (s->in_flight > s->held_inside)
            s->reached = true;
    }
    do {
        more_reached = false;
        LIST_FOR_EACH(it, &flying)
        {
            struct socket *s = LIST_ENTRY(it, struct socket, flying);

            if (s->reached)
                visit_held(s, reach);
        }
    } while (more_reached);
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

/* The socket that still holds files and is reached by nobody. unix_lock is held. */
static struct socket *next_garbage(void)
{
    LIST_FOR_EACH(it, &flying)
    {
        struct socket *s = LIST_ENTRY(it, struct socket, flying);

        if (!s->reached)
            return s;
    }
    return NULL;
}

void collect_garbage(void)
{
    struct list dropped = LIST_INIT(dropped), *it;
    struct socket *s;

    mutex_lock(&unix_lock);
    if (list_empty(&flying)) {
        mutex_unlock(&unix_lock);
        return;
    }
    mark();
    while ((s = next_garbage())) {
        s->reached = true; /* once is enough */
        empty_queue(s, &dropped);
        LIST_FOR_EACH(at, &s->embryos)
        empty_queue(LIST_ENTRY(at, struct socket, embryo), &dropped);
    }
    mutex_unlock(&unix_lock);
    while ((it = list_pop(&dropped)))
        message_free(LIST_ENTRY(it, struct message, link));
}
