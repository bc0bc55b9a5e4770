/*
 * COM1: a 16550 with its FIFO.
 *
 * In:    uart_init(), uart_receive(), uart_send(); uart_interrupt() when its interrupt arrives.
 * Life:  once; a UART that does not answer is not `present`, takes nothing and gives nothing.
 * Locks: none; one thread.
 *
 * The line is edge-triggered: an edge comes when the UART, with nothing left to tell, has something
 * to tell again. So the interrupt is acknowledged first, and then everything there is to tell is looked at.
 */
#pragma once

#include <jg/types.h>

#define UART_FIFO 16u

/* What uart_receive() says of a byte beside its value. */
enum uart_fault { UART_GOOD = 0, UART_BREAK = 1, UART_DAMAGED = 2 };

struct uart {
    jg_handle_t ports, interrupt;
    bool present;
    uint8_t enabled; /* what the interrupt enable register holds */
    bool fifo;       /* it is switched on */
    bool heard;      /* while it is not: something came since the last uart_settle() */
    bool empty;      /* the transmitter's FIFO was empty when we last looked */
};

/*
 * Sets COM1 to 38400 8N1, interrupting at `port` with `key`. Its FIFO stays off for now, because switching it on drops
 * what has arrived: what a person typed before we were there would miss a letter.
 */
void uart_init(struct uart *u, jg_handle_t ports, jg_handle_t irq, jg_handle_t port, uint64_t key);

/*
 * Called every few milliseconds after uart_init(): when the line was silent since the last call, switches the FIFO
 * on. Returns whether it must be called again.
 */
bool uart_settle(struct uart *u);

/* Its interrupt has arrived: unmasks it. The caller then receives and sends. */
void uart_interrupt(struct uart *u);

/*
 * Takes at most 8 bytes (or `room`) that have arrived, with what is wrong with each.
 * Returns how many; 0 when there are none.
 */
unsigned uart_receive(struct uart *u, uint8_t *bytes, uint8_t *faults, unsigned room);

/*
 * Sends bytes for as long as the UART takes them at once. Returns how many it took.
 */
size_t uart_send(struct uart *u, const uint8_t *bytes, size_t n);

/* Says whether to interrupt for arrived bytes, and for room to send. */
void uart_want(struct uart *u, bool receive, bool send);

/* Has the last bit left? */
bool uart_idle(struct uart *u);
