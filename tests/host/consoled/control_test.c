/*
 * The control port's lines: whole, unmixed, kept until there is room; and what the host says.
 *
 * The port is a pipe whose device this file plays by hand; serial_state() is ours.
 */
#include "control.h"

#include "tap.h"

#define SLOT 16u

static struct control c;
static struct serial s;
static struct serial_port port;
static enum serial_state state;
static _Alignas(16) uint8_t rings[2][1024];
static uint8_t memory[2][2 * SLOT];
static uint16_t doorbell, seen_in;

enum serial_state serial_state(const struct serial *serial, enum serial_role role)
{
    (void)serial;
    return role == SERIAL_CONTROL ? state : SERIAL_ABSENT;
}

static void begin(void)
{
    struct serial_stream *stream = &s.stream[SERIAL_CONTROL];

    memset(&c, 0, sizeof c);
    memset(&s, 0, sizeof s);
    memset(rings, 0, sizeof rings);
    virtq_init(&port.in, rings[0], 2);
    virtq_init(&port.out, rings[1], 2);
    port.in.doorbell = port.out.doorbell = &doorbell;
    stream->port = &port;
    pipe_in_init(&stream->in, &port.in, memory[0], 0, 2, SLOT);
    pipe_out_init(&stream->out, &port.out, memory[1], 0, 2, SLOT);
    seen_in = 0;
    state = SERIAL_OPEN;
}

/* The host reads all that was sent, and all that follows when it has read. */
static const char *host_reads(void)
{
    static char text[8192];
    size_t n = 0;
    uint16_t *done = (uint16_t *)&port.out.used->index;

    while (port.out.avail->index != *done) {
        unsigned slot = port.out.avail->ring[*done % 2];

        memcpy(text + n, memory[1] + port.out.descriptor[slot].address, port.out.descriptor[slot].length);
        n += port.out.descriptor[slot].length;
        port.out.used->ring[*done % 2].slot = slot;
        ++*done;
        pipe_out_poll(&s.stream[SERIAL_CONTROL].out, true);
        control_send(&c, &s);
    }
    text[n] = 0;
    return text;
}

static void host_says(const char *text)
{
    unsigned slot = port.in.avail->ring[seen_in++ % 2];

    memcpy(memory[0] + slot * SLOT, text, strlen(text));
    port.in.used->ring[port.in.used->index % 2].slot = slot;
    port.in.used->ring[port.in.used->index % 2].length = (uint32_t)strlen(text);
    port.in.used->index++;
}

static bool next_is(const char *line)
{
    const char *got = control_next(&c, &s);

    return line ? got && strcmp(got, line) == 0 : !got;
}

TEST(a_report_never_splits_a_line_of_the_stream)
{
    begin();
    CHECK_EQ(control_write(&c, "exi", 3), 3);
    CHECK(control_line(&c, "ready", 5));
    CHECK_EQ(control_write(&c, "t 7\nx", 5), 5);
    control_send(&c, &s);
    CHECK(strcmp(host_reads(), "ready\nexit 7\n") == 0);
    control_end(&c);
    control_end(&c);
    control_send(&c, &s);
    CHECK(strcmp(host_reads(), "x\n") == 0);
    CHECK(control_idle(&c));
}

TEST(lines_wait_for_the_port)
{
    begin();
    state = SERIAL_COMING;
    CHECK(control_line(&c, "a line that is longer than a slot", 33));
    control_send(&c, &s);
    CHECK(!control_idle(&c));
    state = SERIAL_OPEN;
    control_send(&c, &s);
    CHECK(strcmp(host_reads(), "a line that is longer than a slot\n") == 0);
    CHECK(control_idle(&c));
}

TEST(lines_without_a_host_are_dropped)
{
    begin();
    state = SERIAL_ENDED;
    CHECK(control_line(&c, "x", 1));
    control_send(&c, &s);
    CHECK(control_idle(&c));
}

TEST(a_full_queue_takes_no_line_in_part)
{
    char line[1024];
    unsigned n = 0;

    begin();
    memset(line, 'l', sizeof line);
    state = SERIAL_COMING;
    while (control_line(&c, line, 1000))
        n++;
    CHECK_EQ(n, 4);
    CHECK_EQ(control_write(&c, "abc\ndef\n", 8), 8);
    while (control_write(&c, "0123456789\n", 11) == 11)
        ;
    CHECK_EQ(control_write(&c, "\n", 1), 0);
    state = SERIAL_OPEN;
    control_send(&c, &s);
    host_reads();
    CHECK_EQ(control_write(&c, "\n", 1), 1);
    control_send(&c, &s);
    CHECK(strcmp(host_reads(), "0123456789\n") == 0);
}

TEST(an_endless_line_is_cut)
{
    char line[1500];

    begin();
    memset(line, 'l', sizeof line);
    CHECK_EQ(control_write(&c, line, sizeof line), sizeof line);
    CHECK_EQ(c.out_bytes, CONTROL_LINE_MAX + 1);
    CHECK_EQ(c.partial_bytes, sizeof line - CONTROL_LINE_MAX);
}

TEST(what_the_host_says_is_put_together)
{
    begin();
    CHECK(next_is(NULL));
    host_says("winsi");
    CHECK(next_is(NULL));
    host_says("ze 1 2\nab\nc");
    CHECK(next_is("winsize 1 2"));
    CHECK(next_is("ab"));
    CHECK(next_is(NULL));
    host_says("d\n");
    CHECK(next_is("cd"));
}

TEST(what_the_host_says_too_long_is_skipped)
{
    begin();
    for (unsigned i = 0; i < 20; i++) {
        host_says("0123456789abcde");
        CHECK(next_is(NULL));
    }
    host_says("\nfine\n");
    CHECK(next_is("fine"));
}

int main(void)
{
    return tap_main();
}
