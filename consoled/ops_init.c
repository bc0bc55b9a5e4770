/*
 * What only init may ask: sessions, reports, the end. See console.idl.
 */
#include "console.h"

const struct console_ops console_ops = {
    .stream_read = op_stream_read,
    .stream_write = op_stream_write,
    .stream_ready = op_stream_ready,
    .stream_close = op_stream_close,
    .tty_read = op_tty_read,
    .tty_write = op_tty_write,
    .tty_ready = op_tty_ready,
    .tty_get = op_tty_get,
    .tty_set = op_tty_set,
    .tty_set_size = op_tty_set_size,
    .tty_flush = op_tty_flush,
    .tty_signals = op_tty_signals,
    .tty_stop = op_tty_stop,
    .tty_type = op_tty_type,
    .tty_send = op_tty_send,
    .tty_hang_up = op_tty_hang_up,
    .tty_pending = op_tty_pending,
    .pty_open = op_pty_open,
    .pty_close = op_pty_close,
    .master_read = op_master_read,
    .master_write = op_master_write,
    .master_ready = op_master_ready,
    .master_flush = op_master_flush,
    .master_stop = op_master_stop,
    .master_packet = op_master_packet,
    .changed = op_changed,
    .open_session = op_open_session,
    .report = op_report,
    .drain = op_drain,
    .configure = op_configure,
};

static bool from_init(const struct console_call *call)
{
    return call->key == SESSION_INIT;
}

int32_t op_open_session(struct console_call *call, jg_handle_t end, jg_handle_t changed)
{
    struct console *c = call->context;

    if (from_init(call))
        return session_open(&c->sessions, end, changed);
    jg_handle_close(end);
    jg_handle_close(changed);
    return JG_ERR_ACCESS_DENIED;
}

int32_t op_report(struct console_call *call, const char *line, size_t line_len)
{
    struct console *c = call->context;

    if (!from_init(call))
        return JG_ERR_ACCESS_DENIED;
    for (size_t i = 0; i < line_len; i++) {
        if (line[i] == '\n')
            return CONSOLE_ERROR_INVAL;
    }
    control_end(&c->control); /* an unfinished line of a program must not swallow this one */
    if (!control_line(&c->control, line, line_len)) {
        session_wait(&c->sessions, call->key, WAIT_WRITE, CONSOLE_EVENT_STREAM(SERIAL_CONTROL));
        return CONSOLE_ERROR_WOULD_BLOCK;
    }
    control_send(&c->control, &c->serial);
    return 0;
}

int32_t op_drain(struct console_call *call)
{
    struct console *c = call->context;

    if (!from_init(call))
        return JG_ERR_ACCESS_DENIED;
    c->draining = true;
    control_end(&c->control);
    ldisc_release(&c->tty.terminal.discipline); /* nobody is left to start it again */
    news_serial(c);
    if (news_drained(c))
        return 0;
    session_wait(&c->sessions, call->key, WAIT_SENT, CONSOLE_EVENT_DRAINED);
    return CONSOLE_ERROR_WOULD_BLOCK;
}

int32_t op_configure(struct console_call *call, const struct console_winsize *size, uint32_t ttys)
{
    struct console *c = call->context;

    if (!from_init(call))
        return JG_ERR_ACCESS_DENIED;
    if (ttys > 7)
        return CONSOLE_ERROR_INVAL;
    if (ttys && !c->tty.uart.present)
        return CONSOLE_ERROR_NO_SUCH;
    if (size->rows && size->cols)
        c->tty.terminal.size = *size;
    return 0;
}
