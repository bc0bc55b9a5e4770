/*
 * Line discipline: the queue of what shall be echoed. See ldisc.h.
 *
 * Echo is queued and not written at once, because output may be stopped or full while input is edited,
 * and because how far a tab must be erased is known only when all before it was written. An operation
 * begins with OP and a code, or with OP and a control character, which is shown as ^X; OP OP is the byte itself.
 */
#include "ldisc_internal.h"

#define ECHO_MASK (LDISC_ECHO_SIZE - 1)
#define BATCH 256u                              /* write at once when this much is queued */
#define NEARLY_FULL (LDISC_ECHO_SIZE - BATCH - 32)

enum {
    OP = 0xff,
    OP_LINE_BEGINS = 0x80,
    OP_COLUMN_BACK = 0x81,
    OP_ERASE_TAB = 0x82,
    FROM_TAB = 0x80, /* in OP_ERASE_TAB's operand: columns are counted from a tab */
};

static uint8_t echo_at(const struct ldisc *ld, uint32_t at)
{
    return ld->echo[at & ECHO_MASK];
}

static void queue(struct ldisc *ld, uint8_t c)
{
    ld->echo[ld->echo_head++ & ECHO_MASK] = c;
}

/* Makes room for an operation, by force if nothing can be written: echo is a courtesy, input is not. */
static void begin(struct ldisc *ld)
{
    if (ld->echo_head - ld->echo_tail < LDISC_ECHO_SIZE - 4)
        return;
    ld->echo_mark = ld->echo_commit = ld->echo_head;
    echo_process(ld);
}

void echo_raw(struct ldisc *ld, uint8_t c)
{
    begin(ld);
    if (c == OP)
        queue(ld, OP);
    queue(ld, c);
}

void echo_char(struct ldisc *ld, uint8_t c)
{
    begin(ld);
    if (c == OP || (lflag(ld, TTY_ECHOCTL) && is_control(c) && c != '\t'))
        queue(ld, OP);
    queue(ld, c);
}

static void operation(struct ldisc *ld, uint8_t code)
{
    begin(ld);
    queue(ld, OP);
    queue(ld, code);
}

void echo_line_begins(struct ldisc *ld)
{
    operation(ld, OP_LINE_BEGINS);
}

void echo_column_back(struct ldisc *ld)
{
    operation(ld, OP_COLUMN_BACK);
}

void echo_erase_tab(struct ldisc *ld, unsigned columns, bool after_tab)
{
    operation(ld, OP_ERASE_TAB);
    queue(ld, (columns & 7) | (after_tab ? FROM_TAB : 0));
}

void echo_end_erasing(struct ldisc *ld)
{
    if (ld->erasing) {
        echo_raw(ld, '/');
        ld->erasing = false;
    }
}

static void columns_back(struct ldisc *ld, uint32_t n)
{
    ld->column -= n < ld->column ? n : ld->column;
}

/* Writes the operation at `at`. Returns its length, 0 when there is no room for what it writes. */
static uint32_t write_one(struct ldisc *ld, uint32_t at)
{
    uint8_t c = echo_at(ld, at), code = echo_at(ld, at + 1);
    uint32_t room = out_room(ld), back;

    if (c != OP) {
        if (oflag(ld, TTY_OPOST))
            return out_process(ld, c) ? 1 : 0;
        if (!room)
            return 0;
        out_put(ld, c);
        return 1;
    }
    switch (code) {
    case OP_LINE_BEGINS:
        ld->line_column = ld->column;
        return 2;
    case OP_COLUMN_BACK:
        columns_back(ld, 1);
        return 2;
    case OP_ERASE_TAB:
        back = echo_at(ld, at + 2);
        if (!(back & FROM_TAB))
            back += ld->line_column;
        back = 8 - (back & 7);
        if (room < back)
            return 0;
        columns_back(ld, back);
        while (back--)
            out_put(ld, '\b');
        return 3;
    case OP:
        if (!room)
            return 0;
        out_put(ld, OP);
        ld->column++;
        return 2;
    default:
        if (room < 2)
            return 0;
        out_put(ld, '^');
        out_put(ld, code ^ 0x40);
        ld->column += 2;
        return 2;
    }
}

static uint32_t length_of(const struct ldisc *ld, uint32_t at)
{
    if (echo_at(ld, at) != OP)
        return 1;
    return echo_at(ld, at + 1) == OP_ERASE_TAB ? 3 : 2;
}

static void write_committed(struct ldisc *ld)
{
    while (ld->echo_tail != ld->echo_commit) {
        uint32_t done = write_one(ld, ld->echo_tail);

        if (!done)
            break;
        ld->echo_tail += done;
    }
    while (ld->echo_commit - ld->echo_tail >= NEARLY_FULL)
        ld->echo_tail += length_of(ld, ld->echo_tail);
}

void echo_commit(struct ldisc *ld)
{
    uint32_t before = ld->echo_commit - ld->echo_tail, now = ld->echo_head - ld->echo_tail;

    ld->echo_mark = ld->echo_head;
    if (now < BATCH || now % BATCH > before % BATCH)
        return;
    ld->echo_commit = ld->echo_head;
    write_committed(ld);
}

void echo_process(struct ldisc *ld)
{
    ld->echo_commit = ld->echo_mark;
    write_committed(ld);
}

void echo_process_all(struct ldisc *ld)
{
    if (!lflag(ld, TTY_ECHO | TTY_ECHONL))
        return;
    ld->echo_mark = ld->echo_head;
    echo_process(ld);
}

void echo_forget(struct ldisc *ld)
{
    ld->echo_tail = ld->echo_commit = ld->echo_mark = ld->echo_head;
}
