/*
 * The control port. See control.h.
 */
#include "control.h"

#include <jg/rt/string.h>

bool control_line(struct control *c, const char *line, size_t n)
{
    if (n + 1 > sizeof c->out - c->out_bytes)
        return false;
    memcpy(c->out + c->out_bytes, line, n);
    c->out[c->out_bytes + n] = '\n';
    c->out_bytes += (uint32_t)n + 1;
    return true;
}

size_t control_write(struct control *c, const char *bytes, size_t n)
{
    size_t done = 0;

    while (done < n) {
        bool ends = bytes[done] == '\n';

        if (ends || c->partial_bytes == CONTROL_LINE_MAX) {
            if (!control_line(c, c->partial, c->partial_bytes))
                break;
            c->partial_bytes = 0;
        }
        if (!ends)
            c->partial[c->partial_bytes++] = bytes[done];
        done++;
    }
    return done;
}

void control_end(struct control *c)
{
    if (c->partial_bytes && control_line(c, c->partial, c->partial_bytes))
        c->partial_bytes = 0;
}

void control_send(struct control *c, struct serial *s)
{
    struct pipe_out *out = &s->stream[SERIAL_CONTROL].out;
    enum serial_state state = serial_state(s, SERIAL_CONTROL);
    uint32_t sent = 0, room;
    uint8_t *at;

    if (state == SERIAL_COMING || !c->out_bytes)
        return;
    if (state != SERIAL_OPEN) {
        c->out_bytes = 0;
        return;
    }
    while (sent < c->out_bytes && (room = pipe_out_room(out, &at)) != 0) {
        uint32_t n = c->out_bytes - sent < room ? c->out_bytes - sent : room;

        memcpy(at, c->out + sent, n);
        pipe_out_done(out, n);
        sent += n;
    }
    pipe_out_send(out);
    memmove(c->out, c->out + sent, c->out_bytes - sent);
    c->out_bytes -= sent;
}

bool control_idle(const struct control *c)
{
    return c->out_bytes == 0;
}

/* Adds a byte to the line. Returns whether it completed one that is fit to be used. */
static bool add(struct control *c, char byte)
{
    bool whole;

    if (byte != '\n') {
        if (c->in_bytes == sizeof c->in - 1)
            c->in_too_long = true;
        else
            c->in[c->in_bytes++] = byte;
        return false;
    }
    whole = !c->in_too_long;
    c->in[c->in_bytes] = 0;
    c->in_bytes = 0;
    c->in_too_long = false;
    return whole;
}

const char *control_next(struct control *c, struct serial *s)
{
    struct pipe_in *in = &s->stream[SERIAL_CONTROL].in;
    const uint8_t *bytes;
    uint32_t n;

    while ((n = pipe_in_peek(in, &bytes)) != 0) {
        for (uint32_t i = 0; i < n; i++) {
            if (add(c, (char)bytes[i])) {
                pipe_in_done(in, i + 1);
                pipe_in_kick(in);
                return c->in;
            }
        }
        pipe_in_done(in, n);
    }
    pipe_in_kick(in);
    return NULL;
}
