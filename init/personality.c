/*
 * Starting a personality and its first program.
 *
 * In:   personality_start(), personality_launch_first(), personality_check_status(), from main.c.
 * Note: all that init knows of a personality is personality.idl and the manifest. Where the
 *       manifest names a first program, that one runs the user's command and reports its status to
 *       the host; else the command itself is the first program and init reports.
 */
#include "personality.h"

#include <ipc/console_client.h>
#include <ipc/personality_client.h>
#include <ipc/vfs_client.h>
#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/stubs.h>

#include "ending.h"

#define PROBLEM_SIZE 257 /* string<256> and its zero */
#define SIGNALLED    128u

/* Makes a channel and an event on `events`. Returns the end to call. */
static int64_t make_session(jg_handle_t events, uint64_t key, jg_handle_t *bound,
                            jg_handle_t *changed)
{
    int64_t event = jg_event_create(events, key), status;
    jg_handle_t end[2];

    if (event < 0)
        return event;
    status = jg_channel_create(end);
    if (status < 0) {
        jg_handle_close((jg_handle_t)event);
        return status;
    }
    *changed = (jg_handle_t)event;
    *bound = end[1];
    return end[0];
}

/* A server that refuses a session has no memory for it. */
static int64_t opened(int64_t session, int32_t error)
{
    if (!error)
        return session;
    jg_handle_close((jg_handle_t)session);
    return error < 0 ? error : JG_ERR_NO_MEMORY;
}

static int64_t open_vfs(struct init *init, jg_handle_t events, uint32_t kind, uint32_t read_only)
{
    jg_handle_t bound, changed;
    int64_t session = make_session(events, JG_EVENTS_VFS, &bound, &changed);

    return session < 0 ? session
                       : opened(session, vfs_open_session(init->vfs->control, bound, changed, kind,
                                                          read_only));
}

static int64_t open_console(struct init *init, jg_handle_t events)
{
    jg_handle_t bound, changed;
    int64_t session = make_session(events, JG_EVENTS_CONSOLE, &bound, &changed);

    return session < 0 ? session
                       : opened(session,
                                console_open_session(init->console->control, bound, changed));
}

int64_t personality_open_sessions(struct init *init, struct personality_sessions *s)
{
    int64_t made[PERSONALITY_GIFTS] = {jg_port_create()}, failed = 0;
    jg_handle_t events = made[0] < 0 ? JG_HANDLE_NONE : (jg_handle_t)made[0];

    made[1] = open_vfs(init, events, VFS_ROOT_KIND_USER, 0);
    made[2] = open_vfs(init, events, VFS_ROOT_KIND_SYSTEM, 1);
    made[3] = open_console(init, events);
    made[4] = jg_handle_duplicate(init->time, JG_RIGHTS_SAME);
    for (unsigned i = 0; i < PERSONALITY_GIFTS; i++) {
        s->handle[i] = made[i] < 0 ? JG_HANDLE_NONE : (jg_handle_t)made[i];
        failed = made[i] < 0 && !failed ? made[i] : failed;
    }
    if (failed)
        personality_close_sessions(s);
    return failed;
}

void personality_close_sessions(struct personality_sessions *s)
{
    for (unsigned i = 0; i < PERSONALITY_GIFTS; i++)
        if (s->handle[i])
            jg_handle_close(s->handle[i]);
}

void personality_fill_gifts(struct loader_gift *gifts, const struct personality_sessions *s)
{
    static const char *const names[PERSONALITY_GIFTS] = {"events", "vfs", "system", "console",
                                                         "time"};

    for (unsigned i = 0; i < PERSONALITY_GIFTS; i++)
        gifts[i] = (struct loader_gift){names[i], s->handle[i], i ? JG_RIGHTS_SAME : SERVER_WAIT_RIGHTS, 0};
}

static _Noreturn void unknown(struct init *init)
{
    char names[256] = "";
    size_t n = 0;

    for (uint32_t i = 0; i < init->manifest.count && n < sizeof names; i++)
        if (init->manifest.server[i].personality && !init->manifest.server[i].level)
            n += rt_format(names + n, sizeof names - n, "%s%s", n ? ", " : "",
                           init->manifest.server[i].name);
    ending_fail(init, "there is no personality \"%s\"; there are: %s", init->config.personality,
                names);
}

void personality_start(struct init *init)
{
    const struct manifest_server *m =
        manifest_find(&init->manifest, init->config.personality, true);
    struct personality_sessions s;
    struct loader_gift gifts[PERSONALITY_GIFTS + CONFIG_OPTIONS_MAX];
    int64_t status;

    if (!m || m->level)
        unknown(init);
    status = personality_open_sessions(init, &s);
    if (status < 0)
        ending_fail(init, "init cannot make the personality's sessions: %s", status_text(status));
    personality_fill_gifts(gifts, &s);
    for (uint32_t i = 0; i < init->config.option_count; i++)
        gifts[PERSONALITY_GIFTS + i] =
            (struct loader_gift){init->config.option[i], JG_HANDLE_NONE, 0, 1};
    init_start_server(init, m, personality_check_version, gifts,
                      PERSONALITY_GIFTS + init->config.option_count, &init->personality);
    personality_close_sessions(&s);
}

