/*
 * The virtio-serial device: its ports, found by name, and what is sent and received through them.
 *
 * In:    serial_init(), then serial_interrupt(); a port's queues are used through pipe_in.h and pipe_out.h.
 * Life:  once. Without a device every port stays absent; after SETTLE_TIME so does a port that was not named.
 * Source: virtio 1.1, 5.3 (multiport).
 */
#pragma once

#include "mmio.h"
#include "pipe_in.h"
#include "pipe_out.h"
#include "virtio.h"

/* The first four are the numbers of console.idl's streams. */
enum serial_role {
    SERIAL_STDIN,
    SERIAL_STDOUT,
    SERIAL_STDERR,
    SERIAL_CONTROL,
    SERIAL_LOG,
    SERIAL_ROLES,
};

#define SERIAL_PORTS 8u         /* port numbers that are looked at: 0..7 */
#define SERIAL_QUEUES (2 * SERIAL_PORTS + 2)
#define SERIAL_CONTROL_SLOTS 32u
#define SERIAL_PORT_SLOTS 16u
#define SERIAL_MESSAGE 64u      /* bytes for one message of the control queue */

struct serial_port {
    struct virtq in, out;       /* as seen from us */
    bool host_open;             /* the host's end is connected */
    bool was_open;              /* it has been: what follows is an end, not a beginning */
};

/* One named stream. */
struct serial_stream {
    struct serial_port *port;   /* NULL: not named yet, or never */
    unsigned number;
    struct pipe_in in;
    struct pipe_out out;
    bool closed;                /* by us */
    bool told;                  /* the host knows of it */
};

struct serial {
    struct virtio device;
    bool present;
    bool settled;               /* what has not been named by now is not there */
    struct dma rings, buffers;
    struct virtq receive, transmit; /* control queues */
    struct serial_port port[SERIAL_PORTS];
    struct serial_stream stream[SERIAL_ROLES];
};

/*
 * Finds the device and starts it; ports announce themselves later, by interrupts at `port` with `key`.
 * Leaves s->present false when there is none or it does not work, and logs why.
 */
void serial_init(struct serial *s, jg_handle_t pci, jg_handle_t mmio, jg_handle_t irq, jg_handle_t dma,
                 jg_handle_t port, uint64_t key);

/* Its interrupt has arrived: unmasks it and handles what the control queue brought. */
void serial_interrupt(struct serial *s);

/* Ports had their time to announce themselves. */
void serial_settle(struct serial *s);

/* The stream's state, for who reads or writes it. */
enum serial_state {
    SERIAL_ABSENT,  /* there is no such port */
    SERIAL_COMING,  /* perhaps there will be */
    SERIAL_OPEN,
    SERIAL_ENDED,   /* the host has closed its end, or we ours */
};

/* Where that port stands now. */
enum serial_state serial_state(const struct serial *s, enum serial_role role);

/* We shall use it no more; the host is told when all is out, by the next serial_tell_closed(). */
void serial_close(struct serial *s, enum serial_role role);
void serial_tell_closed(struct serial *s);
