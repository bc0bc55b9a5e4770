/*
 * The growing buffer that texts of procfs are made in.
 */
#include "proc_text.h"

#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <stdarg.h>

static bool room_for(struct text *out, size_t more)
{
    size_t room = out->room ? out->room : 512;
    char *data;

    if (out->failed)
        return false;
    if (out->used + more <= out->room)
        return true;
    while (room < out->used + more)
        room *= 2;
    data = rt_realloc(out->data, room);
    out->failed = !data;
    if (!data)
        return false;
    out->data = data;
    out->room = room;
    return true;
}

void text_add_bytes(struct text *out, const void *bytes, size_t size)
{
    if (!room_for(out, size))
        return;
    memcpy(out->data + out->used, bytes, size);
    out->used += size;
}

void text_add(struct text *out, const char *format, ...)
{
    char line[512];
    va_list args;
    int n;

    va_start(args, format);
    n = (int)rt_vformat(line, sizeof line, format, args);
    va_end(args);
    text_add_bytes(out, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

void text_add_name(struct text *out, const char *name, const char *special)
{
    for (; *name; name++) {
        if (strchr(special, *name))
            text_add(out, "\\%03o", (unsigned)*name);
        else
            text_add_bytes(out, name, 1);
    }
}
