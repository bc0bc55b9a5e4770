/*
 * What the files of the line discipline share; nobody else includes this.
 *
 *   ldisc.c         life, mode, flushing, stopping
 *   ldisc_input.c   from the wire: signals, flow control, lines
 *   ldisc_erase.c   VERASE, VWERASE, VKILL
 *   ldisc_echo.c    the queue of what shall be echoed
 *   ldisc_output.c  output processing and the queue to the wire
 *   ldisc_read.c    to programs
 */
#pragma once

#include "ldisc.h"

#define IN_MASK (LDISC_IN_SIZE - 1)
#define END_OF_FILE 0 /* stored in a line's place for VEOF: _POSIX_VDISABLE, which no meaning has */

static inline bool iflag(const struct ldisc *ld, uint32_t bits)
{
    return (ld->mode.iflag & bits) != 0;
}

static inline bool oflag(const struct ldisc *ld, uint32_t bits)
{
    return (ld->mode.oflag & bits) != 0;
}

static inline bool lflag(const struct ldisc *ld, uint32_t bits)
{
    return (ld->mode.lflag & bits) != 0;
}

/* Do readers get lines? */
static inline bool by_lines(const struct ldisc *ld)
{
    return (ld->mode.lflag & (TTY_ICANON | TTY_EXTPROC)) == TTY_ICANON;
}

static inline uint8_t in_at(const struct ldisc *ld, uint32_t at)
{
    return ld->in[at & IN_MASK];
}

static inline bool ends_at(const struct ldisc *ld, uint32_t at)
{
    at &= IN_MASK;
    return ld->ends[at / 32] >> (at % 32) & 1;
}

static inline void set_end(struct ldisc *ld, uint32_t at, bool end)
{
    uint32_t bit = 1u << (at % 32);

    at &= IN_MASK;
    if (end)
        ld->ends[at / 32] |= bit;
    else
        ld->ends[at / 32] &= ~bit;
}

/* Linux's ctype is Latin-1's. */
static inline bool is_control(uint8_t c)
{
    return c < 0x20 || c == 0x7f;
}

static inline bool is_upper(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7);
}

static inline bool is_lower(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 0xdf && c != 0xf7);
}

static inline bool is_word(uint8_t c)
{
    return is_upper(c) || is_lower(c) || (c >= '0' && c <= '9') || c == '_';
}

/* Is it a byte inside a UTF-8 character, which takes no column of its own? */
static inline bool is_continuation(const struct ldisc *ld, uint8_t c)
{
    return iflag(ld, TTY_IUTF8) && (c & 0xc0) == 0x80;
}

/* Queues a byte for echo: as it is, or a control character as ^X when ECHOCTL says so. */
void echo_raw(struct ldisc *ld, uint8_t c);
void echo_char(struct ldisc *ld, uint8_t c);

/* Queues: here the line being typed begins; the cursor stands one column further left than counted. */
void echo_line_begins(struct ldisc *ld);
void echo_column_back(struct ldisc *ld);

/* Queues: go back over a tab that had `columns` columns before it, counted from a tab or from the line's begin. */
void echo_erase_tab(struct ldisc *ld, unsigned columns, bool after_tab);

/* Ends ECHOPRT's text of erased characters. */
void echo_end_erasing(struct ldisc *ld);

/* What was queued may be written from now on; a long queue is written at once. */
void echo_commit(struct ldisc *ld);

/* Writes what was committed, as far as output has room; _all: what was queued. */
void echo_process(struct ldisc *ld);
void echo_process_all(struct ldisc *ld);

/* Forgets the queue. */
void echo_forget(struct ldisc *ld);

/* Room for output now: 0 while stopped. */
uint32_t out_room(const struct ldisc *ld);

/* Puts one byte on the wire's queue; there must be room. */
void out_put(struct ldisc *ld, uint8_t c);

/* Puts one byte with output processing. Returns false, with nothing done, when there is no room. */
bool out_process(struct ldisc *ld, uint8_t c);

/* VERASE, VWERASE or VKILL was typed. */
void erase_typed(struct ldisc *ld, uint8_t c);

/* Output stops, or may go on, and packet mode hears of it. */
void flow_set(struct ldisc *ld, bool stopped);

/* Output goes on, unless ldisc_stop() holds it. */
void flow_start(struct ldisc *ld);
