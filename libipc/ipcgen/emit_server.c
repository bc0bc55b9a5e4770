/*
 * The dispatcher: one function for each method that decodes, calls the op and encodes, and one
 * switch.
 *
 * In:    emit_server().
 *
 * Order of a generated function: check the message, take the handles, call the op; then the large
 * result, then the handles of the reply. So a bad message never costs a handle, and no handle
 * leaves before the reply is certain.
 */
#include "emit.h"

#include <inttypes.h>

static void emit_ops(FILE *f, const struct idl *idl)
{
    fprintf(f,
            "\n/* The call that an op serves: the key of its session, the token, the dispatcher's "
            "context. */\n");
    fprintf(f,
            "struct %s_call {\n    uint64_t key;\n    jg_token_t token;\n    void *context;\n};\n",
            idl->name);
    fprintf(
        f,
        "\n/*\n * What a server does for each method; NULL is JG_ERR_NOT_SUPPORTED.\n *\n"
        " * An op returns 0, a positive %s_ERROR_*, a negative JG_ERR_*, or JG_REPLY_KEPT.\n"
        " * OUTs begin as zero. IN handles are the op's; an OUT handle is given away on 0.\n */\n",
        idl->upper);
    fprintf(f, "struct %s_ops {\n", idl->name);
    for (const struct decl *d = idl->decls; d; d = d->next) {
        if (d->kind != DECL_METHOD)
            continue;
        emit_doc(f, "    ", d->doc);
        fprintf(f, "    int32_t (*%s)(struct %s_call *call", d->name, idl->name);
        emit_params(f, &d->in, false, true);
        emit_params(f, &d->out, true, true);
        fprintf(f, ");\n");
    }
    fprintf(f, "};\n");
}

static void emit_locals(FILE *f, const struct idl *idl, const struct decl *d)
{
    if (d->in.mode == SIDE_MESSAGE)
        fprintf(f, "    struct %s_%s_in_buffer in;\n", idl->name, d->name);
    else
        for (const struct param *p = d->in.params; p; p = p->next)
            if (is_struct(p))
                fprintf(f, "    %s %s;\n", p->type->c, p->name);
    if (d->out.mode == SIDE_MESSAGE)
        fprintf(f, "    struct %s_%s_out_buffer out;\n", idl->name, d->name);
    for (const struct param *p = d->out.params; p; p = p->next) {
        if (p->kind == PARAM_HANDLE)
            fprintf(f, "    jg_handle_t %s = JG_HANDLE_NONE;\n", p->name);
        else if (p->kind == PARAM_ARRAY)
            fprintf(f, "    size_t %s_count = 0;\n", p->name);
        else if (p->kind != PARAM_VALUE)
            fprintf(f, "    size_t %s_len = 0;\n", p->name);
        else if (is_struct(p) && d->out.mode == SIDE_WORDS)
            fprintf(f, "    %s %s = {0};\n", p->type->c, p->name);
        else if (p->type->kind == TYPE_BOOL || d->out.mode == SIDE_WORDS)
            fprintf(f, "    %s %s = 0;\n", c_type(p), p->name);
    }
    if (d->in.handles)
        fprintf(f, "    struct jg_handle_received got[JG_CALL_HANDLES];\n");
    if (d->in.data_max || d->out.data_max)
        fprintf(f, "    size_t used = 0;\n");
    fprintf(f, "    int32_t result;\n\n");
}

static void emit_bad(FILE *f)
{
    fprintf(f, "        return JG_ERR_BAD_MESSAGE;\n");
}

