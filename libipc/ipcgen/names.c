/*
 * Names: what a name may look like, and that no two declarations end in one C name.
 *
 * In:    names_check() from idl_check(), after types and methods are known.
 */
#include <ctype.h>
#include <string.h>

#include "idl.h"

/* C's keywords and what C headers and compilers define over them. */
static const char *const keywords[] = {
    "auto",     "bool",     "break",  "case",    "char",     "const",  "continue",
    "default",  "do",       "double", "else",    "enum",     "extern", "false",
    "float",    "for",      "goto",   "if",      "inline",   "int",    "long",
    "register", "restrict", "return", "short",   "signed",   "sizeof", "static",
    "struct",   "switch",   "true",   "typedef", "typeof",   "union",  "unsigned",
    "void",     "volatile", "while",  "asm",     "offsetof", "unix",   "linux",
};

/* What generated functions call their own variables. */
static const char *const locals[] = {
    "session", "call", "msg", "reply", "ext",  "in",     "out",     "used",
    "result",  "ops",  "got", "total", "send", "status", "context",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is_listed(const char *const *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

/* One C name and who made it. Tags, macros and functions are kept apart by their spelling. */
struct taken {
    struct taken *next;
    const char *c;
    struct pos pos;
};

struct names {
    struct idl *idl;
    struct diag *diag;
    struct taken *taken;
};

/* Returns false, and reports it, when the name was taken before. */
static bool claim(struct names *n, const char *c, struct pos pos)
{
    struct taken *t;

    for (t = n->taken; t; t = t->next) {
        if (strcmp(t->c, c) != 0)
            continue;
        if (t->pos.line == 0)
            diag_error(n->diag, pos, "the C name `%.80s` is made by every interface", c);
        else
            diag_error(n->diag, pos, "the C name `%.80s` is taken by line %u", c, t->pos.line);
        return false;
    }
    t = arena_alloc(n->idl->arena, sizeof *t);
    t->c = c;
    t->pos = pos;
    t->next = n->taken;
    n->taken = t;
    return true;
}

/* Lower case for types, methods, parameters; upper case for constants and items; no `__`, no `_` at
 * the ends. */
static void check_spelling(struct names *n, const char *name, struct pos pos, bool upper)
{
    size_t len = strlen(name);
    bool good = len > 0 && len <= 48 && isalpha((unsigned char)name[0]) && name[len - 1] != '_' &&
                !strstr(name, "__");

    for (size_t i = 0; i < len; i++)
        good &= upper ? !islower((unsigned char)name[i]) : !isupper((unsigned char)name[i]);
    if (!good)
        diag_error(n->diag, pos,
                   "`%.60s` is not a name in %s case (a letter, then letters, digits "
                   "and single underscores, at most 48)",
                   name, upper ? "upper" : "lower");
    else if (!upper && is_listed(keywords, COUNT(keywords), name))
        diag_error(n->diag, pos, "`%s` is a word of C", name);
}

static char *upper_case(struct arena *a, const char *name)
{
    char *to = arena_text(a, name, strlen(name));

    for (char *c = to; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return to;
}

/* A parameter and the names made of it; the first that is taken is reported. */
static void claim_param(struct names *local, const struct param *p)
{
    static const char *const forms[] = {"%s", "got_%s", "%s_len", "%s_size", "%s_count", "%s_max"};
    bool single = p->kind == PARAM_VALUE || p->kind == PARAM_HANDLE;
    struct arena *a = local->idl->arena;

    for (unsigned i = 0; i < (single ? 2 : COUNT(forms)); i++) {
        size_t before = (size_t)(strstr(forms[i], "%s") - forms[i]);
        const char *c =
            arena_format(a, "%.*s%s%s", (int)before, forms[i], p->name, forms[i] + before + 2);

        if (!claim(local, c, p->pos))
            return;
    }
}

static void check_params(struct names *n, const struct side *in, const struct side *out)
{
    struct names local = {.idl = n->idl, .diag = n->diag};
    const struct side *sides[] = {in, out};

    for (unsigned s = 0; s < 2; s++) {
        for (const struct param *p = sides[s]->params; p; p = p->next) {
            check_spelling(n, p->name, p->pos, false);
            if (is_listed(locals, COUNT(locals), p->name))
                diag_error(n->diag, p->pos, "generated code has its own `%s`", p->name);
            claim_param(&local, p);
        }
    }
}

static void check_members(struct names *n, const struct decl *d)
{
    struct names local = {.idl = n->idl, .diag = n->diag};
    struct arena *a = n->idl->arena;
    const char *upper = upper_case(a, d->name);

    for (struct member *m = d->members; m; m = m->next) {
        check_spelling(n, m->name, m->pos, d->kind != DECL_STRUCT);
        if (d->kind == DECL_STRUCT)
            claim(&local, m->name, m->pos);
        else
            claim(n, arena_format(a, "%s_%s_%s", n->idl->upper, upper, m->name), m->pos);
    }
}

static void check_decl(struct names *n, const struct decl *d)
{
    struct arena *a = n->idl->arena;
    const char *prefix = n->idl->name;
    const char *upper = upper_case(a, d->name);

    check_spelling(n, d->name, d->pos, d->kind == DECL_CONST);
    switch (d->kind) {
    case DECL_CONST:
        claim(n, arena_format(a, "%s_%s", n->idl->upper, d->name), d->pos);
        break;
    case DECL_EVENT:
        claim(n, arena_format(a, "%s_EVENT_%s", n->idl->upper, upper), d->pos);
        break;
    case DECL_ENUM:
    case DECL_FLAGS:
    case DECL_STRUCT:
        claim(n, arena_format(a, "struct %s_%s", prefix, d->name), d->pos);
        claim(n, arena_format(a, "%s_%s_valid", prefix, d->name), d->pos);
        check_members(n, d);
        break;
    case DECL_METHOD:
        claim(n, arena_format(a, "%s_%s", prefix, d->name), d->pos);
        claim(n, arena_format(a, "%s_METHOD_%s", n->idl->upper, upper), d->pos);
        claim(n, arena_format(a, "struct %s_%s_in", prefix, d->name), d->pos);
        claim(n, arena_format(a, "struct %s_%s_out", prefix, d->name), d->pos);
        check_params(n, &d->in, &d->out);
        break;
    }
}

void names_check(struct idl *idl, struct diag *d)
{
    static const char *const own[] = {"struct %s_ops",    "struct %s_call", "%s_dispatch",
                                      "%s_check_version", "%s_method",      "%s_error_name"};
    struct names n = {.idl = idl, .diag = d};
    struct arena *a = idl->arena;

    idl->upper = upper_case(a, idl->name);
    if (*idl->name)
        check_spelling(&n, idl->name, idl->pos, false);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        const char *rest = strstr(own[i], "%s") + 2;
        const char *tag = own[i][0] == 's' ? "struct " : "";

        claim(&n, arena_format(a, "%s%s%s", tag, idl->name, rest), (struct pos){0, 0});
    }
    claim(&n, arena_format(a, "%s_VERSION", idl->upper), (struct pos){0, 0});
    for (struct decl *decl = idl->decls; decl; decl = decl->next)
        check_decl(&n, decl);
}
