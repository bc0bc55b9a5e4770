/*
 * Levels: a program asks the personality for a stack such as `trace,filter=file:fault,read=EIO@3`; each
 * element is a server of its own, started here and for this stack only.
 *
 * In:    levels_answer() and levels_ended(), from main.c's loop; levels_show().
 * Life:  a level ends by itself when its last thread has gone. One that dies otherwise takes its stack with it:
 *        the personality ends what ran under it, and the stack's other levels then have no threads left.
 */
#include "levels.h"

#include <ipc/console_client.h>
#include <ipc/level_client.h>
#include <ipc/personality_client.h>
#include <jg/rt/format.h>
#include <jg/rt/log.h>
#include <jg/rt/string.h>
#include <jg/stubs.h>

#include "ending.h"
#include "personality.h"

#define NUMBER_FIRST MANIFEST_SERVERS_MAX /* levels' numbers on init's port come behind the servers' */
#define PROBLEM_MAX  256u

/* One element of a SPEC. */
struct element {
    char name[JG_NAME_MAX];
    const char *options;
    size_t options_length;
};

bool levels_need(void *arg, const char *section)
{
    const struct init *init = arg;

    for (uint32_t i = 0; i < init->manifest.count; i++)
        if (init->manifest.server[i].level &&
            !strncmp(init->manifest.server[i].binary, section, JG_BOOT_NAME_MAX) &&
            bootimage_find(&init->image, init->manifest.server[i].binary))
            return true;
    return false;
}

/* Is it named by the manifest and in this boot image? */
static const struct manifest_server *find_level(const struct init *init, const char *name)
{
    const struct manifest_server *m = manifest_find(&init->manifest, name, true);

    return m && m->level && bootimage_find(&init->image, m->binary) ? m : NULL;
}

static size_t list_levels(const struct init *init, char *text, size_t size, const char *between)
{
    size_t n = 0;

    for (uint32_t i = 0; i < init->manifest.count && n < size; i++)
        if (find_level(init, init->manifest.server[i].name))
            n += rt_format(text + n, size - n, "%s%s", n ? between : "",
                           init->manifest.server[i].name);
    return n < size ? n : size - 1;
}

void levels_show(struct init *init)
{
    char text[PERSONALITY_SHOW_MAX];
    size_t n = rt_format(text, sizeof text, "base: %s\nlevels: ",
                         init->personality->manifest->name);

    n += list_levels(init, text + n, sizeof text - n, " ");
    n += rt_format(text + n, sizeof text - n, "\n");
    for (unsigned i = 0; i < LEVELS_MAX && n < sizeof text; i++)
        if (init->level[i].used)
            n += rt_format(text + n, sizeof text - n, "running: %s in stack %lu\n",
                           init->level[i].server.manifest->name, init->level[i].stack);
    personality_show(init->personality->control, text, n < sizeof text ? n : sizeof text - 1);
}

/* Cuts the last element off spec[0..*length). False: its name is too long. */
static bool cut_element(const char *spec, size_t *length, struct element *out)
{
    size_t from = *length, name;

    while (from && spec[from - 1] != ':')
        from--;
    out->options = memchr(spec + from, ',', *length - from);
    name = out->options ? (size_t)(out->options - (spec + from)) : *length - from;
    out->options = out->options ? out->options + 1 : spec + *length;
    out->options_length = (size_t)(spec + *length - out->options);
    *length = from ? from - 1 : 0;
    if (!name || name >= sizeof out->name)
        return false;
    memcpy(out->name, spec + from, name);
    out->name[name] = 0;
    return true;
}

static struct level *free_level(struct init *init)
{
    for (unsigned i = 0; i < LEVELS_MAX; i++)
        if (!init->level[i].used)
            return &init->level[i];
    return NULL;
}

static void release(struct level *l)
{
    jg_handle_close(l->server.process);
    jg_handle_close(l->server.ended);
    jg_handle_close(l->server.control);
    if (l->port)
        jg_handle_close(l->port);
    *l = (struct level){0};
}

static int64_t start_server(struct init *init, struct level *l, const struct manifest_server *m)
{
    struct personality_sessions s;
    struct loader_gift gifts[PERSONALITY_GIFTS + 1];
    int64_t port, status = personality_open_sessions(init, &s);

    if (status < 0)
        return status;
    port = jg_port_create();
    if (port < 0) {
        personality_close_sessions(&s);
        return port;
    }
    *l = (struct level){
        .used = true,
        .port = (jg_handle_t)port,
        .server = {.manifest = m, .number = NUMBER_FIRST + (unsigned)(l - init->level)},
    };
    personality_fill_gifts(gifts, &s);
    gifts[PERSONALITY_GIFTS] = (struct loader_gift){"port", l->port, SERVER_WAIT_RIGHTS, 0};
    status = server_start(&l->server, &init->maker, gifts, PERSONALITY_GIFTS + 1);
    personality_close_sessions(&s);
    return status;
}

