/* Canonical mode: lines, editing, echo. */
#include "pty.h"

/* A pty whose local flags are the usual ones with some changed. */
static struct pty with(tcflag_t clear, tcflag_t set)
{
    struct pty p = pty_open();

    pty_local(p.slave, clear, set);
    return p;
}

/* One line that is typed, with local flags changed: what is shown of it, what is read (NULL: it does not matter). */
static void line(tcflag_t clear, tcflag_t set, const char *typed, const char *shown,
                 const char *reads)
{
    struct pty p = with(clear, set);

    pty_type(&p, typed);
    if (shown)
        PTY_SHOWS(p.master, shown);
    if (reads)
        PTY_READS(p.slave, reads);
}

static void set_key(int fd, int which, int key)
{
    struct termios mode = pty_mode(fd);

    mode.c_cc[which] = (cc_t)key;
    CHECK_OK(tcsetattr(fd, TCSANOW, &mode));
}

TEST(terminal, the_first_mode)
{
    struct pty p = pty_open();
    struct termios m = pty_mode(p.slave);

    CHECK_EQ(m.c_iflag, ICRNL | IXON);
    CHECK_EQ(m.c_oflag, OPOST | ONLCR);
    CHECK_EQ(m.c_cflag, B38400 | CS8 | CREAD);
    CHECK_EQ(m.c_lflag, ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN);
    CHECK_EQ(m.c_cc[VMIN], 1);
    CHECK_EQ(m.c_cc[VTIME], 0);
    CHECK_EQ(m.c_cc[VERASE], 0177);
    CHECK_EQ(m.c_cc[VEOF], 4);
    CHECK_EQ(m.c_cc[VWERASE], 027);
}

TEST(terminal, nothing_is_read_before_the_line_ends)
{
    struct pty p = pty_open();

    pty_type(&p, "half");
    PTY_SHOWS(p.master, "half");
    PTY_SILENT(p.slave);
    pty_type(&p, "\n");
    PTY_READS(p.slave, "half\n");
}

TEST(terminal, a_read_gives_one_line_or_less)
{
    struct pty p = pty_open();
    char got[4];

    pty_type(&p, "one\ntwo\n");
    PTY_READS(p.slave, "one\n");
    CHECK_EQ(read(p.slave, got, 2), 2);
    CHECK_MEM(got, "tw", 2);
    PTY_READS(p.slave, "o\n");
}

TEST(terminal, erase_takes_back_a_character)
{
    line(0, 0, "abX\177c\n", "abX\b \bc\r\n", "abc\n");
}

TEST(terminal, erase_stops_at_the_lines_begin)
{
    line(0, 0, "a\177\177\177b\n", "a\b \bb\r\n", "b\n");
}

TEST(terminal, erase_of_a_control_character_takes_both_columns)
{
    line(0, 0, "\001\177\n", "^A\b \b\b \b\r\n", "\n");
}

TEST(terminal, erase_of_a_tab_goes_back_to_where_it_began)
{
    line(0, 0, "ab\t\177c\n", "ab\t\b\b\b\b\b\bc\r\n", "abc\n");
}

TEST(terminal, word_erase_takes_a_word)
{
    line(0, 0, "one two\027three\n", "one two\b \b\b \b\b \bthree\r\n", "one three\n");
}

TEST(terminal, word_erase_needs_iexten)
{
    line(IEXTEN, 0, "a\027\n", NULL, "a\027\n");
}

TEST(terminal, kill_erases_the_line)
{
    line(0, 0, "abc\025d\n", "abc\b \b\b \b\b \bd\r\n", "d\n");
}

TEST(terminal, kill_without_echoke_goes_to_a_new_line)
{
    line(ECHOKE, 0, "abc\025d\n", "abc^U\r\nd\r\n", "d\n");
}

TEST(terminal, echoprt_shows_what_is_erased_backwards)
{
    line(0, ECHOPRT, "abc\177\177d\n", "abc\\cb/d\r\n", "ad\n");
}

TEST(terminal, erase_without_echoe_is_shown_as_the_key)
{
    struct pty p = with(ECHOE, 0);

    set_key(p.slave, VERASE, '#');
    pty_type(&p, "ab#c\n");
    PTY_SHOWS(p.master, "ab#c\r\n");
    PTY_READS(p.slave, "ac\n");
}

TEST(terminal, reprint_shows_the_line_again)
{
    line(0, 0, "abc\022d\n", "abc^R\r\nabcd\r\n", "abcd\n");
}

TEST(terminal, literal_next_takes_a_keys_meaning)
{
    line(0, 0, "a\026\003b\026\004\n", "a^\b^Cb^\b^D\r\n", "a\003b\004\n");
}

