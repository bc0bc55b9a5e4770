/*
 * The line discipline, case by case: keys with a meaning, and how input is translated.
 */
#include "ldisc_fixture.h"

TEST(interrupt_makes_a_signal_and_forgets_the_line)
{
    begin();
    keys("abc\3");
    CHECK(shows("^C"));
    CHECK_EQ(ldisc_take_signals(&ld), LDISC_INTR);
    CHECK_EQ(ldisc_take_signals(&ld), 0);
    keys("d\n");
    CHECK(reads("d\n"));
}

TEST(interrupt_forgets_lines_that_nobody_read)
{
    begin();
    type("abc\ndef\n\3");
    CHECK(blocks());
}

TEST(interrupt_drops_output_that_has_not_gone)
{
    begin();
    print("long text");
    keys("\3");
    CHECK(shows("^C"));
}

TEST(noflsh_keeps_everything)
{
    begin();
    with(0, TTY_NOFLSH);
    print("text");
    keys("abc\3\n");
    CHECK_EQ(ldisc_take_signals(&ld), LDISC_INTR);
    CHECK(shows("textabc^C\r\n"));
    CHECK(reads("abc\n"));
}

TEST(quit_and_suspend_are_signals)
{
    begin();
    keys("\34\32");
    CHECK_EQ(ldisc_take_signals(&ld), LDISC_QUIT | LDISC_SUSP);
}

TEST(without_isig_the_keys_are_bytes)
{
    begin();
    without(0, TTY_ISIG);
    keys("\3\34\32\n");
    CHECK_EQ(ldisc_take_signals(&ld), 0);
    CHECK(reads("\3\34\32\n"));
}

TEST(disabled_character_never_matches_zero)
{
    uint8_t zero = 0, line[4];

    begin();
    set_cc(TTY_VINTR, 0);
    set_cc(TTY_VEOF, 0);
    ldisc_input(&ld, &zero, 1);
    type("\3\4\n");
    CHECK_EQ(ldisc_take_signals(&ld), 0);
    CHECK_EQ(ldisc_read(&ld, line, 4), 4);
    CHECK(memcmp(line, "\0\3\4\n", 4) == 0);
}

TEST(literal_next_takes_the_meaning_away)
{
    begin();
    keys("a\26\3\26\177\26\25\26\26\n");
    CHECK_EQ(ldisc_take_signals(&ld), 0);
    CHECK(reads("a\3\177\25\26\n"));
}

TEST(literal_return_stays_a_return)
{
    begin();
    keys("\26\r\n");
    CHECK(reads("\r\n"));
}

TEST(without_iexten_there_is_no_literal_next)
{
    begin();
    without(0, TTY_IEXTEN);
    keys("\26\27\22\n");
    CHECK(reads("\26\27\22\n"));
}

TEST(end_of_line_characters_end_lines)
{
    begin();
    set_cc(TTY_VEOL, ';');
    set_cc(TTY_VEOL2, ',');
    type("a;b,c\n");
    CHECK(reads("a;"));
    CHECK(reads("b,"));
    CHECK(reads("c\n"));
}

TEST(return_and_newline_are_mapped)
{
    fresh(TTY_ICRNL, 0, TTY_ICANON);
    type("a\r");
    CHECK(reads("a\n"));
    fresh(TTY_INLCR, 0, 0);
    type("a\n\r");
    CHECK(reads("a\r\r"));
    fresh(TTY_IGNCR | TTY_ICRNL, 0, 0);
    type("\ra\r\n");
    CHECK(reads("a\n"));
}

TEST(istrip_and_iuclc)
{
    fresh(TTY_ISTRIP, 0, 0);
    type("\xe1");
    CHECK(reads("a"));
    fresh(TTY_IUCLC, 0, TTY_IEXTEN);
    type("aBZ[");
    CHECK(reads("abz["));
    fresh(TTY_IUCLC, 0, 0);
    type("B");
    CHECK(reads("B"));
}

TEST(echo_of_controls)
{
    begin();
    keys("\1\t\33[A");
    CHECK(shows("^A\t^[[A"));
    without(0, TTY_ECHOCTL);
    keys("\1");
    CHECK(shows("\1"));
}

TEST(echonl_shows_only_newlines)
{
    begin();
    without(0, TTY_ECHO);
    with(0, TTY_ECHONL);
    keys("secret\n");
    CHECK(shows("\r\n"));
    CHECK(reads("secret\n"));
}

int main(void)
{
    return tap_main();
}
