/*
 * Rules of fault. See fault.h.
 */
#include "fault.h"

#include <jg/rt/string.h>

enum { PATH_SIZE = 1024, DELAY_MAX = 60000 };

/* A decimal number that ends the text or at one of `ends`. Moves *at behind it. */
static bool number(const char **at, uint64_t *out)
{
    const char *s = *at;

    for (*out = 0; *s >= '0' && *s <= '9' && *out < UINT32_MAX; s++)
        *out = *out * 10 + (uint64_t)(*s - '0');
    if (s == *at)
        return false;
    *at = s;
    return true;
}

static bool whole_number(const char *s, uint64_t *out)
{
    return number(&s, out) && !*s;
}

static bool read_action(struct rule *r, const char *word)
{
    if ((r->value = (uint64_t)linux_errno(word)))
        r->action = FAULT_ERROR;
    else if ((r->value = linux_signal(word)))
        r->action = FAULT_SIGNAL;
    else if (!strncmp(word, "delay", 5) && whole_number(word + 5, &r->value) && r->value <= DELAY_MAX)
        r->action = FAULT_DELAY;
    else if (!strncmp(word, "short", 5) && whole_number(word + 5, &r->value))
        r->action = FAULT_SHORT;
    else
        return overlay_problem("fault: \"%s\" is no error, no signal, no delayMILLISECONDS and no "
                               "shortBYTES", word);
    return true;
}

/* N, N+, N-M, or P%. */
static bool read_when(struct rule *r, const char *word)
{
    const char *at = word;
    uint64_t n;

    if (!number(&at, &n))
        return false;
    if (!strcmp(at, "%")) {
        r->percent = (unsigned)n;
        return n > 0 && n <= 100;
    }
    r->first = r->last = n;
    if (!strcmp(at, "+"))
        r->last = UINT64_MAX;
    else if (*at == '-')
        return whole_number(at + 1, &r->last) && r->last >= n;
    else
        return n && !*at;
    return n;
}

static bool read_condition(struct rule *r, char *word)
{
    uint64_t n;

    if (!strncmp(word, "fd=", 3) && whole_number(word + 3, &n)) {
        r->by_descriptor = true;
        r->descriptor = (int)n;
        return true;
    }
    if (!strncmp(word, "path=", 5) && word[5]) {
        r->path = word + 5;
        return true;
    }
    return overlay_problem("fault: \"%s\" is neither fd=N nor path=TEXT", word);
}

/* Cuts the text at the first `c`. Returns what is behind it, or NULL. */
static char *cut(char *text, char c)
{
    char *at = memchr(text, c, strlen(text));

    if (!at)
        return NULL;
    *at = 0;
    return at + 1;
}

/* Where a call has how many bytes it wants; -1: it has none. */
static int count_argument(const struct linux_call *c)
{
    static const char *const third[] = {"read", "write", "pread64", "pwrite64", "sendto", "recvfrom"};

    for (size_t i = 0; i < sizeof third / sizeof *third; i++)
        if (!strcmp(third[i], c->name))
            return 2;
    return -1;
}

bool rule_read(struct rule *r, const char *name, char *value)
{
    char *conditions = value ? cut(value, '&') : NULL, *when = value ? cut(value, '@') : NULL;
    bool known = false;

    *r = (struct rule){.text = value, .first = 1, .last = UINT64_MAX};
    for (unsigned n = 0; n < CALLS_MAX; n++)
        known |= r->calls[n] = linux_call(n) && linux_call_is(linux_call(n), name);
    if (!known)
        return overlay_problem("fault: \"%s\" is no system call, no class of them and no option", name);
    if (!value)
        return overlay_problem("fault: say what becomes of %s, such as %s=EIO@3", name, name);
    if (!read_action(r, value))
        return false;
    if (when && !read_when(r, when))
        return overlay_problem("fault: \"%s\" is no time: use N, N+, N-M or P%%", when);
    while (conditions) {
        char *rest = cut(conditions, '&');

        if (!read_condition(r, conditions))
            return false;
        conditions = rest;
    }
    for (unsigned n = 0; r->action == FAULT_SHORT && n < CALLS_MAX; n++)
        if (r->calls[n] && count_argument(linux_call(n)) < 0)
            return overlay_problem("fault: %s has no count that could be short", linux_call(n)->name);
    return true;
}

static bool descriptor_meets(const struct rule *r, const struct overlay_thread *t,
                             const struct linux_call *c)
{
    for (unsigned i = 0; c->args[i]; i++)
        if (c->args[i] == 'f' && (int)t->call[i] == r->descriptor)
            return true;
    return false;
}

static bool path_meets(const struct rule *r, const struct overlay_thread *t,
                       const struct linux_call *c)
{
    size_t length = strlen(r->path);
    char path[PATH_SIZE];
    bool whole;

    for (unsigned i = 0; c->args[i]; i++) {
        int64_t n = c->args[i] == 's'
                        ? overlay_read_string(t, t->call[i], path, sizeof path, &whole)
                        : -1;

        for (int64_t at = 0; at + (int64_t)length <= n; at++)
            if (!memcmp(path + at, r->path, length))
                return true;
    }
    return false;
}

bool rule_meets(struct rule *r, const struct overlay_thread *t, unsigned (*draw)(void))
{
    const struct linux_call *c = linux_call(t->call[6]);

    if (!c || t->call[7] || !r->calls[t->call[6]] ||
        (r->by_descriptor && !descriptor_meets(r, t, c)) || (r->path && !path_meets(r, t, c)))
        return false;
    r->seen++;
    return r->percent ? draw() < r->percent : r->seen >= r->first && r->seen <= r->last;
}
