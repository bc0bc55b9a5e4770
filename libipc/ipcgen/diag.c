/*
 * Messages: collected while the file is read and checked, printed together.
 *
 * In:    diag_error() from lexer, parser and checks; diag_print() once, from main.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "idl.h"

#define SOURCE_SHOWN 160

struct diag_line {
    struct diag_line *next;
    struct pos pos;
    unsigned order;
    char message[240];
};

void diag_error(struct diag *d, struct pos pos, const char *format, ...)
{
    struct diag_line *line = arena_alloc(d->arena, sizeof *line);
    va_list args;

    va_start(args, format);
    vsnprintf(line->message, sizeof line->message, format, args);
    va_end(args);
    line->pos = pos;
    line->order = d->count++;
    line->next = d->lines;
    d->lines = line;
}

static int by_position(const void *a, const void *b)
{
    const struct diag_line *x = *(struct diag_line *const *)a;
    const struct diag_line *y = *(struct diag_line *const *)b;

    if (x->pos.line != y->pos.line)
        return x->pos.line < y->pos.line ? -1 : 1;
    if (x->pos.column != y->pos.column)
        return x->pos.column < y->pos.column ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static const char *find_line(const struct diag *d, uint32_t wanted, const char **end)
{
    const char *at = d->text;
    const char *stop = d->text + d->len;

    for (uint32_t line = 1; line < wanted && at < stop; line++) {
        const char *newline = memchr(at, '\n', (size_t)(stop - at));

        at = newline ? newline + 1 : stop;
    }
    *end = at < stop ? memchr(at, '\n', (size_t)(stop - at)) : at;
    if (!*end)
        *end = stop;
    return at;
}

static void print_source(const struct diag *d, struct pos pos)
{
    const char *end;
    const char *line = find_line(d, pos.line, &end);
    size_t len = (size_t)(end - line);

    if (len > SOURCE_SHOWN)
        len = SOURCE_SHOWN;
    fprintf(stderr, "    ");
    for (size_t i = 0; i < len; i++)
        fputc((unsigned char)line[i] < ' ' && line[i] != '\t' ? '?' : line[i], stderr);
    if (pos.column <= len + 1) {
        fprintf(stderr, "\n    ");
        for (size_t i = 0; i + 1 < pos.column; i++)
            fputc(line[i] == '\t' ? '\t' : ' ', stderr);
        fputc('^', stderr);
    }
    fputc('\n', stderr);
}

void diag_print(const struct diag *d)
{
    struct diag_line **sorted = calloc(d->count + 1, sizeof(struct diag_line *));
    unsigned n = 0;

    if (!sorted)
        return;
    for (struct diag_line *line = d->lines; line; line = line->next)
        sorted[n++] = line;
    qsort(sorted, n, sizeof(struct diag_line *), by_position);
    for (unsigned i = 0; i < n; i++) {
        fprintf(stderr, "%s:%u:%u: %s\n", d->path, sorted[i]->pos.line, sorted[i]->pos.column,
                sorted[i]->message);
        print_source(d, sorted[i]->pos);
    }
    free(sorted);
}
