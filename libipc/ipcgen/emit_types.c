/*
 * Types: constants, events, enums, flags, structs, with their static asserts and validity checks.
 *
 * In:    emit_types() and emit_names(), within the guards that let both headers meet in one file.
 */
#include "emit.h"

#include <inttypes.h>

static void emit_number(FILE *f, const struct value *v)
{
    bool wide = v->number > INT32_MAX;

    if (v->negative)
        fprintf(f, "(-%" PRIu64 "%s)", v->number, wide ? "ll" : "");
    else
        fprintf(f, "%" PRIu64 "%s", v->number, wide ? "ull" : "");
}

static void emit_const(FILE *f, const struct idl *idl, const struct decl *d)
{
    emit_doc(f, "", d->doc);
    fprintf(f, "#define %s_%s ", idl->upper, d->name);
    emit_number(f, &d->value);
    fputc('\n', f);
}

/* One bit is a mask; several are a mask with an index. */
static void emit_event(FILE *f, const struct idl *idl, const struct decl *d)
{
    emit_doc(f, "", d->doc);
    fprintf(f, "#define %s_EVENT_", idl->upper);
    emit_upper(f, d->name);
    if (d->count.given)
        fprintf(f, "(n) (UINT64_C(1) << (%" PRIu64 " + (n))) /* n < %" PRIu64 " */\n",
                d->value.number, d->count.number);
    else
        fprintf(f, " (UINT64_C(1) << %" PRIu64 ")\n", d->value.number);
}

static void emit_enum_items(FILE *f, const struct idl *idl, const struct decl *d)
{
    fprintf(f, "enum %s_%s { /* travels as %s */\n", idl->name, d->name, d->type.c);
    for (const struct member *m = d->members; m; m = m->next) {
        emit_doc(f, "    ", m->doc);
        fprintf(f, "    %s_", idl->upper);
        emit_upper(f, d->name);
        if (m->value.negative)
            fprintf(f, "_%s = -%" PRIu64 " - 1,\n", m->name, m->value.number - 1);
        else
            fprintf(f, "_%s = %" PRIu64 ",\n", m->name, m->value.number);
    }
    fprintf(f, "};\n");
}

static void emit_flag_items(FILE *f, const struct idl *idl, const struct decl *d)
{
    fprintf(f, "/* flags %s, %s: */\n", d->name, d->type.c);
    for (const struct member *m = d->members; m; m = m->next) {
        emit_doc(f, "", m->doc);
        fprintf(f, "#define %s_", idl->upper);
        emit_upper(f, d->name);
        fprintf(f, "_%s 0x%" PRIx64 "u%s\n", m->name, m->value.number,
                m->value.number > UINT32_MAX ? "ll" : "");
    }
}

static void emit_enum_valid(FILE *f, const struct idl *idl, const struct decl *d)
{
    fprintf(f, "\nstatic inline bool %s_%s_valid(%s value)\n{\n    switch (value) {\n", idl->name,
            d->name, d->type.c);
    for (const struct member *m = d->members; m; m = m->next) {
        fprintf(f, "    case %s_", idl->upper);
        emit_upper(f, d->name);
        fprintf(f, "_%s:\n", m->name);
    }
    fprintf(f, "        return true;\n    default:\n        return false;\n    }\n}\n");
}

static void emit_flags_valid(FILE *f, const struct idl *idl, const struct decl *d)
{
    uint64_t all = 0;

    for (const struct member *m = d->members; m; m = m->next)
        all |= m->value.number;
    fprintf(f, "\nstatic inline bool %s_%s_valid(%s value)\n{\n", idl->name, d->name, d->type.c);
    fprintf(f, "    return ((uint64_t)value & ~UINT64_C(0x%" PRIx64 ")) == 0;\n}\n", all);
}

static void emit_struct_body(FILE *f, const struct idl *idl, const struct decl *d)
{
    fprintf(f, "struct %s_%s {\n", idl->name, d->name);
    for (const struct member *m = d->members; m; m = m->next) {
        emit_doc(f, "    ", m->doc);
        fprintf(f, "    %s %s", m->type->c, m->name);
        if (m->value.given)
            fprintf(f, "[%" PRIu64 "]", m->value.number);
        fprintf(f, ";");
        if (m->type->kind != TYPE_INT && m->type->kind != TYPE_STRUCT)
            fprintf(f, " /* %s */", m->type->name);
        fputc('\n', f);
    }
    fprintf(f, "};\n");
}

static void emit_struct_asserts(FILE *f, const struct idl *idl, const struct decl *d)
{
    fprintf(f, "_Static_assert(sizeof(struct %s_%s) == %u, \"layout\");\n", idl->name, d->name,
            d->type.size);
    for (const struct member *m = d->members; m; m = m->next)
        fprintf(f, "_Static_assert(offsetof(struct %s_%s, %s) == %u, \"layout\");\n", idl->name,
                d->name, m->name, m->offset);
}

static void emit_struct_valid(FILE *f, const struct idl *idl, const struct decl *d)
{
    if (!d->type.needs_check)
        return;
    fprintf(f, "\nstatic inline bool %s_%s_valid(const struct %s_%s *value)\n{\n", idl->name,
            d->name, idl->name, d->name);
    for (const struct member *m = d->members; m; m = m->next) {
        char *expression;

        if (!m->type->needs_check)
            continue;
        expression = arena_format(idl->arena, "value->%s%s", m->name, m->value.given ? "[i]" : "");
        if (m->value.given)
            fprintf(f, "    for (size_t i = 0; i < %" PRIu64 "; i++)\n    ", m->value.number);
        fprintf(f, "    if (!(");
        emit_valid(f, idl, m->type, expression);
        fprintf(f, "))\n%s        return false;\n", m->value.given ? "    " : "");
    }
    fprintf(f, "    return true;\n}\n");
}

static void emit_decl(FILE *f, const struct idl *idl, const struct decl *d)
{
    switch (d->kind) {
    case DECL_CONST:
        emit_const(f, idl, d);
        break;
    case DECL_EVENT:
        fputc('\n', f);
        emit_event(f, idl, d);
        break;
    case DECL_ENUM:
        fputc('\n', f);
        emit_doc(f, "", d->doc);
        emit_enum_items(f, idl, d);
        emit_enum_valid(f, idl, d);
        break;
    case DECL_FLAGS:
        fputc('\n', f);
        emit_doc(f, "", d->doc);
        emit_flag_items(f, idl, d);
        emit_flags_valid(f, idl, d);
        break;
    case DECL_STRUCT:
        fputc('\n', f);
        emit_doc(f, "", d->doc);
        emit_struct_body(f, idl, d);
        emit_struct_asserts(f, idl, d);
        emit_struct_valid(f, idl, d);
        break;
    case DECL_METHOD:
        break;
    }
}

void emit_types(FILE *f, const struct idl *idl)
{
    emit_doc(f, "", idl->doc);
    fprintf(f, "#define %s_VERSION %" PRIu64 "u\n\n", idl->upper, idl->version.number);
    for (const struct decl *d = idl->decls; d; d = d->next)
        emit_decl(f, idl, d);
}
