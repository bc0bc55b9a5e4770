/*
 * Line discipline: VERASE, VWERASE and VKILL. See ldisc.h.
 *
 * Only the line being typed can be erased: what lies between line_head and head.
 */
#include "ldisc_internal.h"

enum erase { ERASE_CHAR, ERASE_WORD, ERASE_LINE };

/* Finds where the last character begins; a UTF-8 one may have several bytes. */
static uint32_t last_character(const struct ldisc *ld)
{
    uint32_t at = ld->head;

    do {
        at--;
    } while (is_continuation(ld, in_at(ld, at)) && at != ld->line_head);
    return at;
}

/* The tab that was at head is gone: counts the columns before it, from the last tab or the line's begin. */
static void unshow_tab(struct ldisc *ld)
{
    unsigned columns = 0;

    for (uint32_t at = ld->head; at != ld->line_head;) {
        uint8_t c = in_at(ld, --at);

        if (c == '\t') {
            echo_erase_tab(ld, columns, true);
            return;
        }
        if (is_control(c))
            columns += lflag(ld, TTY_ECHOCTL) ? 2 : 0;
        else if (!is_continuation(ld, c))
            columns++;
    }
    echo_erase_tab(ld, columns, false);
}

static void unshow_columns(struct ldisc *ld, unsigned n)
{
    while (n--) {
        echo_raw(ld, '\b');
        echo_raw(ld, ' ');
        echo_raw(ld, '\b');
    }
}

/* Hard copy: erased characters are shown again, backwards, between \ and /. */
static void print_erased(struct ldisc *ld, uint32_t at, uint32_t bytes)
{
    if (!ld->erasing) {
        echo_raw(ld, '\\');
        ld->erasing = true;
    }
    echo_char(ld, in_at(ld, at));
    while (--bytes) {
        echo_raw(ld, in_at(ld, ++at));
        echo_column_back(ld);
    }
}

/* The character of `bytes` bytes at head is no longer part of the line. */
static void unshow(struct ldisc *ld, enum erase how, uint32_t bytes)
{
    uint8_t c = in_at(ld, ld->head);

    if (!lflag(ld, TTY_ECHO))
        return;
    if (lflag(ld, TTY_ECHOPRT))
        print_erased(ld, ld->head, bytes);
    else if (how == ERASE_CHAR && !lflag(ld, TTY_ECHOE))
        echo_char(ld, ld->mode.cc[TTY_VERASE]);
    else if (c == '\t')
        unshow_tab(ld);
    else if (is_control(c))
        unshow_columns(ld, lflag(ld, TTY_ECHOCTL) ? 2 : 0);
    else
        unshow_columns(ld, 1);
}

/* VKILL where it cannot be shown as erasing. */
static void kill_unseen(struct ldisc *ld)
{
    ld->head = ld->line_head;
    if (!lflag(ld, TTY_ECHO))
        return;
    echo_end_erasing(ld);
    echo_char(ld, ld->mode.cc[TTY_VKILL]);
    if (lflag(ld, TTY_ECHOK))
        echo_raw(ld, '\n');
}

static bool all_lflags(const struct ldisc *ld, uint32_t bits)
{
    return (ld->mode.lflag & bits) == bits;
}

void erase_typed(struct ldisc *ld, uint8_t typed)
{
    const uint8_t *cc = ld->mode.cc;
    enum erase how = typed == cc[TTY_VERASE]    ? ERASE_CHAR
                     : typed == cc[TTY_VWERASE] ? ERASE_WORD
                                                : ERASE_LINE;
    bool in_word = false;

    if (ld->head == ld->line_head)
        return;
    if (how == ERASE_LINE && !all_lflags(ld, TTY_ECHO | TTY_ECHOK | TTY_ECHOKE | TTY_ECHOE)) {
        kill_unseen(ld);
        return;
    }
    while (ld->head != ld->line_head) {
        uint32_t at = last_character(ld), bytes = ld->head - at;
        uint8_t c = in_at(ld, at);

        if (is_continuation(ld, c))
            break; /* only the rest of a character is here: not erased in part */
        if (how == ERASE_WORD) {
            if (is_word(c))
                in_word = true;
            else if (in_word)
                break;
        }
        ld->head = at;
        unshow(ld, how, bytes);
        if (how == ERASE_CHAR)
            break;
    }
    if (ld->head == ld->line_head && lflag(ld, TTY_ECHO))
        echo_end_erasing(ld);
}
