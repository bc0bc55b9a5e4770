/*
 * Message structs: what travels through the windows when words do not suffice, and the check that
 * both receivers use: the server for IN, the client for OUT.
 *
 * In:    emit_messages(), after the types.
 */
#include "emit.h"

#include <inttypes.h>

struct message {
    FILE *f;
    const struct idl *idl;
    const struct decl *method;
    const struct side *side;
    const char *way; /* "in" or "out" */
    const char *tag; /* vfs_open_in */
};

static void emit_struct(const struct message *m)
{
    FILE *f = m->f;

    fprintf(f, "\nstruct %s {\n", m->tag);
    for (const struct param *p = m->side->sorted; p; p = p->next_sorted) {
        if (p->kind == PARAM_ARRAY)
            fprintf(f, "    uint32_t %s_count;\n", p->name);
        else if (param_is_variable(p))
            fprintf(f, "    uint32_t %s_len;\n", p->name);
        else
            fprintf(f, "    %s %s;\n", p->type->c, p->name);
    }
    if (m->side->zero_bytes)
        fprintf(f, "    uint8_t zero_[%u];\n", m->side->zero_bytes);
    fprintf(f, "};\n");
    fprintf(f, "_Static_assert(sizeof(struct %s) == %u, \"layout\");\n", m->tag,
            m->side->fixed_size);
    for (const struct param *p = m->side->sorted; p; p = p->next_sorted)
        fprintf(f, "_Static_assert(offsetof(struct %s, %s%s) == %u, \"layout\");\n", m->tag,
                p->name,
                p->kind == PARAM_ARRAY ? "_count"
                : param_is_variable(p) ? "_len"
                                       : "",
                p->offset);
    fprintf(f, "struct %s_buffer {\n    _Alignas(8) struct %s fixed;\n", m->tag, m->tag);
    if (m->side->data_max)
        fprintf(f, "    uint8_t data[%u];\n", m->side->data_max);
    fprintf(f, "};\n");
}

/* Lengths first: after them every access below is within `total` bytes. */
static void emit_length_checks(const struct message *m)
{
    FILE *f = m->f;

    fprintf(f, "    if (total < used)\n        return false;\n");
    for (const struct param *p = m->side->sorted; p; p = p->next_sorted) {
        const char *what = p->kind == PARAM_ARRAY ? "count" : "len";

        if (!param_is_variable(p))
            continue;
        fprintf(f, "    if (m->fixed.%s_%s > %" PRIu64 ")\n        return false;\n", p->name, what,
                p->bound.number);
        fprintf(f, "    used += m->fixed.%s_%s", p->name, what);
        if (p->kind == PARAM_ARRAY)
            fprintf(f, " * sizeof(%s)", p->type->c);
        fprintf(f, "%s;\n", p->kind == PARAM_STRING ? " + 1" : "");
    }
    fprintf(f, "    if (total != used)\n        return false;\n");
}

static void emit_value_checks(const struct message *m, const char *condition)
{
    for (const struct param *p = m->side->sorted; p; p = p->next_sorted) {
        if (param_is_variable(p) || !p->type->needs_check)
            continue;
        fprintf(m->f, "    if (%s!(", condition);
        emit_valid(m->f, m->idl, p->type, arena_format(m->idl->arena, "m->fixed.%s", p->name));
        fprintf(m->f, "))\n        return false;\n");
    }
    if (m->side->zero_bytes)
        fprintf(m->f, "    if (!jg_ipc_is_zero(m->fixed.zero_, sizeof m->fixed.zero_))\n"
                      "        return false;\n");
}

static bool data_needs_check(const struct param *p)
{
    return p->kind == PARAM_STRING || (p->kind == PARAM_ARRAY && p->type->needs_check);
}

static void emit_element_check(const struct message *m, const struct param *p)
{
    fprintf(m->f,
            "    for (size_t i = 0; i < m->fixed.%s_count; i++) {\n        %s element;\n\n"
            "        __builtin_memcpy(&element, m->data + used + i * sizeof element, "
            "sizeof element);\n        if (!(",
            p->name, p->type->c);
    emit_valid(m->f, m->idl, p->type, "element");
    fprintf(m->f, "))\n            return false;\n    }\n");
}

/* Strings and elements. Walks the data again only as far as something in it has to be looked at. */
static void emit_data_checks(const struct message *m)
{
    const struct param *last = NULL;
    FILE *f = m->f;

    for (const struct param *p = m->side->sorted; p; p = p->next_sorted)
        if (param_is_variable(p) && data_needs_check(p))
            last = p;
    if (!last)
        return;
    fprintf(f, "    used = 0;\n");
    for (const struct param *p = m->side->sorted; p; p = p->next_sorted) {
        if (!param_is_variable(p))
            continue;
        if (p->kind == PARAM_STRING) {
            fprintf(f,
                    "    if (!jg_ipc_is_string(m->data + used, m->fixed.%s_len))\n"
                    "        return false;\n",
                    p->name);
            if (p != last)
                fprintf(f, "    used += m->fixed.%s_len + 1;\n", p->name);
        } else if (p->kind == PARAM_BYTES) {
            fprintf(f, "    used += m->fixed.%s_len;\n", p->name);
        } else {
            if (p->type->needs_check)
                emit_element_check(m, p);
            if (p != last)
                fprintf(f, "    used += m->fixed.%s_count * sizeof(%s);\n", p->name, p->type->c);
        }
        if (p == last)
            break;
    }
}

static void emit_check(const struct message *m, bool out)
{
    fprintf(m->f, "\nstatic inline bool %s_valid(const struct %s_buffer *m, uint64_t total%s)\n{\n",
            m->tag, m->tag, out ? ", bool with_values" : "");
    fprintf(m->f, "    uint64_t used = sizeof m->fixed;\n\n");
    if (out)
        fprintf(m->f, "    (void)with_values;\n");
    emit_length_checks(m);
    emit_value_checks(m, out ? "with_values && " : "");
    emit_data_checks(m);
    fprintf(m->f, "    return true;\n}\n");
}

static void emit_message(FILE *f, const struct idl *idl, const struct decl *d, bool out)
{
    struct message m = {f, idl, d, out ? &d->out : &d->in, out ? "out" : "in", NULL};

    if (m.side->mode != SIDE_MESSAGE)
        return;
    m.tag = arena_format(idl->arena, "%s_%s_%s", idl->name, d->name, m.way);
    emit_struct(&m);
    emit_check(&m, out);
}

void emit_messages(FILE *f, const struct idl *idl)
{
    for (const struct decl *d = idl->decls; d; d = d->next) {
        if (d->kind != DECL_METHOD)
            continue;
        emit_message(f, idl, d, false);
        emit_message(f, idl, d, true);
    }
}
