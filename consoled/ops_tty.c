/*
 * The terminal: the ops tty_*. See console.idl.
 */
#include <jg/rt/string.h>

#include "console.h"

#define BIT CONSOLE_EVENT_TTY(0)

_Static_assert((int)LDISC_INTR == CONSOLE_TTY_SIGNAL_INTR && (int)LDISC_QUIT == CONSOLE_TTY_SIGNAL_QUIT &&
                  (int)LDISC_SUSP == CONSOLE_TTY_SIGNAL_SUSP,
              "news_tty() passes them on");
_Static_assert(sizeof(((struct console_termios *)0)->cc) == TTY_NCC, "Linux's c_cc");

static bool there(const struct console *c, uint32_t tty)
{
    return tty == 0 && c->tty.uart.present;
}

/* The op has changed something: sends, takes what has room now, tells. */
static void settle(struct console *c)
{
    tty_receive(&c->tty);
    news_tty(c);
}

int32_t op_tty_read(struct console_call *call, uint32_t tty, uint32_t count, struct jg_window data,
                    size_t *data_len)
{
    static uint8_t bytes[LDISC_IN_SIZE];
    struct console *c = call->context;
    size_t room = data.size < count ? data.size : count;
    int32_t status;
    long n;

    if (!there(c, tty))
        return CONSOLE_ERROR_NO_SUCH;
    n = ldisc_read(&c->tty.discipline, bytes, room < sizeof bytes ? room : sizeof bytes);
    if (n == LDISC_WOULD_BLOCK) {
        session_wait(&c->sessions, call->key, WAIT_READ, BIT);
        return CONSOLE_ERROR_WOULD_BLOCK;
    }
    status = jg_window_write(&data, 0, bytes, (size_t)n);
    *data_len = status == JG_OK ? (size_t)n : 0;
    settle(c);
    return status;
}

int32_t op_tty_write(struct console_call *call, uint32_t tty, struct jg_window data, uint32_t *count)
{
    uint8_t bytes[512];
    struct console *c = call->context;
    size_t done = 0, n, taken;
    int32_t status = JG_OK;

    if (!there(c, tty))
        return CONSOLE_ERROR_NO_SUCH;
    if (data.size == 0)
        return 0;
    do {
        n = data.size - done < sizeof bytes ? data.size - done : sizeof bytes;
        status = jg_window_read(&data, done, bytes, n);
        if (status != JG_OK)
            break;
        taken = ldisc_write(&c->tty.discipline, bytes, n);
        done += taken;
    } while (taken == n && done < data.size);
    *count = (uint32_t)done;
    if (done)
        return 0;
    if (status != JG_OK)
        return status;
    session_wait(&c->sessions, call->key, WAIT_WRITE, BIT);
    return CONSOLE_ERROR_WOULD_BLOCK;
}

int32_t op_tty_ready(struct console_call *call, uint32_t tty, uint32_t *state, uint32_t *readable)
{
    struct console *c = call->context;
    const struct ldisc *ld = &c->tty.discipline;

    if (!there(c, tty))
        return CONSOLE_ERROR_NO_SUCH;
    session_wait(&c->sessions, call->key, WAIT_READ, BIT);
    session_wait(&c->sessions, call->key, WAIT_WRITE, BIT);
    if (ldisc_readable(ld))
        *state |= CONSOLE_READY_READABLE;
    if (ldisc_pending(ld) <= LDISC_OUT_LOW && ldisc_write_room(ld))
        *state |= CONSOLE_READY_WRITABLE;
    *readable = (uint32_t)ldisc_available(ld);
    return 0;
}

int32_t op_tty_get(struct console_call *call, uint32_t tty, struct console_termios *mode,
                   struct console_winsize *size)
{
    struct console *c = call->context;
    const struct ldisc_mode *m = &c->tty.discipline.mode;

    if (!there(c, tty))
        return CONSOLE_ERROR_NO_SUCH;
    mode->iflag = m->iflag;
    mode->oflag = m->oflag;
    mode->cflag = m->cflag;
    mode->lflag = m->lflag;
    mode->line = m->line;
    memcpy(mode->cc, m->cc, sizeof mode->cc);
    size->rows = c->tty.rows;
    size->cols = c->tty.cols;
    size->xpixel = c->tty.xpixel;
    size->ypixel = c->tty.ypixel;
    return 0;
}

int32_t op_tty_set(struct console_call *call, uint32_t tty, const struct console_termios *mode, uint32_t at)
{
    struct console *c = call->context;
    struct ldisc_mode m = {
        .iflag = mode->iflag,
        .oflag = mode->oflag,
        .cflag = mode->cflag,
        .lflag = mode->lflag,
        .line = mode->line,
    };

    if (!there(c, tty))
        return CONSOLE_ERROR_NO_SUCH;
    if (at != CONSOLE_WHEN_NOW && !tty_sent(&c->tty)) {
        session_wait(&c->sessions, call->key, WAIT_SENT, BIT);
        news_tty(c);
        return CONSOLE_ERROR_WOULD_BLOCK;
    }
    memcpy(m.cc, mode->cc, sizeof m.cc);
    if (at == CONSOLE_WHEN_FLUSH)
        ldisc_flush_input(&c->tty.discipline);
    ldisc_set_mode(&c->tty.discipline, &m);
    settle(c);
    return 0;
}

void console_resize(struct console *c, const struct console_winsize *size)
{
    struct tty *t = &c->tty;

    if (t->rows == size->rows && t->cols == size->cols && t->xpixel == size->xpixel &&
        t->ypixel == size->ypixel)
        return;
    t->rows = size->rows;
    t->cols = size->cols;
    t->xpixel = size->xpixel;
    t->ypixel = size->ypixel;
    c->tty_signals |= CONSOLE_TTY_SIGNAL_WINCH;
    sessions_tell(&c->sessions, BIT);
}

int32_t op_tty_set_size(struct console_call *call, uint32_t tty, const struct console_winsize *size)
{
    struct console *c = call->context;

    if (!there(c, tty))
        return CONSOLE_ERROR_NO_SUCH;
    console_resize(c, size);
    return 0;
}

int32_t op_tty_flush(struct console_call *call, uint32_t tty, uint32_t what)
{
    struct console *c = call->context;

    if (!there(c, tty))
        return CONSOLE_ERROR_NO_SUCH;
    if (what != CONSOLE_QUEUE_OUTPUT)
        ldisc_flush_input(&c->tty.discipline);
    if (what != CONSOLE_QUEUE_INPUT)
        ldisc_flush_output(&c->tty.discipline);
    settle(c);
    return 0;
}

int32_t op_tty_signals(struct console_call *call, uint32_t tty, uint32_t *pending)
{
    struct console *c = call->context;

    if (!there(c, tty))
        return CONSOLE_ERROR_NO_SUCH;
    *pending = c->tty_signals;
    c->tty_signals = 0;
    return 0;
}

int32_t op_tty_stop(struct console_call *call, uint32_t tty, uint32_t stopped)
{
    struct console *c = call->context;

    if (!there(c, tty))
        return CONSOLE_ERROR_NO_SUCH;
    if (stopped > 1)
        return CONSOLE_ERROR_INVAL;
    ldisc_stop(&c->tty.discipline, stopped);
    settle(c);
    return 0;
}
