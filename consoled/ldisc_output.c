/*
 * Line discipline: output processing and the queue to the wire. See ldisc.h.
 */
#include "ldisc_internal.h"

#define OUT_MASK (LDISC_OUT_SIZE - 1)

uint32_t out_room(const struct ldisc *ld)
{
    return ld->stopped ? 0 : LDISC_OUT_SIZE - (ld->out_head - ld->out_tail);
}

void out_put(struct ldisc *ld, uint8_t c)
{
    ld->out[ld->out_head++ & OUT_MASK] = c;
}

static void put_newline(struct ldisc *ld)
{
    if (oflag(ld, TTY_ONLRET))
        ld->column = 0;
    if (oflag(ld, TTY_ONLCR)) {
        ld->column = 0;
        out_put(ld, '\r');
    }
    ld->line_column = ld->column;
    out_put(ld, '\n');
}

static void put_return(struct ldisc *ld)
{
    bool as_newline = oflag(ld, TTY_OCRNL);

    if (oflag(ld, TTY_ONOCR) && ld->column == 0)
        return;
    if (!as_newline || oflag(ld, TTY_ONLRET))
        ld->line_column = ld->column = 0;
    out_put(ld, as_newline ? '\n' : '\r');
}

static void put_tab(struct ldisc *ld)
{
    uint32_t spaces = 8 - (ld->column & 7);

    ld->column += spaces;
    if ((ld->mode.oflag & TTY_TABDLY) != TTY_XTABS) {
        out_put(ld, '\t');
        return;
    }
    while (spaces--)
        out_put(ld, ' ');
}

bool out_process(struct ldisc *ld, uint8_t c)
{
    uint32_t room = out_room(ld);

    if (room < (c == '\t' ? 8 : c == '\n' ? 2 : 1))
        return false;
    switch (c) {
    case '\n':
        put_newline(ld);
        return true;
    case '\r':
        put_return(ld);
        return true;
    case '\t':
        put_tab(ld);
        return true;
    case '\b':
        if (ld->column > 0)
            ld->column--;
        break;
    default:
        if (is_control(c))
            break;
        if (oflag(ld, TTY_OLCUC) && is_lower(c))
            c -= 'a' - 'A';
        if (!is_continuation(ld, c))
            ld->column++;
    }
    out_put(ld, c);
    return true;
}

size_t ldisc_write_room(const struct ldisc *ld)
{
    return oflag(ld, TTY_OPOST) ? out_room(ld) / 8 : out_room(ld);
}

size_t ldisc_write(struct ldisc *ld, const uint8_t *bytes, size_t n)
{
    size_t done = 0;

    echo_process(ld); /* what was typed before comes first */
    if (oflag(ld, TTY_OPOST)) {
        while (done < n && out_process(ld, bytes[done]))
            done++;
    } else {
        uint32_t room = out_room(ld);

        while (done < n && done < room)
            out_put(ld, bytes[done++]);
    }
    return done;
}

size_t ldisc_written(const struct ldisc *ld, const uint8_t **bytes)
{
    uint32_t start = ld->out_tail & OUT_MASK, n = ld->out_head - ld->out_tail;

    *bytes = ld->out + start;
    return n < LDISC_OUT_SIZE - start ? n : LDISC_OUT_SIZE - start;
}

size_t ldisc_output(const struct ldisc *ld, const uint8_t **bytes)
{
    size_t n = ldisc_written(ld, bytes);

    return ld->stopped ? 0 : n;
}

bool ldisc_write_raw(struct ldisc *ld, uint8_t byte)
{
    if (ld->out_head - ld->out_tail == LDISC_OUT_SIZE)
        return false;
    out_put(ld, byte);
    return true;
}

void ldisc_output_done(struct ldisc *ld, size_t n)
{
    ld->out_tail += (uint32_t)n;
    echo_process(ld);
}

size_t ldisc_pending(const struct ldisc *ld)
{
    return ld->out_head - ld->out_tail;
}