static void emit_word_check(FILE *f, const struct idl *idl, const struct param *p)
{
    const struct type *type = p->type;

    if (p->kind == PARAM_HANDLE)
        return;
    if (p->kind == PARAM_WINDOW) {
        fprintf(f, "    if (msg->word[%u] > %" PRIu64 ")\n", p->word, p->bound.number);
        emit_bad(f);
        return;
    }
    if (type->size % 8) {
        fprintf(f, "    if (msg->word[%u] >> %u != 0)\n", p->word + type->size / 8,
                type->size % 8 * 8);
        emit_bad(f);
    }
    if (is_struct(p))
        fprintf(f, "    __builtin_memcpy(&%s, &msg->word[%u], sizeof %s);\n", p->name, p->word,
                p->name);
    if (type->needs_check) {
        const char *word = arena_format(idl->arena, "(%s)msg->word[%u]", type->c, p->word);

        fprintf(f, "    if (!(");
        emit_valid(f, idl, type, is_struct(p) ? p->name : word);
        fprintf(f, "))\n");
        emit_bad(f);
    }
}

static void emit_decode(FILE *f, const struct idl *idl, const struct decl *d)
{
    unsigned words = d->in.words + (d->out.window ? 1 : 0);

    fprintf(f, "    if (!ops->%s)\n        return JG_ERR_NOT_SUPPORTED;\n", d->name);
    if (!d->in.handles) {
        fprintf(f, "    if (msg->info & JG_CALL_EXT_HANDLES)\n");
        emit_bad(f);
    }
    if (words < IDL_WORDS) {
        fprintf(f, "    if (!jg_ipc_words_zero(msg->word, %u))\n", words);
        emit_bad(f);
    }
    if (d->out.window) {
        fprintf(f, "    if (msg->word[%u] > %" PRIu64 ")\n", words - 1,
                d->out.window->bound.number);
        emit_bad(f);
    }
    if (d->in.mode == SIDE_MESSAGE) {
        fprintf(f,
                "    if (!jg_ipc_fetch(msg, &in, sizeof in.fixed, sizeof in) ||\n"
                "        !%s_%s_in_valid(&in, msg->word[0]))\n",
                idl->name, d->name);
        emit_bad(f);
        return;
    }
    for (const struct param *p = d->in.params; p; p = p->next)
        emit_word_check(f, idl, p);
}

static void emit_take(FILE *f, const struct decl *d)
{
    if (!d->in.handles)
        return;
    fprintf(f,
            "    result = jg_ipc_take(msg, got, %u);\n    if (result != JG_OK)\n"
            "        return result;\n",
            d->in.handles);
    for (const struct param *p = d->in.params; p; p = p->next) {
        if (p->kind != PARAM_HANDLE)
            continue;
        fprintf(f, "    %sresult = jg_ipc_check_handle(&got[%u], JG_TYPE_",
                p->handle ? "if (result == JG_OK)\n        " : "", p->handle);
        emit_upper(f, p->type_name);
        fprintf(f, ", ");
        emit_rights(f, p);
        fprintf(f, ");\n");
    }
    fprintf(f,
            "    if (result != JG_OK) {\n        jg_ipc_close_received(got, %u);\n"
            "        return result;\n    }\n",
            d->in.handles);
}

/* Pointers to the data of the IN message, in the order in which it lies there. */
static void emit_in_data(FILE *f, const struct decl *d)
{
    for (const struct param *p = d->in.sorted; p; p = p->next_sorted) {
        if (!param_is_variable(p))
            continue;
        if (p->kind == PARAM_ARRAY)
            fprintf(f,
                    "    const %s *%s = (const void *)(in.data + used);\n    used += "
                    "in.fixed.%s_count * "
                    "sizeof *%s;\n",
                    p->type->c, p->name, p->name, p->name);
        else if (p->kind == PARAM_STRING)
            fprintf(f,
                    "    const char *%s = (const char *)in.data + used;\n"
                    "    used += in.fixed.%s_len + 1;\n",
                    p->name, p->name);
        else
            fprintf(f, "    const void *%s = in.data + used;\n    used += in.fixed.%s_len;\n",
                    p->name, p->name);
    }
}

