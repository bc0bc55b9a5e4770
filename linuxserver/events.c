/*
 * Events from below. An event says that something changed; what, is asked by ordinary calls.
 */
#include <events.h>

#include <ipc/console_client.h>
#include <jg/rt/log.h>

#include <fs/device.h>
#include <fs/inotify.h>
#include <fs/locks.h>
#include <fs/namecache.h>
#include <fs/tty.h>
#include <ipc/console_client.h>
#include <server.h>
#include <sync/timer.h>

static void console_event(uint64_t bits)
{
    stream_events(bits & 0xffff);
    if (bits & CONSOLE_EVENT_TTY)
        tty_event();
    if (bits & CONSOLE_EVENT_PTYS)
        pty_event();
}

static void vfs_event(uint64_t bits)
{
    if (bits & VFS_EVENT_GONE)
        namecache_shrink(false);
    if (bits & VFS_EVENT_LOCKS)
        locks_event();
    if (bits & VFS_EVENT_NOTICES)
        inotify_event();
}

void events_loop(void)
{
    struct jg_message none = {0};
    struct jg_received in;

    for (;;) {
        jg_status_t status = jg_reply_wait(server.events, JG_TOKEN_NONE, &none, &in);

        if (status == JG_ERR_INTERRUPTED)
            continue;
        if (status != JG_OK)
            rt_panic("events: %d", status);
        if (JG_INFO_KIND(in.info) == JG_KIND_TIMER)
            timers_run();
        else if (in.key == EVENT_CONSOLE)
            console_event(in.word[0]);
        else if (in.key == EVENT_VFS)
            vfs_event(in.word[0]);
    }
}