/* The strings of a launch, one behind the other with their zeros. */
struct launch {
    char *text;
    size_t length;
    uint32_t argc, envc;
};

static void add_string(struct init *init, struct launch *l, const char *s)
{
    size_t n = strlen(s) + 1;

    if (n > PERSONALITY_TEXT_MAX - l->length)
        ending_fail(init, "the arguments and the environment are longer than %u bytes",
                    PERSONALITY_TEXT_MAX);
    memcpy(l->text + l->length, s, n);
    l->length += n;
}

static void add_argument(struct init *init, struct launch *l, const char *s)
{
    add_string(init, l, s);
    l->argc++;
}

static void build_launch(struct init *init, struct launch *l)
{
    const char *first = init->personality->manifest->first;
    const struct config *c = &init->config;

    if (!*first && !c->argc)
        ending_fail(init, "the personality \"%s\" has no shell: give a command", c->personality);
    if (!*first && c->levels)
        ending_fail(init, "nothing can stand above the personality \"%s\"", c->personality);
    add_string(init, l, *first ? first : c->arg[0]);
    if (*first) {
        add_argument(init, l, first);
        add_argument(init, l, "--cwd");
        add_argument(init, l, c->cwd);
        if (c->levels) {
            add_argument(init, l, "--levels");
            add_argument(init, l, c->levels);
        }
        add_argument(init, l, "--");
    }
    for (uint32_t i = 0; i < c->argc; i++)
        add_argument(init, l, c->arg[i]);
    for (l->envc = 0; l->envc < c->envc; l->envc++)
        add_string(init, l, c->env[l->envc]);
    add_string(init, l, *first ? "/" : c->cwd);
}

static uint32_t stdio_of(enum config_stdio how)
{
    return how == CONFIG_TTY      ? PERSONALITY_STDIO_TTY
           : how == CONFIG_STREAM ? PERSONALITY_STDIO_STREAM
                                  : PERSONALITY_STDIO_NONE;
}

void personality_launch_first(struct init *init)
{
    const enum config_stdio *io = init->config.stdio;
    struct personality_standard standard = {stdio_of(io[0]), stdio_of(io[1]), stdio_of(io[2]), 0};
    struct launch l = {.text = rt_alloc(PERSONALITY_TEXT_MAX)};
    char problem[PROBLEM_SIZE] = "";
    size_t problem_length;
    int32_t error;

    if (!l.text)
        ending_fail(init, "init is out of memory");
    build_launch(init, &l);
    error = personality_launch(init->personality->control, &standard, l.argc, l.envc, l.text,
                               l.length, problem, sizeof problem, &problem_length);
    if (error < 0)
        ending_fail(init, "the personality did not start %s: %s", l.text, status_text(error));
    if (error)
        ending_fail(init, "%s%s", *problem ? "" : "the first program cannot be started: ",
                    *problem ? problem : l.text);
    rt_free(l.text);
}

static _Noreturn void report_end(struct init *init, uint32_t what, uint32_t code)
{
    bool reporter = *init->personality->manifest->first;

    if (what == PERSONALITY_STATE_EXITED && !reporter)
        ending_exit(init, code);
    if (what == PERSONALITY_STATE_KILLED && !reporter)
        ending_exit(init, SIGNALLED + code);
    if (what == PERSONALITY_STATE_EXITED)
        ending_fail(init, "pid 1 ended with status %u", code);
    ending_fail(init, "pid 1 was killed by signal %u", code);
}

void personality_check_status(struct init *init)
{
    char problem[PROBLEM_SIZE] = "";
    uint32_t what, code;
    size_t problem_length;
    int32_t error = personality_status(init->personality->control, &what, &code, problem,
                                       sizeof problem, &problem_length);

    if (error == PERSONALITY_ERROR_NOT_STARTED)
        return;
    if (error)
        ending_fail(init, "the personality does not tell its status (%d)", error);
    switch (what) {
    case PERSONALITY_STATE_RUNNING:
        return;
    case PERSONALITY_STATE_POWER_OFF:
        ending_power(init, JG_POWER_OFF);
    case PERSONALITY_STATE_RESTART:
        ending_power(init, JG_POWER_RESTART);
    case PERSONALITY_STATE_EXITED:
    case PERSONALITY_STATE_KILLED:
        report_end(init, what, code);
    default:
        ending_fail(init, "%s", *problem ? problem : "the personality failed");
    }
}