/* Starts one level of `stack`. Returns it, or NULL with a sentence in `problem`. */
static struct level *start(struct init *init, uint64_t stack, const struct element *e,
                           char *problem)
{
    const struct manifest_server *m = find_level(init, e->name);
    struct level *l = free_level(init);
    size_t n, length;
    int64_t status;

    if (!m) {
        n = rt_format(problem, PROBLEM_MAX, "there is no personality \"%s\" to stand above another; there are: ",
                      e->name);
        list_levels(init, problem + n, PROBLEM_MAX - n, ", ");
        return NULL;
    }
    if (!l) {
        rt_format(problem, PROBLEM_MAX, "%u personalities run already", LEVELS_MAX);
        return NULL;
    }
    status = start_server(init, l, m);
    if (status >= 0)
        status = server_wait_ready(&l->server, level_check_version);
    if (status >= 0)
        status = level_configure(l->server.control, e->options, e->options_length, problem,
                                 PROBLEM_MAX, &length);
    if (!status) {
        l->stack = stack;
        return l;
    }
    if (!*problem)
        rt_format(problem, PROBLEM_MAX, "%s does not start: %s", e->name,
                  status < 0 ? status_text(status) : "its options are wrong");
    jg_task_kill(l->server.process, 0);
    release(l);
    return NULL;
}

/* Ends the levels of a stack that was not completed. */
static void undo(struct init *init, uint64_t stack)
{
    for (unsigned i = 0; i < LEVELS_MAX; i++)
        if (init->level[i].used && init->level[i].stack == stack) {
            jg_task_kill(init->level[i].server.process, 0);
            release(&init->level[i]);
        }
}

/* Starts the levels of `spec`, the lowest first. False: `problem` says why not; nothing of it is left. */
static bool build(struct init *init, uint64_t stack, const char *spec, size_t length, char *problem)
{
    jg_handle_t base = init->personality->control;
    struct element e;

    for (unsigned count = 0; length; count++) {
        struct level *l = NULL;

        if (count == PERSONALITY_LEVELS_MAX)
            rt_format(problem, PROBLEM_MAX, "at most %u personalities can stand above another",
                      PERSONALITY_LEVELS_MAX);
        else if (!cut_element(spec, &length, &e))
            rt_format(problem, PROBLEM_MAX, "\"%.100s\" is no list of personalities", spec);
        else if (!count && !strcmp(e.name, init->personality->manifest->name))
            continue; /* the base, named where it stands */
        else
            l = start(init, stack, &e, problem);
        if (!l) {
            undo(init, stack);
            return false;
        }
        if (personality_add_level(base, stack,
                                  (jg_handle_t)jg_handle_duplicate(l->port, SERVER_WAIT_RIGHTS))) {
            undo(init, stack);
            rt_format(problem, PROBLEM_MAX, "a level cannot be handed over");
            return false; /* or who asked is gone */
        }
    }
    return true;
}

/* The servers have ports of their own: theirs are the last handles, which go with them. */
static void close_ports(struct init *init, uint64_t stack)
{
    for (unsigned i = 0; i < LEVELS_MAX; i++)
        if (init->level[i].used && init->level[i].stack == stack && init->level[i].port) {
            jg_handle_close(init->level[i].port);
            init->level[i].port = JG_HANDLE_NONE;
        }
}

void levels_answer(struct init *init)
{
    jg_handle_t base = init->personality->control;
    char spec[PERSONALITY_SPEC_MAX + 1];
    size_t length;
    uint64_t stack;

    while (!personality_next_request(base, &stack, spec, sizeof spec, &length)) {
        char problem[PROBLEM_MAX + 1] = "";
        bool built = build(init, stack, spec, length, problem);

        if (personality_end_request(base, stack, problem, strlen(problem)) && built)
            undo(init, stack);
        close_ports(init, stack);
        levels_show(init);
    }
}

void levels_ended(struct init *init, unsigned number)
{
    struct level *l = &init->level[number - NUMBER_FIRST];
    struct jg_info_task task = {0};
    char clause[128], line[256];
    uint64_t stack = l->stack;

    if (!l->used || jg_object_info(l->server.process, JG_INFO_TASK, &task, sizeof task) < 0 ||
        task.state != 2)
        return; /* an old event of a number that is used again */
    server_describe_end(&l->server, clause, sizeof clause);
    release(l);
    if (task.exit_code) {
        personality_end_stack(init->personality->control, stack);
        rt_format(line, sizeof line, "say %s; what ran under it is ended", clause);
        console_report(init->console->control, line, strlen(line));
    }
    levels_show(init);
}
