/*
 * consoled's state, all of it, and how its parts tell each other.
 *
 * In:    main.c fills it and waits; ops_*.c answer calls; news.c turns what devices did into events.
 * Locks: none; one thread. Nothing waits but the one jg_reply_wait in main.c.
 */
#pragma once

#include <ipc/console_server.h>

#include "control.h"
#include "klog.h"
#include "ptys.h"
#include "serial.h"
#include "session.h"
#include "tty.h"

/* Keys on the port beside those of sessions, which are small. */
enum key {
    KEY_UART = 0x1000,
    KEY_SERIAL,
    KEY_SETTLE, /* timer: ports that have not announced themselves are not there */
    KEY_LOG,    /* timer: look at the kernel's log again */
    KEY_SEND,   /* timer: look at the UART again, should its interrupt not come */
};

struct console {
    jg_handle_t port;
    jg_handle_t settle_timer, log_timer, send_timer;
    struct sessions sessions;
    struct tty tty;
    struct ptys ptys;
    struct serial serial;
    struct control control;
    struct klog klog;
    jg_time_t log_seen;   /* when the kernel's log was last looked at */
    bool draining;        /* init waits for the end of all output */
};

extern const struct console_ops console_ops;

/* The ops, by file: ops_stream.c, ops_tty.c, ops_pty.c, ops_init.c. */
int32_t op_stream_read(struct console_call *call, uint32_t which, struct jg_window data, size_t *data_len);
int32_t op_stream_write(struct console_call *call, uint32_t which, struct jg_window data, uint32_t *count);
int32_t op_stream_ready(struct console_call *call, uint32_t which, uint32_t *state);
int32_t op_stream_close(struct console_call *call, uint32_t which);
int32_t op_tty_read(struct console_call *call, uint32_t tty, uint32_t count, struct jg_window data,
                    size_t *data_len);
int32_t op_tty_write(struct console_call *call, uint32_t tty, struct jg_window data, uint32_t *count);
int32_t op_tty_ready(struct console_call *call, uint32_t tty, uint32_t *state, uint32_t *readable);
int32_t op_tty_get(struct console_call *call, uint32_t tty, struct console_termios *mode,
                   struct console_winsize *size);
int32_t op_tty_set(struct console_call *call, uint32_t tty, const struct console_termios *mode, uint32_t at);
int32_t op_tty_set_size(struct console_call *call, uint32_t tty, const struct console_winsize *size);
int32_t op_tty_flush(struct console_call *call, uint32_t tty, uint32_t what);
int32_t op_tty_signals(struct console_call *call, uint32_t tty, uint32_t *pending);
int32_t op_tty_stop(struct console_call *call, uint32_t tty, bool stopped);
int32_t op_tty_type(struct console_call *call, uint32_t tty, uint8_t byte);
int32_t op_tty_send(struct console_call *call, uint32_t tty, uint8_t byte);
int32_t op_tty_hang_up(struct console_call *call, uint32_t tty);
int32_t op_tty_pending(struct console_call *call, uint32_t tty, uint32_t *bytes);
int32_t op_pty_open(struct console_call *call, uint32_t *tty);
int32_t op_pty_close(struct console_call *call, uint32_t tty);
int32_t op_master_read(struct console_call *call, uint32_t tty, uint32_t count, struct jg_window data,
                       size_t *data_len);
int32_t op_master_write(struct console_call *call, uint32_t tty, struct jg_window data, uint32_t *count);
int32_t op_master_ready(struct console_call *call, uint32_t tty, uint32_t *state, uint32_t *readable);
int32_t op_master_flush(struct console_call *call, uint32_t tty, uint32_t what);
int32_t op_master_stop(struct console_call *call, uint32_t tty, bool stopped);
int32_t op_master_packet(struct console_call *call, uint32_t tty, bool on);
int32_t op_changed(struct console_call *call, struct console_pty_set *ptys);
int32_t op_open_session(struct console_call *call, jg_handle_t end, jg_handle_t changed);
int32_t op_report(struct console_call *call, const char *line, size_t line_len);
int32_t op_drain(struct console_call *call);
int32_t op_configure(struct console_call *call, const struct console_winsize *size, uint32_t ttys);

/*
 * Gives what is in the caller's window to `take`, a piece at a time, until it takes fewer bytes than it was
 * given. Returns how many bytes were taken, or the status of a window of which not one could be read.
 */
int64_t window_feed(const struct jg_window *data, size_t (*take)(void *to, const uint8_t *bytes, size_t n),
                    void *to);

/*
 * The terminal's window has another size now: tells who cares. Nothing happens when it is the same.
 */
void console_resize(struct console *c, const struct console_winsize *size);

/* The terminal has got or sent something, or its mode changed: tells who waits for what follows from it. */
void news_tty(struct console *c);

/* A pty has been read, written or changed: tells its session what it wants to know. */
void news_pty(struct console *c, uint32_t index);

/* The virtio-serial device has done something: moves what waits for it, and tells who waits. */
void news_serial(struct console *c);

/* Moves the kernel's log, if it was not looked at lately. */
void news_log(struct console *c);

/* Has everything that anybody gave us left the machine? Then it tells init, if init waits. */
bool news_drained(struct console *c);
