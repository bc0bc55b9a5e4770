/*
 * The virtio-serial device. See serial.h.
 *
 * The conversation: we say DEVICE_READY, the device PORT_ADD for each port; to each we say PORT_READY, and it
 * says PORT_NAME and, if the host's end is connected, PORT_OPEN. To a name that we know we say PORT_OPEN.
 */
#include "serial.h"

#include <jg/rt/log.h>
#include <jg/rt/string.h>

#define TYPE_CONSOLE 3
#define FEATURE_MULTIPORT (1ull << 1)
#define CONFIG_MAX_PORTS 4

enum event {
    DEVICE_READY = 0,
    PORT_ADD = 1,
    PORT_REMOVE = 2,
    PORT_READY = 3,
    CONSOLE_PORT = 4,
    RESIZE = 5,
    PORT_OPEN = 6,
    PORT_NAME = 7,
};

struct message {
    uint32_t port;
    uint16_t event;
    uint16_t value;
};

/* What each stream has for buffers. QEMU hands us at most 4096 bytes at a time, and takes any size. */
static const struct role {
    const char *name;
    uint8_t in_slots, out_slots;
    uint16_t in_kib_quarters; /* size of an input buffer in 256 bytes */
    uint16_t out_kib;         /* size of an output buffer in KiB */
} roles[SERIAL_ROLES] = {
    [SERIAL_STDIN] = { "jargoon.stdin", 16, 0, 16, 0 },
    [SERIAL_STDOUT] = { "jargoon.stdout", 0, 2, 0, 64 },
    [SERIAL_STDERR] = { "jargoon.stderr", 0, 2, 0, 8 },
    [SERIAL_CONTROL] = { "jargoon.control", 4, 2, 1, 2 },
    [SERIAL_LOG] = { "jargoon.log", 0, 2, 0, 4 },
};

#define RINGS_CONTROL VIRTQ_BYTES(SERIAL_CONTROL_SLOTS)
#define RINGS_PORT VIRTQ_BYTES(SERIAL_PORT_SLOTS)
#define MESSAGES (2 * SERIAL_CONTROL_SLOTS * SERIAL_MESSAGE)
#define RINGS_BYTES (MESSAGES + 2 * RINGS_CONTROL + 2 * SERIAL_PORTS * RINGS_PORT)

static size_t in_bytes(const struct role *r)
{
    return (size_t)r->in_slots * r->in_kib_quarters * 256;
}

static size_t out_bytes(const struct role *r)
{
    return (size_t)r->out_slots * r->out_kib * 1024;
}

/* Messages lie before the rings: first those that we receive, then those that we send. */
static uint32_t message_at(bool sent, unsigned slot)
{
    return ((sent ? SERIAL_CONTROL_SLOTS : 0) + slot) * SERIAL_MESSAGE;
}

static void expect_message(struct serial *s, unsigned slot)
{
    virtq_add(&s->receive, slot, s->rings.physical + message_at(false, slot), SERIAL_MESSAGE, true);
}

static void send_message(struct serial *s, uint32_t port, enum event event, uint16_t value)
{
    const struct message m = { port, (uint16_t)event, value };
    unsigned slot;
    uint32_t length;

    while (virtq_take(&s->transmit, &slot, &length))
        ;
    if (s->transmit.in_flight == ~0u) {
        rt_log("virtio-serial: the device takes no messages");
        return;
    }
    slot = (unsigned)__builtin_ctz(~s->transmit.in_flight);
    memcpy(s->rings.memory + message_at(true, slot), &m, sizeof m);
    virtq_add(&s->transmit, slot, s->rings.physical + message_at(true, slot), sizeof m, false);
    virtq_kick(&s->transmit);
}

/* The port has one of our names: it becomes that stream. */
static void take_stream(struct serial *s, unsigned number, enum serial_role role)
{
    struct serial_stream *stream = &s->stream[role];
    struct serial_port *port = &s->port[number];
    size_t at = 0;

    if (stream->port)
        return;
    for (unsigned i = 0; i < role; i++)
        at += in_bytes(&roles[i]) + out_bytes(&roles[i]);
    stream->port = port;
    stream->number = number;
    if (roles[role].in_slots)
        pipe_in_init(&stream->in, &port->in, s->buffers.memory + at, s->buffers.physical + at,
                     roles[role].in_slots, roles[role].in_kib_quarters * 256u);
    at += in_bytes(&roles[role]);
    if (roles[role].out_slots)
        pipe_out_init(&stream->out, &port->out, s->buffers.memory + at, s->buffers.physical + at,
                      roles[role].out_slots, roles[role].out_kib * 1024u);
    send_message(s, number, PORT_OPEN, 1);
}

static void named(struct serial *s, unsigned number, const char *name, size_t length)
{
    for (enum serial_role role = 0; role < SERIAL_ROLES; role++) {
        if (strlen(roles[role].name) == length && memcmp(name, roles[role].name, length) == 0)
            take_stream(s, number, role);
    }
}

static void host_opened(struct serial *s, unsigned number, bool open)
{
    s->port[number].host_open = open;
    s->port[number].was_open |= open;
    for (enum serial_role role = 0; role < SERIAL_ROLES && !open; role++) {
        if (s->stream[role].port == &s->port[number])
            pipe_out_discard(&s->stream[role].out);
    }
}

