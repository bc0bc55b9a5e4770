/*
 * Late replies: one function for each method, for a server whose op has kept the token.
 *
 * In:    emit_replies(), between the ops and the dispatcher.
 *
 * A reply takes the OUTs as a client gives INs. It writes the struct and each piece of data on its
 * own, so it needs no buffer and any thread may call it. Order as in the dispatcher: the message,
 * then the handles, then the words.
 */
#include "emit.h"

#include <inttypes.h>

static const char *length_of(const struct param *p)
{
    return p->kind == PARAM_ARRAY ? "count" : "len";
}

static void emit_prototype(FILE *f, const struct idl *idl, const struct decl *d)
{
    fprintf(f, "\nstatic inline int32_t %s_%s_reply(jg_token_t token, int32_t error", idl->name,
            d->name);
    for (const struct param *p = d->out.params; p; p = p->next) {
        fprintf(f, ",\n        ");
        if (p->kind == PARAM_WINDOW)
            fprintf(f, "size_t %s_len", p->name);
        else
            emit_param_in(f, p);
    }
    fprintf(f, ")\n{\n    struct jg_message reply = {0};\n");
    if (d->out.mode == SIDE_MESSAGE)
        fprintf(f, "    struct %s_%s_out fixed;\n", idl->name, d->name);
    fputc('\n', f);
}

static void emit_fixed(FILE *f, const struct decl *d)
{
    bool values = false;

    fprintf(f, "    __builtin_memset(&fixed, 0, sizeof fixed);\n");
    for (const struct param *p = d->out.sorted; p; p = p->next_sorted) {
        values |= !param_is_variable(p);
        if (param_is_variable(p))
            fprintf(f,
                    "    if (error >= 0 && %s_%s > %" PRIu64 ")\n        error = JG_ERR_INTERNAL;\n"
                    "    fixed.%s_%s = (uint32_t)%s_%s;\n",
                    p->name, length_of(p), p->bound.number, p->name, length_of(p), p->name,
                    length_of(p));
    }
    if (!values)
        return;
    fprintf(f, "    if (error == 0) {\n");
    for (const struct param *p = d->out.sorted; p; p = p->next_sorted)
        if (!param_is_variable(p))
            fprintf(f, "        fixed.%s = %s%s;\n", p->name, is_struct(p) ? "*" : "", p->name);
    fprintf(f, "    }\n");
}

static void emit_pieces(FILE *f, const struct decl *d)
{
    fprintf(f, "    if (error == 0");
    if (d->out.variable) {
        const char *joint = "";

        fprintf(f, " || (error > 0 && (");
        for (const struct param *p = d->out.params; p; p = p->next) {
            if (!param_is_variable(p))
                continue;
            fprintf(f, "%s%s_%s != 0", joint, p->name, length_of(p));
            joint = " || ";
        }
        fprintf(f, "))");
    }
    fprintf(f, ") {\n        size_t used = 0;\n"
               "        int32_t status = jg_ipc_put(token, &used, &fixed, sizeof fixed);\n\n");
    for (const struct param *p = d->out.sorted; p; p = p->next_sorted) {
        if (!param_is_variable(p))
            continue;
        fprintf(f,
                "        if (status == JG_OK)\n"
                "            status = jg_ipc_put(token, &used, %s, %s_%s",
                p->name, p->name, length_of(p));
        if (p->kind == PARAM_ARRAY)
            fprintf(f, " * sizeof *%s", p->name);
        fprintf(f, ");\n");
        if (p->kind == PARAM_STRING)
            fprintf(f, "        if (status == JG_OK)\n"
                       "            status = jg_ipc_put(token, &used, \"\", 1);\n");
    }
    fprintf(f, "        if (status != JG_OK)\n            error = status;\n"
               "        reply.word[0] = status == JG_OK ? used : 0;\n    }\n");
}

static void emit_handles(FILE *f, const struct decl *d)
{
    if (!d->out.handles)
        return;
    fprintf(f, "    if (error == 0) {\n        const struct jg_handle_send send[] = {");
    for (const struct param *p = d->out.params; p; p = p->next)
        if (p->kind == PARAM_HANDLE)
            fprintf(f, "%s{%s, JG_RIGHTS_SAME}", p->handle ? ", " : "", p->name);
    fprintf(f, "};\n\n        error = (int32_t)jg_call_give(token, send, %u);\n    } else {\n",
            d->out.handles);
    for (const struct param *p = d->out.params; p; p = p->next)
        if (p->kind == PARAM_HANDLE)
            fprintf(f, "        jg_ipc_close(%s);\n", p->name);
    fprintf(f, "    }\n");
}

static void emit_words(FILE *f, const struct decl *d)
{
    if (d->out.words == 0)
        return;
    fprintf(f, "    if (error == 0) {\n");
    for (const struct param *p = d->out.params; p; p = p->next) {
        if (p->kind == PARAM_WINDOW)
            fprintf(f, "        reply.word[%u] = %s_len;\n", p->word, p->name);
        else if (is_struct(p))
            fprintf(f, "        __builtin_memcpy(&reply.word[%u], %s, sizeof *%s);\n", p->word,
                    p->name, p->name);
        else if (p->kind == PARAM_VALUE)
            fprintf(f, "        reply.word[%u] = %s%s%s%s;\n", p->word,
                    p->type->is_signed ? "(u" : "", p->type->is_signed ? p->type->c : "",
                    p->type->is_signed ? ")" : "", p->name);
    }
    fprintf(f, "    }\n");
}

static void emit_reply(FILE *f, const struct idl *idl, const struct decl *d)
{
    emit_prototype(f, idl, d);
    if (d->out.mode == SIDE_MESSAGE) {
        emit_fixed(f, d);
        emit_pieces(f, d);
    }
    emit_handles(f, d);
    if (d->out.mode == SIDE_WORDS)
        emit_words(f, d);
    fprintf(f, "    reply.info = jg_ipc_label(error);\n    return jg_reply(token, &reply);\n}\n");
}

void emit_replies(FILE *f, const struct idl *idl)
{
    fprintf(
        f,
        "\n/*\n * METHOD_reply() answers a call whose op returned JG_REPLY_KEPT, once, from any "
        "thread: with 0\n * and the OUTs, or with a positive %s_ERROR_* or a negative "
        "JG_ERR_*. Handles are given away\n * or closed. Of a window the length counts: its "
        "bytes were written before, within its size.\n * Returns as jg_reply; an OUT over its "
        "bound is JG_ERR_INTERNAL to the client.\n */\n",
        idl->upper);
    for (const struct decl *d = idl->decls; d; d = d->next)
        if (d->kind == DECL_METHOD)
            emit_reply(f, idl, d);
}
