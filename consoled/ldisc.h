/*
 * The line discipline: what stands between a terminal's wire and the programs that use it.
 *
 * In:    ldisc_input() with bytes from the wire, ldisc_write() with bytes from programs.
 * Out:   ldisc_read() for programs, ldisc_output() for the wire, ldisc_take_signals().
 * Life:  ldisc_init(); no allocation, nothing to free.
 * Locks: none. One thread at a time; nothing here calls out, waits, or knows of a device.
 *
 * It does what Linux 6.1's n_tty does. The same module serves the host's terminal and ptys.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "termios.h"

#define LDISC_IN_SIZE 4096u   /* N_TTY_BUF_SIZE: a line is at most this long, its newline included */
#define LDISC_ECHO_SIZE 4096u
#define LDISC_OUT_SIZE 8192u
#define LDISC_OUT_LOW 4096u   /* writable again when no more than this is pending */

#define LDISC_WOULD_BLOCK (-1)

enum ldisc_signal {
    LDISC_INTR = 1,
    LDISC_QUIT = 2,
    LDISC_SUSP = 4,
};

/* What comes from the wire besides bytes. */
enum ldisc_fault {
    LDISC_BREAK = 1,
    LDISC_PARITY = 2, /* or framing */
};

struct ldisc_mode {
    uint32_t iflag, oflag, cflag, lflag;
    uint8_t line;
    uint8_t cc[TTY_NCC];
    uint32_t ispeed, ospeed; /* only kept */
};

/* Private to ldisc*.c, but for whom it must be a complete type. Counters run freely. */
struct ldisc {
    struct ldisc_mode mode;
    uint32_t meaning[8];  /* bitmap: the bytes that are not simply stored in this mode */
    bool plain;           /* no byte has a meaning and none is echoed */

    uint32_t head;        /* input: next byte goes here */
    uint32_t tail;        /* input: next byte for a reader */
    uint32_t line_head;   /* input: end of the last complete line */
    uint32_t raw_head;    /* input: what a non-canonical reader may take */
    bool literal;         /* the next byte has no meaning (VLNEXT) */
    bool erasing;         /* between ECHOPRT's \ and / */

    uint32_t column;      /* of the cursor, as far as output tells */
    uint32_t line_column; /* where the line being typed began */

    uint32_t echo_head, echo_mark, echo_commit, echo_tail;
    uint32_t out_head, out_tail;
    uint32_t out_kept;    /* this much output survives a flush: what a pty's master has in its own buffer */
    bool stopped;         /* output, by VSTOP or by ldisc_stop() */
    bool held;            /* by ldisc_stop(): only ldisc_stop() ends it */
    bool throttled;       /* by IXOFF: the other end was asked to stop */
    uint32_t signals;     /* enum ldisc_signal, not yet taken */
    uint32_t packet;      /* enum tty_packet: what a pty's master may want to know, not yet taken */

    uint32_t ends[LDISC_IN_SIZE / 32]; /* bitmap over `in`: a line ends with this byte */
    uint8_t in[LDISC_IN_SIZE];
    uint8_t echo[LDISC_ECHO_SIZE];
    uint8_t out[LDISC_OUT_SIZE];
};

/*
 * Makes an empty terminal in Linux's initial mode: canonical, echoing, signals, ^S and ^Q.
 */
void ldisc_init(struct ldisc *ld);

/*
 * Takes bytes from the wire: edits, echoes, makes signals, stores.
 *
 * Returns how many were taken: fewer than `n` only while a reader has more than it can hold. The rest
 * must be offered again after a read or a change of mode.
 * Source: n_tty_receive_buf_common().
 */
size_t ldisc_input(struct ldisc *ld, const uint8_t *bytes, size_t n);

/*
 * A break, or a byte that arrived damaged.
 */
void ldisc_fault(struct ldisc *ld, enum ldisc_fault what, uint8_t byte);

/*
 * Takes bytes from a program, with output processing.
 *
 * Returns how many were taken; 0 when output is stopped or full.
 */
size_t ldisc_write(struct ldisc *ld, const uint8_t *bytes, size_t n);

/*
 * How many bytes ldisc_write() takes for certain.
 */
size_t ldisc_write_room(const struct ldisc *ld);

/*
 * Gives a reader at most one line (canonical mode), or what is there.
 *
 * VMIN and VTIME are the caller's to wait for. `n` of 0 gives 0 and changes nothing.
 * Returns the number of bytes, 0 for an end-of-file character, LDISC_WOULD_BLOCK when nothing is there.
 */
long ldisc_read(struct ldisc *ld, uint8_t *bytes, size_t n);

/*
 * Would a reader's poll() return? Honours VMIN when VTIME is 0, as Linux does.
 */
bool ldisc_readable(const struct ldisc *ld);

/*
 * How many bytes a reader could take now: FIONREAD.
 */
size_t ldisc_available(const struct ldisc *ld);

/*
 * Shows the bytes that shall go to the wire, in one piece; none while output is stopped.
 * Say with ldisc_output_done() how many went. Returns how many there are.
 */
size_t ldisc_output(const struct ldisc *ld, const uint8_t **bytes);

/*
 * As ldisc_output(), but also while output is stopped: a pty's master has what was written before.
 */
size_t ldisc_written(const struct ldisc *ld, const uint8_t **bytes);

/*
 * The first `n` bytes that ldisc_output() showed have gone. What was waiting to be echoed may follow.
 */
void ldisc_output_done(struct ldisc *ld, size_t n);

/*
 * How many bytes of output have not gone, stopped or not: TIOCOUTQ.
 */
size_t ldisc_pending(const struct ldisc *ld);

/*
 * Sets the mode. Input that is there stays: as one line when canonical mode begins, as bytes when it ends.
 * Source: n_tty_set_termios().
 */
void ldisc_set_mode(struct ldisc *ld, const struct ldisc_mode *mode);

/*
 * Forgets input that no reader took, or output that has not gone.
 */
void ldisc_flush_input(struct ldisc *ld);
void ldisc_flush_output(struct ldisc *ld);

/*
 * Stops output until it is started again (TCOOFF, TCOON); VSTART does not undo it.
 */
void ldisc_stop(struct ldisc *ld, bool stop);

/*
 * Lets output go whatever stopped it: the machine is about to end.
 */
void ldisc_release(struct ldisc *ld);

/*
 * Puts one byte behind all other output, stopped or not, without output processing. Returns false when there
 * is no room.
 */
bool ldisc_write_raw(struct ldisc *ld, uint8_t byte);

/*
 * The byte that shall go to the other end now, which is asked to stop or may go on (IXOFF); -1: none. Each is given
 * once. Source: n_tty_check_throttle(), uart_throttle().
 */
int ldisc_flow_byte(struct ldisc *ld);

/*
 * The signals made since the last call; asking clears them.
 */
uint32_t ldisc_take_signals(struct ldisc *ld);

/*
 * What packet mode tells of since the last call, enum tty_packet; asking clears it.
 * Source: ioctl_tty(2), TIOCPKT.
 */
uint32_t ldisc_take_packet(struct ldisc *ld);
