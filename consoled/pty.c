/*
 * Ptys. See pty.h. Source: Linux 6.1's pty.c, and n_tty_read() for packet mode.
 */
#include "pty.h"

#define HELD_MASK (PTY_HELD - 1)
#define MASTER_BUFFER (LDISC_IN_SIZE - 1) /* of the line discipline that Linux has on the master's side, too */

static void first_mode(struct pty *p)
{
    ldisc_init(p->discipline);
    p->discipline->out_kept = MASTER_BUFFER;
    p->discipline->mode.cflag &= ~(uint32_t)TTY_HUPCL;
}

void pty_init(struct pty *p, struct ldisc *discipline)
{
    p->discipline = discipline;
    p->packet = p->stopped = false;
    p->held_head = p->held_tail = 0;
    first_mode(p);
}

void pty_hang_up(struct pty *p)
{
    p->held_tail = p->held_head;
    first_mode(p);
}

void pty_settle(struct pty *p)
{
    while (p->held_tail != p->held_head) {
        uint32_t at = p->held_tail & HELD_MASK, n = p->held_head - p->held_tail, taken;

        n = n < PTY_HELD - at ? n : PTY_HELD - at;
        taken = (uint32_t)ldisc_input(p->discipline, p->held + at, n);
        p->held_tail += taken;
        if (taken < n)
            break;
    }
}

size_t pty_type_room(const struct pty *p)
{
    return p->stopped ? 0 : PTY_HELD - (p->held_head - p->held_tail);
}

size_t pty_type(struct pty *p, const uint8_t *bytes, size_t n)
{
    size_t done = 0, room;

    while (done < n && (room = pty_type_room(p)) != 0) {
        while (room-- && done < n)
            p->held[p->held_head++ & HELD_MASK] = bytes[done++];
        pty_settle(p);
    }
    return done;
}

bool pty_has_status(const struct pty *p)
{
    return p->packet && p->discipline->packet;
}

bool pty_has_output(const struct pty *p)
{
    return ldisc_pending(p->discipline) != 0 || pty_has_status(p);
}

long pty_take(struct pty *p, uint8_t *bytes, size_t n)
{
    size_t done = 0;

    if (!pty_has_output(p))
        return LDISC_WOULD_BLOCK;
    if (pty_has_status(p)) {
        bytes[0] = (uint8_t)ldisc_take_packet(p->discipline);
        return 1;
    }
    if (p->packet)
        bytes[done++] = TTY_PACKET_DATA;
    while (done < n) {
        const uint8_t *from;
        size_t piece = ldisc_written(p->discipline, &from);

        if (!piece)
            break;
        piece = piece < n - done ? piece : n - done;
        for (size_t i = 0; i < piece; i++)
            bytes[done + i] = from[i];
        done += piece;
        ldisc_output_done(p->discipline, piece);
    }
    return (long)done;
}

void pty_set_packet(struct pty *p, bool on)
{
    if (on && !p->packet)
        ldisc_take_packet(p->discipline);
    p->packet = on;
}

void pty_flush_written(struct pty *p)
{
    size_t n = ldisc_pending(p->discipline);

    ldisc_output_done(p->discipline, n < MASTER_BUFFER ? n : MASTER_BUFFER);
}

void pty_flush_typed(struct pty *p)
{
    p->held_tail = p->held_head;
}
