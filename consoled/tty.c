/*
 * The terminal. See tty.h.
 */
#include "tty.h"

#define PIECE 1024u       /* bytes to send before others get their turn: about 1.5 ms under emulation */
#define RECEIVE_ROUNDS 64 /* of 8 bytes each */

void tty_init(struct tty *t, jg_handle_t ports, jg_handle_t irq, jg_handle_t port, uint64_t key)
{
    ldisc_init(&t->terminal.discipline);
    t->terminal.size = (struct console_winsize){ .rows = 24, .cols = 80 };
    t->terminal.signals = 0;
    t->urgent = false;
    t->at = t->held = 0;
    t->waiting = false;
    uart_init(&t->uart, ports, irq, port, key);
}

/* Offers the bytes that are held. Returns whether all were taken. */
static bool feed(struct tty *t)
{
    while (t->at < t->held) {
        unsigned n = 0;

        if (t->fault[t->at] != UART_GOOD) {
            ldisc_fault(&t->terminal.discipline, t->fault[t->at] == UART_BREAK ? LDISC_BREAK : LDISC_PARITY,
                        t->byte[t->at]);
            t->at++;
            continue;
        }
        while (t->at + n < t->held && t->fault[t->at + n] == UART_GOOD)
            n++;
        n = (unsigned)ldisc_input(&t->terminal.discipline, t->byte + t->at, n);
        if (!n)
            return false;
        t->at += n;
    }
    return true;
}

void tty_receive(struct tty *t)
{
    bool room = feed(t);
    int flow;

    for (unsigned i = 0; room && i < RECEIVE_ROUNDS; i++) {
        t->at = 0;
        t->held = uart_receive(&t->uart, t->byte, t->fault, sizeof t->byte);
        if (!t->held)
            break;
        room = feed(t);
    }
    flow = ldisc_flow_byte(&t->terminal.discipline);
    if (flow >= 0)
        tty_send_urgent(t, (uint8_t)flow);
    uart_want(&t->uart, room, t->waiting);
}

/* Returns whether the way is free for other output. */
static bool send_urgent(struct tty *t)
{
    if (t->urgent && uart_send(&t->uart, &t->first, 1))
        t->urgent = false;
    return !t->urgent;
}

void tty_send_urgent(struct tty *t, uint8_t byte)
{
    t->urgent = true;
    t->first = byte;
}

void tty_send(struct tty *t)
{
    const uint8_t *bytes;
    size_t n = send_urgent(t) ? ldisc_output(&t->terminal.discipline, &bytes) : 0, sent;

    n = n < PIECE ? n : PIECE;
    sent = n ? uart_send(&t->uart, bytes, n) : 0;
    if (sent)
        ldisc_output_done(&t->terminal.discipline, sent);
    t->waiting = sent < n || t->urgent;
    uart_want(&t->uart, t->at == t->held, t->waiting);
}

bool tty_sending(const struct tty *t)
{
    return !t->waiting && tty_busy(t);
}

bool tty_busy(const struct tty *t)
{
    const uint8_t *bytes;

    return t->urgent || ldisc_output(&t->terminal.discipline, &bytes) != 0;
}

bool tty_sent(struct tty *t)
{
    return !t->urgent && ldisc_pending(&t->terminal.discipline) == 0 && uart_idle(&t->uart);
}
