/*
 * A pty: the line discipline between two programs, the slave's and the master's.
 *
 * In:    pty_type() and pty_take() for the master; the slave side is the terminal's ldisc, after which
 *        pty_settle() must be called.
 * Life:  pty_init(); no allocation, nothing to free.
 * Locks: none. Like the line discipline it calls nobody; tests/host/consoled/ runs it.
 */
#pragma once

#include "ldisc.h"

#define PTY_HELD 4096u

struct pty {
    struct ldisc *discipline;
    bool packet;  /* TIOCPKT */
    bool stopped; /* the master's own output, by TCOOFF */
    uint32_t held_head, held_tail; /* typed, and not yet taken by the discipline */
    uint8_t held[PTY_HELD];
};

/* An empty pty on `discipline`, which gets a slave's first mode. */
void pty_init(struct pty *p, struct ldisc *discipline);

/*
 * The slave side is hung up: everything is forgotten, the first mode is back.
 * Source: tty_ldisc_hangup() with TTY_DRIVER_RESET_TERMIOS.
 */
void pty_hang_up(struct pty *p);

/*
 * The master types. Returns how many bytes were taken: fewer than `n`, also 0, when the slave's reader has
 * more than it can hold, or the master's output is stopped.
 */
size_t pty_type(struct pty *p, const uint8_t *bytes, size_t n);

/* How many bytes pty_type() takes for certain. */
size_t pty_type_room(const struct pty *p);

/*
 * Gives the master what the slave side shows, at most `n` bytes; n > 0. In packet mode a status byte alone, or
 * TTY_PACKET_DATA and the bytes. Returns the number of bytes, or LDISC_WOULD_BLOCK.
 */
long pty_take(struct pty *p, uint8_t *bytes, size_t n);

/* Is there something to take; is it a status? */
bool pty_has_output(const struct pty *p);
bool pty_has_status(const struct pty *p);

/* Begins or ends packet mode. */
void pty_set_packet(struct pty *p, bool on);

/* The master forgets what the slave wrote; what it typed and the line discipline has not taken. */
void pty_flush_written(struct pty *p);
void pty_flush_typed(struct pty *p);

/* The slave has read, or has another mode: what was held back may have room now. */
void pty_settle(struct pty *p);
