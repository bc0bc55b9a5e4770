/*
 * Resolves names, gives types their sizes, and refuses what has no good layout.
 *
 * In:    idl_check(), once after idl_parse(), also when that reported errors.
 * Life:  walks the declarations in source order; a name must stand above its use, so nothing
 * recurses. A declaration with an error is marked broken, and what uses it is not reported for
 * that.
 */
#include <string.h>

#include "idl.h"

static const struct type builtin[] = {
    {TYPE_INT, "u8", "uint8_t", 1, 1, false, false},
    {TYPE_INT, "u16", "uint16_t", 2, 2, false, false},
    {TYPE_INT, "u32", "uint32_t", 4, 4, false, false},
    {TYPE_INT, "u64", "uint64_t", 8, 8, false, false},
    {TYPE_INT, "i8", "int8_t", 1, 1, true, false},
    {TYPE_INT, "i16", "int16_t", 2, 2, true, false},
    {TYPE_INT, "i32", "int32_t", 4, 4, true, false},
    {TYPE_INT, "i64", "int64_t", 8, 8, true, false},
    {TYPE_BOOL, "bool", "uint8_t", 1, 1, false, true},
};

const struct type *type_builtin(const char *name)
{
    for (size_t i = 0; i < sizeof builtin / sizeof builtin[0]; i++)
        if (strcmp(builtin[i].name, name) == 0)
            return &builtin[i];
    return NULL;
}

struct checker {
    struct idl *idl;
    struct diag *diag;
    struct decl *until; /* the declaration being checked: names below it do not count */
};

static bool is_type(const struct decl *d)
{
    return d->kind == DECL_ENUM || d->kind == DECL_FLAGS || d->kind == DECL_STRUCT;
}

static struct decl *find(const struct checker *c, const char *name, bool type)
{
    for (struct decl *d = c->idl->decls; d && d != c->until; d = d->next)
        if ((type ? is_type(d) : d->kind == DECL_CONST) && strcmp(d->name, name) == 0)
            return d;
    return NULL;
}

/* Returns the type, or NULL after an error, which was reported here or where the type is declared.
 */
static const struct type *resolve_type(struct checker *c, const char *name, struct pos pos)
{
    const struct type *type = type_builtin(name);
    struct decl *d;

    if (type)
        return type;
    d = find(c, name, true);
    if (d)
        return d->broken ? NULL : &d->type;
    diag_error(c->diag, pos, "no type `%.60s` is declared above", name);
    return NULL;
}

/* Puts a named constant's number into `v`. Returns false after an error. */
static bool resolve_value(struct checker *c, struct value *v)
{
    struct decl *d;

    if (!v->name)
        return true;
    d = find(c, v->name, false);
    if (!d) {
        diag_error(c->diag, v->pos, "no constant `%.60s` is declared above", v->name);
        return false;
    }
    v->number = d->value.number;
    v->negative = d->value.negative;
    return !d->broken;
}

static bool resolve_bound(struct checker *c, struct value *v, uint64_t low, uint64_t high)
{
    if (!resolve_value(c, v))
        return false;
    if (!v->negative && v->number >= low && v->number <= high)
        return true;
    diag_error(c->diag, v->pos, "out of range: %llu to %llu", (unsigned long long)low,
               (unsigned long long)high);
    return false;
}

/* True when the value fits the base type; enums also stay within C's int. */
static bool item_fits(const struct decl *d, const struct value *v)
{
    unsigned bits = d->type.size * 8;

    if (d->kind == DECL_ENUM && bits > 31)
        bits = d->type.is_signed ? 32 : 31;
    if (d->type.is_signed)
        return v->number <= (1ull << (bits - 1)) - (v->negative ? 0 : 1);
    return !v->negative && (bits == 64 || v->number < 1ull << bits);
}

