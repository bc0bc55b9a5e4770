/*
 * The manifest.
 *
 * In:   manifest_parse(), once, from main.c; manifest_find().
 */
#include "manifest.h"

#include <jg/rt/format.h>
#include <jg/rt/string.h>
#include <jg/thread.h>

#include "text.h"

static bool begin(struct manifest *m, struct text *line, bool personality)
{
    struct manifest_server *s = &m->server[m->count];
    struct text name;

    if (m->count == MANIFEST_SERVERS_MAX || !text_word(line, &name) ||
        !text_copy(&name, s->name, sizeof s->name))
        return false;
    rt_format(s->binary, sizeof s->binary, "bin/%s", s->name);
    s->personality = personality;
    s->priority = JG_PRIORITY_SERVER;
    m->count++;
    return true;
}

static bool grant(struct manifest_server *s, struct text *line, uint32_t kind, bool range)
{
    struct manifest_grant *g = &s->grant[s->grant_count];
    struct text name, base, size;

    if (s->grant_count == MANIFEST_GRANTS_MAX || !text_word(line, &name) ||
        !text_copy(&name, g->name, sizeof g->name))
        return false;
    if (range && (!text_word(line, &base) || !text_number(&base, &g->base) ||
                  !text_word(line, &size) || !text_number(&size, &g->size)))
        return false;
    g->kind = kind;
    s->grant_count++;
    return true;
}

static bool priority(struct manifest_server *s, const struct text *word)
{
    if (text_is(word, "server"))
        s->priority = JG_PRIORITY_SERVER;
    else if (text_is(word, "driver"))
        s->priority = JG_PRIORITY_DRIVER;
    else
        return false;
    return true;
}

static bool property(struct manifest_server *s, const struct text *key, struct text *line)
{
    struct text word;

    if (text_is(key, "ports"))
        return grant(s, line, JG_RESOURCE_PORTS, true);
    if (text_is(key, "memory"))
        return grant(s, line, JG_RESOURCE_MEMORY, true);
    if (text_is(key, "irq"))
        return grant(s, line, JG_RESOURCE_IRQ, true);
    if (text_is(key, "dma"))
        return grant(s, line, JG_RESOURCE_DMA, false);
    if (text_is(key, "log"))
        return grant(s, line, JG_RESOURCE_LOG, false);
    if (text_is(key, "level"))
        return s->level = s->personality;
    if (!text_word(line, &word))
        return false;
    if (text_is(key, "binary"))
        return text_copy(&word, s->binary, sizeof s->binary);
    if (text_is(key, "first"))
        return text_copy(&word, s->first, sizeof s->first);
    if (text_is(key, "reserve"))
        return text_number(&word, &s->reserve);
    return text_is(key, "priority") && priority(s, &word);
}

static bool parse_line(struct manifest *m, struct text line)
{
    struct text key, extra;
    bool good;

    if (!text_word(&line, &key))
        return true;
    if (text_is(&key, "server"))
        good = begin(m, &line, false);
    else if (text_is(&key, "personality"))
        good = begin(m, &line, true);
    else
        good = m->count && property(&m->server[m->count - 1], &key, &line);
    return good && !text_word(&line, &extra);
}

bool manifest_parse(struct manifest *m, const char *text, size_t size)
{
    struct text rest = {text, text + size}, line;

    memset(m, 0, sizeof *m);
    for (unsigned number = 1; text_line(&rest, &line); number++) {
        if (!parse_line(m, line)) {
            rt_format(m->problem, sizeof m->problem, "line %u makes no sense", number);
            return false;
        }
    }
    return true;
}

const struct manifest_server *manifest_find(const struct manifest *m, const char *name,
                                            bool personality)
{
    for (uint32_t i = 0; i < m->count; i++)
        if (m->server[i].personality == personality && !strcmp(m->server[i].name, name))
            return &m->server[i];
    return NULL;
}
