/*
 * The line discipline and our ptys against the host's: the same random modes, keys, output and reads go through
 * ours and through a pty of the Linux kernel that runs this test; all that can be seen must be the same. In every
 * third case the master is in packet mode, and what it is told is compared as well.
 *
 * Usage: ldisc_pty_test [CASES [FIRST_SEED]]. A case is a fresh terminal and some twenty steps, repeatable
 * by its seed. Input reaches a pty's line discipline through a work queue, so a step is given time to settle,
 * and a case that differs is run again slowly before it counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pty.h"

#define TEXT 16384

/* The kernel's struct termios, which a libc may hide behind its own. */
#define KERNEL_TCGETS 0x5401
#define KERNEL_TCSETS 0x5402
#define KERNEL_TCXONC 0x540a
#define KERNEL_TCFLSH 0x540b

static struct ldisc ours;
static struct pty pair;
static int master, slave;
static bool slow, trace;
static uint64_t random_state;
static volatile sig_atomic_t host_signals;

static uint32_t pick(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % n;
}

static void on_signal(int number)
{
    host_signals |= number == SIGINT ? LDISC_INTR : number == SIGQUIT ? LDISC_QUIT : LDISC_SUSP;
}

static void show_bytes(const char *who, const uint8_t *bytes, long n)
{
    printf("#   %s %ld: ", who, n);
    for (long i = 0; i < n; i++)
        printf(bytes[i] < 32 || bytes[i] > 126 ? "\\x%02x" : "%c", bytes[i]);
    printf("\n");
}

static void tell(const char *format, ...)
{
    va_list args;

    if (!trace)
        return;
    va_start(args, format);
    printf("#  ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

static bool open_terminal(void)
{
    int unlock = 0;
    char name[32];
    int number;

    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) || ioctl(master, TIOCGPTN, &number))
        return false;
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    slave = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (slave < 0 || ioctl(slave, TIOCSCTTY, 1))
        return false;
    pty_init(&pair, &ours);
    return true;
}

static void begin_packet_mode(void)
{
    int on = 1;

    tell("packet mode");
    ioctl(master, TIOCPKT, &on);
    pty_set_packet(&pair, true);
}

/* A later status takes back what an earlier one said of the same thing, read at once or not. */
static void add_status(uint32_t *all, uint32_t more)
{
    if (more & (TTY_PACKET_STOP | TTY_PACKET_START))
        *all &= ~(uint32_t)(TTY_PACKET_STOP | TTY_PACKET_START);
    if (more & (TTY_PACKET_NOSTOP | TTY_PACKET_DOSTOP))
        *all &= ~(uint32_t)(TTY_PACKET_NOSTOP | TTY_PACKET_DOSTOP);
    *all |= more;
}

/* What a master has read is put behind the `have` bytes at `to`, or into `status`. Returns the new `have`. */
static long sort_out(uint8_t *to, long have, long n, uint32_t *status)
{
    if (n <= 0)
        return have;
    if (!pair.packet)
        return have + n;
    if (to[have] != TTY_PACKET_DATA) {
        add_status(status, to[have]);
        return have;
    }
    memmove(to + have, to + have + 1, (size_t)n - 1);
    return have + n - 1;
}

static void close_terminal(void)
{
    signal(SIGHUP, SIG_IGN);
    ioctl(slave, TIOCNOTTY);
    close(slave);
    close(master);
}

/* All that our master can take, also what a stop would hold back: it has it already. */
static long our_output(uint8_t *to, uint32_t *status)
{
    long have = 0, n;

    while ((n = pty_take(&pair, to + have, (size_t)(TEXT - have))) != LDISC_WOULD_BLOCK)
        have = sort_out(to, have, n, status);
    return have;
}

static int host_available(void)
{
    int n = -1;

    ioctl(slave, FIONREAD, &n);
    return n;
}

/* Waits until the pty has shown what ours has, and compares what both show, offer and signal. */
static bool same_state(void)
{
    static uint8_t us[TEXT], host[TEXT];
    uint32_t our_status = 0, host_status = 0;
    long want = our_output(us, &our_status), have = 0;
    uint32_t signals = ldisc_take_signals(&ours);
    int expected = (int)ldisc_available(&ours);
    struct pollfd in = { .fd = slave, .events = POLLIN }, out = { .fd = master, .events = POLLIN };

    if (slow)
        usleep(5000);
    for (int tries = 0;; tries++) {
        long n;

        poll(&in, 1, 0); /* has the kernel finish pending input, unless there is some to read */
        poll(&out, 1, 0);
        n = read(master, host + have, sizeof host - (size_t)have);
        have = sort_out(host, have, n, &host_status);
        if (tries > 200 || (have >= want && host_available() == expected && (uint32_t)host_signals == signals &&
                            host_status == our_status && n <= 0))
            break;
        if (tries)
            usleep(100);
    }
    if (have == want && memcmp(us, host, (size_t)want) == 0 && host_available() == expected &&
        host_status == our_status &&
        (uint32_t)host_signals == signals && !(in.revents & POLLIN) == !ldisc_readable(&ours)) {
        host_signals = 0;
        return true;
    }
    if (trace) {
        show_bytes("ours shows", us, want);
        show_bytes("host shows", host, have);
        tell("  ours: %d readable (%d), signals %u, status %#x", expected, ldisc_readable(&ours), signals,
             our_status);
        tell("  host: %d readable (%d), signals %u, status %#x", host_available(), in.revents,
             (unsigned)host_signals, host_status);
    }
    host_signals = 0;
    return false;
}

