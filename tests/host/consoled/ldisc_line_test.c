/*
 * The line discipline, case by case: lines, their editing and echo.
 */
#include "ldisc_fixture.h"

TEST(initial_mode_is_linuxs)
{
    begin();
    CHECK_EQ(ld.mode.iflag, TTY_ICRNL | TTY_IXON);
    CHECK_EQ(ld.mode.oflag, TTY_OPOST | TTY_ONLCR);
    CHECK_EQ(ld.mode.cflag, 0x4bf);
    CHECK_EQ(ld.mode.lflag, 0x8a3b);
    CHECK_EQ(ld.mode.cc[TTY_VERASE], 127);
    CHECK_EQ(ld.mode.cc[TTY_VMIN], 1);
}

TEST(line_is_echoed_and_read_whole)
{
    begin();
    keys("ls -l");
    CHECK(shows("ls -l"));
    CHECK(blocks());
    keys("\r");
    CHECK(shows("\r\n"));
    CHECK_EQ(ldisc_available(&ld), 6);
    CHECK(reads("ls -l\n"));
    CHECK(blocks());
}

TEST(one_read_gives_one_line)
{
    begin();
    type("one\ntwo\nthr");
    CHECK(reads("one\n"));
    CHECK(reads("two\n"));
    CHECK(blocks());
    type("ee\n");
    CHECK(reads("three\n"));
}

TEST(short_reads_take_a_line_in_pieces)
{
    begin();
    type("abcdef\nxy\n");
    CHECK(reads_n("abc", 3));
    CHECK(reads_n("def\n", 100));
    CHECK(reads_n("xy", 2));
    CHECK(reads_n("\n", 2));
    CHECK(blocks());
}

TEST(read_of_zero_bytes_takes_nothing)
{
    begin();
    type("a\n");
    CHECK(reads_n("", 0));
    CHECK(reads("a\n"));
}

TEST(eof_on_an_empty_line_is_a_read_of_zero)
{
    begin();
    type("\4");
    CHECK(shows(""));
    CHECK(ldisc_readable(&ld));
    CHECK_EQ(ldisc_available(&ld), 0);
    CHECK(reads(""));
    CHECK(blocks());
}

TEST(eof_in_a_line_pushes_it_without_newline)
{
    begin();
    type("abc\4def\n");
    CHECK_EQ(ldisc_available(&ld), 7);
    CHECK(reads("abc"));
    CHECK(reads("def\n"));
    CHECK(blocks());
}

TEST(eof_after_a_buffer_that_is_just_full_is_skipped)
{
    begin();
    type("abc\4");
    CHECK(reads_n("abc", 3));
    CHECK(blocks());
    type("abcd\4\4");
    CHECK(reads_n("abc", 3));
    CHECK(reads_n("d", 3));
    CHECK(reads(""));
}

TEST(literal_eof_is_a_byte)
{
    begin();
    keys("\26\4\n");
    CHECK(shows("^\b^D\r\n"));
    CHECK(reads("\4\n"));
}

TEST(erase_takes_one_character)
{
    begin();
    keys("abc\177\177x\n");
    CHECK(shows("abc\b \b\b \bx\r\n"));
    CHECK(reads("ax\n"));
}

TEST(erase_stops_at_the_lines_begin)
{
    begin();
    keys("a\n\177\177b\n");
    CHECK(shows("a\r\nb\r\n"));
    CHECK(reads("a\n"));
    CHECK(reads("b\n"));
}

TEST(erase_of_a_control_character_takes_two_columns)
{
    begin();
    keys("\1\177\n");
    CHECK(shows("^A\b \b\b \b\r\n"));
    CHECK(reads("\n"));
}

TEST(erase_without_echoe_shows_the_erase_character)
{
    begin();
    without(0, TTY_ECHOE);
    keys("ab\177\n");
    CHECK(shows("ab^?\r\n"));
    CHECK(reads("a\n"));
}

TEST(erase_of_utf8_takes_all_its_bytes)
{
    begin();
    with(TTY_IUTF8, 0);
    keys("a\xc3\xa4\xe2\x82\xac\177\177\n");
    CHECK(shows("a\xc3\xa4\xe2\x82\xac\b \b\b \b\r\n"));
    CHECK(reads("a\n"));
}

TEST(erase_without_iutf8_takes_one_byte)
{
    begin();
    keys("\xc3\xa4\177\n");
    CHECK(shows("\xc3\xa4\b \b\r\n"));
    CHECK(reads("\xc3\n"));
}

TEST(erase_of_a_tab_goes_back_to_where_it_was)
{
    begin();
    keys("ab\t\177c\n");
    CHECK(shows("ab\t\b\b\b\b\b\bc\r\n"));
    CHECK(reads("abc\n"));
}

TEST(erase_of_a_tab_counts_from_the_prompt)
{
    begin();
    print("$ ");
    keys("a\t\177");
    CHECK(shows("$ a\t\b\b\b\b\b"));
}

TEST(erase_of_a_second_tab_counts_from_the_first)
{
    begin();
    keys("a\tbc\t\177");
    CHECK(shows("a\tbc\t\b\b\b\b\b\b"));
}

TEST(word_erase_takes_a_word_and_what_follows_it)
{
    begin();
    keys("foo bar_1 .\27\n");
    CHECK(shows("foo bar_1 .\b \b\b \b\b \b\b \b\b \b\b \b\b \b\r\n"));
    CHECK(reads("foo \n"));
}

TEST(kill_erases_the_line)
{
    begin();
    keys("abc\25de\n");
    CHECK(shows("abc\b \b\b \b\b \bde\r\n"));
    CHECK(reads("de\n"));
}

TEST(kill_without_echoke_shows_itself_and_a_newline)
{
    begin();
    without(0, TTY_ECHOKE);
    keys("abc\25de\n");
    CHECK(shows("abc^U\r\nde\r\n"));
    CHECK(reads("de\n"));
}

TEST(kill_without_echo_is_silent)
{
    begin();
    without(0, TTY_ECHO);
    keys("abc\25de\n");
    CHECK(shows(""));
    CHECK(reads("de\n"));
}

TEST(kill_of_a_very_long_line_shows_every_column)
{
    unsigned columns = 0;

    begin();
    for (unsigned i = 0; i < 4000; i++) {
        keys("x");
        shown();
    }
    keys("\25");
    for (const char *c = shown(); *c; c++)
        columns += *c == ' ';
    CHECK_EQ(columns, 4000);
    keys("\n");
    CHECK(reads("\n"));
}

TEST(reprint_shows_the_line_again)
{
    begin();
    keys("abc\22d\n");
    CHECK(shows("abc^R\r\nabcd\r\n"));
    CHECK(reads("abcd\n"));
}

TEST(hard_copy_erase_prints_between_slashes)
{
    begin();
    with(0, TTY_ECHOPRT);
    keys("abc\177\177x\n");
    CHECK(shows("abc\\cb/x\r\n"));
    CHECK(reads("ax\n"));
}

int main(void)
{
    return tap_main();
}
