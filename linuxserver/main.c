/*
 * linuxserver: the Linux personality.
 *
 * Start: init gives the handles (init/manifest); this makes the port, starts the threads, and waits
 * for launch(). Every trap of a program then arrives at a worker (task/worker.c).
 */
#include <server.h>

#include <ipc/personality_server.h>
#include <jg/rt/log.h>
#include <jg/rt/startup.h>

#include <events.h>
#include <fs/namecache.h>
#include <sync/timer.h>
#include <task/load.h>
#include <vdso/vdso.h>

struct server server;

static jg_handle_t need(const struct jg_startup *s, const char *name)
{
    jg_handle_t h = startup_handle(s, name);

    if (!h)
        rt_panic("init gave no handle named %s", name);
    return h;
}

int server_main(const struct jg_startup *s)
{
    int64_t port = jg_port_create();

    if (port < 0)
        rt_panic("no port: %ld", port);
    server.port = (jg_handle_t)port;
    server.job = need(s, "job");
    if (jg_job_set(server.job, JG_JOB_ORPHANS, JG_ORPHANS_TELL) < 0)
        rt_panic("the job takes no policy");
    server.vfs = need(s, "vfs");
    server.system = need(s, "system");
    server.console = need(s, "console");
    server.events = need(s, "events");
    server.status = need(s, "control_event");
    if (vdso_start(startup_handle(s, "time")) < 0)
        rt_panic("no memory for the vDSO");
    namecache_start(server.vfs);
    if (timers_start() < 0)
        rt_panic("no timer");
    load_start();
    if (workers_start() < 0)
        rt_panic("no memory for workers");
    if (jg_channel_bind(need(s, "control"), server.port, KEY_CONTROL) < 0)
        rt_panic("cannot bind the control channel");
    events_loop();
}
