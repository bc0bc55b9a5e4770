/*
 * Lines and words.
 *
 * In:   config.c and manifest.c. Nothing is allocated: results point into the text.
 */
#include "text.h"

#include <jg/rt/string.h>

bool text_line(struct text *rest, struct text *line)
{
    const char *end;

    if (rest->at == rest->end)
        return false;
    end = memchr(rest->at, '\n', (size_t)(rest->end - rest->at));
    line->at = rest->at;
    line->end = end ? end : rest->end;
    rest->at = end ? end + 1 : rest->end;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

bool text_word(struct text *line, struct text *word)
{
    while (line->at < line->end && is_blank(*line->at))
        line->at++;
    if (line->at == line->end || *line->at == '#')
        return false;
    word->at = line->at;
    while (line->at < line->end && !is_blank(*line->at))
        line->at++;
    word->end = line->at;
    return true;
}

bool text_is(const struct text *word, const char *s)
{
    size_t n = (size_t)(word->end - word->at);

    return strlen(s) == n && !memcmp(word->at, s, n);
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

bool text_number(const struct text *word, uint64_t *number)
{
    const char *at = word->at;
    bool hex = word->end - at > 2 && at[0] == '0' && at[1] == 'x';
    uint64_t base = hex ? 16 : 10;

    at += hex ? 2 : 0;
    if (at == word->end)
        return false;
    for (*number = 0; at < word->end; at++) {
        uint64_t d = (uint64_t)digit(*at);

        if (d >= base || *number > (UINT64_MAX - d) / base)
            return false;
        *number = *number * base + d;
    }
    return true;
}

bool text_copy(const struct text *word, char *buffer, size_t size)
{
    size_t n = (size_t)(word->end - word->at);

    if (n >= size)
        return false;
    memcpy(buffer, word->at, n);
    buffer[n] = 0;
    return true;
}
