/*
 * trace: what its files share.
 */
#pragma once

#include "linux.h"
#include "overlay.h"

#define LINE_MAX   2048u
#define STRING_MAX 32u /* of a string so much is shown, as strace does */

/* A growing text of at most LINE_MAX bytes; what does not fit is lost. */
struct line {
    size_t used;
    char text[LINE_MAX];
};

/* Adds formatted text (jg/rt/format.h). */
void line_add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One traced thread. */
struct traced {
    struct overlay_thread thread; /* first */
    unsigned shown;               /* arguments of the call under way that are in `line` */
    bool open;                    /* `line` is not finished */
    bool cut;                     /* its beginning was printed, as unfinished */
    bool comma;                   /* the comma before the next argument is there */
    int code;                     /* what it exited with, or -1 */
    struct line line;
};

/* Adds argument `i` of the call. `result` is NULL before the call is made. False: only the result tells it. */
bool args_add(struct traced *t, const struct linux_call *c, unsigned i, const int64_t *result);

/* Adds " = RESULT". */
void args_add_result(struct line *line, const struct linux_call *c, int64_t result);

/* Names and flags (names.c). */
void add_signal(struct line *line, uint64_t number);
void add_flags(struct line *line, char kind, uint64_t value);

/* If the thread is at the start of a handler: the signal's line. False: it is not. */
bool signal_add(struct traced *t, struct line *line);
