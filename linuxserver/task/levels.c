/*
 * Levels on request. See levels.h.
 *
 * Life:  a program writes a SPEC to /proc/personalities and waits; init, told by an event, asks for it, starts the
 *        servers, hands their ports over one by one and ends the request. Then the program's own worker pushes
 *        the levels on its thread, which it holds, and the write returns: init never waits for a program.
 *        Only a kill ends the wait before that; init then finds nobody and ends the servers.
 * Locks: requests_lock over the list, the requests in it, and the shown text. tasks_lock over process->stack.
 */
#include "levels.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/stubs.h>

#include <fs/proc_text.h>
#include <linux/signal.h>
#include <server.h>

enum { PROBLEM_MAX = 256 };

struct stack {
    uint32_t refs;
    uint64_t id;
    unsigned depth; /* levels, those below included */
    struct stack *below;
};

struct request {
    struct list link;
    struct task *task;
    uint64_t id;
    const char *spec;
    size_t length;
    bool told, ended;
    bool full;      /* there would be too many */
    unsigned depth; /* levels that the task has already */
    unsigned count;
    jg_handle_t port[PERSONALITY_LEVELS_MAX]; /* the lowest first */
    char problem[PROBLEM_MAX + 1];
};

static struct mutex requests_lock = MUTEX_INIT;
static struct list requests = LIST_INIT(requests);
static uint64_t last_id;
static char *shown;
static size_t shown_length;

struct stack *stack_get(struct stack *stack)
{
    if (stack)
        __atomic_add_fetch(&stack->refs, 1, __ATOMIC_RELAXED);
    return stack;
}

void stack_put(struct stack *stack)
{
    while (stack && !__atomic_sub_fetch(&stack->refs, 1, __ATOMIC_ACQ_REL)) {
        struct stack *below = stack->below;

        rt_free(stack);
        stack = below;
    }
}

/* Waits for init's answer. Returns 0, or -errno when only a kill ended it. */
static int64_t ask(struct request *r)
{
    bool ended = false;

    mutex_lock(&requests_lock);
    r->id = ++last_id;
    list_add_tail(&requests, &r->link);
    mutex_unlock(&requests_lock);
    jg_event_raise(server.status, PERSONALITY_EVENT_CHANGED);
    do {
        wait_prepare(r->task);
        mutex_lock(&requests_lock);
        ended = r->ended;
        mutex_unlock(&requests_lock);
    } while (!ended && !wait_sleep_killable(r->task));
    mutex_lock(&requests_lock);
    list_remove(&r->link);
    ended = r->ended;
    mutex_unlock(&requests_lock);
    return ended ? 0 : -EINTR;
}

/* Puts the answered request's levels on the task, whose trap this worker serves. */
static int64_t push(struct task *t, struct request *r)
{
    struct stack *stack = rt_zalloc(sizeof *stack);

    if (!stack)
        return -ENOMEM;
    stack->refs = 1;
    stack->id = r->id;
    mutex_lock(&tasks_lock);
    stack->below = t->process->stack; /* its reference goes with it */
    stack->depth = r->count + (stack->below ? stack->below->depth : 0);
    /* From here on a level's death is found in the process. */
    t->process->stack = stack;
    mutex_unlock(&tasks_lock);
    for (unsigned i = 0; i < r->count; i++)
        if (jg_thread_set_level(t->thread, r->port[i], 0) < 0)
            return -EIO; /* not with this depth: what was pushed stays */
    return 0;
}

/* What the request failed of is read back by the process. Takes `problem` over. */
static void remember(struct process *p, const char *problem)
{
    char *copy = NULL, *old;
    size_t size = strlen(problem) + 1;

    if (size > 1 && (copy = rt_alloc(size)))
        memcpy(copy, problem, size);
    mutex_lock(&tasks_lock);
    old = p->level_problem;
    p->level_problem = copy;
    mutex_unlock(&tasks_lock);
    rt_free(old);
}

int64_t proc_personalities_set(struct task *writer, struct proc_node at, char *spec, size_t size)
{
    const char *newline = memchr(spec, '\n', size);
    struct request r = {
        .task = writer, .spec = spec, .length = newline ? (size_t)(newline - spec) : size};
    int64_t err;

    (void)at;
    if (!r.length || r.length > PERSONALITY_SPEC_MAX)
        return -EINVAL;
    if (writer->process->task_count > 1)
        return -EBUSY; /* other threads would go on without */
    list_init(&r.link);
    r.depth = writer->process->stack ? writer->process->stack->depth : 0;
    err = ask(&r);
    if (!err) {
        remember(writer->process, r.problem);
        err = *r.problem ? -EINVAL : r.full ? -ENOSPC : push(writer, &r);
    }
    for (unsigned i = 0; i < r.count; i++)
        jg_handle_close(r.port[i]);
    return err;
}