static void emit_in_argument(FILE *f, const struct decl *d, const struct param *p)
{
    const char *n = p->name;

    if (p->kind == PARAM_HANDLE)
        fprintf(f, "got[%u].handle", p->handle);
    else if (p->kind == PARAM_WINDOW)
        fprintf(f, "(struct jg_window){msg->token, 0, (size_t)msg->word[%u]}", p->word);
    else if (p->kind == PARAM_ARRAY)
        fprintf(f, "%s, in.fixed.%s_count", n, n);
    else if (p->kind != PARAM_VALUE)
        fprintf(f, "%s, in.fixed.%s_len", n, n);
    else if (is_struct(p))
        fprintf(f, d->in.mode == SIDE_MESSAGE ? "&in.fixed.%s" : "&%s", n);
    else if (d->in.mode == SIDE_MESSAGE)
        fprintf(f, "in.fixed.%s%s", n, p->type->kind == TYPE_BOOL ? " != 0" : "");
    else if (p->type->kind == TYPE_BOOL)
        fprintf(f, "msg->word[%u] != 0", p->word);
    else
        fprintf(f, "(%s)msg->word[%u]", p->type->c, p->word);
}

static void emit_out_argument(FILE *f, const struct decl *d, const struct param *p)
{
    const char *n = p->name;

    if (p->kind == PARAM_WINDOW)
        fprintf(f, "(struct jg_window){msg->token, 0, (size_t)msg->word[%u]}, &%s_len",
                d->in.mode == SIDE_MESSAGE ? 1 : d->in.words, n);
    else if (p->kind == PARAM_STRING)
        fprintf(f, "(char *)out.data + %u, %u, &%s_len", p->slot, p->data_max, n);
    else if (p->kind == PARAM_BYTES)
        fprintf(f, "out.data + %u, %u, &%s_len", p->slot, p->data_max, n);
    else if (p->kind == PARAM_ARRAY)
        fprintf(f, "(void *)(out.data + %u), %" PRIu64 ", &%s_count", p->slot, p->bound.number, n);
    else if (p->kind == PARAM_VALUE && d->out.mode == SIDE_MESSAGE && p->type->kind != TYPE_BOOL)
        fprintf(f, "&out.fixed.%s", n);
    else
        fprintf(f, "&%s", n);
}

static void emit_call(FILE *f, const struct decl *d)
{
    if (d->in.variable) {
        fprintf(f, "\n");
        emit_in_data(f, d);
        fprintf(f, "\n");
    }
    if (d->out.mode == SIDE_MESSAGE)
        fprintf(f, "    __builtin_memset(&out.fixed, 0, sizeof out.fixed);\n");
    fprintf(f, "    result = ops->%s(call", d->name);
    for (const struct param *p = d->in.params; p; p = p->next) {
        fprintf(f, ",\n        ");
        emit_in_argument(f, d, p);
    }
    for (const struct param *p = d->out.params; p; p = p->next) {
        fprintf(f, ",\n        ");
        emit_out_argument(f, d, p);
    }
    fprintf(f, ");\n");
}

static void emit_encode_words(FILE *f, const struct decl *d)
{
    for (const struct param *p = d->out.params; p; p = p->next) {
        if (p->kind == PARAM_HANDLE)
            continue;
        if (p->kind == PARAM_WINDOW)
            fprintf(f,
                    "    if (result == 0 && %s_len > msg->word[%u])\n        result = "
                    "JG_ERR_INTERNAL;\n"
                    "    if (result == 0)\n        reply->word[%u] = %s_len;\n",
                    p->name, d->in.mode == SIDE_MESSAGE ? 1 : d->in.words, p->word, p->name);
        else if (is_struct(p))
            fprintf(f,
                    "    if (result == 0)\n"
                    "        __builtin_memcpy(&reply->word[%u], &%s, sizeof %s);\n",
                    p->word, p->name, p->name);
        else
            fprintf(f, "    if (result == 0)\n        reply->word[%u] = %s%s%s%s;\n", p->word,
                    p->type->is_signed ? "(u" : "", p->type->is_signed ? p->type->c : "",
                    p->type->is_signed ? ")" : "", p->name);
    }
}

