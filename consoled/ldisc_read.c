/*
 * Line discipline: what programs read. See ldisc.h.
 */
#include "ldisc_internal.h"

/* Is the next byte of a canonical reader an end-of-file character? */
static bool at_eof(const struct ldisc *ld, uint32_t at)
{
    return ends_at(ld, at) && in_at(ld, at) == END_OF_FILE;
}

/*
 * An end-of-file character that follows what filled a reader's buffer would be read as a zero of its
 * own; Linux skips it, so that "abc^D" is one read of three bytes for any buffer.
 */
static void skip_eof(struct ldisc *ld)
{
    if (ld->tail != ld->line_head && at_eof(ld, ld->tail))
        set_end(ld, ld->tail++, false);
}

static long read_line(struct ldisc *ld, uint8_t *bytes, size_t n)
{
    size_t done = 0;

    while (done < n && ld->tail != ld->line_head) {
        uint32_t at = ld->tail++;

        if (at_eof(ld, at)) {
            set_end(ld, at, false);
            return (long)done;
        }
        bytes[done++] = in_at(ld, at);
        if (ends_at(ld, at)) {
            set_end(ld, at, false);
            return (long)done;
        }
    }
    if (done == n)
        skip_eof(ld);
    return (long)done;
}

static long read_bytes(struct ldisc *ld, uint8_t *bytes, size_t n)
{
    size_t done = 0;

    while (done < n && ld->tail != ld->raw_head)
        bytes[done++] = in_at(ld, ld->tail++);
    return (long)done;
}

long ldisc_read(struct ldisc *ld, uint8_t *bytes, size_t n)
{
    if (n == 0)
        return 0;
    if (ld->tail == (by_lines(ld) ? ld->line_head : ld->raw_head))
        return LDISC_WOULD_BLOCK;
    return by_lines(ld) ? read_line(ld, bytes, n) : read_bytes(ld, bytes, n);
}

bool ldisc_readable(const struct ldisc *ld)
{
    uint32_t least = ld->mode.cc[TTY_VMIN];

    if (by_lines(ld))
        return ld->tail != ld->line_head;
    if (ld->mode.cc[TTY_VTIME] || !least)
        least = 1;
    return ld->raw_head - ld->tail >= least;
}

size_t ldisc_available(const struct ldisc *ld)
{
    size_t n;

    if (!by_lines(ld))
        return ld->raw_head - ld->tail;
    n = ld->line_head - ld->tail;
    for (uint32_t at = ld->tail; at != ld->line_head; at++)
        n -= at_eof(ld, at);
    return n;
}

int ldisc_flow_byte(struct ldisc *ld)
{
    enum { LIMIT = 128 }; /* of room that is left, and of input that is */
    bool no_line = lflag(ld, TTY_ICANON) && ld->line_head == ld->tail; /* nobody could make room */
    uint32_t ready = (by_lines(ld) ? ld->line_head : ld->raw_head) - ld->tail;

    if (!ld->throttled && LDISC_IN_SIZE - (ld->head - ld->tail) < LIMIT && !no_line) {
        ld->throttled = true;
        return iflag(ld, TTY_IXOFF) && ld->mode.cc[TTY_VSTOP] ? ld->mode.cc[TTY_VSTOP] : -1;
    }
    if (ld->throttled && ready <= LIMIT) {
        ld->throttled = false;
        return iflag(ld, TTY_IXOFF) && ld->mode.cc[TTY_VSTART] ? ld->mode.cc[TTY_VSTART] : -1;
    }
    return -1;
}
