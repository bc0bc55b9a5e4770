/*
 * The line discipline, case by case: without lines: raw reads, changes of mode, damaged bytes.
 */
#include "ldisc_fixture.h"

TEST(raw_reads_give_what_is_there)
{
    fresh(0, 0, 0);
    type("ab\4\n\3");
    CHECK(reads_n("ab", 2));
    CHECK(reads("\4\n\3"));
    CHECK(blocks());
}

TEST(poll_honours_vmin_when_vtime_is_zero)
{
    fresh(0, 0, 0);
    set_cc(TTY_VMIN, 3);
    type("ab");
    CHECK(!ldisc_readable(&ld));
    CHECK_EQ(ldisc_available(&ld), 2);
    type("c");
    CHECK(ldisc_readable(&ld));
    set_cc(TTY_VMIN, 10);
    CHECK(!ldisc_readable(&ld));
    set_cc(TTY_VTIME, 1);
    CHECK(ldisc_readable(&ld));
    CHECK(reads("abc"));
}

TEST(raw_mode_echoes_newline_as_control)
{
    fresh(0, TTY_OPOST | TTY_ONLCR, TTY_ECHO | TTY_ECHOCTL);
    type("a\n\4");
    CHECK(shows("a^J^D"));
    CHECK(reads("a\n\4"));
}

TEST(leaving_canonical_mode_releases_the_unfinished_line)
{
    begin();
    type("half");
    CHECK(blocks());
    without(0, TTY_ICANON);
    CHECK(reads("half"));
    CHECK(blocks());
}

TEST(entering_canonical_mode_makes_a_line_of_what_is_there)
{
    begin();
    without(0, TTY_ICANON);
    type("ab");
    with(0, TTY_ICANON);
    type("cd\n");
    CHECK(reads("ab"));
    CHECK(reads("cd\n"));
}

TEST(what_became_a_line_cannot_be_erased)
{
    begin();
    without(0, TTY_ICANON);
    type("ab");
    with(0, TTY_ICANON);
    type("\25\177x\n");
    CHECK(reads("ab"));
    CHECK(reads("x\n"));
}

TEST(a_mode_change_that_keeps_icanon_keeps_the_line)
{
    begin();
    type("ab");
    without(0, TTY_ECHO);
    type("\177c\n");
    CHECK(reads("ac\n"));
}

TEST(flush_input_forgets_lines_and_the_unfinished_one)
{
    begin();
    type("one\ntwo\nhalf");
    ldisc_flush_input(&ld);
    CHECK(blocks());
    type("x\n");
    CHECK(reads("x\n"));
}

TEST(flush_output_forgets_what_has_not_gone)
{
    begin();
    print("text");
    ldisc_flush_output(&ld);
    CHECK(shows(""));
    CHECK_EQ(ldisc_pending(&ld), 0);
}

TEST(parmrk_doubles_a_true_ff)
{
    fresh(TTY_PARMRK, 0, 0);
    type("a\xff");
    CHECK(reads("a\xff\xff"));
}

TEST(break_by_mode)
{
    uint8_t bytes[8];

    fresh(0, 0, 0);
    ldisc_fault(&ld, LDISC_BREAK, 0);
    CHECK_EQ(ldisc_read(&ld, bytes, 8), 1);
    CHECK_EQ(bytes[0], 0);
    fresh(TTY_IGNBRK, 0, 0);
    ldisc_fault(&ld, LDISC_BREAK, 0);
    CHECK(blocks());
    fresh(TTY_BRKINT, 0, 0);
    ldisc_fault(&ld, LDISC_BREAK, 0);
    CHECK_EQ(ldisc_take_signals(&ld), LDISC_INTR);
    fresh(TTY_PARMRK, 0, 0);
    ldisc_fault(&ld, LDISC_BREAK, 0);
    CHECK_EQ(ldisc_read(&ld, bytes, 8), 3);
    CHECK(memcmp(bytes, "\xff\0\0", 3) == 0);
}

TEST(damaged_bytes_by_mode)
{
    uint8_t bytes[8];

    fresh(0, 0, 0);
    ldisc_fault(&ld, LDISC_PARITY, 'p');
    CHECK(reads("p"));
    fresh(TTY_INPCK, 0, 0);
    ldisc_fault(&ld, LDISC_PARITY, 'p');
    CHECK_EQ(ldisc_read(&ld, bytes, 8), 1);
    CHECK_EQ(bytes[0], 0);
    fresh(TTY_INPCK | TTY_IGNPAR, 0, 0);
    ldisc_fault(&ld, LDISC_PARITY, 'p');
    CHECK(blocks());
    fresh(TTY_INPCK | TTY_PARMRK, 0, 0);
    ldisc_fault(&ld, LDISC_PARITY, 'p');
    CHECK_EQ(ldisc_read(&ld, bytes, 8), 3);
    CHECK(memcmp(bytes, "\xff\0p", 3) == 0);
}

int main(void)
{
    return tap_main();
}
