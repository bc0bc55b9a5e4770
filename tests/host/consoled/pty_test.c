/*
 * Ptys, case by case: what is held back, packet mode, flushes, hanging up. That they do what the host's ptys do is
 * ldisc_pty_test.c's business.
 */
#include "pty.h"

#include "tap.h"

static struct ldisc ld;
static struct pty pty;
static uint8_t got[LDISC_OUT_SIZE + 16];

static void raw(void)
{
    struct ldisc_mode mode;

    pty_init(&pty, &ld);
    mode = ld.mode;
    mode.iflag = mode.oflag = mode.lflag = 0;
    ldisc_set_mode(&ld, &mode);
    ldisc_take_packet(&ld);
}

static size_t type(const char *text)
{
    return pty_type(&pty, (const uint8_t *)text, strlen(text));
}

static bool master_takes(const char *text)
{
    long n = pty_take(&pty, got, sizeof got);

    return n == (long)strlen(text) && memcmp(got, text, (size_t)n) == 0;
}

TEST(a_line_goes_through_and_is_echoed)
{
    pty_init(&pty, &ld);
    CHECK_EQ(type("hi\r"), 3);
    CHECK(master_takes("hi\r\n"));
    CHECK_EQ(ldisc_read(&ld, got, sizeof got), 3);
    CHECK_EQ(pty_take(&pty, got, sizeof got), LDISC_WOULD_BLOCK);
}

TEST(the_first_mode_does_not_hang_up_on_close)
{
    pty_init(&pty, &ld);
    CHECK_EQ(ld.mode.cflag & TTY_HUPCL, 0);
}

TEST(what_a_reader_cannot_hold_waits)
{
    static uint8_t block[10000], back[10000];
    size_t taken, have = 0;
    long n;

    raw();
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (uint8_t)(i * 13);
    taken = pty_type(&pty, block, sizeof block);
    CHECK_EQ(taken, LDISC_IN_SIZE - 1 + PTY_HELD);
    CHECK_EQ(pty_type_room(&pty), 0);
    while ((n = ldisc_read(&ld, back + have, 100)) > 0) {
        have += (size_t)n;
        pty_settle(&pty);
    }
    CHECK_EQ(have, taken);
    CHECK(memcmp(block, back, taken) == 0);
    CHECK_EQ(pty_type_room(&pty), PTY_HELD);
}

TEST(a_stopped_master_types_nothing)
{
    raw();
    pty.stopped = true;
    CHECK_EQ(type("x"), 0);
    pty.stopped = false;
    CHECK_EQ(type("x"), 1);
}

TEST(what_was_written_before_a_stop_can_be_taken)
{
    raw();
    CHECK_EQ(ldisc_write(&ld, (const uint8_t *)"abc", 3), 3);
    ldisc_stop(&ld, true);
    CHECK(master_takes("abc"));
    CHECK_EQ(ldisc_write(&ld, (const uint8_t *)"d", 1), 0);
}

TEST(a_status_comes_alone_and_once)
{
    raw();
    pty_set_packet(&pty, true);
    CHECK_EQ(ldisc_write(&ld, (const uint8_t *)"abc", 3), 3);
    ldisc_flush_input(&ld);
    ldisc_stop(&ld, true);
    CHECK(pty_has_status(&pty));
    CHECK_EQ(pty_take(&pty, got, sizeof got), 1);
    CHECK_EQ(got[0], TTY_PACKET_FLUSHREAD | TTY_PACKET_STOP);
    CHECK(!pty_has_status(&pty));
    CHECK_EQ(pty_take(&pty, got, 2), 2);
    CHECK(memcmp(got, "\0a", 2) == 0);
    CHECK_EQ(pty_take(&pty, got, 1), 1); /* room for nothing but the mark */
    CHECK_EQ(pty_take(&pty, got, sizeof got), 3);
    CHECK(memcmp(got, "\0bc", 3) == 0);
}

TEST(packet_mode_forgets_what_was_before)
{
    raw();
    ldisc_flush_input(&ld);
    CHECK(!pty_has_status(&pty));
    pty_set_packet(&pty, true);
    CHECK_EQ(pty_take(&pty, got, sizeof got), LDISC_WOULD_BLOCK);
    ldisc_flush_input(&ld);
    pty_set_packet(&pty, true); /* it is on already: nothing is forgotten */
    CHECK(pty_has_status(&pty));
    pty_set_packet(&pty, false);
    CHECK(!pty_has_output(&pty));
}

TEST(a_flush_keeps_what_a_master_would_have)
{
    static uint8_t block[6000];

    raw();
    CHECK_EQ(ldisc_write(&ld, block, sizeof block), sizeof block);
    ldisc_flush_output(&ld);
    CHECK_EQ(ldisc_pending(&ld), LDISC_IN_SIZE - 1);
    pty_flush_written(&pty);
    CHECK(!pty_has_output(&pty));
}

TEST(a_masters_flush_drops_what_is_held)
{
    static uint8_t block[5000];

    raw();
    CHECK_EQ(pty_type(&pty, block, sizeof block), sizeof block);
    pty_flush_typed(&pty);
    CHECK_EQ(pty_type_room(&pty), PTY_HELD);
    CHECK_EQ(ldisc_available(&ld), LDISC_IN_SIZE - 1);
}

TEST(a_hang_up_forgets_everything)
{
    raw();
    CHECK_EQ(type("typed"), 5);
    CHECK_EQ(ldisc_write(&ld, (const uint8_t *)"written", 7), 7);
    pty_hang_up(&pty);
    CHECK_EQ(ldisc_available(&ld), 0);
    CHECK(!pty_has_output(&pty));
    CHECK(ld.mode.lflag & TTY_ICANON);
    CHECK_EQ(type("again\n"), 6);
    CHECK_EQ(ldisc_read(&ld, got, sizeof got), 6);
}

int main(void)
{
    return tap_main();
}
