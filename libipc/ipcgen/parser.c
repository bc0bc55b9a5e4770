/*
 * Tokens to the model. The grammar is in docs/ipc.md; each function here is one of its rules.
 *
 * In:    idl_parse().
 * Life:  one parser for one file. After an error it skips to the end of the statement or member and
 *        goes on, so that one run reports every statement that is wrong; it reports one error in
 * each.
 */
#include <string.h>

#include "lexer.h"

struct parser {
    struct lexer lexer;
    struct token token; /* the next one */
    const char *after;  /* the doc that followed the last one taken */
    struct arena *arena;
    struct diag *diag;
};

static void take(struct parser *p)
{
    p->after = p->token.after;
    p->token = lexer_next(&p->lexer);
}

static bool at_char(const struct parser *p, char c)
{
    return p->token.kind == TOKEN_CHAR && p->token.c == c;
}

static bool at_name(const struct parser *p, const char *name)
{
    return p->token.kind == TOKEN_NAME && strcmp(p->token.text, name) == 0;
}

static bool accept(struct parser *p, char c)
{
    if (!at_char(p, c))
        return false;
    take(p);
    return true;
}

/* Says what was expected and what stands there instead. Returns false, for the rules to pass on. */
static bool unexpected(struct parser *p, const char *wanted)
{
    const struct token *t = &p->token;

    if (t->kind == TOKEN_END)
        diag_error(p->diag, t->pos, "expected %s before the end of the file", wanted);
    else if (t->kind == TOKEN_NAME)
        diag_error(p->diag, t->pos, "expected %s instead of `%.60s`", wanted, t->text);
    else if (t->kind == TOKEN_CHAR)
        diag_error(p->diag, t->pos, "expected %s instead of `%c`", wanted, t->c);
    else
        diag_error(p->diag, t->pos, "expected %s", wanted);
    return false;
}

static bool expect(struct parser *p, char c)
{
    char wanted[] = {'`', c, '`', 0};

    return accept(p, c) || unexpected(p, wanted);
}

static bool expect_word(struct parser *p, const char *word)
{
    if (!at_name(p, word))
        return unexpected(p, arena_format(p->arena, "`%s`", word));
    take(p);
    return true;
}

static bool expect_name(struct parser *p, const char *what, const char **name, struct pos *pos)
{
    if (p->token.kind != TOKEN_NAME)
        return unexpected(p, what);
    *name = p->token.text;
    *pos = p->token.pos;
    take(p);
    return true;
}

static bool parse_value(struct parser *p, struct value *v)
{
    v->pos = p->token.pos;
    v->given = true;
    v->negative = accept(p, '-');
    if (p->token.kind == TOKEN_NUMBER)
        v->number = p->token.number;
    else if (p->token.kind == TOKEN_NAME && !v->negative)
        v->name = p->token.text;
    else
        return unexpected(p, v->negative ? "a number" : "a number or the name of a constant");
    take(p);
    return true;
}

/* Skips to behind the next `;`, or behind a `}` that closes as much as was opened. */
static void skip_statement(struct parser *p)
{
    unsigned depth = 0;

    while (p->token.kind != TOKEN_END) {
        if (at_char(p, '{'))
            depth++;
        if (at_char(p, '}') && depth <= 1) {
            take(p);
            return;
        }
        if (at_char(p, '}'))
            depth--;
        if (at_char(p, ';') && depth == 0) {
            take(p);
            return;
        }
        take(p);
    }
}

/* Skips to the separator of members, which is taken, or to the brace, which is not. */
static void skip_member(struct parser *p, char separator)
{
    while (p->token.kind != TOKEN_END && !at_char(p, '}') && !at_char(p, separator))
        take(p);
    accept(p, separator);
}

static void add_member(struct member ***tail, struct member *m)
{
    **tail = m;
    *tail = &m->next;
}

static const char *join_doc(struct parser *p, const char *above, const char *after)
{
    if (above && after)
        return arena_format(p->arena, "%s\n%s", above, after);
    return above ? above : after;
}

static bool parse_item(struct parser *p, struct member *m)
{
    m->doc = p->token.doc;
    if (!expect_name(p, "a name", &m->name, &m->pos) || !expect(p, '=') ||
        !parse_value(p, &m->value))
        return false;
    m->doc = join_doc(p, m->doc, p->after);
    if (at_char(p, '}'))
        return true;
    if (!expect(p, ','))
        return false;
    m->doc = join_doc(p, m->doc, p->after);
    return true;
}

static bool parse_field(struct parser *p, struct member *m)
{
    m->doc = p->token.doc;
    if (!expect_name(p, "a type", &m->type_name, &m->type_pos) ||
        !expect_name(p, "a name", &m->name, &m->pos))
        return false;
    if (accept(p, '[') && (!parse_value(p, &m->value) || !expect(p, ']')))
        return false;
    if (!expect(p, ';'))
        return false;
    m->doc = join_doc(p, m->doc, p->after);
    return true;
}

/* The part in braces of enum, flags and struct. A member with an error is left out. */
static bool parse_members(struct parser *p, struct decl *d)
{
    struct member **tail = &d->members;
    bool fields = d->kind == DECL_STRUCT;

    if (!expect(p, '{'))
        return false;
    while (p->token.kind != TOKEN_END && !at_char(p, '}')) {
        struct member *m = arena_alloc(p->arena, sizeof *m);

        if (fields ? parse_field(p, m) : parse_item(p, m)) {
            add_member(&tail, m);
        } else {
            d->broken = true;
            skip_member(p, fields ? ';' : ',');
        }
    }
    if (!expect(p, '}')) {
        d->broken = true;
        return true; /* the end of the file: nothing to skip */
    }
    accept(p, ';');
    return true;
}

