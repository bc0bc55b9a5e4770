/* Method numbers, and the names that a tracer prints for numbers. In: emit_names(). */
#include "emit.h"

#include <inttypes.h>
#include <string.h>

static void emit_param_names(FILE *f, const struct side *side)
{
    fprintf(f, "\"");
    for (const struct param *p = side->params; p; p = p->next)
        fprintf(f, "%s%s", p == side->params ? "" : ",", p->name);
    fprintf(f, "\"");
}

static void emit_numbers(FILE *f, const struct idl *idl)
{
    for (const struct decl *d = idl->decls; d; d = d->next) {
        if (d->kind != DECL_METHOD)
            continue;
        fprintf(f, "#define %s_METHOD_", idl->upper);
        emit_upper(f, d->name);
        fprintf(f, " %" PRIu64 "u\n", d->value.number);
    }
}

static void emit_method_table(FILE *f, const struct idl *idl)
{
    fprintf(
        f,
        "\n/* Returns the names of a method and its parameters for a tracer; NULL for an unknown "
        "number. */\n");
    fprintf(f, "static inline const struct jg_method *%s_method(uint32_t number)\n{\n", idl->name);
    fprintf(f, "    static const struct jg_method names[] = {\n        {0, \"check_version\", "
               "\"version\", \"\"},\n");
    for (const struct decl *d = idl->decls; d; d = d->next) {
        if (d->kind != DECL_METHOD)
            continue;
        fprintf(f, "        {%" PRIu64 ", \"%s\", ", d->value.number, d->name);
        emit_param_names(f, &d->in);
        fprintf(f, ", ");
        emit_param_names(f, &d->out);
        fprintf(f, "},\n");
    }
    fprintf(f, "    };\n\n");
    fprintf(f, "    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)\n"
               "        if (names[i].number == number)\n"
               "            return &names[i];\n"
               "    return NULL;\n}\n");
}

static void emit_error_names(FILE *f, const struct idl *idl)
{
    fprintf(f, "\n/* Returns the name of an error of this interface, or \"?\". */\n");
    fprintf(f, "static inline const char *%s_error_name(int32_t error)\n{\n    switch (error) {\n",
            idl->name);
    for (const struct decl *d = idl->decls; d; d = d->next) {
        if (d->kind != DECL_ENUM || strcmp(d->name, "error") != 0)
            continue;
        for (const struct member *m = d->members; m; m = m->next)
            fprintf(f, "    case %s_ERROR_%s:\n        return \"%s\";\n", idl->upper, m->name,
                    m->name);
    }
    fprintf(f, "    default:\n        return \"?\";\n    }\n}\n");
}

void emit_names(FILE *f, const struct idl *idl)
{
    fputc('\n', f);
    emit_numbers(f, idl);
    emit_method_table(f, idl);
    emit_error_names(f, idl);
}
