/*
 * The line discipline, case by case: output, what stops either direction, what is full.
 */
#include "ldisc_fixture.h"

TEST(stop_and_start_hold_output_back)
{
    begin();
    print("one");
    keys("\23");
    CHECK(shows(""));
    CHECK_EQ(ldisc_pending(&ld), 3);
    CHECK_EQ(print("two"), 0);
    keys("\21");
    CHECK(shows("one"));
    CHECK_EQ(print("two"), 3);
    CHECK(shows("two"));
}

TEST(echo_waits_while_output_is_stopped)
{
    begin();
    keys("\23abc");
    CHECK(shows(""));
    keys("\21");
    CHECK(shows("abc"));
}

TEST(ixany_starts_with_any_key)
{
    begin();
    with(TTY_IXANY, 0);
    keys("\23x");
    CHECK(shows("x"));
}

TEST(interrupt_starts_output_again)
{
    begin();
    keys("\23\3");
    CHECK(shows("^C"));
}

TEST(clearing_ixon_starts_output_again)
{
    begin();
    keys("\23");
    CHECK_EQ(print("x"), 0);
    without(TTY_IXON, 0);
    CHECK_EQ(print("x"), 1);
}

TEST(a_program_that_stops_output_is_not_overruled_by_keys)
{
    begin();
    ldisc_stop(&ld, true);
    keys("\21");
    CHECK_EQ(print("x"), 0);
    keys("\3");
    CHECK_EQ(print("x"), 0);
    ldisc_stop(&ld, false);
    CHECK_EQ(print("x"), 1);
}

TEST(start_from_a_program_does_not_undo_a_stop_key)
{
    begin();
    keys("\23");
    ldisc_stop(&ld, false);
    CHECK_EQ(print("x"), 0);
    ldisc_release(&ld);
    CHECK_EQ(print("x"), 1);
}

TEST(output_processing)
{
    fresh(0, TTY_OPOST | TTY_ONLCR, 0);
    print("a\nb\r\n");
    CHECK(shows("a\r\nb\r\r\n"));
    fresh(0, TTY_OPOST, 0);
    print("a\nb");
    CHECK(shows("a\nb"));
    fresh(0, TTY_OPOST | TTY_OCRNL, 0);
    print("a\rb");
    CHECK(shows("a\nb"));
    fresh(0, TTY_OPOST | TTY_ONOCR, 0);
    print("\ra\r\rb");
    CHECK(shows("a\rb"));
    fresh(0, TTY_OPOST | TTY_ONLRET | TTY_ONOCR, 0);
    print("a\n\rb");
    CHECK(shows("a\nb"));
    fresh(0, TTY_OPOST | TTY_XTABS, 0);
    print("a\tb\t\b\tc");
    CHECK(shows("a       b       \b c"));
    fresh(0, TTY_OPOST | TTY_OLCUC, 0);
    print("aZ1{");
    CHECK(shows("AZ1{"));
    fresh(0, TTY_ONLCR | TTY_OLCUC | TTY_XTABS, 0);
    print("a\t\n");
    CHECK(shows("a\t\n"));
}

TEST(a_full_output_takes_part_and_goes_on)
{
    static uint8_t many[LDISC_OUT_SIZE];
    size_t taken;

    begin();
    memset(many, '\n', sizeof many);
    taken = ldisc_write(&ld, many, sizeof many);
    CHECK_EQ(taken, LDISC_OUT_SIZE / 2);
    CHECK_EQ(ldisc_write(&ld, many, 1), 0);
    CHECK_EQ(strlen(shown()), LDISC_OUT_SIZE);
    CHECK_EQ(ldisc_write(&ld, many, 1), 1);
}

TEST(write_room_is_never_too_optimistic)
{
    static uint8_t tabs[LDISC_OUT_SIZE];

    begin();
    ld.mode.oflag |= TTY_XTABS;
    memset(tabs, '\t', sizeof tabs);
    CHECK_EQ(ldisc_write(&ld, tabs, ldisc_write_room(&ld)), LDISC_OUT_SIZE / 8);
}

TEST(echo_is_kept_while_output_is_full)
{
    static uint8_t many[LDISC_OUT_SIZE];

    begin();
    memset(many, 'x', sizeof many);
    ldisc_write(&ld, many, sizeof many);
    keys("ab");
    CHECK_EQ(strlen(shown()), LDISC_OUT_SIZE + 2);
    CHECK(strcmp(got + LDISC_OUT_SIZE, "ab") == 0);
}