int64_t proc_personalities(struct task *reader, struct proc_node at, struct text *out)
{
    (void)at;
    mutex_lock(&tasks_lock);
    if (reader->process->level_problem)
        text_add(out, "problem: %s\n", reader->process->level_problem);
    mutex_unlock(&tasks_lock);
    mutex_lock(&requests_lock);
    if (shown)
        text_add_bytes(out, shown, shown_length);
    mutex_unlock(&requests_lock);
    return 0;
}

void levels_orphaned(struct task *t)
{
    mutex_lock(&tasks_lock);
    process_group_exit(t->process, SIGKILL);
    mutex_unlock(&tasks_lock);
}

/* The request that init was told of, or NULL. requests_lock is held. */
static struct request *find(uint64_t id)
{
    LIST_FOR_EACH(it, &requests)
    {
        struct request *r = LIST_ENTRY(it, struct request, link);

        if (r->told && r->id == id && !r->ended)
            return r;
    }
    return NULL;
}

int32_t levels_next_request(struct personality_call *call, uint64_t *stack, char *spec,
                            size_t spec_size, size_t *spec_len)
{
    int32_t error = PERSONALITY_ERROR_NONE_ASKED;

    (void)call;
    mutex_lock(&requests_lock);
    LIST_FOR_EACH(it, &requests)
    {
        struct request *r = LIST_ENTRY(it, struct request, link);

        if (r->told || r->length >= spec_size)
            continue;
        r->told = true;
        *stack = r->id;
        memcpy(spec, r->spec, r->length);
        *spec_len = r->length;
        error = 0;
        break;
    }
    mutex_unlock(&requests_lock);
    return error;
}

int32_t levels_add(struct personality_call *call, uint64_t stack, jg_handle_t port)
{
    struct request *r;
    bool added = false;

    (void)call;
    mutex_lock(&requests_lock);
    r = find(stack);
    if (r && r->count < PERSONALITY_LEVELS_MAX) {
        r->port[r->count++] = port;
        added = true;
    }
    mutex_unlock(&requests_lock);
    if (!added)
        jg_handle_close(port);
    return added ? 0 : PERSONALITY_ERROR_INVAL;
}

int32_t levels_end_request(struct personality_call *call, uint64_t stack, const char *problem,
                           size_t problem_len)
{
    struct request *r;
    size_t n = problem_len < PROBLEM_MAX ? problem_len : PROBLEM_MAX;
    bool refused;

    (void)call;
    mutex_lock(&requests_lock);
    r = find(stack);
    if (r) {
        r->full = !problem_len && r->depth + r->count > PERSONALITY_LEVELS_MAX;
        memcpy(r->problem, problem, n);
        r->ended = true;
        wait_wake_task(r->task);
    }
    refused = !r || r->full;
    mutex_unlock(&requests_lock);
    return refused ? PERSONALITY_ERROR_INVAL : 0;
}

static bool runs_under(const struct process *p, uint64_t id)
{
    for (const struct stack *s = p->stack; s; s = s->below)
        if (s->id == id)
            return true;
    return false;
}

int32_t levels_end_stack(struct personality_call *call, uint64_t stack)
{
    (void)call;
    mutex_lock(&tasks_lock);
    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);

        if (!p->zombie && runs_under(p, stack))
            process_group_exit(p, SIGKILL);
    }
    mutex_unlock(&tasks_lock);
    return 0;
}

int32_t levels_show(struct personality_call *call, struct jg_window text)
{
    char *copy = rt_alloc(text.size + 1), *old;
    int32_t status;

    (void)call;
    if (!copy)
        return PERSONALITY_ERROR_NO_MEMORY;
    status = jg_window_read(&text, 0, copy, text.size);
    if (status) {
        rt_free(copy);
        return status;
    }
    mutex_lock(&requests_lock);
    old = shown;
    shown = copy;
    shown_length = text.size;
    mutex_unlock(&requests_lock);
    rt_free(old);
    return 0;
}
