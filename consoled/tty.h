/*
 * The terminal: the line discipline on one side, COM1 on the other.
 *
 * In:    tty_init(); tty_receive() and tty_send() when the UART may have or take something.
 */
#pragma once

#include "terminal.h"
#include "uart.h"

struct tty {
    struct terminal terminal;
    struct uart uart;
    uint8_t byte[8], fault[8]; /* received, not yet taken by the discipline: from `at` to `held` */
    unsigned at, held;
    bool urgent;  /* `first` is to be sent before all else, also while output is stopped */
    uint8_t first;
    bool waiting; /* the UART takes no more until its interrupt, or a timer, says so */
};

/* Begins with the UART as uart_init() left it, and a window of 24 by 80. */
void tty_init(struct tty *t, jg_handle_t ports, jg_handle_t irq, jg_handle_t port, uint64_t key);

/*
 * Takes what has arrived, as far as there is room for it; while there is none, the UART keeps the rest and
 * the host waits. Called for each interrupt, and after anything that may have made room.
 */
void tty_receive(struct tty *t);

/* Sends a piece of the output, so that others get their turn. */
void tty_send(struct tty *t);

/* Sends a byte before all else, stopped or not; one that has not gone yet is replaced. */
void tty_send_urgent(struct tty *t, uint8_t byte);

/* Is there output that the UART may take now? */
bool tty_sending(const struct tty *t);

/* Is output waiting for the UART? */
bool tty_busy(const struct tty *t);

/* Has all output left the machine? */
bool tty_sent(struct tty *t);
