/*
 * What the host's terminal and each pty's slave side have in common.
 */
#pragma once

#include <ipc/console_server.h>

#include "ldisc.h"

struct terminal {
    struct ldisc discipline;
    struct console_winsize size;
    uint32_t signals; /* CONSOLE_TTY_SIGNAL_*, not yet taken */
};

/* Sets the window's size, of which the foreground group shall hear. Returns whether it is another one now. */
bool terminal_resize(struct terminal *t, const struct console_winsize *size);

/* The mode as the interface has it, and back. */
void terminal_get_mode(const struct terminal *t, struct console_termios *mode);
void terminal_set_mode(struct terminal *t, const struct console_termios *mode);

/* Adds what the line discipline made to `signals`. Returns whether there was something. */
bool terminal_collect_signals(struct terminal *t);
