/*
 * The line discipline, case by case: what is typed, what is shown, what is read.
 */
#include "ldisc.h"

#include "tap.h"

static struct ldisc ld;
static char got[3 * LDISC_OUT_SIZE];

static void fresh(uint32_t iflag, uint32_t oflag, uint32_t lflag)
{
    struct ldisc_mode mode;

    ldisc_init(&ld);
    mode = ld.mode;
    mode.iflag = iflag;
    mode.oflag = oflag;
    mode.lflag = lflag;
    ldisc_set_mode(&ld, &mode);
}

static void begin(void)
{
    ldisc_init(&ld);
}

/* Changes single bits of the mode. */
static void with(uint32_t iflag, uint32_t lflag)
{
    struct ldisc_mode mode = ld.mode;

    mode.iflag |= iflag;
    mode.lflag |= lflag;
    ldisc_set_mode(&ld, &mode);
}

static void without(uint32_t iflag, uint32_t lflag)
{
    struct ldisc_mode mode = ld.mode;

    mode.iflag &= ~iflag;
    mode.lflag &= ~lflag;
    ldisc_set_mode(&ld, &mode);
}

static void set_cc(enum tty_cc which, uint8_t c)
{
    struct ldisc_mode mode = ld.mode;

    mode.cc[which] = c;
    ldisc_set_mode(&ld, &mode);
}

static size_t type(const char *text)
{
    return ldisc_input(&ld, (const uint8_t *)text, strlen(text));
}

/* Types one byte at a time, as a person does. */
static void keys(const char *text)
{
    for (; *text; text++)
        ldisc_input(&ld, (const uint8_t *)text, 1);
}

static size_t print(const char *text)
{
    return ldisc_write(&ld, (const uint8_t *)text, strlen(text));
}

/* What has been shown since the last time. */
static const char *shown(void)
{
    const uint8_t *bytes;
    size_t n, total = 0;

    while ((n = ldisc_output(&ld, &bytes)) != 0 && total + n < sizeof got) {
        memcpy(got + total, bytes, n);
        total += n;
        ldisc_output_done(&ld, n);
    }
    got[total] = 0;
    return got;
}

static bool shows(const char *text)
{
    if (strcmp(shown(), text) == 0)
        return true;
    printf("# shown: ");
    for (const char *c = got; *c; c++)
        printf((uint8_t)*c < 32 || (uint8_t)*c > 126 ? "\\x%02x" : "%c", (uint8_t)*c);
    printf("\n");
    return false;
}

static bool reads_n(const char *text, size_t room)
{
    static uint8_t buffer[2 * LDISC_IN_SIZE];
    long n = ldisc_read(&ld, buffer, room);

    if (n == (long)strlen(text) && memcmp(buffer, text, strlen(text)) == 0)
        return true;
    printf("# read %ld: %.*s\n", n, n > 0 ? (int)n : 0, (char *)buffer);
    return false;
}

static bool reads(const char *text)
{
    return reads_n(text, 2 * LDISC_IN_SIZE);
}

static bool blocks(void)
{
    uint8_t c;

    return !ldisc_readable(&ld) && ldisc_read(&ld, &c, 1) == LDISC_WOULD_BLOCK;
}

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