static void handle(struct serial *s, const uint8_t *bytes, uint32_t length)
{
    struct message m;

    if (length < sizeof m || length > SERIAL_MESSAGE)
        return;
    memcpy(&m, bytes, sizeof m);
    if (m.port >= SERIAL_PORTS || !s->port[m.port].out.size)
        return;
    switch (m.event) {
    case PORT_ADD:
        send_message(s, m.port, PORT_READY, 1);
        break;
    case PORT_REMOVE:
        host_opened(s, m.port, false);
        break;
    case PORT_OPEN:
        host_opened(s, m.port, m.value != 0);
        break;
    case PORT_NAME:
        length -= (uint32_t)sizeof m;
        named(s, m.port, (const char *)bytes + sizeof m, strnlen((const char *)bytes + sizeof m, length));
        break;
    }
}

static void receive_messages(struct serial *s)
{
    uint8_t bytes[SERIAL_MESSAGE];
    unsigned slot;
    uint32_t length;

    while (virtq_take(&s->receive, &slot, &length)) {
        memcpy(bytes, s->rings.memory + message_at(false, slot), sizeof bytes);
        expect_message(s, slot);
        handle(s, bytes, length);
    }
    virtq_kick(&s->receive);
}

void serial_interrupt(struct serial *s)
{
    /* Unmasked first, so that what happens after this look makes a new interrupt. */
    jg_interrupt_ack(s->device.interrupt);
    receive_messages(s);
}

void serial_settle(struct serial *s)
{
    if (!s->settled && s->present)
        receive_messages(s);
    s->settled = true;
}

/* Ports 0 to 7 have queues 0, 1 and then 4, 5, ...; 2 and 3 are the control queues. */
static bool make_queues(struct serial *s)
{
    uint32_t ports = mmio_read32(s->device.specific + CONFIG_MAX_PORTS);
    size_t at = MESSAGES;
    bool control;

    control = virtio_queue(&s->device, &s->receive, 2, SERIAL_CONTROL_SLOTS, s->rings.memory + at,
                           s->rings.physical + at);
    at += RINGS_CONTROL;
    control = control && virtio_queue(&s->device, &s->transmit, 3, SERIAL_CONTROL_SLOTS,
                                      s->rings.memory + at, s->rings.physical + at);
    at += RINGS_CONTROL;
    for (unsigned i = 0; i < SERIAL_PORTS && i < ports && control; i++) {
        unsigned number = i ? 2 * i + 2 : 0;

        virtio_queue(&s->device, &s->port[i].in, number, SERIAL_PORT_SLOTS, s->rings.memory + at,
                     s->rings.physical + at);
        at += RINGS_PORT;
        virtio_queue(&s->device, &s->port[i].out, number + 1, SERIAL_PORT_SLOTS, s->rings.memory + at,
                     s->rings.physical + at);
        at += RINGS_PORT;
    }
    return control;
}

static const char *start(struct serial *s, jg_handle_t irq, jg_handle_t dma, jg_handle_t port, uint64_t key)
{
    size_t buffers = 0;

    for (enum serial_role role = 0; role < SERIAL_ROLES; role++)
        buffers += in_bytes(&roles[role]) + out_bytes(&roles[role]);
    if (!virtio_find(&s->device, TYPE_CONSOLE))
        return "no usable device";
    if (dma_create(dma, RINGS_BYTES, &s->rings) != JG_OK || dma_create(dma, buffers, &s->buffers) != JG_OK)
        return "no contiguous memory";
    if (!virtio_begin(&s->device, FEATURE_MULTIPORT, irq, port, key))
        return "the device refuses";
    if (!make_queues(s)) {
        virtio_fail(&s->device);
        return "the device lacks control queues";
    }
    return NULL;
}

void serial_init(struct serial *s, jg_handle_t pci, jg_handle_t mmio, jg_handle_t irq, jg_handle_t dma,
                 jg_handle_t port, uint64_t key)
{
    const char *problem;

    memset(s, 0, sizeof *s);
    s->device.pci.ports = pci;
    s->device.pci.mmio = mmio;
    problem = pci && mmio && irq && dma ? start(s, irq, dma, port, key) : "no resources";
    if (problem) {
        rt_log("virtio-serial: %s", problem);
        s->settled = true;
        return;
    }
    s->present = true;
    virtio_go(&s->device);
    for (unsigned i = 0; i < SERIAL_CONTROL_SLOTS; i++)
        expect_message(s, i);
    virtq_kick(&s->receive);
    send_message(s, 0, DEVICE_READY, 1);
}

enum serial_state serial_state(const struct serial *s, enum serial_role role)
{
    const struct serial_stream *stream = &s->stream[role];

    if (stream->closed)
        return SERIAL_ENDED;
    if (!stream->port)
        return s->settled ? SERIAL_ABSENT : SERIAL_COMING;
    if (stream->port->host_open)
        return SERIAL_OPEN;
    return stream->port->was_open || s->settled ? SERIAL_ENDED : SERIAL_COMING;
}

void serial_close(struct serial *s, enum serial_role role)
{
    s->stream[role].closed = true;
    serial_tell_closed(s);
}

void serial_tell_closed(struct serial *s)
{
    for (enum serial_role role = 0; role < SERIAL_ROLES; role++) {
        struct serial_stream *stream = &s->stream[role];

        if (!stream->closed || stream->told || !stream->port)
            continue;
        pipe_out_poll(&stream->out, true);
        if (stream->port->host_open && !pipe_out_idle(&stream->out))
            continue;
        stream->told = true;
        send_message(s, stream->number, PORT_OPEN, 0);
    }
}