static void check_item(struct checker *c, struct decl *d, struct member *m)
{
    bool is_error = d->kind == DECL_ENUM && strcmp(d->name, "error") == 0;

    if (!resolve_value(c, &m->value)) {
        d->broken = true;
        return;
    }
    if (!item_fits(d, &m->value))
        diag_error(c->diag, m->value.pos, "the value does not fit in %s%s", d->base_name,
                   d->kind == DECL_ENUM ? " and C's int" : "");
    else if (is_error && m->value.number == 0)
        diag_error(c->diag, m->value.pos, "an error is not 0: that is success");
    else if (d->kind == DECL_FLAGS && m->value.number == 0)
        diag_error(c->diag, m->value.pos, "a flag has at least one bit");
    for (struct member *o = d->members; o != m; o = o->next)
        if (o->value.number == m->value.number && o->value.negative == m->value.negative)
            diag_error(c->diag, m->value.pos, "the value of `%.60s` again", o->name);
}

static void check_enum(struct checker *c, struct decl *d)
{
    const struct type *base = type_builtin(d->base_name ? d->base_name : "");
    bool is_error = d->kind == DECL_ENUM && strcmp(d->name, "error") == 0;

    if (!base || base->kind != TYPE_INT || (d->kind == DECL_FLAGS && base->is_signed)) {
        if (d->base_name)
            diag_error(c->diag, d->base_pos, "not %s integer type",
                       d->kind == DECL_FLAGS ? "an unsigned" : "an");
        d->broken = true;
        return;
    }
    if (is_error && strcmp(base->name, "u32") != 0)
        diag_error(c->diag, d->base_pos, "the error enum is u32: it travels in the label");
    d->type = *base;
    d->type.kind = d->kind == DECL_ENUM ? TYPE_ENUM : TYPE_FLAGS;
    d->type.name = d->name;
    d->type.needs_check = true;
    if (!d->members && !d->broken)
        diag_error(c->diag, d->pos, "`%.60s` has no items", d->name);
    for (struct member *m = d->members; m; m = m->next)
        check_item(c, d, m);
}

/* Adds a field. Padding is refused: it would carry the sender's stack, and hide the layout. */
static void add_field(struct checker *c, struct decl *d, struct member *m)
{
    uint32_t count = m->value.given ? (uint32_t)m->value.number : 1;
    uint32_t gap = -d->type.size & (m->type->align - 1);

    if (gap) {
        diag_error(c->diag, m->pos,
                   "%u bytes of padding before `%.60s`: reorder the fields or "
                   "declare them",
                   gap, m->name);
        d->broken = true;
    }
    d->type.size += gap;
    m->offset = d->type.size;
    d->type.size += m->type->size * count;
    if (m->type->align > d->type.align)
        d->type.align = m->type->align;
    d->type.needs_check |= m->type->needs_check;
}

static void check_struct(struct checker *c, struct decl *d)
{
    d->type = (struct type){.kind = TYPE_STRUCT, .name = d->name, .align = 1};
    d->type.c = arena_format(c->idl->arena, "struct %s_%s", c->idl->name, d->name);
    if (!d->members && !d->broken) {
        diag_error(c->diag, d->pos, "`%.60s` has no fields", d->name);
        d->broken = true;
    }
    for (struct member *m = d->members; m; m = m->next) {
        m->type = resolve_type(c, m->type_name, m->type_pos);
        if (!m->type || (m->value.given && !resolve_bound(c, &m->value, 1, IDL_STACK_MAX))) {
            d->broken = true;
            continue;
        }
        if (d->type.size <= IDL_STACK_MAX)
            add_field(c, d, m);
    }
    if (d->broken)
        return;
    if (d->type.size > IDL_STACK_MAX) {
        diag_error(c->diag, d->pos, "`%.60s` is larger than %u bytes", d->name, IDL_STACK_MAX);
        d->broken = true;
    } else if (d->type.size % d->type.align) {
        diag_error(c->diag, d->pos, "%u bytes of padding at the end of `%.60s`: declare them",
                   -d->type.size & (d->type.align - 1), d->name);
        d->broken = true;
    }
}

static void check_const(struct checker *c, struct decl *d)
{
    d->broken = !resolve_value(c, &d->value);
    if (d->broken || !d->value.negative || d->value.number <= INT64_MAX)
        return;
    diag_error(c->diag, d->value.pos, "a negative constant does not fit in 64 bits");
    d->broken = true;
}

