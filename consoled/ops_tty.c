/*
 * Terminals, the host's and the slave sides of ptys: the ops tty_*. See console.idl.
 */
#include "console.h"

#define HOST 0u

/* NULL: there is none, or it is another session's. */
static struct terminal *terminal_of(struct console_call *call, uint32_t tty)
{
    struct console *c = call->context;
    struct pty_slot *slot;

    if (tty == HOST)
        return c->tty.uart.present ? &c->tty.terminal : NULL;
    slot = ptys_find(&c->ptys, call->key, tty - 1);
    return slot ? &slot->terminal : NULL;
}

/* The session asks to be told. */
static void wait_for(struct console_call *call, uint32_t tty, enum wait what)
{
    struct console *c = call->context;

    if (tty == HOST)
        session_wait(&c->sessions, call->key, what, CONSOLE_EVENT_TTY);
    else
        c->ptys.slot[tty - 1]->notes |= what == WAIT_READ ? NOTE_READ : NOTE_WRITE;
}

/* The op has changed something: takes what has room now, tells. */
static void settle(struct console_call *call, uint32_t tty)
{
    struct console *c = call->context;

    if (tty == HOST) {
        tty_receive(&c->tty);
        news_tty(c);
    } else {
        pty_settle(&c->ptys.slot[tty - 1]->pty);
        news_pty(c, tty - 1);
    }
}

int32_t op_tty_read(struct console_call *call, uint32_t tty, uint32_t count, struct jg_window data,
                    size_t *data_len)
{
    static uint8_t bytes[LDISC_IN_SIZE];
    struct terminal *t = terminal_of(call, tty);
    size_t room = data.size < count ? data.size : count;
    int32_t status;
    long n;

    if (!t)
        return CONSOLE_ERROR_NO_SUCH;
    n = ldisc_read(&t->discipline, bytes, room < sizeof bytes ? room : sizeof bytes);
    if (n == LDISC_WOULD_BLOCK) {
        wait_for(call, tty, WAIT_READ);
        return CONSOLE_ERROR_WOULD_BLOCK;
    }
    status = jg_window_write(&data, 0, bytes, (size_t)n);
    *data_len = status == JG_OK ? (size_t)n : 0;
    settle(call, tty);
    return status;
}

static size_t show(void *discipline, const uint8_t *bytes, size_t n)
{
    return ldisc_write(discipline, bytes, n);
}

int32_t op_tty_write(struct console_call *call, uint32_t tty, struct jg_window data, uint32_t *count)
{
    struct terminal *t = terminal_of(call, tty);
    int64_t n;

    if (!t)
        return CONSOLE_ERROR_NO_SUCH;
    if (data.size == 0)
        return 0;
    n = window_feed(&data, show, &t->discipline);
    if (tty != HOST)
        news_pty(call->context, tty - 1);
    if (n < 0)
        return (int32_t)n;
    *count = (uint32_t)n;
    if (n == 0)
        wait_for(call, tty, WAIT_WRITE);
    return n ? 0 : CONSOLE_ERROR_WOULD_BLOCK;
}

static bool writable(const struct ldisc *ld, uint32_t tty)
{
    return ldisc_write_room(ld) && (tty != HOST || ldisc_pending(ld) <= LDISC_OUT_LOW);
}

int32_t op_tty_ready(struct console_call *call, uint32_t tty, uint32_t *state, uint32_t *readable)
{
    struct terminal *t = terminal_of(call, tty);

    if (!t)
        return CONSOLE_ERROR_NO_SUCH;
    wait_for(call, tty, WAIT_READ);
    wait_for(call, tty, WAIT_WRITE);
    if (ldisc_readable(&t->discipline))
        *state |= CONSOLE_READY_READABLE;
    if (writable(&t->discipline, tty))
        *state |= CONSOLE_READY_WRITABLE;
    *readable = (uint32_t)ldisc_available(&t->discipline);
    return 0;
}

int32_t op_tty_get(struct console_call *call, uint32_t tty, struct console_termios *mode,
                   struct console_winsize *size)
{
    struct terminal *t = terminal_of(call, tty);