TEST(terminal, end_of_file_gives_zero_bytes)
{
    struct pty p = pty_open();
    char c;

    pty_type(&p, "\004");
    CHECK(pty_comes(p.slave, 2000));
    CHECK_EQ(read(p.slave, &c, 1), 0);
    PTY_SILENT(p.slave);
    pty_type(&p, "abc\004");
    PTY_READS(p.slave, "abc");
    PTY_SILENT(p.slave);
}

TEST(terminal, end_of_file_is_not_shown)
{
    struct pty p = pty_open();

    pty_type(&p, "a\004");
    PTY_SHOWS(p.master, "a");
    PTY_SILENT(p.master);
}

TEST(terminal, end_of_file_behind_a_full_buffer_is_no_second_one)
{
    struct pty p = pty_open();
    char got[4];

    pty_type(&p, "abc\004");
    CHECK_EQ(read(p.slave, got, 3), 3);
    PTY_SILENT(p.slave);
}

TEST(terminal, other_keys_can_end_lines)
{
    struct pty p = pty_open();

    set_key(p.slave, VEOL, ';');
    set_key(p.slave, VEOL2, ',');
    pty_type(&p, "one;two,three\n");
    PTY_READS(p.slave, "one;");
    PTY_READS(p.slave, "two,");
    PTY_READS(p.slave, "three\n");
}

TEST(terminal, a_key_can_be_switched_off)
{
    struct pty p = pty_open();

    set_key(p.slave, VERASE, _POSIX_VDISABLE);
    pty_type(&p, "a\177\n");
    PTY_READS(p.slave, "a\177\n");
}

TEST(terminal, without_echo_nothing_is_shown)
{
    struct pty p = with(ECHO, 0);

    pty_type(&p, "secret\n");
    PTY_READS(p.slave, "secret\n");
    PTY_SILENT(p.master);
}

TEST(terminal, echonl_shows_newlines_even_without_echo)
{
    struct pty p = with(ECHO, ECHONL);

    pty_type(&p, "secret\n");
    PTY_SHOWS(p.master, "\r\n");
    PTY_READS(p.slave, "secret\n");
    PTY_SILENT(p.master);
}

TEST(terminal, without_echoctl_control_characters_are_shown_as_they_are)
{
    line(ECHOCTL, 0, "\001\n", "\001\r\n", NULL);
}

TEST(terminal, utf8_characters_are_erased_whole)
{
    struct pty p = pty_open();
    struct termios mode = pty_mode(p.slave);

    mode.c_iflag |= IUTF8;
    CHECK_OK(tcsetattr(p.slave, TCSANOW, &mode));
    pty_type(&p, "a\303\244\177b\n");
    PTY_SHOWS(p.master, "a\303\244\b \bb\r\n");
    PTY_READS(p.slave, "ab\n");
}

TEST(terminal, a_line_is_at_most_4096_bytes)
{
    struct pty p = with(ECHO, 0);
    char text[5001], got[8192];

    memset(text, 'x', 5000);
    text[5000] = '\n';
    CHECK_EQ(write(p.master, text, sizeof text), (ssize_t)sizeof text);
    CHECK(pty_comes(p.slave, 2000));
    CHECK_EQ(read(p.slave, got, sizeof got), 4096);
    CHECK_EQ(got[4094], 'x');
    CHECK_EQ(got[4095], '\n');
}

TEST(terminal, fionread_counts_whole_lines)
{
    struct pty p = pty_open();
    int n = -1;

    pty_type(&p, "part");
    PTY_SHOWS(p.master, "part");
    CHECK_OK(ioctl(p.slave, FIONREAD, &n));
    CHECK_EQ(n, 0);
    pty_type(&p, "ial\n\004");
    CHECK(pty_comes(p.slave, 2000));
    CHECK_OK(ioctl(p.slave, FIONREAD, &n));
    CHECK_EQ(n, 8);
    CHECK_OK(ioctl(p.slave, TIOCOUTQ, &n));
    CHECK_EQ(n, 0);
}

TEST(terminal, fionread_of_a_master)
{
    struct pty p = pty_open();
    int n = -1;

    CHECK_EQ(write(p.slave, "abc\n", 4), 4);
    CHECK(pty_comes(p.master, 2000));
    CHECK_OK(ioctl(p.master, FIONREAD, &n));
    CHECK_EQ(n, 5);
}

TEST(terminal, a_flush_forgets_lines)
{
    struct pty p = with(ECHO, 0);

    pty_type(&p, "gone\nhalf");
    CHECK(pty_comes(p.slave, 2000));
    CHECK_OK(tcflush(p.slave, TCIFLUSH));
    pty_type(&p, "kept\n");
    PTY_READS(p.slave, "kept\n");
    CHECK_ERR(tcflush(p.slave, 3), EINVAL);
}

