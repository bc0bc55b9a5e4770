/*
 * The host's streams: the ops stream_*. See console.idl.
 */
#include "console.h"

_Static_assert((int)SERIAL_STDIN == CONSOLE_STREAM_STDIN && (int)SERIAL_STDOUT == CONSOLE_STREAM_STDOUT &&
                  (int)SERIAL_STDERR == CONSOLE_STREAM_STDERR &&
                  (int)SERIAL_CONTROL == CONSOLE_STREAM_CONTROL,
              "a stream's number is its role");

/* Copies what has come into the caller's window. Returns the bytes, or why not one could be written. */
static int64_t give_input(struct pipe_in *in, const struct jg_window *data)
{
    const uint8_t *bytes;
    uint32_t n;
    size_t done = 0;

    while (done < data->size && (n = pipe_in_peek(in, &bytes)) != 0) {
        size_t piece = n < data->size - done ? n : data->size - done;
        int32_t status = jg_window_write(data, done, bytes, piece);

        if (status != JG_OK) {
            pipe_in_kick(in);
            return done ? (int64_t)done : status;
        }
        pipe_in_done(in, (uint32_t)piece);
        done += piece;
    }
    pipe_in_kick(in);
    return (int64_t)done;
}

int32_t op_stream_read(struct console_call *call, uint32_t which, struct jg_window data, size_t *data_len)
{
    struct console *c = call->context;
    struct pipe_in *in = &c->serial.stream[which].in;
    enum serial_state state = serial_state(&c->serial, which);
    int64_t n = 0;

    if (state == SERIAL_ABSENT)
        return CONSOLE_ERROR_NOT_CONNECTED;
    if (which == SERIAL_STDOUT || which == SERIAL_STDERR)
        return CONSOLE_ERROR_INVAL;
    if (data.size == 0)
        return 0;
    /* The control port's input is ours: others see nothing until its end. */
    if (which == SERIAL_STDIN && !c->serial.stream[which].closed) {
        n = give_input(in, &data);
        if (n == 0 && state != SERIAL_ENDED) {
            session_wait(&c->sessions, call->key, WAIT_READ, CONSOLE_EVENT_STREAM(which));
            if (!pipe_in_ready(in, true))
                return CONSOLE_ERROR_WOULD_BLOCK;
            n = give_input(in, &data);
        }
    } else if (state != SERIAL_ENDED) {
        session_wait(&c->sessions, call->key, WAIT_READ, CONSOLE_EVENT_STREAM(which));
        return CONSOLE_ERROR_WOULD_BLOCK;
    }
    if (n < 0)
        return (int32_t)n;
    *data_len = (size_t)n;
    return 0;
}

/* Copies from the caller's window into the device's buffers. Returns the bytes, or why not one could be read. */
static int64_t take_output(struct pipe_out *out, const struct jg_window *data)
{
    size_t done = 0;
    uint32_t room;
    uint8_t *at;

    while (done < data->size && (room = pipe_out_room(out, &at)) != 0) {
        uint32_t n = room < data->size - done ? room : (uint32_t)(data->size - done);
        int32_t status = jg_window_read(data, done, at, n);

        if (status != JG_OK) {
            pipe_out_send(out);
            return done ? (int64_t)done : status;
        }
        pipe_out_done(out, n);
        done += n;
    }
    if (done)
        pipe_out_send(out);
    return (int64_t)done;
}

/* The control stream: lines of it must not be mixed with init's. */
static size_t take_control(void *console, const uint8_t *bytes, size_t n)
{
    struct console *c = console;
    size_t taken = control_write(&c->control, (const char *)bytes, n);

    control_send(&c->control, &c->serial);
    return taken;
}

static int64_t take(struct console *c, uint32_t which, const struct jg_window *data)
{
    return which == SERIAL_CONTROL ? window_feed(data, take_control, c)
                                   : take_output(&c->serial.stream[which].out, data);
}

int32_t op_stream_write(struct console_call *call, uint32_t which, struct jg_window data, uint32_t *count)
{
    struct console *c = call->context;
    enum serial_state state = serial_state(&c->serial, which);
    int64_t n = 0;

    if (state == SERIAL_ABSENT)
        return CONSOLE_ERROR_NOT_CONNECTED;
    if (which == SERIAL_STDIN)
        return CONSOLE_ERROR_INVAL;
    if (state == SERIAL_ENDED)
        return CONSOLE_ERROR_CLOSED;
    if (data.size == 0)
        return 0;
    if (state == SERIAL_OPEN || which == SERIAL_CONTROL)
        n = take(c, which, &data);
    if (n == 0) {
        session_wait(&c->sessions, call->key, WAIT_WRITE, CONSOLE_EVENT_STREAM(which));
        pipe_out_poll(&c->serial.stream[which].out, true);
        if (state == SERIAL_OPEN)
            n = take(c, which, &data); /* the device may have been faster than our wish to hear of it */
    }
    if (n < 0)
        return (int32_t)n;
    *count = (uint32_t)n;
    return n ? 0 : CONSOLE_ERROR_WOULD_BLOCK;
}

static uint32_t input_state(struct console *c, uint32_t which, enum serial_state state)
{
    bool ready = which == SERIAL_STDIN && pipe_in_ready(&c->serial.stream[which].in, true);

    if (state == SERIAL_ENDED)
        return CONSOLE_READY_READABLE | CONSOLE_READY_HANGUP;
    return ready ? CONSOLE_READY_READABLE : 0;
}

static uint32_t output_state(struct console *c, uint32_t which, enum serial_state state)
{
    struct pipe_out *out = &c->serial.stream[which].out;
    uint8_t *at;

    if (state == SERIAL_ENDED)
        return CONSOLE_READY_WRITABLE | CONSOLE_READY_ERROR;
    pipe_out_poll(out, true);
    return state == SERIAL_OPEN && pipe_out_room(out, &at) ? CONSOLE_READY_WRITABLE : 0;
}

int32_t op_stream_ready(struct console_call *call, uint32_t which, uint32_t *ready)
{
    struct console *c = call->context;
    enum serial_state state = serial_state(&c->serial, which);

    if (state == SERIAL_ABSENT)
        return CONSOLE_ERROR_NOT_CONNECTED;
    session_wait(&c->sessions, call->key, WAIT_READ, CONSOLE_EVENT_STREAM(which));
    session_wait(&c->sessions, call->key, WAIT_WRITE, CONSOLE_EVENT_STREAM(which));
    if (which == SERIAL_STDIN || which == SERIAL_CONTROL)
        *ready |= input_state(c, which, state);
    if (which != SERIAL_STDIN)
        *ready |= output_state(c, which, state);
    return 0;
}

int32_t op_stream_close(struct console_call *call, uint32_t which)
{
    struct console *c = call->context;

    if (serial_state(&c->serial, which) == SERIAL_ABSENT)
        return CONSOLE_ERROR_NOT_CONNECTED;
    if (which == SERIAL_CONTROL) {
        control_end(&c->control); /* the port stays open: init reports on it */
        control_send(&c->control, &c->serial);
    } else {
        serial_close(&c->serial, which);
    }
    return 0;
}
