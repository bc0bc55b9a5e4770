/*
 * Terminals of both kinds. See terminal.h.
 */
#include "terminal.h"

#include <jg/rt/string.h>

_Static_assert((int)LDISC_INTR == CONSOLE_TTY_SIGNAL_INTR && (int)LDISC_QUIT == CONSOLE_TTY_SIGNAL_QUIT &&
                  (int)LDISC_SUSP == CONSOLE_TTY_SIGNAL_SUSP,
              "terminal_collect_signals() passes them on");
_Static_assert(sizeof(((struct console_termios *)0)->cc) == TTY_NCC, "Linux's c_cc");

bool terminal_resize(struct terminal *t, const struct console_winsize *size)
{
    if (memcmp(&t->size, size, sizeof *size) == 0)
        return false;
    t->size = *size;
    t->signals |= CONSOLE_TTY_SIGNAL_WINCH;
    return true;
}

void terminal_get_mode(const struct terminal *t, struct console_termios *mode)
{
    const struct ldisc_mode *m = &t->discipline.mode;

    mode->iflag = m->iflag;
    mode->oflag = m->oflag;
    mode->cflag = m->cflag;
    mode->lflag = m->lflag;
    mode->line = m->line;
    mode->ispeed = m->ispeed;
    mode->ospeed = m->ospeed;
    memcpy(mode->cc, m->cc, sizeof mode->cc);
}

void terminal_set_mode(struct terminal *t, const struct console_termios *mode)
{
    struct ldisc_mode m = {
        .iflag = mode->iflag,
        .oflag = mode->oflag,
        .cflag = mode->cflag,
        .lflag = mode->lflag,
        .line = mode->line,
        .ispeed = mode->ispeed,
        .ospeed = mode->ospeed,
    };

    memcpy(m.cc, mode->cc, sizeof m.cc);
    ldisc_set_mode(&t->discipline, &m);
}

bool terminal_collect_signals(struct terminal *t)
{
    uint32_t made = ldisc_take_signals(&t->discipline);

    t->signals |= made;
    return made != 0;
}