static void random_mode(struct ldisc_mode *m)
{
    static const uint32_t iflags[] = { TTY_ISTRIP, TTY_INLCR, TTY_IGNCR, TTY_ICRNL, TTY_IUCLC, TTY_IXON,
                                       TTY_IXANY, TTY_IMAXBEL, TTY_IUTF8, TTY_PARMRK };
    static const uint32_t oflags[] = { TTY_OPOST, TTY_OLCUC, TTY_ONLCR, TTY_OCRNL, TTY_ONOCR, TTY_ONLRET,
                                       TTY_XTABS };
    static const uint32_t lflags[] = { TTY_ISIG, TTY_ICANON, TTY_ECHO, TTY_ECHOE, TTY_ECHOK, TTY_ECHONL,
                                       TTY_NOFLSH, TTY_ECHOCTL, TTY_ECHOPRT, TTY_ECHOKE, TTY_IEXTEN, TTY_EXTPROC };
    static const struct { uint8_t at, to; } ccs[] = {
        { TTY_VEOL, ';' }, { TTY_VEOL2, ',' }, { TTY_VERASE, '#' }, { TTY_VKILL, '@' }, { TTY_VINTR, 0 },
        { TTY_VMIN, 0 }, { TTY_VMIN, 3 }, { TTY_VEOF, 0 }, { TTY_VSTOP, 17 }, { TTY_VLNEXT, '\\' },
        { TTY_VEOL, '\n' }, { TTY_VSUSP, '\r' }, { TTY_VWERASE, 127 }, { TTY_VEOL2, 0xff },
    };
    unsigned changes = pick(4);

    /* Few bits at a time, so that most of the usual mode stays; now and then everything. */
    for (unsigned i = 0; i < changes; i++)
        m->iflag ^= iflags[pick(sizeof iflags / 4)];
    for (unsigned i = 0; i < changes; i++)
        m->lflag ^= lflags[pick(sizeof lflags / 4)];
    if (pick(3) == 0)
        m->oflag ^= oflags[pick(sizeof oflags / 4)];
    if (pick(4) == 0) {
        unsigned c = pick(sizeof ccs / sizeof ccs[0]);

        m->cc[ccs[c].at] = ccs[c].to;
    }
    if (pick(4) == 0)
        m->iflag = m->lflag = 0;
}

static void set_mode(void)
{
    struct ldisc_mode m = ours.mode;
    uint8_t kernel[64] = { 0 };

    random_mode(&m);
    tell("mode iflag %#x oflag %#x lflag %#x", m.iflag, m.oflag, m.lflag);
    memcpy(kernel, &m.iflag, 4);
    memcpy(kernel + 4, &m.oflag, 4);
    memcpy(kernel + 8, &m.cflag, 4);
    memcpy(kernel + 12, &m.lflag, 4);
    kernel[16] = m.line;
    memcpy(kernel + 17, m.cc, TTY_NCC);
    ioctl(slave, KERNEL_TCSETS, kernel);
    ldisc_set_mode(&ours, &m);
}

static uint8_t random_key(void)
{
    static const char keys[] = "\3\34\32\4\25\27\26\22\177\177\177\177\21\23\r\n\n\n\t\t\b#@;,\\\1\33\37\xff\0";
    static const char text[] = "abcXYZ_019 . \xc3\xa4\xe2\x82\xac\xdf\xd7\x80";

    if (pick(200) == 0)
        return (uint8_t)pick(256);
    return (uint8_t)(pick(3) == 0 ? keys[pick(sizeof keys - 1)] : text[pick(sizeof text - 1)]);
}

static bool is_flushing(uint8_t c)
{
    const uint8_t *cc = ours.mode.cc;

    c &= 0x7f;
    return (ours.mode.lflag & (TTY_ISIG | TTY_NOFLSH)) == TTY_ISIG &&
           (c == cc[TTY_VINTR] || c == cc[TTY_VQUIT] || c == cc[TTY_VSUSP]);
}

static bool send_keys(const uint8_t *keys, long n)
{
    if (trace)
        show_bytes("type", keys, n);
    if (n && write(master, keys, (size_t)n) != n)
        return false;
    return pty_type(&pair, keys, (size_t)n) == (size_t)n && same_state();
}

