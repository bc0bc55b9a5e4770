/* What the emitters share: comments, parameter lists, conditions. See emit.h. */
#include "emit.h"

#include <ctype.h>
#include <string.h>

/* Prints text that cannot end the comment or seem to open another. */
static void emit_comment_text(FILE *f, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool pair = i > 0 && ((text[i - 1] == '*' && text[i] == '/') ||
                              (text[i - 1] == '/' && text[i] == '*'));

        if (pair)
            fputc(' ', f);
        fputc(text[i], f);
    }
}

void emit_doc(FILE *f, const char *indent, const char *doc)
{
    if (!doc)
        return;
    if (!strchr(doc, '\n') && strlen(doc) < 90) {
        fprintf(f, "%s/* ", indent);
        emit_comment_text(f, doc, strlen(doc));
        fprintf(f, " */\n");
        return;
    }
    fprintf(f, "%s/*\n", indent);
    while (*doc) {
        size_t len = strcspn(doc, "\n");

        fprintf(f, "%s *%s", indent, len ? " " : "");
        emit_comment_text(f, doc, len);
        fputc('\n', f);
        doc += len + (doc[len] == '\n');
    }
    fprintf(f, "%s */\n", indent);
}

void emit_upper(FILE *f, const char *name)
{
    for (; *name; name++)
        fputc(toupper((unsigned char)*name), f);
}

const char *c_type(const struct param *p)
{
    return p->kind == PARAM_VALUE && p->type->kind == TYPE_BOOL ? "bool" : p->type->c;
}

static void emit_in_param(FILE *f, const struct param *p, bool server)
{
    const char *n = p->name;

    switch (p->kind) {
    case PARAM_VALUE:
        fprintf(f, is_struct(p) ? "const %s *%s" : "%s %s", c_type(p), n);
        break;
    case PARAM_STRING:
        fprintf(f, "const char *%s, size_t %s_len", n, n);
        break;
    case PARAM_BYTES:
        fprintf(f, "const void *%s, size_t %s_len", n, n);
        break;
    case PARAM_ARRAY:
        fprintf(f, "const %s *%s, size_t %s_count", p->type->c, n, n);
        break;
    case PARAM_WINDOW:
        if (server)
            fprintf(f, "struct jg_window %s", n);
        else
            fprintf(f, "const void *%s, size_t %s_len", n, n);
        break;
    case PARAM_HANDLE:
        fprintf(f, "jg_handle_t %s", n);
        break;
    }
}

void emit_param_in(FILE *f, const struct param *p)
{
    emit_in_param(f, p, false);
}

static void emit_out_param(FILE *f, const struct param *p, bool server)
{
    const char *n = p->name;

    switch (p->kind) {
    case PARAM_VALUE:
        fprintf(f, "%s *%s", c_type(p), n);
        break;
    case PARAM_STRING:
        fprintf(f, "char *%s, size_t %s_size, size_t *%s_len", n, n, n);
        break;
    case PARAM_BYTES:
        fprintf(f, "void *%s, size_t %s_size, size_t *%s_len", n, n, n);
        break;
    case PARAM_ARRAY:
        fprintf(f, "%s *%s, size_t %s_max, size_t *%s_count", p->type->c, n, n, n);
        break;
    case PARAM_WINDOW:
        if (server)
            fprintf(f, "struct jg_window %s, size_t *%s_len", n, n);
        else
            fprintf(f, "void *%s, size_t %s_size, size_t *%s_len", n, n, n);
        break;
    case PARAM_HANDLE:
        fprintf(f, "jg_handle_t *%s", n);
        break;
    }
}

void emit_params(FILE *f, const struct side *side, bool out, bool server)
{
    for (const struct param *p = side->params; p; p = p->next) {
        fprintf(f, ",\n        ");
        if (out)
            emit_out_param(f, p, server);
        else
            emit_in_param(f, p, server);
    }
}

void emit_valid(FILE *f, const struct idl *idl, const struct type *type, const char *expression)
{
    if (type->kind == TYPE_BOOL)
        fprintf(f, "%s <= 1", expression);
    else
        fprintf(f, "%s_%s_valid(%s%s)", idl->name, type->name, type->kind == TYPE_STRUCT ? "&" : "",
                expression);
}

void emit_rights(FILE *f, const struct param *p)
{
    if (!p->rights)
        fprintf(f, "0");
    for (const struct right *r = p->rights; r; r = r->next)
        fprintf(f, "%sJG_RIGHT_%s", r == p->rights ? "" : " | ", r->name);
}
