/*
 * fault: makes chosen calls fail.
 *
 * Options: CALL=ACTION[@WHEN][&fd=N][&path=TEXT], as often as wanted; the first one that a call meets decides. seed=N,
 *          o=FILE. CALL is a name or a class (linux.h). ACTION is an error (EIO), a signal (SIGTERM, which comes before the
 *          call), delayMILLISECONDS before it, or shortBYTES. WHEN counts the calls that meet name, descriptor and path: N, N+,
 *          N-M, or P% of them, drawn from the seed; without it all.
 * Life:    a signal or a delay is a call of ours in the program's name; then the program's own is made. If a
 *          handler runs in between, its return makes it.
 */
#include "fault.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include "report.h"

enum { RULES_MAX = 16 };

struct faulted {
    struct overlay_thread thread; /* first */
    bool before;                  /* our own call is under way, `call` is the program's */
    bool repeated;                /* the next call is that one again: it was decided already */
    uint64_t call[JG_CALL_WORDS];
};

static struct rule rules[RULES_MAX];
static unsigned rule_count;
static uint64_t state = 1;

/* The same numbers from the same seed, whatever the host. */
static unsigned draw(void)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)((state >> 33) % 100);
}

static bool option(char *key, char *value)
{
    if (!strcmp(key, "seed") && value && *value) {
        for (state = 0; *value >= '0' && *value <= '9'; value++)
            state = state * 10 + (uint64_t)(*value - '0');
        return !*value || overlay_problem("fault: the seed is a number");
    }
    if (rule_count == RULES_MAX)
        return overlay_problem("fault: at most %u rules", RULES_MAX);
    return rule_read(&rules[rule_count++], key, value);
}

static bool ready(void)
{
    return rule_count || overlay_problem("fault: which call? Say for example read=EIO@3");
}

/* A call of ours first; the program's is kept. */
static enum overlay_answer call_before(struct faulted *t, const char *name, uint64_t a, uint64_t b,
                                       uint64_t c)
{
    memcpy(t->call, t->thread.call, sizeof t->call);
    t->before = true;
    t->thread.call[0] = a;
    t->thread.call[1] = b;
    t->thread.call[2] = c;
    t->thread.call[6] = (uint64_t)linux_call_number(name);
    return OVERLAY_SEE;
}

static enum overlay_answer act(struct faulted *t, const struct rule *r, int64_t *value)
{
    switch (r->action) {
    case FAULT_ERROR:
        *value = -(int64_t)r->value;
        return OVERLAY_RESULT;
    case FAULT_SIGNAL:
        return call_before(t, "tkill", (uint64_t)t->thread.tid, r->value, t->thread.call[2]);
    case FAULT_DELAY:
        return call_before(t, "poll", 0, 0, r->value);
    case FAULT_SHORT:
        if (t->thread.call[2] > r->value)
            t->thread.call[2] = r->value;
        break;
    }
    return OVERLAY_PASS;
}

static enum overlay_answer on_call(struct overlay_thread *thread, int64_t *value)
{
    struct faulted *t = (struct faulted *)thread;

    if (t->repeated) {
        t->repeated = false;
        return OVERLAY_PASS;
    }
    for (unsigned i = 0; i < rule_count; i++) {
        struct rule *r = &rules[i];

        if (!rule_meets(r, thread, draw))
            continue;
        report_line("fault: %d: %s number %lu %s", thread->tid, linux_call(thread->call[6])->name,
                    r->seen, r->text);
        return act(t, r, value);
    }
    return OVERLAY_PASS;
}

/* Our own call is done: now the program's. */
static enum overlay_answer on_result(struct overlay_thread *thread, int64_t *value, bool replaced)
{
    struct faulted *t = (struct faulted *)thread;

    (void)value;
    if (!t->before)
        return OVERLAY_PASS;
    t->before = false;
    if (replaced) {
        t->repeated = frame_repeat_call(thread, t->call);
        return OVERLAY_PASS;
    }
    memcpy(thread->call, t->call, sizeof thread->call);
    return OVERLAY_AGAIN;
}

int server_main(const struct jg_startup *startup)
{
    static const struct overlay_ops ops = {.name = "fault",
                                           .record = sizeof(struct faulted),
                                           .option = option,
                                           .ready = ready,
                                           .call = on_call,
                                           .result = on_result};

    return overlay_main(startup, &ops);
}
