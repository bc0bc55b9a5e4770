/*
 * consoled: the host's terminal and its byte streams.
 *
 * In:    server_main(), from the runtime; calls arrive as console.idl says.
 * Life:  finds its devices, then serves for ever: one thread parks on one port, which sessions, interrupts
 *        and timers all feed. Output to the UART, which is slow, goes out in pieces between messages.
 * Locks: none.
 */
#include <jg/rt/log.h>
#include <jg/rt/startup.h>
#include <jg/rt/time.h>

#include "console.h"

#define SETTLE_NS 2000000000ll
#define UART_SETTLE_NS 10000000ll
#define PATIENCE 4 /* messages that are served before another piece of output goes */

static struct console console;

static jg_handle_t make_timer(jg_handle_t port, uint64_t key)
{
    int64_t timer = jg_timer_create(port, key);

    if (timer < 0)
        rt_panic("no timer: %d", (int)timer);
    return (jg_handle_t)timer;
}

static void begin(struct console *c, const struct jg_startup *s)
{
    int64_t port = jg_port_create();
    jg_status_t status;

    if (port < 0)
        rt_panic("no port: %d", (int)port);
    c->port = (jg_handle_t)port;
    status = sessions_init(&c->sessions, c->port, startup_handle(s, "control"),
                           startup_handle(s, "control_event"));
    if (status != JG_OK)
        rt_panic("init's session cannot be bound: %d", status);
    c->settle_timer = make_timer(c->port, KEY_SETTLE);
    c->log_timer = make_timer(c->port, KEY_LOG);
    c->send_timer = make_timer(c->port, KEY_SEND);
    c->klog.log = startup_handle(s, "log");
    tty_init(&c->tty, startup_handle(s, "com1"), startup_handle(s, "com1_irq"), c->port, KEY_UART);
    serial_init(&c->serial, startup_handle(s, "pci"), startup_handle(s, "mmio"), startup_handle(s, "msi"),
                startup_handle(s, "dma"), c->port, KEY_SERIAL);
    if (!c->serial.settled)
        jg_timer_set(c->settle_timer, time_monotonic() + SETTLE_NS);
    tty_receive(&c->tty);
    jg_timer_set(c->send_timer, time_monotonic() + UART_SETTLE_NS);
    if (!c->tty.uart.present)
        rt_log("no UART: there is no terminal");
}

/* An interrupt or a timer: `key` says which. */
static void device(struct console *c, uint64_t key)
{
    switch (key) {
    case KEY_UART:
        uart_interrupt(&c->tty.uart);
        c->tty.waiting = false;
        tty_receive(&c->tty);
        news_tty(c);
        break;
    case KEY_SEND:
        c->tty.waiting = false;
        tty_receive(&c->tty);
        if (uart_settle(&c->tty.uart))
            jg_timer_set(c->send_timer, time_monotonic() + UART_SETTLE_NS);
        news_tty(c);
        break;
    case KEY_SERIAL:
        serial_interrupt(&c->serial);
        news_serial(c);
        break;
    case KEY_SETTLE:
        serial_settle(&c->serial);
        news_serial(c);
        break;
    case KEY_LOG:
        c->log_seen = 0;
        break;
    }
}

/* Handles one message. Returns the token that `reply` answers, if it is to be sent. */
static jg_token_t handle(struct console *c, const struct jg_received *in, struct jg_message *reply)
{
    switch (JG_INFO_KIND(in->info)) {
    case JG_KIND_CALL:
        return console_dispatch(&console_ops, c, in, reply);
    case JG_KIND_CLOSED:
        if (in->key == SESSION_INIT)
            rt_panic("init is gone");
        ptys_close_all(&c->ptys, in->key);
        session_close(&c->sessions, in->key);
        break;
    case JG_KIND_INTERRUPT:
    case JG_KIND_TIMER:
        device(c, in->key);
        break;
    }
    return JG_TOKEN_NONE;
}

static void send_piece(struct console *c)
{
    tty_send(&c->tty);
    news_tty(c);
}

static _Noreturn void serve(struct console *c)
{
    struct jg_message reply = { 0 };
    struct jg_received in;
    jg_token_t token = JG_TOKEN_NONE;
    unsigned served = 0;

    for (;;) {
        bool sending = tty_sending(&c->tty);
        jg_status_t status;

        if (token == JG_TOKEN_NONE)
            reply = (struct jg_message){ 0 };
        reply.info |= sending ? JG_REPLY_POLL : 0;
        status = jg_reply_wait(c->port, token, &reply, &in);
        if (status == JG_ERR_BAD_HANDLE || status == JG_ERR_ACCESS_DENIED)
            rt_panic("the port is gone: %d", status);
        token = status == JG_OK ? handle(c, &in, &reply) : JG_TOKEN_NONE;
        if (status == JG_ERR_WOULD_BLOCK || (sending && ++served >= PATIENCE)) {
            send_piece(c);
            served = 0;
        }
        news_drained(c);
        news_log(c);
    }
}

int server_main(const struct jg_startup *startup)
{
    begin(&console, startup);
    serve(&console);
}
