/*
 * Line discipline: what arrives from the wire. See ldisc.h.
 *
 * A byte is stored at head; a complete line moves line_head up to it. Without canonical mode raw_head
 * follows after each piece of input.
 */
#include "ldisc_internal.h"

static void store(struct ldisc *ld, uint8_t c)
{
    ld->in[ld->head++ & IN_MASK] = c;
}

/* With PARMRK a true 0xff is told from a mark by being doubled. */
static void store_marked(struct ldisc *ld, uint8_t c)
{
    if (c == 0xff && iflag(ld, TTY_PARMRK))
        store(ld, c);
    store(ld, c);
}

static void end_line(struct ldisc *ld, uint8_t c)
{
    set_end(ld, ld->head, true);
    store(ld, c);
    ld->line_head = ld->head;
}

static void signal(struct ldisc *ld, uint32_t which)
{
    ld->signals |= which;
    if (lflag(ld, TTY_NOFLSH))
        return;
    echo_forget(ld);
    ldisc_flush_output(ld);
    ldisc_flush_input(ld);
}

/* VINTR, VQUIT, VSUSP. Returns whether it was one. */
static bool took_signal(struct ldisc *ld, uint8_t c)
{
    const uint8_t *cc = ld->mode.cc;
    uint32_t which = c == cc[TTY_VINTR]   ? LDISC_INTR
                     : c == cc[TTY_VQUIT] ? LDISC_QUIT
                     : c == cc[TTY_VSUSP] ? LDISC_SUSP
                                          : 0;

    if (!which || !lflag(ld, TTY_ISIG))
        return false;
    signal(ld, which);
    if (iflag(ld, TTY_IXON))
        flow_set(ld, ld->held);
    if (lflag(ld, TTY_ECHO)) {
        echo_char(ld, c);
        echo_commit(ld);
    } else {
        echo_process(ld);
    }
    return true;
}

/* VSTART, VSTOP. Returns whether it was one. */
static bool took_flow(struct ldisc *ld, uint8_t c)
{
    if (!iflag(ld, TTY_IXON))
        return false;
    if (c == ld->mode.cc[TTY_VSTART])
        flow_start(ld);
    else if (c == ld->mode.cc[TTY_VSTOP])
        flow_set(ld, true);
    else
        return false;
    return true;
}

static void restart_on_any(struct ldisc *ld)
{
    if (ld->stopped && !ld->held && iflag(ld, TTY_IXON) && iflag(ld, TTY_IXANY))
        flow_start(ld);
}

static void literal_next(struct ldisc *ld)
{
    ld->literal = true;
    if (!lflag(ld, TTY_ECHO))
        return;
    echo_end_erasing(ld);
    if (lflag(ld, TTY_ECHOCTL)) {
        echo_raw(ld, '^');
        echo_raw(ld, '\b');
        echo_commit(ld);
    }
}

static void reprint(struct ldisc *ld, uint8_t c)
{
    echo_end_erasing(ld);
    echo_char(ld, c);
    echo_raw(ld, '\n');
    for (uint32_t at = ld->line_head; at != ld->head; at++)
        echo_char(ld, in_at(ld, at));
    echo_commit(ld);
}

static void show(struct ldisc *ld, uint8_t c)
{
    if (ld->line_head == ld->head)
        echo_line_begins(ld);
    echo_char(ld, c);
    echo_commit(ld);
}

/* What has a meaning in canonical mode only. Returns whether it had. */
static bool took_editing(struct ldisc *ld, uint8_t c)
{
    const uint8_t *cc = ld->mode.cc;
    bool extended = lflag(ld, TTY_IEXTEN);

    if (c == cc[TTY_VERASE] || c == cc[TTY_VKILL] || (c == cc[TTY_VWERASE] && extended)) {
        erase_typed(ld, c);
        echo_commit(ld);
    } else if (c == cc[TTY_VLNEXT] && extended) {
        literal_next(ld);
    } else if (c == cc[TTY_VREPRINT] && lflag(ld, TTY_ECHO) && extended) {
        reprint(ld, c);
    } else if (c == '\n') {
        if (lflag(ld, TTY_ECHO | TTY_ECHONL)) {
            echo_raw(ld, '\n');
            echo_commit(ld);
        }
        end_line(ld, c);
    } else if (c == cc[TTY_VEOF]) {
        end_line(ld, END_OF_FILE);
    } else if (c == cc[TTY_VEOL] || (c == cc[TTY_VEOL2] && extended)) {
        if (lflag(ld, TTY_ECHO))
            show(ld, c);
        if (c == 0xff && iflag(ld, TTY_PARMRK))
            store(ld, c);
        end_line(ld, c);
    } else {
        return false;
    }
    return true;
}

