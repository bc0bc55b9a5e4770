/*
 * What devices did, turned into events. See console.h.
 */
#include <jg/rt/log.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include "console.h"

#define LOG_PERIOD_NS 100000000ll /* of looks at the kernel's log while it grows ... */
#define LOG_IDLE_NS 1000000000ll  /* ... and while it does not */
#define SEND_RETRY_NS 10000000ll

void news_tty(struct console *c)
{
    struct ldisc *ld = &c->tty.terminal.discipline;
    uint64_t bit = CONSOLE_EVENT_TTY;

    if (terminal_collect_signals(&c->tty.terminal))
        sessions_tell(&c->sessions, bit);
    if (ldisc_readable(ld) || ldisc_available(ld))
        sessions_raise(&c->sessions, WAIT_READ, bit);
    if (ldisc_pending(ld) <= LDISC_OUT_LOW && ldisc_write_room(ld))
        sessions_raise(&c->sessions, WAIT_WRITE, bit);
    if (sessions_waiting(&c->sessions, WAIT_SENT, bit) && tty_sent(&c->tty))
        sessions_raise(&c->sessions, WAIT_SENT, bit);
    if (c->tty.waiting || sessions_waiting(&c->sessions, WAIT_SENT, bit))
        jg_timer_set(c->send_timer, time_monotonic() + SEND_RETRY_NS);
}

void news_pty(struct console *c, uint32_t index)
{
    struct pty_slot *slot = c->ptys.slot[index];

    if (ptys_news(&c->ptys, index))
        session_tell(&c->sessions, slot->session, CONSOLE_EVENT_PTYS);
}

void console_resize(struct console *c, const struct console_winsize *size)
{
    if (terminal_resize(&c->tty.terminal, size))
        sessions_tell(&c->sessions, CONSOLE_EVENT_TTY);
}

static uint32_t parse_number(const char **text)
{
    uint32_t n = 0;

    while (**text == ' ')
        ++*text;
    while (**text >= '0' && **text <= '9' && n < 0x10000)
        n = n * 10 + (uint32_t)(*(*text)++ - '0');
    return n;
}

/* What the host says: `winsize ROWS COLS`, and `dump` for a list of all threads in the log. */
static void obey(struct console *c, const char *line)
{
    struct console_winsize size = { 0 };
    const char *rest = line + 8;
    uint32_t rows, cols;

    if (strncmp(line, "winsize ", 8) == 0) {
        rows = parse_number(&rest);
        cols = parse_number(&rest);
        if (!*rest && rows <= UINT16_MAX && cols <= UINT16_MAX) {
            size.rows = (uint16_t)rows;
            size.cols = (uint16_t)cols;
            console_resize(c, &size);
            return;
        }
    }
    if (strcmp(line, "dump") == 0) {
        jg_debug_dump();
        if (c->klog.log && klog_send(&c->klog, &c->serial))
            jg_timer_set(c->log_timer, time_monotonic() + LOG_PERIOD_NS);
        return;
    }
    rt_log("control: not understood: %.64s", line);
}

static void news_input(struct console *c, enum serial_role role)
{
    struct pipe_in *in = &c->serial.stream[role].in;
    uint64_t bit = CONSOLE_EVENT_STREAM(role);
    enum serial_state state = serial_state(&c->serial, role);

    if (!sessions_waiting(&c->sessions, WAIT_READ, bit))
        pipe_in_ready(in, false);
    else if (pipe_in_ready(in, true) || state == SERIAL_ENDED || state == SERIAL_ABSENT)
        sessions_raise(&c->sessions, WAIT_READ, bit);
}

static void news_output(struct console *c, enum serial_role role)
{
    struct pipe_out *out = &c->serial.stream[role].out;
    uint64_t bit = CONSOLE_EVENT_STREAM(role);
    enum serial_state state = serial_state(&c->serial, role);
    bool wanted = sessions_waiting(&c->sessions, WAIT_WRITE, bit);
    uint8_t *at;

    pipe_out_poll(out, wanted || c->draining);
    if (wanted && (state == SERIAL_ENDED || state == SERIAL_ABSENT ||
                   (state == SERIAL_OPEN && pipe_out_room(out, &at))))
        sessions_raise(&c->sessions, WAIT_WRITE, bit);
}

void news_serial(struct console *c)
{
    const char *line;

    news_input(c, SERIAL_STDIN);
    news_output(c, SERIAL_STDOUT);
    news_output(c, SERIAL_STDERR);
    while ((line = control_next(&c->control, &c->serial)) != NULL)
        obey(c, line);
    control_send(&c->control, &c->serial);
    news_output(c, SERIAL_CONTROL);
    news_output(c, SERIAL_LOG);
    if (c->draining)
        klog_send(&c->klog, &c->serial);
    serial_tell_closed(&c->serial);
}

void news_log(struct console *c)
{
    jg_time_t now = time_monotonic();
    bool some;

    if (!c->klog.log || now < c->log_seen + LOG_PERIOD_NS)
        return;
    if (serial_state(&c->serial, SERIAL_LOG) != SERIAL_OPEN)
        return;
    c->log_seen = now;
    some = klog_send(&c->klog, &c->serial);
    jg_timer_set(c->log_timer, now + (some ? LOG_PERIOD_NS : LOG_IDLE_NS));
}

static bool pipes_idle(struct console *c)
{
    bool idle = true;

    for (enum serial_role role = 0; role < SERIAL_ROLES; role++) {
        struct serial_stream *stream = &c->serial.stream[role];

        /* What the device has of a stream whose reader is gone may never come back. */
        if (!stream->port || !stream->port->host_open)
            continue;
        /* Sending alone asks for no interrupt: the last piece would come back unheard. */
        pipe_out_poll(&stream->out, true);
        if (!pipe_out_idle(&stream->out))
            idle = false;
    }
    return idle;
}

bool news_drained(struct console *c)
{
    if (!c->draining)
        return false;
    if (klog_send(&c->klog, &c->serial) || !control_idle(&c->control) || !pipes_idle(c))
        return false;
    if (!tty_sent(&c->tty)) {
        jg_timer_set(c->send_timer, time_monotonic() + SEND_RETRY_NS);
        return false;
    }
    c->draining = false;
    sessions_raise(&c->sessions, WAIT_SENT, CONSOLE_EVENT_DRAINED);
    return true;
}