TEST(echo_overrun_drops_echo_and_never_input)
{
    static uint8_t line[LDISC_IN_SIZE];

    begin();
    keys("\23");
    for (unsigned i = 0; i < 4000; i++)
        keys("\1");
    keys("\n\21");
    CHECK(strlen(shown()) < 8000);
    CHECK_EQ(ldisc_read(&ld, line, sizeof line), 4001);
}

TEST(a_line_has_4095_bytes_and_its_newline)
{
    static uint8_t line[2 * LDISC_IN_SIZE];

    begin();
    for (unsigned i = 0; i < 5000; i++) {
        keys(i < 4094 ? "a" : "b");
        shown();
    }
    CHECK(blocks());
    keys("c");
    shown();
    keys("\n");
    CHECK_EQ(ldisc_read(&ld, line, sizeof line), 4096);
    CHECK_EQ(line[4093], 'a');
    CHECK_EQ(line[4094], 'b');
    CHECK_EQ(line[4095], '\n');
}

TEST(unread_lines_stop_input_without_loss)
{
    static uint8_t line[LDISC_IN_SIZE];
    size_t taken = 0, lines = 0;

    begin();
    while (type("123456789\n") == 10) {
        taken++;
        shown();
    }
    CHECK_EQ(taken, 409);
    while (ldisc_read(&ld, line, sizeof line) == 10)
        lines++;
    CHECK_EQ(lines, 409);
}

TEST(raw_input_stops_when_full_and_loses_nothing)
{
    static uint8_t many[5000];

    fresh(0, 0, 0);
    memset(many, 'r', sizeof many);
    CHECK_EQ(ldisc_input(&ld, many, sizeof many), 4095);
    CHECK_EQ(ldisc_input(&ld, many, 1), 0);
    CHECK_EQ(ldisc_read(&ld, many, 100), 100);
    CHECK_EQ(ldisc_input(&ld, many, 200), 100);
    CHECK_EQ(ldisc_available(&ld), 4095);
}

TEST(ixoff_asks_the_other_end_to_stop)
{
    char block[256];

    memset(block, 'f', sizeof block);
    fresh(TTY_IXOFF, 0, 0);
    for (int i = 0; i < 15; i++)
        CHECK_EQ(ldisc_input(&ld, (const uint8_t *)block, sizeof block), sizeof block);
    CHECK_EQ(ldisc_flow_byte(&ld), -1);
    CHECK_EQ(ldisc_input(&ld, (const uint8_t *)block, 200), 200);
    CHECK_EQ(ldisc_flow_byte(&ld), 19);
    CHECK_EQ(ldisc_flow_byte(&ld), -1);
    CHECK_EQ(ldisc_read(&ld, (uint8_t *)got, 3900), 3900);
    CHECK_EQ(ldisc_flow_byte(&ld), -1);
    CHECK_EQ(ldisc_read(&ld, (uint8_t *)got, 100), 100);
    CHECK_EQ(ldisc_flow_byte(&ld), 17);
    CHECK_EQ(ldisc_flow_byte(&ld), -1);
}

TEST(ixoff_does_not_stop_who_still_types_a_line)
{
    char block[4000];

    memset(block, 'f', sizeof block);
    fresh(TTY_IXOFF, 0, TTY_ICANON);
    CHECK_EQ(ldisc_input(&ld, (const uint8_t *)block, sizeof block), sizeof block);
    CHECK_EQ(ldisc_flow_byte(&ld), -1);
    CHECK_EQ(ldisc_input(&ld, (const uint8_t *)"\n", 1), 1);
    CHECK_EQ(ldisc_flow_byte(&ld), 19);
}

TEST(without_ixoff_nothing_is_sent)
{
    char block[4000];

    memset(block, 'f', sizeof block);
    fresh(0, 0, 0);
    CHECK_EQ(ldisc_input(&ld, (const uint8_t *)block, sizeof block), sizeof block);
    CHECK_EQ(ldisc_flow_byte(&ld), -1);
}

TEST(the_rings_wrap_many_times)
{
    char line[32];

    begin();
    for (unsigned i = 0; i < 20000; i++) {
        int n = snprintf(line, sizeof line, "line %u\n", i);

        CHECK_EQ(type(line), n);
        CHECK(reads(line));
        CHECK_EQ(strlen(shown()), n + 1);
    }
}

int main(void)
{
    return tap_main();
}
