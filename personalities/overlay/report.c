/*
 * Reports. See report.h.
 *
 * A file is written through its VMO, whose size vfsd follows: no call for each line.
 */
#include "report.h"

#include <ipc/console_client.h>
#include <ipc/vfs_client.h>
#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/stubs.h>

enum { LINE_MAX = 1024, READ_MAX = 1 << 20 };

static struct {
    jg_handle_t vfs, console, events;
    jg_handle_t file; /* its VMO, or none: the console */
} to;

void report_start(const struct jg_startup *startup)
{
    to.vfs = startup_handle(startup, "vfs");
    to.console = startup_handle(startup, "console");
    to.events = startup_handle(startup, "events");
}

/* Opens a file by its path from the root. Returns its VMO, or none. The node stays open as long as we run. */
static jg_handle_t open_file(const char *path, uint32_t how, uint64_t *size)
{
    static const struct vfs_place root = {1, 1}; /* a session's root */
    /* Only root asks for levels (/proc/personalities). */
    static const struct vfs_cred who = {.powers = VFS_POWER_DAC_OVERRIDE | VFS_POWER_DAC_READ_SEARCH};
    static char rest[VFS_PATH_MAX + 1];
    struct vfs_attr found;
    jg_handle_t vmo;
    size_t length;

    if (vfs_open(to.vfs, &root, path, strlen(path), how, 0100644, &who, &found, rest, sizeof rest,
                 &length) ||
        found.foreign || vfs_vmo(to.vfs, found.node, &vmo))
        return JG_HANDLE_NONE;
    *size = found.size;
    return vmo;
}

bool report_to(const char *path, bool empty)
{
    uint64_t size;

    to.file = open_file(
        path, VFS_WALK_WRITE | VFS_WALK_CREATE | (empty ? VFS_WALK_TRUNCATE : 0u), &size);
    return to.file != JG_HANDLE_NONE;
}

char *report_read_file(const char *path, size_t *size)
{
    struct jg_transfer t = {.op = JG_TRANSFER_READ};
    jg_handle_t vmo = open_file(path, VFS_WALK_READ, &t.length);
    char *text = vmo && t.length < READ_MAX ? rt_zalloc(t.length + 1) : NULL;
    int64_t n;

    if (!text)
        return NULL;
    t.va = (uintptr_t)text;
    n = t.length ? jg_vmo_transfer(vmo, &t) : 0;
    jg_handle_close(vmo);
    *size = n < 0 ? 0 : (size_t)n;
    if (n >= 0)
        return text;
    rt_free(text);
    return NULL;
}

/* Waits until the console has something new for us. */
static void wait_for_console(void)
{
    static const struct jg_message none;
    struct jg_received in;

    jg_reply_wait(to.events, JG_TOKEN_NONE, &none, &in);
}

/* Writes a part to the host's stderr, be it a stream or its terminal. Returns false when nobody reads. */
static bool write_console(const char *text, size_t size, uint32_t *count)
{
    for (;;) {
        int32_t error = console_stream_write(to.console, CONSOLE_STREAM_STDERR, text, size, count);

        if (error == CONSOLE_ERROR_NOT_CONNECTED)
            error = console_tty_write(to.console, 0, text, size, count);
        if (error != CONSOLE_ERROR_WOULD_BLOCK)
            return !error;
        wait_for_console();
    }
}

void report(const char *text, size_t size)
{
    struct jg_transfer t = {
        .op = JG_TRANSFER_APPEND, .va = (uintptr_t)text, .length = size, .limit = UINT64_MAX};
    uint32_t count;

    if (to.file) {
        jg_vmo_transfer(to.file, &t);
        return;
    }
    for (; size && write_console(text, size, &count); text += count)
        size -= count;
}

void report_line(const char *format, ...)
{
    char line[LINE_MAX];
    va_list args;
    size_t n;

    va_start(args, format);
    n = rt_vformat(line, sizeof line - 1, format, args);
    va_end(args);
    n = n < sizeof line - 1 ? n : sizeof line - 2;
    line[n++] = '\n';
    report(line, n);
}
