/*
 * Turns .idl text into tokens, with the doc comments around them.
 *
 * In:    lexer_next() from the parser, one token at a time.
 * Life:  owned by one idl_parse(); reports characters and numbers that make no token, and goes on.
 */
#pragma once

#include "idl.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_NUMBER,
    TOKEN_ARROW, /* -> */
    TOKEN_CHAR,  /* one of ; : , = { } ( ) < > [ ] | - */
};

struct token {
    enum token_kind kind;
    char c; /* TOKEN_CHAR */
    struct pos pos;
    const char *text; /* TOKEN_NAME, zero-terminated, from the arena */
    uint64_t number;
    const char *doc;   /* the `///` lines above it, joined by newlines, or NULL */
    const char *after; /* the `///` that follows it on its own line, or NULL */
};

struct lexer {
    struct arena *arena;
    struct diag *diag;
    const char *at;
    const char *end;
    const char *line_start;
    uint32_t line;
};

/* Begins at the start of `text`, which must outlive the lexer, as must `a` and `d`. */
void lexer_init(struct lexer *l, struct arena *a, const char *text, size_t len, struct diag *d);

/* Returns the next token. After the last one it returns TOKEN_END for ever. */
struct token lexer_next(struct lexer *l);
