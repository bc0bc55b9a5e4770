/*
 * Lines and words of the small text files in the boot image.
 */
#pragma once

#include <jg/types.h>

/* What is left of a text. */
struct text {
    const char *at, *end;
};

/* Takes the next line, without its newline. Returns false at the end of the text. */
bool text_line(struct text *rest, struct text *line);

/* Takes the next word of a line; '#' begins a comment. Returns false when there is none. */
bool text_word(struct text *line, struct text *word);

/* Tells whether `word` is exactly `s`. */
bool text_is(const struct text *word, const char *s);

/* Reads a number, decimal or after 0x hexadecimal. Returns false when it is none or too large. */
bool text_number(const struct text *word, uint64_t *number);

/* Copies a word into `buffer`, with a zero behind it. Returns false when it does not fit. */
bool text_copy(const struct text *word, char *buffer, size_t size);