/* Closes the gaps between the slots, so that one write sends the struct and all data. */
static void emit_pack(FILE *f, const struct param *p)
{
    const char *n = p->name;
    const char *what = p->kind == PARAM_ARRAY ? "count" : "len";

    fprintf(f, "    if (result >= 0 && %s_%s > %" PRIu64 ")\n        result = JG_ERR_INTERNAL;\n",
            n, what, p->bound.number);
    fprintf(f, "    if (result >= 0) {\n");
    fprintf(f, "        out.fixed.%s_%s = (uint32_t)%s_%s;\n", n, what, n, what);
    if (p->kind == PARAM_ARRAY) {
        fprintf(
            f, "        jg_ipc_close_gap(out.data + used, out.data + %u, %s_count * sizeof(%s));\n",
            p->slot, n, p->type->c);
        fprintf(f, "        used += %s_count * sizeof(%s);\n", n, p->type->c);
    } else {
        fprintf(f, "        jg_ipc_close_gap(out.data + used, out.data + %u, %s_len);\n", p->slot,
                n);
        if (p->kind == PARAM_STRING)
            fprintf(f, "        out.data[used + %s_len] = 0;\n", n);
        fprintf(f, "        used += %s_len%s;\n", n, p->kind == PARAM_STRING ? " + 1" : "");
    }
    fprintf(f, "    }\n");
}

static void emit_encode_message(FILE *f, const struct decl *d)
{
    for (const struct param *p = d->out.params; p; p = p->next)
        if (p->kind == PARAM_VALUE && p->type->kind == TYPE_BOOL)
            fprintf(f, "    out.fixed.%s = %s;\n", p->name, p->name);
    for (const struct param *p = d->out.sorted; p; p = p->next_sorted)
        if (param_is_variable(p))
            emit_pack(f, p);
    fprintf(f, "    if (result == 0");
    if (d->out.variable) {
        fprintf(f, " || (result > 0 && (");
        for (const struct param *p = d->out.params, *first = NULL; p; p = p->next) {
            if (!param_is_variable(p))
                continue;
            fprintf(f, "%s%s_%s != 0", first ? " || " : "", p->name,
                    p->kind == PARAM_ARRAY ? "count" : "len");
            first = p;
        }
        fprintf(f, "))");
    }
    fprintf(f, ") {\n        int64_t status;\n\n        reply->word[0] = sizeof out.fixed%s;\n",
            d->out.data_max ? " + used" : "");
    fprintf(f, "        status = jg_call_write(msg->token, 0, &out, (size_t)reply->word[0]);\n"
               "        if (status != JG_OK)\n            result = (int32_t)status;\n    }\n");
}

static void emit_give(FILE *f, const struct decl *d)
{
    if (!d->out.handles)
        return;
    fprintf(f, "    if (result == 0) {\n        const struct jg_handle_send send[] = {");
    for (const struct param *p = d->out.params; p; p = p->next)
        if (p->kind == PARAM_HANDLE)
            fprintf(f, "%s{%s, JG_RIGHTS_SAME}", p->handle ? ", " : "", p->name);
    fprintf(f,
            "};\n\n        result = (int32_t)jg_call_give(msg->token, send, %u);\n    } else {\n",
            d->out.handles);
    for (const struct param *p = d->out.params; p; p = p->next)
        if (p->kind == PARAM_HANDLE)
            fprintf(f, "        jg_ipc_close(%s);\n", p->name);
    fprintf(f, "    }\n");
}

