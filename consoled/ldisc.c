/*
 * Line discipline: life, mode, flushing, stopping and starting. See ldisc.h.
 */
#include "ldisc_internal.h"

static const struct ldisc_mode initial_mode = {
    .iflag = TTY_ICRNL | TTY_IXON,
    .oflag = TTY_OPOST | TTY_ONLCR,
    .cflag = TTY_B38400 | TTY_CS8 | TTY_CREAD | TTY_HUPCL,
    .lflag = TTY_ISIG | TTY_ICANON | TTY_ECHO | TTY_ECHOE | TTY_ECHOK | TTY_ECHOCTL | TTY_ECHOKE |
             TTY_IEXTEN,
    .cc = {
        [TTY_VINTR] = 3, [TTY_VQUIT] = 28, [TTY_VERASE] = 127, [TTY_VKILL] = 21, [TTY_VEOF] = 4,
        [TTY_VMIN] = 1, [TTY_VSTART] = 17, [TTY_VSTOP] = 19, [TTY_VSUSP] = 26, [TTY_VREPRINT] = 18,
        [TTY_VDISCARD] = 15, [TTY_VWERASE] = 23, [TTY_VLNEXT] = 22,
    },
    .ispeed = 38400,
    .ospeed = 38400,
};

static void forget_ends(struct ldisc *ld)
{
    for (size_t i = 0; i < sizeof ld->ends / sizeof ld->ends[0]; i++)
        ld->ends[i] = 0;
}

static void give_meaning(struct ldisc *ld, uint8_t c)
{
    ld->meaning[c / 32] |= 1u << (c % 32);
}

/* Works out which bytes need a second look in this mode. */
static void find_meanings(struct ldisc *ld)
{
    static const uint8_t canonical[] = { TTY_VERASE, TTY_VKILL, TTY_VEOF, TTY_VEOL };
    static const uint8_t extended[] = { TTY_VWERASE, TTY_VLNEXT, TTY_VEOL2 };
    static const uint8_t signals[] = { TTY_VINTR, TTY_VQUIT, TTY_VSUSP };
    const uint8_t *cc = ld->mode.cc;

    for (unsigned i = 0; i < 8; i++)
        ld->meaning[i] = 0;
    ld->plain = !iflag(ld, TTY_ISTRIP | TTY_IUCLC | TTY_IGNCR | TTY_ICRNL | TTY_INLCR | TTY_IXON |
                               TTY_PARMRK) &&
                !lflag(ld, TTY_ICANON | TTY_ISIG | TTY_ECHO);
    if (iflag(ld, TTY_IGNCR | TTY_ICRNL))
        give_meaning(ld, '\r');
    if (iflag(ld, TTY_INLCR))
        give_meaning(ld, '\n');
    if (lflag(ld, TTY_ICANON)) {
        give_meaning(ld, '\n');
        for (unsigned i = 0; i < sizeof canonical; i++)
            give_meaning(ld, cc[canonical[i]]);
        for (unsigned i = 0; i < sizeof extended && lflag(ld, TTY_IEXTEN); i++)
            give_meaning(ld, cc[extended[i]]);
        if (lflag(ld, TTY_IEXTEN) && lflag(ld, TTY_ECHO))
            give_meaning(ld, cc[TTY_VREPRINT]);
    }
    if (iflag(ld, TTY_IXON)) {
        give_meaning(ld, cc[TTY_VSTART]);
        give_meaning(ld, cc[TTY_VSTOP]);
    }
    for (unsigned i = 0; i < sizeof signals && lflag(ld, TTY_ISIG); i++)
        give_meaning(ld, cc[signals[i]]);
    ld->meaning[0] &= ~1u; /* _POSIX_VDISABLE */
}

void ldisc_init(struct ldisc *ld)
{
    *ld = (struct ldisc){ .mode = initial_mode };
    find_meanings(ld);
}

/* Does the other end of a pty do well to stop and start output by itself? */
static bool usual_flow(const struct ldisc_mode *m)
{
    return (m->iflag & TTY_IXON) && m->cc[TTY_VSTOP] == 19 && m->cc[TTY_VSTART] == 17;
}

static void tell_mode(struct ldisc *ld, const struct ldisc_mode *old)
{
    bool flow = usual_flow(&ld->mode);

    if (usual_flow(old) != flow) {
        ld->packet &= ~(uint32_t)(TTY_PACKET_DOSTOP | TTY_PACKET_NOSTOP);
        ld->packet |= flow ? TTY_PACKET_DOSTOP : TTY_PACKET_NOSTOP;
    }
    if ((old->lflag | ld->mode.lflag) & TTY_EXTPROC)
        ld->packet |= TTY_PACKET_IOCTL;
}

void ldisc_set_mode(struct ldisc *ld, const struct ldisc_mode *mode)
{
    struct ldisc_mode old = ld->mode;

    ld->mode = *mode;
    if ((old.lflag ^ mode->lflag) & (TTY_ICANON | TTY_EXTPROC)) {
        forget_ends(ld);
        ld->line_head = ld->raw_head = ld->head;
        if (ld->head != ld->tail)
            set_end(ld, ld->head - 1, true);
        ld->erasing = ld->literal = false;
    }
    find_meanings(ld);
    tell_mode(ld, &old);
    if ((old.iflag & TTY_IXON) && !iflag(ld, TTY_IXON))
        flow_start(ld);
}

void ldisc_flush_input(struct ldisc *ld)
{
    ld->tail = ld->line_head = ld->raw_head = ld->head;
    ld->erasing = false;
    ld->packet |= TTY_PACKET_FLUSHREAD;
    forget_ends(ld);
}

void ldisc_flush_output(struct ldisc *ld)
{
    if (ld->out_head - ld->out_tail > ld->out_kept)
        ld->out_head = ld->out_tail + ld->out_kept;
    ld->packet |= TTY_PACKET_FLUSHWRITE;
}

void flow_set(struct ldisc *ld, bool stopped)
{
    if (ld->stopped == stopped)
        return;
    ld->stopped = stopped;
    ld->packet &= ~(uint32_t)(TTY_PACKET_STOP | TTY_PACKET_START);
    ld->packet |= stopped ? TTY_PACKET_STOP : TTY_PACKET_START;
}

void flow_start(struct ldisc *ld)
{
    if (!ld->held)
        flow_set(ld, false);
    echo_process(ld);
}

void ldisc_stop(struct ldisc *ld, bool stop)
{
    if (stop) {
        ld->held = true;
        flow_set(ld, true);
    } else if (ld->held) {
        ld->held = false;
        flow_start(ld);
    }
}

void ldisc_release(struct ldisc *ld)
{
    ld->held = false;
    flow_start(ld);
}

uint32_t ldisc_take_signals(struct ldisc *ld)
{
    uint32_t taken = ld->signals;

    ld->signals = 0;
    return taken;
}

uint32_t ldisc_take_packet(struct ldisc *ld)
{
    uint32_t taken = ld->packet;

    ld->packet = 0;
    return taken;
}
