/*
 * The end of a run.
 *
 * In:   ending_exit(), ending_fail(), ending_power(); none returns.
 * Life: report, drain, power. Draining waits for the host's readers for as long as they take,
 * because their bytes would be lost. A thread of its own bounds the rest: when consoled owes an
 * answer for LIMIT_NS, or a failed run is still not drained then, the machine goes off.
 */
#include "ending.h"

#include <ipc/console_client.h>
#include <jg/rt/format.h>
#include <jg/rt/log.h>
#include <jg/rt/string.h>
#include <jg/rt/thread.h>
#include <jg/rt/time.h>
#include <jg/stubs.h>

#define LIMIT_NS  4000000000ll
#define LINE_SIZE 1024

struct ending {
    jg_handle_t resource;
    uint32_t action;
    jg_time_t since; /* consoled owes an answer since then; 0: it owes none. Atomic */
};

static _Noreturn void power(const struct ending *e)
{
    int64_t status = jg_resource_create(e->resource, JG_RESOURCE_POWER, 0, 0);

    if (status >= 0)
        status = jg_system_power((jg_handle_t)status, e->action);
    rt_panic("the machine does not power off: %s", status_text(status));
}

/* A thread: powers off when consoled does not answer in time. */
static void limit(void *argument)
{
    static const uint32_t never;
    struct ending *e = argument;
    jg_time_t since, now;

    do {
        now = time_monotonic();
        jg_futex_wait(&never, 0, now + LIMIT_NS / 8);
        since = __atomic_load_n(&e->since, __ATOMIC_ACQUIRE);
    } while (!since || now - since < LIMIT_NS);
    rt_log("init: consoled does not answer, or the host does not take a failed run's output");
    power(e);
}

static void owed_since(struct ending *e, jg_time_t since)
{
    __atomic_store_n(&e->since, since, __ATOMIC_RELEASE);
}

/*
 * Waits until the host has everything. An error means that there is nobody to wait for. A reader
 * who takes his time is waited for; after a failure only until the limit.
 */
static void drain(struct init *init, struct ending *e, bool failed)
{
    static const struct jg_message none;
    struct jg_received r;

    for (;;) {
        if (!failed)
            owed_since(e, time_monotonic());
        if (console_drain(init->console->control) != CONSOLE_ERROR_WOULD_BLOCK)
            return;
        if (!failed)
            owed_since(e, 0);
        if (jg_reply_wait(init->maker.port, JG_TOKEN_NONE, &none, &r) < 0)
            return;
    }
}

static _Noreturn void finish(struct init *init, const char *line, uint32_t action, bool failed)
{
    static struct ending ending;

    ending = (struct ending){init->maker.resource, action, 0};
    if (init->console) {
        owed_since(&ending, time_monotonic());
        rt_thread_start(limit, &ending, 4 * JG_PAGE_SIZE, JG_PRIORITY_SERVER);
        if (line && console_report(init->console->control, line, strlen(line)) != 0)
            rt_log("init: consoled does not take the report");
        drain(init, &ending, failed);
    }
    power(&ending);
}

void ending_exit(struct init *init, unsigned status)
{
    char line[LINE_SIZE];

    rt_format(line, sizeof line, "exit %u", status & 0xff);
    finish(init, line, JG_POWER_OFF, false);
}

void ending_fail(struct init *init, const char *format, ...)
{
    static const char start[] = "fail ";
    char line[LINE_SIZE];
    va_list args;

    memcpy(line, start, sizeof start);
    va_start(args, format);
    rt_vformat(line + sizeof start - 1, sizeof line - sizeof start + 1, format, args);
    va_end(args);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ')
            *at = ' ';
    rt_log("%s", line);
    finish(init, line, JG_POWER_OFF, true);
}

void ending_power(struct init *init, uint32_t action)
{
    /* A power-off is no failure; what pid 1 said before counts. */
    finish(init, "exit 0", action, false);
}
