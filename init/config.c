/*
 * The run's configuration.
 *
 * In:   config_parse(), once, from main.c.
 * Life: decoded strings are never longer than their lines, so a store of the text's size holds
 *       them.
 */
#include "config.h"

#include <jg/rt/format.h>
#include <jg/rt/string.h>

#include "text.h"

struct parser {
    struct config *config;
    char *store; /* where the next string goes */
};

static bool wrong(struct config *c, const struct text *line)
{
    int n = (int)(line->end - line->at);

    rt_format(c->problem, sizeof c->problem, "the line \"%.*s\" makes no sense", n < 60 ? n : 60,
              line->at);
    return false;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes %XX into the store. Returns NULL when the text is malformed or holds a zero byte. */
static const char *keep(struct parser *p, const struct text *value)
{
    char *out = p->store;

    for (const char *at = value->at; at < value->end; at++) {
        int c = (unsigned char)*at;

        if (c == '%') {
            if (value->end - at < 3 || hex(at[1]) < 0 || hex(at[2]) < 0)
                return NULL;
            c = hex(at[1]) * 16 + hex(at[2]);
            at += 2;
        }
        if (!c)
            return NULL;
        *p->store++ = (char)c;
    }
    *p->store++ = 0;
    return out;
}

static bool append(struct parser *p, const struct text *value, const char **strings,
                   uint32_t *count)
{
    if (*count == CONFIG_STRINGS_MAX)
        return false;
    strings[*count] = keep(p, value);
    return strings[(*count)++] != NULL;
}

static bool stdio_of(const struct text *value, enum config_stdio *stdio)
{
    if (text_is(value, "tty"))
        *stdio = CONFIG_TTY;
    else if (text_is(value, "stream"))
        *stdio = CONFIG_STREAM;
    else if (text_is(value, "null"))
        *stdio = CONFIG_NULL;
    else
        return false;
    return true;
}

static bool size_of(struct text *values, struct config *c)
{
    struct text rows, columns;
    uint64_t r, n;

    if (!text_word(values, &rows) || !text_word(values, &columns) || !text_number(&rows, &r) ||
        !text_number(&columns, &n) || r > UINT16_MAX || n > UINT16_MAX)
        return false;
    c->rows = (uint16_t)r;
    c->columns = (uint16_t)n;
    return true;
}

static bool add_option(struct config *c, const struct text *value)
{
    return c->option_count < CONFIG_OPTIONS_MAX &&
           text_copy(value, c->option[c->option_count++], CONFIG_OPTION_MAX);
}

static bool set(struct parser *p, const struct text *key, struct text value)
{
    struct config *c = p->config;

    if (text_is(key, "personality"))
        return text_copy(&value, c->personality, sizeof c->personality);
    if (text_is(key, "arg"))
        return append(p, &value, c->arg, &c->argc);
    if (text_is(key, "env"))
        return append(p, &value, c->env, &c->envc);
    if (text_is(key, "levels"))
        return (c->levels = keep(p, &value)) != NULL;
    if (text_is(key, "cwd"))
        return (c->cwd = keep(p, &value)) != NULL;
    if (text_is(key, "stdin"))
        return stdio_of(&value, &c->stdio[0]);
    if (text_is(key, "stdout"))
        return stdio_of(&value, &c->stdio[1]);
    if (text_is(key, "stderr"))
        return stdio_of(&value, &c->stdio[2]);
    if (text_is(key, "kernel"))
        return add_option(c, &value);
    if (text_is(key, "winsize"))
        return size_of(&value, c);
    return true;
}

bool config_parse(struct config *config, const char *text, size_t size, char *store)
{
    struct parser p = {config, store};
    struct text rest = {text, text + size}, line;

    memset(config, 0, sizeof *config);
    memcpy(config->personality, "linux", sizeof "linux");
    config->cwd = "/";
    for (unsigned i = 0; i < 3; i++)
        config->stdio[i] = CONFIG_NULL;
    while (text_line(&rest, &line)) {
        const char *space = memchr(line.at, ' ', (size_t)(line.end - line.at));
        struct text key = {line.at, space ? space : line.end};
        struct text value = {space ? space + 1 : line.end, line.end};

        if (!set(&p, &key, value))
            return wrong(config, &line);
    }
    return true;
}
