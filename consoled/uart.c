/*
 * COM1: a 16550 with its FIFO. See uart.h.
 */
#include "uart.h"

#include <jg/stubs.h>

#define BASE 0x3f8
#define DIVISOR 3 /* 115200 / 38400 */

enum reg { DATA = 0, IER = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6, SCRATCH = 7 };

enum {
    IER_RECEIVE = 1,
    IER_SEND = 2,
    FCR_ENABLE = 0x01, /* trigger at one byte: more would wait for a time-out that costs latency */
    LCR_8N1 = 0x03,
    LCR_DIVISOR = 0x80,
    MCR_DTR_RTS_OUT2 = 0x0b, /* OUT2 lets the interrupt through */
    LSR_DATA = 0x01,
    LSR_PARITY = 0x04,
    LSR_FRAMING = 0x08,
    LSR_BREAK = 0x10,
    LSR_EMPTY = 0x20,
    LSR_IDLE = 0x40,
    IIR_FIFO = 0xc0,
};

#define OUT(reg, v) { .port = BASE + (reg), .width = 1, .write = 1, .value = (v) }
#define IN(reg) { .port = BASE + (reg), .width = 1 }

static uint8_t read_one(struct uart *u, enum reg which)
{
    struct jg_port_io io = IN(which);

    return jg_port_io(u->ports, &io, 1) < 0 ? 0 : (uint8_t)io.value;
}

/* A register that keeps what is written to it means that somebody is there. */
static bool probe(struct uart *u)
{
    struct jg_port_io io[] = { OUT(SCRATCH, 0x5a), IN(SCRATCH), OUT(SCRATCH, 0xa5), IN(SCRATCH) };

    return jg_port_io(u->ports, io, 4) >= 0 && (io[1].value & 0xff) == 0x5a && (io[3].value & 0xff) == 0xa5;
}

void uart_init(struct uart *u, jg_handle_t ports, jg_handle_t irq, jg_handle_t port, uint64_t key)
{
    struct jg_port_io io[] = {
        OUT(LCR, LCR_DIVISOR | LCR_8N1),
        OUT(DATA, DIVISOR),
        OUT(IER, 0),
        OUT(LCR, LCR_8N1),
        IN(IIR),
        OUT(MCR, MCR_DTR_RTS_OUT2),
        OUT(IER, IER_RECEIVE),
    };
    struct jg_interrupt line = { .line = 4 };
    int64_t handle;

    *u = (struct uart){ .ports = ports };
    if (!ports || !probe(u))
        return;
    handle = jg_interrupt_create(irq, &line, port, key);
    if (handle < 0)
        return;
    u->interrupt = (jg_handle_t)handle;
    u->present = jg_port_io(ports, io, sizeof io / sizeof io[0]) >= 0;
    u->enabled = IER_RECEIVE;
    u->fifo = (io[4].value & IIR_FIFO) == IIR_FIFO; /* by one that was here before us */
    u->heard = true;
}

bool uart_settle(struct uart *u)
{
    struct jg_port_io io = OUT(FCR, FCR_ENABLE);

    if (!u->present || u->fifo)
        return false;
    if (u->heard || (read_one(u, LSR) & LSR_DATA)) {
        u->heard = false;
        return true;
    }
    jg_port_io(u->ports, &io, 1);
    u->fifo = true;
    return false;
}

void uart_interrupt(struct uart *u)
{
    jg_interrupt_ack(u->interrupt);
    read_one(u, IIR); /* ends "room to send"; the others end when they are served */
    u->empty = (read_one(u, LSR) & LSR_EMPTY) != 0;
}

/*
 * A byte is only fetched after a look that saw it. Looking and fetching ahead in one vector would lose bytes: one that
 * arrives between a look that saw none and the fetch behind it is taken off the FIFO by a fetch that does not count.
 */
unsigned uart_receive(struct uart *u, uint8_t *bytes, uint8_t *faults, unsigned room)
{
    unsigned n = 0;
    uint8_t state;

    if (!u->present || !room)
        return 0;
    state = read_one(u, LSR);
    while (n < room && (state & LSR_DATA) && state != 0xff) {
        struct jg_port_io io[] = { IN(DATA), IN(LSR) };

        if (jg_port_io(u->ports, io, 2) < 0)
            break;
        faults[n] = state & LSR_BREAK                    ? UART_BREAK
                    : state & (LSR_PARITY | LSR_FRAMING) ? UART_DAMAGED
                                                         : UART_GOOD;
        bytes[n++] = (uint8_t)io[0].value;
        state = (uint8_t)io[1].value;
        u->heard = true;
    }
    u->empty = (state & LSR_EMPTY) != 0;
    return n;
}

size_t uart_send(struct uart *u, const uint8_t *bytes, size_t n)
{
    struct jg_port_io io[UART_FIFO];
    unsigned most = u->fifo ? UART_FIFO - 1 : 1;
    size_t done = 0;

    if (!u->present)
        return n;
    if (n && !u->empty)
        u->empty = (read_one(u, LSR) & LSR_EMPTY) != 0;
    while (done < n && u->empty) {
        unsigned piece = n - done < most ? (unsigned)(n - done) : most;

        for (unsigned i = 0; i < piece; i++)
            io[i] = (struct jg_port_io)OUT(DATA, bytes[done + i]);
        io[piece] = (struct jg_port_io)IN(LSR);
        if (jg_port_io(u->ports, io, piece + 1) < 0)
            break;
        u->empty = (io[piece].value & LSR_EMPTY) != 0;
        done += piece;
    }
    return done;
}

void uart_want(struct uart *u, bool receive, bool send)
{
    uint8_t wanted = (receive ? IER_RECEIVE : 0) | (send ? IER_SEND : 0);
    struct jg_port_io io = OUT(IER, wanted);

    if (!u->present || wanted == u->enabled)
        return;
    u->enabled = wanted;
    jg_port_io(u->ports, &io, 1);
}

bool uart_idle(struct uart *u)
{
    return !u->present || (read_one(u, LSR) & LSR_IDLE);
}
