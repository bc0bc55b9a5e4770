/* Text to tokens. See lexer.h. */
#include "lexer.h"

#include <string.h>

void lexer_init(struct lexer *l, struct arena *a, const char *text, size_t len, struct diag *d)
{
    *l = (struct lexer){
        .arena = a, .diag = d, .at = text, .end = text + len, .line_start = text, .line = 1};
}

static struct pos here(const struct lexer *l)
{
    return (struct pos){l->line, (uint32_t)(l->at - l->line_start) + 1};
}

static bool looking_at(const struct lexer *l, const char *what)
{
    size_t len = strlen(what);

    return (size_t)(l->end - l->at) >= len && memcmp(l->at, what, len) == 0;
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Moves to the end of the line and returns what stood there, without blanks around it. */
static const char *rest_of_line(struct lexer *l)
{
    const char *from = l->at;
    const char *to;

    while (l->at < l->end && *l->at != '\n')
        l->at++;
    to = l->at;
    while (from < to && *from == ' ')
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\r'))
        to--;
    return arena_text(l->arena, from, (size_t)(to - from));
}

/* Skips blanks on the line. */
static void skip_blanks(struct lexer *l)
{
    while (l->at < l->end && (*l->at == ' ' || *l->at == '\t' || *l->at == '\r'))
        l->at++;
}

/* Skips blanks, new lines and comments; returns the doc lines of the last block that it met. */
static const char *skip_space(struct lexer *l)
{
    const char *doc = NULL;

    for (;;) {
        skip_blanks(l);
        if (l->at < l->end && *l->at == '\n') {
            l->at++;
            l->line++;
            l->line_start = l->at;
        } else if (looking_at(l, "///")) {
            const char *line;

            l->at += 3;
            line = rest_of_line(l);
            doc = doc ? arena_format(l->arena, "%s\n%s", doc, line) : line;
        } else if (looking_at(l, "//")) {
            rest_of_line(l);
        } else {
            return doc;
        }
    }
}

static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 255;
}

static void read_number(struct lexer *l, struct token *t)
{
    unsigned base = 10;
    bool bad = false;
    bool large = false;
    bool any = false;

    if (looking_at(l, "0x")) {
        base = 16;
        l->at += 2;
    }
    for (; l->at < l->end && is_name(*l->at); l->at++) {
        unsigned digit = digit_value(*l->at);

        if (digit >= base) {
            bad = true;
            continue;
        }
        any = true;
        large |= t->number > (UINT64_MAX - digit) / base;
        t->number = t->number * base + digit;
    }
    if (bad || !any)
        diag_error(l->diag, t->pos, "malformed number");
    else if (large)
        diag_error(l->diag, t->pos, "number does not fit in 64 bits");
}

struct token lexer_next(struct lexer *l)
{
    struct token t = {.kind = TOKEN_END};

    for (;;) {
        t.doc = skip_space(l);
        t.pos = here(l);
        if (l->at == l->end)
            return t;
        if (*l->at && strchr(";:,={}()<>[]|-", *l->at))
            break;
        if (is_name(*l->at))
            break;
        diag_error(l->diag, t.pos, "unexpected character");
        while (l->at < l->end && !is_name(*l->at) && *l->at != '\n' && *l->at != ' ' &&
               !(*l->at && strchr(";:,={}()<>[]|-/", *l->at)))
            l->at++;
        if (here(l).column == t.pos.column)
            l->at++;
    }
    if (looking_at(l, "->")) {
        t.kind = TOKEN_ARROW;
        l->at += 2;
    } else if (*l->at >= '0' && *l->at <= '9') {
        t.kind = TOKEN_NUMBER;
        read_number(l, &t);
    } else if (is_name(*l->at)) {
        const char *from = l->at;

        t.kind = TOKEN_NAME;
        while (l->at < l->end && is_name(*l->at))
            l->at++;
        t.text = arena_text(l->arena, from, (size_t)(l->at - from));
    } else {
        t.kind = TOKEN_CHAR;
        t.c = *l->at++;
    }
    skip_blanks(l);
    if (looking_at(l, "///")) {
        l->at += 3;
        t.after = rest_of_line(l);
    }
    return t;
}
