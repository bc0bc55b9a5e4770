/*
 * Starting servers by the manifest.
 *
 * In:   server_start(), server_wait_ready(), server_describe_end(), from main.c and personality.c.
 * Life: each server has a job of its own, so that it is ended with all that it made, and so that
 *       its priority and its reserve are its own. init keeps the process's handle and the session.
 */
#include "server.h"

#include <jg/rt/format.h>
#include <jg/rt/log.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>
#include <jg/stubs.h>

#define READY_LIMIT_NS 5000000000ll
#define READY_STEP_NS  500000ll

#define EVENT_RIGHTS (JG_RIGHT_DUPLICATE | JG_RIGHT_TRANSFER | JG_RIGHT_INSPECT | JG_RIGHT_SIGNAL)

const char *status_text(int64_t status)
{
    switch (status) {
#define JG_ERROR(name, number, text)                                                               \
    case -(number):                                                                                \
        return text;
#include <jg/errors.def>
#undef JG_ERROR
    }
    return status < 0 ? "unknown error" : "no error";
}

/* The program as it is being put together; gifts that only it needs are closed afterwards. */
struct assembly {
    struct loader_program program;
    uint32_t owned_count;
    jg_handle_t owned[LOADER_GIFTS_MAX];
};

static int64_t add_gift(struct assembly *a, struct loader_gift gift)
{
    if (a->program.gift_count == LOADER_GIFTS_MAX)
        return JG_ERR_OUT_OF_RANGE;
    a->program.gift[a->program.gift_count++] = gift;
    return JG_OK;
}

/* As add_gift(), with a handle that is closed once the process has its own. */
static int64_t add_owned(struct assembly *a, const char *name, int64_t handle, jg_rights_t rights,
                         uint64_t value)
{
    if (handle < 0)
        return handle;
    if (a->owned_count == LOADER_GIFTS_MAX) {
        jg_handle_close((jg_handle_t)handle);
        return JG_ERR_OUT_OF_RANGE;
    }
    a->owned[a->owned_count++] = (jg_handle_t)handle;
    return add_gift(a, (struct loader_gift){name, (jg_handle_t)handle, rights, value});
}

static int64_t add_grants(struct assembly *a, const struct manifest_server *m, jg_handle_t root)
{
    int64_t status = JG_OK;

    for (uint32_t i = 0; status >= 0 && i < m->grant_count; i++) {
        const struct manifest_grant *g = &m->grant[i];

        status = add_owned(a, g->name, jg_resource_create(root, g->kind, g->base, g->size),
                           JG_RIGHTS_SAME, g->base);
        if (status < 0)
            rt_log("%s: cannot grant %s: %s", m->name, g->name, status_text(status));
    }
    return status;
}

static int64_t make_job(struct assembly *a, const struct manifest_server *m, jg_handle_t parent)
{
    int64_t job = jg_job_create(parent), status;

    if (job < 0)
        return job;
    a->program.job = (jg_handle_t)job;
    status = jg_job_set((jg_handle_t)job, JG_JOB_MAX_PRIORITY, m->priority);
    if (status >= 0 && m->reserve)
        status = jg_job_set((jg_handle_t)job, JG_JOB_RESERVE_FRAMES, m->reserve);
    return status;
}

static int64_t make_session(struct assembly *a, struct server *server, jg_handle_t port)
{
    jg_handle_t end[2];
    int64_t status = jg_channel_create(end);

    if (status < 0)
        return status;
    server->control = end[0];
    status = add_owned(a, "control", end[1], SERVER_WAIT_RIGHTS, 0);
    if (status < 0)
        return status;
    return add_owned(a, "control_event", jg_event_create(port, SERVER_KEY_EVENT | server->number),
                     EVENT_RIGHTS, 0);
}

static int64_t watch(struct server *server, jg_handle_t port)
{
    int64_t event = jg_event_create(port, SERVER_KEY_ENDED | server->number), status;

    if (event < 0)
        return event;
    status = jg_object_watch(server->process, (jg_handle_t)event, 1);
    if (status < 0)
        jg_handle_close((jg_handle_t)event);
    else
        server->ended = (jg_handle_t)event;
    return status;
}

static int64_t assemble_and_start(struct assembly *a, struct server *server,
                                  const struct server_maker *maker, const struct loader_gift *extra,
                                  uint32_t extra_count)
{
    int64_t status = make_job(a, server->manifest, maker->job);

    if (status >= 0)
        status = make_session(a, server, maker->port);
    if (status >= 0)
        status = add_grants(a, server->manifest, maker->resource);
    for (uint32_t i = 0; status >= 0 && i < extra_count; i++)
        status = add_gift(a, extra[i]);
    if (status >= 0)
        status = loader_start(maker->image, &a->program);
    if (status < 0)
        return status;
    server->process = (jg_handle_t)status;
    return watch(server, maker->port);
}

int64_t server_start(struct server *server, const struct server_maker *maker,
                     const struct loader_gift *extra, uint32_t extra_count)
{
    const struct manifest_server *m = server->manifest;
    struct assembly a = {
        .program = {.name = m->name, .priority = m->priority},
    };
    int64_t status;

    a.program.binary = bootimage_find(maker->image, m->binary);
    if (!a.program.binary)
        return JG_ERR_NOT_FOUND;
    status = assemble_and_start(&a, server, maker, extra, extra_count);
    while (a.owned_count)
        jg_handle_close(a.owned[--a.owned_count]);
    jg_handle_close(a.program.job);
    return status;
}

int64_t server_wait_ready(const struct server *server, int32_t (*check)(jg_handle_t session))
{
    jg_time_t now = time_monotonic(), limit = now + READY_LIMIT_NS;
    static const uint32_t never;
    int64_t status;

    /* A call to an end that is not bound yet fails at once; a server's first act is to bind it. */
    while ((status = check(server->control)) == JG_ERR_BAD_STATE) {
        if (now > limit)
            return JG_ERR_TIMED_OUT;
        jg_futex_wait(&never, 0, now + READY_STEP_NS);
        now = time_monotonic();
    }
    return status;
}

void server_describe_end(const struct server *server, char *clause, size_t size)
{
    const char *name = server->manifest->name;
    struct jg_info_task task = {0};

    if (jg_object_info(server->process, JG_INFO_TASK, &task, sizeof task) < 0 ||
        task.exit_code >= 0)
        rt_format(clause, size, "%s ended with code %ld", name, task.exit_code);
    else
        rt_format(clause, size, "%s ended: %s", name, status_text(task.exit_code));
}