static void receive_plain(struct ldisc *ld, uint8_t c)
{
    restart_on_any(ld);
    if (lflag(ld, TTY_ECHO)) {
        echo_end_erasing(ld);
        show(ld, c);
    }
    store_marked(ld, c);
}

static void receive_meaning(struct ldisc *ld, uint8_t c)
{
    if (took_flow(ld, c) || took_signal(ld, c))
        return;
    restart_on_any(ld);
    if (c == '\r') {
        if (iflag(ld, TTY_IGNCR))
            return;
        if (iflag(ld, TTY_ICRNL))
            c = '\n';
    } else if (c == '\n' && iflag(ld, TTY_INLCR)) {
        c = '\r';
    }
    if (lflag(ld, TTY_ICANON) && took_editing(ld, c))
        return;
    if (lflag(ld, TTY_ECHO)) {
        echo_end_erasing(ld);
        if (c == '\n') {
            echo_raw(ld, c);
            echo_commit(ld);
        } else {
            show(ld, c);
        }
    }
    store_marked(ld, c);
}

static void receive_byte(struct ldisc *ld, uint8_t c)
{
    if (iflag(ld, TTY_ISTRIP))
        c &= 0x7f;
    if (iflag(ld, TTY_IUCLC) && lflag(ld, TTY_IEXTEN) && is_upper(c))
        c += 'a' - 'A';
    if (ld->literal) {
        ld->literal = false;
        receive_plain(ld, c);
    } else if (lflag(ld, TTY_EXTPROC)) {
        store(ld, c);
    } else if (ld->meaning[c / 32] >> (c % 32) & 1) {
        receive_meaning(ld, c);
    } else {
        receive_plain(ld, c);
    }
}

static void receive(struct ldisc *ld, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (ld->plain)
            store(ld, bytes[i]);
        else
            receive_byte(ld, bytes[i]);
    }
    if (!ld->plain)
        echo_process_all(ld);
    if (!by_lines(ld))
        ld->raw_head = ld->head;
}

/*
 * How many bytes may be received now.
 *
 * One place is kept free for the newline of a line that is too long: of such a line the last byte is
 * replaced again and again until its end comes, so that its reader is never stuck.
 */
static size_t make_room(struct ldisc *ld)
{
    long room = (long)(LDISC_IN_SIZE - (ld->head - ld->tail));

    if (iflag(ld, TTY_PARMRK))
        room = (room + 2) / 3;
    room--;
    if (room > 0)
        return (size_t)room;
    if (!lflag(ld, TTY_ICANON) || ld->line_head != ld->tail)
        return 0;
    if (room < 0)
        ld->head--;
    return 1;
}

size_t ldisc_input(struct ldisc *ld, const uint8_t *bytes, size_t n)
{
    size_t done = 0;

    while (done < n) {
        size_t room = make_room(ld), piece = n - done < room ? n - done : room;

        if (!piece)
            break;
        receive(ld, bytes + done, piece);
        done += piece;
    }
    return done;
}

static void store_bad(struct ldisc *ld, uint8_t c)
{
    if (iflag(ld, TTY_PARMRK)) {
        store(ld, 0xff);
        store(ld, 0);
    }
    store(ld, c);
}

void ldisc_fault(struct ldisc *ld, enum ldisc_fault what, uint8_t byte)
{
    if (LDISC_IN_SIZE - (ld->head - ld->tail) < 4)
        return;
    if (what == LDISC_BREAK) {
        if (iflag(ld, TTY_IGNBRK))
            return;
        if (iflag(ld, TTY_BRKINT))
            signal(ld, LDISC_INTR);
        else
            store_bad(ld, 0);
    } else if (!iflag(ld, TTY_INPCK)) {
        receive(ld, &byte, 1);
        return;
    } else if (!iflag(ld, TTY_IGNPAR)) {
        store_bad(ld, iflag(ld, TTY_PARMRK) ? byte : 0);
    }
    receive(ld, NULL, 0);
}