static void check_event(struct checker *c, struct decl *d)
{
    bool good = resolve_bound(c, &d->value, 0, 63);

    if (d->count.given)
        good = resolve_bound(c, &d->count, 1, 64) && good;
    else
        d->count.number = 1;
    if (!good) {
        d->broken = true;
        return;
    }
    if (d->value.number + d->count.number > 64) {
        diag_error(c->diag, d->value.pos, "an event has bits 0 to 63");
        d->broken = true;
        return;
    }
    for (struct decl *o = c->idl->decls; o != d; o = o->next)
        if (o->kind == DECL_EVENT && !o->broken &&
            o->value.number < d->value.number + d->count.number &&
            d->value.number < o->value.number + o->count.number)
            diag_error(c->diag, d->value.pos, "shares bits with `%.60s`", o->name);
}

static bool object_is_known(const char *name)
{
    static const char *const objects[] = {"job",   "process",   "thread",  "aspace",
                                          "vmo",   "channel",   "port",    "event",
                                          "timer", "interrupt", "resource"};

    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
        if (strcmp(objects[i], name) == 0)
            return true;
    return false;
}

static bool right_is_known(const char *name)
{
    static const char *const rights[] = {"DUPLICATE", "TRANSFER", "READ",    "WRITE",
                                         "EXECUTE",   "MAP",      "INSPECT", "MANAGE",
                                         "SIGNAL",    "WAIT",     "CALL"};

    for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++)
        if (strcmp(rights[i], name) == 0)
            return true;
    return false;
}

static bool check_handle(struct checker *c, const struct param *p)
{
    bool good = object_is_known(p->type_name);

    if (!good)
        diag_error(c->diag, p->type_pos, "no object type `%.60s`", p->type_name);
    for (const struct right *r = p->rights; r; r = r->next) {
        if (right_is_known(r->name))
            continue;
        diag_error(c->diag, r->pos, "no right `%.60s`", r->name);
        good = false;
    }
    return good;
}

static bool check_param(struct checker *c, struct param *p)
{
    bool good = true;

    if (p->kind == PARAM_HANDLE)
        return check_handle(c, p);
    if (p->kind == PARAM_VALUE || p->kind == PARAM_ARRAY) {
        p->type = resolve_type(c, p->type_name, p->type_pos);
        good = p->type != NULL;
    }
    if (p->kind == PARAM_WINDOW)
        good = resolve_bound(c, &p->bound, 1, 1u << 30) && good;
    else if (p->kind != PARAM_VALUE)
        good = resolve_bound(c, &p->bound, 1, IDL_STACK_MAX) && good;
    return good;
}

static void check_method(struct checker *c, struct decl *d)
{
    bool good = resolve_bound(c, &d->value, 1, INT32_MAX);

    for (struct decl *o = c->idl->decls; good && o != d; o = o->next)
        if (o->kind == DECL_METHOD && !o->broken && o->value.number == d->value.number) {
            diag_error(c->diag, d->value.pos, "the number of `%.60s` again", o->name);
            good = false;
        }
    for (struct param *p = d->in.params; p; p = p->next)
        good = check_param(c, p) && good;
    for (struct param *p = d->out.params; p; p = p->next)
        good = check_param(c, p) && good;
    if (good)
        layout_method(c->idl, d, c->diag);
    else
        d->broken = true;
}

void idl_check(struct idl *idl, struct diag *d)
{
    struct checker c = {.idl = idl, .diag = d};

    if (idl->version.given) {
        c.until = idl->decls;
        resolve_bound(&c, &idl->version, 1, UINT32_MAX);
    }
    for (struct decl *decl = idl->decls; decl; decl = decl->next) {
        c.until = decl;
        if (decl->kind == DECL_ENUM || decl->kind == DECL_FLAGS)
            check_enum(&c, decl);
        if (decl->broken)
            continue;
        if (decl->kind == DECL_CONST)
            check_const(&c, decl);
        else if (decl->kind == DECL_STRUCT)
            check_struct(&c, decl);
        else if (decl->kind == DECL_EVENT)
            check_event(&c, decl);
        else if (decl->kind == DECL_METHOD)
            check_method(&c, decl);
    }
    names_check(idl, d);
}