static bool parse_rights(struct parser *p, struct param *param)
{
    struct right **tail = &param->rights;

    do {
        struct right *right = arena_alloc(p->arena, sizeof *right);

        if (!expect_name(p, "a right", &right->name, &right->pos))
            return false;
        *tail = right;
        tail = &right->next;
    } while (accept(p, '|'));
    return true;
}

/* What stands between `<` and `>` after string, bytes, window, array and handle. */
static bool parse_type_arguments(struct parser *p, struct param *param)
{
    if (!expect(p, '<'))
        return false;
    if (param->kind == PARAM_HANDLE) {
        if (!expect_name(p, "an object type", &param->type_name, &param->type_pos))
            return false;
        if (accept(p, ',') && !parse_rights(p, param))
            return false;
        return expect(p, '>');
    }
    if (param->kind == PARAM_ARRAY &&
        (!expect_name(p, "a type", &param->type_name, &param->type_pos) || !expect(p, ',')))
        return false;
    return parse_value(p, &param->bound) && expect(p, '>');
}

static enum param_kind param_kind_of(const char *type)
{
    if (strcmp(type, "string") == 0)
        return PARAM_STRING;
    if (strcmp(type, "bytes") == 0)
        return PARAM_BYTES;
    if (strcmp(type, "array") == 0)
        return PARAM_ARRAY;
    if (strcmp(type, "window") == 0)
        return PARAM_WINDOW;
    return strcmp(type, "handle") == 0 ? PARAM_HANDLE : PARAM_VALUE;
}

static bool parse_params(struct parser *p, struct side *side)
{
    struct param **tail = &side->params;

    if (!expect(p, '('))
        return false;
    if (accept(p, ')'))
        return true;
    do {
        struct param *param = arena_alloc(p->arena, sizeof *param);

        if (!expect_name(p, "a type", &param->type_name, &param->type_pos))
            return false;
        param->kind = param_kind_of(param->type_name);
        if (param->kind != PARAM_VALUE && !parse_type_arguments(p, param))
            return false;
        if (!expect_name(p, "a name", &param->name, &param->pos))
            return false;
        *tail = param;
        tail = &param->next;
    } while (accept(p, ','));
    return expect(p, ')');
}

static bool parse_method(struct parser *p, struct decl *d)
{
    d->kind = DECL_METHOD;
    if (!parse_value(p, &d->value) || !expect(p, ':') || !expect_word(p, "method") ||
        !expect_name(p, "a name", &d->name, &d->pos) || !parse_params(p, &d->in))
        return false;
    if (p->token.kind != TOKEN_ARROW)
        return unexpected(p, "`->`");
    take(p);
    return parse_params(p, &d->out) && expect(p, ';');
}

static bool parse_const(struct parser *p, struct decl *d)
{
    d->kind = DECL_CONST;
    return expect_name(p, "a name", &d->name, &d->pos) && expect(p, '=') &&
           parse_value(p, &d->value) && expect(p, ';');
}

static bool parse_event(struct parser *p, struct decl *d)
{
    d->kind = DECL_EVENT;
    if (!expect_name(p, "a name", &d->name, &d->pos))
        return false;
    if (accept(p, '[') && (!parse_value(p, &d->count) || !expect(p, ']')))
        return false;
    return expect(p, '=') && parse_value(p, &d->value) && expect(p, ';');
}

static bool parse_enum(struct parser *p, struct decl *d, enum decl_kind kind)
{
    d->kind = kind;
    return expect_name(p, "a name", &d->name, &d->pos) && expect(p, ':') &&
           expect_name(p, "an integer type", &d->base_name, &d->base_pos) && parse_members(p, d);
}

static bool parse_struct(struct parser *p, struct decl *d)
{
    d->kind = DECL_STRUCT;
    return expect_name(p, "a name", &d->name, &d->pos) && parse_members(p, d);
}

static bool parse_decl(struct parser *p, struct decl *d)
{
    static const char wanted[] = "const, enum, flags, struct, event or a method's number";

    if (p->token.kind == TOKEN_NUMBER)
        return parse_method(p, d);
    if (at_name(p, "const"))
        return take(p), parse_const(p, d);
    if (at_name(p, "enum"))
        return take(p), parse_enum(p, d, DECL_ENUM);
    if (at_name(p, "flags"))
        return take(p), parse_enum(p, d, DECL_FLAGS);
    if (at_name(p, "struct"))
        return take(p), parse_struct(p, d);
    if (at_name(p, "event"))
        return take(p), parse_event(p, d);
    return unexpected(p, wanted);
}

static void parse_interface(struct parser *p, struct idl *idl)
{
    idl->doc = p->token.doc;
    idl->name = "";
    idl->pos = p->token.pos;
    if (expect_word(p, "interface") &&
        expect_name(p, "the interface's name", &idl->name, &idl->pos) &&
        expect_word(p, "version") && parse_value(p, &idl->version) && expect(p, ';'))
        return;
    skip_statement(p);
}

struct idl *idl_parse(struct arena *a, const char *path, const char *text, size_t len,
                      struct diag *d)
{
    struct parser p = {.arena = a, .diag = d};
    struct idl *idl = arena_alloc(a, sizeof *idl);
    struct decl **tail = &idl->decls;

    idl->arena = a;
    idl->path = path;
    lexer_init(&p.lexer, a, text, len, d);
    take(&p);
    parse_interface(&p, idl);
    while (p.token.kind != TOKEN_END) {
        struct decl *decl = arena_alloc(a, sizeof *decl);

        decl->doc = p.token.doc;
        if (!parse_decl(&p, decl)) {
            decl->broken = true;
            skip_statement(&p);
        }
        if (!decl->name)
            continue;
        *tail = decl;
        tail = &decl->next;
    }
    return idl;
}