/* Only what the master's own buffer has not taken yet would be forgotten. */
TEST(terminal, a_flush_of_output_leaves_the_master_what_it_has)
{
    struct pty p = pty_open();

    CHECK_EQ(write(p.slave, "one", 3), 3);
    CHECK(pty_comes(p.master, 2000));
    CHECK_OK(tcflush(p.slave, TCOFLUSH));
    CHECK_EQ(write(p.slave, "two", 3), 3);
    test_sleep_ms(20);
    PTY_READS(p.master, "onetwo");
}

TEST(terminal, attributes_can_flush_input)
{
    struct pty p = with(ECHO, 0);
    struct termios mode = pty_mode(p.slave);

    pty_type(&p, "gone\n");
    CHECK(pty_comes(p.slave, 2000));
    CHECK_OK(tcsetattr(p.slave, TCSAFLUSH, &mode));
    PTY_SILENT(p.slave);
    pty_type(&p, "kept\n");
    CHECK(pty_comes(p.slave, 2000));
    CHECK_OK(tcsetattr(p.slave, TCSADRAIN, &mode));
    PTY_READS(p.slave, "kept\n");
}

TEST(terminal, leaving_canonical_mode_frees_the_line)
{
    struct pty p = with(ECHO, 0);

    pty_type(&p, "half");
    test_sleep_ms(20);
    pty_local(p.slave, ICANON, 0);
    PTY_READS(p.slave, "half");
}

TEST(terminal, input_can_be_simulated)
{
    struct pty p = pty_open();

    CHECK_IN_CHILD({
        pty_login(&p);
        for (const char *c = "fake\n"; *c; c++)
            CHECK_OK(ioctl(p.slave, TIOCSTI, c));
        PTY_READS(p.slave, "fake\n");
    });
    PTY_SHOWS(p.master, "fake\r\n");
    CHECK_IN_CHILD({
        CHECK_OK(setuid(4000));
        CHECK_ERR(ioctl(p.slave, TIOCSTI, "x"), EPERM);
    });
}

TEST(terminal, output_is_processed_as_asked)
{
    static const struct {
        tcflag_t flags;
        const char *written, *shown;
    } cases[] = {
        {0, "a\n\r\tb", "a\n\r\tb"},
        {OPOST, "a\nb\r", "a\nb\r"},
        {OPOST | ONLCR, "a\nb", "a\r\nb"},
        {OPOST | OCRNL, "a\rb", "a\nb"},
        {OPOST | ONOCR, "\ra\r", "a\r"},
        {OPOST | ONLRET, "a\nb", "a\nb"},
        {OPOST | OLCUC, "aBc", "ABC"},
        {OPOST | TAB3, "a\tb\t", "a       b       "},
        {OPOST | TAB3, "abc\b\tb", "abc\b      b"},
    };
    struct pty p = pty_open();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct termios mode = pty_mode(p.slave);

        mode.c_oflag = OPOST | ONLCR;
        CHECK_OK(tcsetattr(p.slave, TCSANOW, &mode));
        CHECK_EQ(write(p.slave, "\n", 1), 1);
        PTY_SHOWS(p.master, "\r\n");
        mode.c_oflag = cases[i].flags;
        CHECK_OK(tcsetattr(p.slave, TCSANOW, &mode));
        CHECK_EQ(write(p.slave, cases[i].written, strlen(cases[i].written)),
                 (ssize_t)strlen(cases[i].written));
        PTY_SHOWS(p.master, cases[i].shown);
    }
}

TEST(terminal, input_is_translated_as_asked)
{
    static const struct {
        tcflag_t flags;
        const char *typed, *read;
    } cases[] = {
        {0, "a\rb\n", "a\rb\n"},
        {ICRNL, "a\r", "a\n"},
        {IGNCR, "a\rb\n", "ab\n"},
        {INLCR | ICRNL, "a\r", "a\n"},
        {ISTRIP, "\341\n", "a\n"},
        {IUCLC, "ABC\n", "abc\n"},
        {PARMRK, "a\377b\n", "a\377\377b\n"},
        {0, "a\377b\n", "a\377b\n"},
    };
    struct pty p = with(ECHO, 0);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct termios mode = pty_mode(p.slave);

        mode.c_iflag = cases[i].flags;
        CHECK_OK(tcsetattr(p.slave, TCSAFLUSH, &mode));
        pty_type(&p, cases[i].typed);
        PTY_READS(p.slave, cases[i].read);
    }
}