    if (!t)
        return CONSOLE_ERROR_NO_SUCH;
    terminal_get_mode(t, mode);
    *size = t->size;
    return 0;
}

int32_t op_tty_set(struct console_call *call, uint32_t tty, const struct console_termios *mode, uint32_t at)
{
    struct console *c = call->context;
    struct terminal *t = terminal_of(call, tty);

    if (!t)
        return CONSOLE_ERROR_NO_SUCH;
    if (tty == HOST && at != CONSOLE_WHEN_NOW && !tty_sent(&c->tty)) {
        session_wait(&c->sessions, call->key, WAIT_SENT, CONSOLE_EVENT_TTY);
        news_tty(c);
        return CONSOLE_ERROR_WOULD_BLOCK;
    }
    if (at == CONSOLE_WHEN_FLUSH)
        ldisc_flush_input(&t->discipline);
    terminal_set_mode(t, mode);
    settle(call, tty);
    return 0;
}

int32_t op_tty_set_size(struct console_call *call, uint32_t tty, const struct console_winsize *size)
{
    struct terminal *t = terminal_of(call, tty);

    if (!t)
        return CONSOLE_ERROR_NO_SUCH;
    if (tty == HOST)
        console_resize(call->context, size);
    else
        terminal_resize(t, size); /* its session has done it, and asks for the signal */
    return 0;
}

int32_t op_tty_flush(struct console_call *call, uint32_t tty, uint32_t what)
{
    struct terminal *t = terminal_of(call, tty);

    if (!t)
        return CONSOLE_ERROR_NO_SUCH;
    if (what != CONSOLE_QUEUE_OUTPUT)
        ldisc_flush_input(&t->discipline);
    if (what != CONSOLE_QUEUE_INPUT)
        ldisc_flush_output(&t->discipline);
    settle(call, tty);
    return 0;
}

int32_t op_tty_signals(struct console_call *call, uint32_t tty, uint32_t *pending)
{
    struct terminal *t = terminal_of(call, tty);

    if (!t)
        return CONSOLE_ERROR_NO_SUCH;
    *pending = t->signals;
    t->signals = 0;
    return 0;
}

int32_t op_tty_stop(struct console_call *call, uint32_t tty, bool stopped)
{
    struct terminal *t = terminal_of(call, tty);

    if (!t)
        return CONSOLE_ERROR_NO_SUCH;
    ldisc_stop(&t->discipline, stopped);
    settle(call, tty);
    return 0;
}

int32_t op_tty_type(struct console_call *call, uint32_t tty, uint8_t byte)
{
    struct terminal *t = terminal_of(call, tty);

    if (!t)
        return CONSOLE_ERROR_NO_SUCH;
    ldisc_input(&t->discipline, &byte, 1); /* lost when there is no room, as on Linux */
    settle(call, tty);
    return 0;
}

int32_t op_tty_send(struct console_call *call, uint32_t tty, uint8_t byte)
{
    struct console *c = call->context;
    struct terminal *t = terminal_of(call, tty);

    if (!t)
        return CONSOLE_ERROR_NO_SUCH;
    if (tty == HOST)
        tty_send_urgent(&c->tty, byte);
    else
        ldisc_write_raw(&t->discipline, byte);
    settle(call, tty);
    return 0;
}

int32_t op_tty_hang_up(struct console_call *call, uint32_t tty)
{
    struct console *c = call->context;
    struct terminal *t = terminal_of(call, tty);

    if (!t)
        return CONSOLE_ERROR_NO_SUCH;
    if (tty == HOST)
        ldisc_flush_input(&t->discipline);
    else
        pty_hang_up(&c->ptys.slot[tty - 1]->pty);
    settle(call, tty);
    return 0;
}

int32_t op_tty_pending(struct console_call *call, uint32_t tty, uint32_t *bytes)
{
    struct terminal *t = terminal_of(call, tty);

    if (!t)
        return CONSOLE_ERROR_NO_SUCH;
    *bytes = (uint32_t)ldisc_pending(&t->discipline);
    return 0;
}