/*
 * A signal drops what its batch echoed so far, and on a pty also what the master has not read yet; so
 * that both sides agree on what that is, it is typed when all before it was shown.
 */
static bool step_type(void)
{
    uint8_t keys[40];
    long n = pick(3) ? 1 + pick(6) : 1 + pick(40), from = 0;

    for (long i = 0; i < n; i++) {
        keys[i] = random_key();
        if (is_flushing(keys[i])) {
            if (!send_keys(keys + from, i - from))
                return false;
            from = i;
        }
    }
    return send_keys(keys + from, n - from);
}

static bool step_print(void)
{
    static const char text[] = "prompt$ \t\n\r\n\b\1\xc3\xa4z";
    uint8_t bytes[30];
    size_t n = 1 + pick(sizeof bytes);
    long host, us;

    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)text[pick(sizeof text - 1)];
    if (trace)
        show_bytes("print", bytes, (long)n);
    host = write(slave, bytes, n);
    us = (long)ldisc_write(&ours, bytes, n);
    if (host < 0 && errno == EAGAIN)
        host = 0;
    tell("wrote: ours %ld, host %ld", us, host);
    return us == host && same_state();
}

static bool step_read(void)
{
    static uint8_t us[TEXT], host[TEXT];
    size_t room = pick(3) ? TEXT : 1 + pick(8);
    long n = ldisc_read(&ours, us, room), m = read(slave, host, room);

    pty_settle(&pair);
    if (m < 0 && errno == EAGAIN)
        m = LDISC_WOULD_BLOCK;
    if (m == 0 && n < 0 && !(ours.mode.lflag & TTY_ICANON) && !ours.mode.cc[TTY_VMIN])
        m = n; /* VMIN and VTIME are our caller's */
    if (trace) {
        tell("read %zu", room);
        show_bytes("ours reads", us, n);
        show_bytes("host reads", host, m);
    }
    return n == m && (n <= 0 || memcmp(us, host, (size_t)n) == 0) && same_state();
}

static bool step_other(void)
{
    unsigned which = pick(4);

    tell("%s", which == 0 ? "flush input" : which == 1 ? "stop" : which == 2 ? "start" : "flush output");
    if (which == 0) {
        ioctl(slave, KERNEL_TCFLSH, 0);
        ldisc_flush_input(&ours);
    } else if (which == 3) {
        ioctl(slave, KERNEL_TCFLSH, 1);
        ldisc_flush_output(&ours);
    } else {
        ioctl(slave, KERNEL_TCXONC, which - 1);
        ldisc_stop(&ours, which == 1);
        if (which == 2) {
            /* Linux writes pending echo at the next occasion, we at once: make it an occasion. */
            if (write(slave, "", 1) == 1 && ldisc_write(&ours, (const uint8_t *)"", 1) != 1)
                return false;
        }
    }
    return same_state();
}

static bool run_steps(unsigned steps)
{
    for (unsigned i = 0; i < steps; i++) {
        unsigned what = pick(16);
        bool same = true;

        if (what < 8)
            same = step_type();
        else if (what < 11)
            same = step_read();
        else if (what < 13)
            same = step_print();
        else if (what < 15)
            set_mode(), same = same_state();
        else
            same = step_other();
        if (!same)
            return false;
    }
    return true;
}

static bool run_case(uint64_t seed, bool carefully, bool tell_all)
{
    bool same;

    slow = carefully;
    trace = tell_all;
    random_state = seed * 0x9e3779b97f4a7c15u + 1;
    host_signals = 0;
    if (!open_terminal()) {
        printf("# no pty: %s\n", strerror(errno));
        return false;
    }
    for (unsigned i = pick(3); i; i--)
        set_mode();
    if (seed % 3 == 0)
        begin_packet_mode();
    same = run_steps(5 + pick(30));
    close_terminal();
    return same;
}

static int run(unsigned long cases, unsigned long first)
{
    unsigned long bad = 0, again = 0;

    setsid();
    signal(SIGINT, on_signal);
    signal(SIGQUIT, on_signal);
    signal(SIGTSTP, on_signal);
    if (!open_terminal()) {
        printf("1..0 # SKIP this host gives no pty: %s\n", strerror(errno));
        return 0;
    }
    close_terminal();
    for (unsigned long seed = first; seed < first + cases && bad < 3; seed++) {
        if (run_case(seed, false, false))
            continue;
        again++;
        if (run_case(seed, true, false))
            continue;
        bad++;
        printf("# seed %lu differs:\n", seed);
        run_case(seed, true, true);
    }
    printf("%sok 1 - as_the_host # %lu cases, %lu run twice, %lu differ\n1..1\n", bad ? "not " : "", cases,
           again, bad);
    return bad != 0;
}

int main(int argc, char **argv)
{
    unsigned long cases = argc > 1 ? strtoul(argv[1], NULL, 10) : 400;
    unsigned long first = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    int status = 1;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0)
        return run(cases, first);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