static void emit_serve(FILE *f, const struct idl *idl, const struct decl *d)
{
    bool large = d->in.mode == SIDE_MESSAGE || d->out.mode == SIDE_MESSAGE;
    bool encodes = d->out.params != NULL;

    fprintf(f,
            "\n%s int32_t %s_serve_%s(const struct %s_ops *ops, struct %s_call *call,\n"
            "        const struct jg_received *msg, struct jg_message *reply)\n{\n",
            large ? "JG_IPC_LARGE" : "static inline", idl->name, d->name, idl->name, idl->name);
    emit_locals(f, idl, d);
    if (!encodes || (d->out.mode == SIDE_WORDS && d->out.words == 0))
        fprintf(f, "    (void)reply;\n");
    emit_decode(f, idl, d);
    emit_take(f, d);
    emit_call(f, d);
    if (encodes) {
        fprintf(f, "    if (result == JG_REPLY_KEPT)\n        return result;\n");
        if (d->out.variable && d->in.data_max)
            fprintf(f, "    used = 0;\n");
        if (d->out.mode == SIDE_WORDS)
            emit_encode_words(f, d);
        else
            emit_encode_message(f, d);
        emit_give(f, d);
    }
    fprintf(f, "    return result;\n}\n");
}

static void emit_dispatch(FILE *f, const struct idl *idl)
{
    const char *n = idl->name;

    fprintf(f,
            "\n/*\n * Decodes the call in `msg`, serves it with `ops`, and makes the reply.\n *\n"
            " * `msg` is of kind JG_KIND_CALL. Returns the token to answer with `reply`, or "
            "JG_TOKEN_NONE "
            "when\n * the op kept it: either goes straight into jg_reply_wait.\n */\n");
    fprintf(f,
            "static inline jg_token_t %s_dispatch(const struct %s_ops *ops, void *context,\n"
            "        const struct jg_received *msg, struct jg_message *reply)\n{\n",
            n, n);
    fprintf(f,
            "    struct %s_call call = {msg->key, msg->token, context};\n    int32_t result;\n\n",
            n);
    fprintf(f,
            "    __builtin_memset(reply, 0, sizeof *reply);\n"
            "    switch (JG_INFO_LABEL(msg->info)) {\n    case 0:\n"
            "        result = msg->word[0] == %s_VERSION ? JG_OK : JG_ERR_BAD_VERSION;\n"
            "        break;\n",
            idl->upper);
    for (const struct decl *d = idl->decls; d; d = d->next) {
        if (d->kind != DECL_METHOD)
            continue;
        fprintf(f, "    case %s_METHOD_", idl->upper);
        emit_upper(f, d->name);
        fprintf(f, ":\n        result = %s_serve_%s(ops, &call, msg, reply);\n        break;\n", n,
                d->name);
    }
    fprintf(f, "    default:\n        result = JG_ERR_NOT_SUPPORTED;\n    }\n"
               "    if (result == JG_REPLY_KEPT)\n        return JG_TOKEN_NONE;\n"
               "    reply->info = jg_ipc_label(result);\n    return msg->token;\n}\n");
}

void emit_server(FILE *f, const struct idl *idl)
{
    fprintf(f,
            "/*\n * The server's side of the interface `%s`, made by ipcgen from its .idl: do not "
            "edit.\n"
            " * Fill a struct %s_ops and call %s_dispatch() for each call. docs/ipc.md tells the "
            "rest.\n"
            " */\n#pragma once\n\n#include <jg/ipc.h>\n\n",
            idl->name, idl->name, idl->name);
    fprintf(f, "#ifndef IPC_%s_TYPES\n#define IPC_%s_TYPES\n\n", idl->upper, idl->upper);
    emit_types(f, idl);
    emit_messages(f, idl);
    emit_names(f, idl);
    fprintf(f, "\n#endif\n");
    emit_ops(f, idl);
    emit_replies(f, idl);
    for (const struct decl *d = idl->decls; d; d = d->next)
        if (d->kind == DECL_METHOD)
            emit_serve(f, idl, d);
    emit_dispatch(f, idl);
}
