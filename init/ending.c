/*
 * The end of a run.
 *
 * In:   ending_exit(), ending_fail(), ending_power(); none returns.
 * Life: report, drain, power. A thread of its own bounds it all: whatever hangs, the machine is off
 *       LIMIT_NS later.
 */
#include "ending.h"

#include <ipc/console_client.h>
#include <jg/rt/format.h>
#include <jg/rt/log.h>
#include <jg/rt/string.h>
#include <jg/rt/thread.h>
#include <jg/rt/time.h>
#include <jg/stubs.h>

#define LIMIT_NS 4000000000ll
#define LINE_SIZE 1024

struct ending {
    jg_handle_t resource;
    uint32_t action;
};

static _Noreturn void power(const struct ending *e)
{
    int64_t status = jg_resource_create(e->resource, JG_RESOURCE_POWER, 0, 0);

    if (status >= 0)
        status = jg_system_power((jg_handle_t)status, e->action);
    rt_panic("the machine does not power off: %s", status_text(status));
}

static void limit(void *ending)
{
    static const uint32_t never;
    jg_time_t deadline = time_monotonic() + LIMIT_NS;

    while (time_monotonic() < deadline)
        jg_futex_wait(&never, 0, deadline);
    rt_log("init: the console did not drain in time");
    power(ending);
}

/* Waits until the host has everything. An error means that there is nobody to wait for. */
static void drain(struct init *init)
{
    static const struct jg_message none;
    struct jg_received r;

    while (console_drain(init->console->control) == CONSOLE_ERROR_WOULD_BLOCK)
        if (jg_reply_wait(init->maker.port, JG_TOKEN_NONE, &none, &r) < 0)
            return;
}

static _Noreturn void finish(struct init *init, const char *line, uint32_t action)
{
    static struct ending ending;

    ending = (struct ending){init->maker.resource, action};
    if (init->console) {
        rt_thread_start(limit, &ending, 4 * JG_PAGE_SIZE, JG_PRIORITY_SERVER);
        if (line && console_report(init->console->control, line, strlen(line)) != 0)
            rt_log("init: consoled does not take the report");
        drain(init);
    }
    power(&ending);
}

void ending_exit(struct init *init, unsigned status)
{
    char line[LINE_SIZE];

    rt_format(line, sizeof line, "exit %u", status & 0xff);
    finish(init, line, JG_POWER_OFF);
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
    finish(init, line, JG_POWER_OFF);
}

void ending_power(struct init *init, uint32_t action)
{
    finish(init, NULL, action);
}
