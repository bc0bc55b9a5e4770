/*
 * Client stubs: one function for each method.
 *
 * In:    emit_client().
 *
 * A stub refuses what is over its bound, fills the words or a buffer on its stack, calls, checks
 * what came back, and gives it to the caller. It never leaves an OUT unset, and never keeps a
 * handle.
 */
#include "emit.h"

#include <inttypes.h>

static bool needs_ext(const struct decl *d)
{
    return d->in.mode == SIDE_MESSAGE || d->out.mode == SIDE_MESSAGE || d->in.window ||
           d->out.window || d->in.handles || d->out.handles;
}

static void emit_word_in(FILE *f, const struct param *p)
{
    if (is_struct(p))
        fprintf(f, "    __builtin_memcpy(&msg.word[%u], %s, sizeof *%s);\n", p->word, p->name,
                p->name);
    else if (p->kind == PARAM_WINDOW)
        fprintf(f, "    msg.word[%u] = %s_len;\n", p->word, p->name);
    else if (p->kind == PARAM_VALUE && p->type->is_signed)
        fprintf(f, "    msg.word[%u] = (u%s)%s;\n", p->word, p->type->c, p->name);
    else if (p->kind == PARAM_VALUE)
        fprintf(f, "    msg.word[%u] = %s;\n", p->word, p->name);
}

static void emit_data_in(FILE *f, const struct param *p)
{
    const char *n = p->name;

    if (p->kind == PARAM_ARRAY) {
        fprintf(f, "    jg_ipc_copy(in.data + used, %s, %s_count * sizeof *%s);\n", n, n, n);
        fprintf(f, "    used += %s_count * sizeof *%s;\n", n, n);
        return;
    }
    fprintf(f, "    jg_ipc_copy(in.data + used, %s, %s_len);\n", n, n);
    if (p->kind == PARAM_STRING)
        fprintf(f, "    in.data[used + %s_len] = 0;\n", n);
    fprintf(f, "    used += %s_len%s;\n", n, p->kind == PARAM_STRING ? " + 1" : "");
}

static void emit_message_in(FILE *f, const struct decl *d)
{
    const struct side *in = &d->in;

    for (const struct param *p = in->sorted; p; p = p->next_sorted) {
        if (param_is_variable(p))
            fprintf(f, "    in.fixed.%s_%s = (uint32_t)%s_%s;\n", p->name,
                    p->kind == PARAM_ARRAY ? "count" : "len", p->name,
                    p->kind == PARAM_ARRAY ? "count" : "len");
        else
            fprintf(f, "    in.fixed.%s = %s%s;\n", p->name, is_struct(p) ? "*" : "", p->name);
    }
    if (in->zero_bytes)
        fprintf(f, "    __builtin_memset(in.fixed.zero_, 0, sizeof in.fixed.zero_);\n");
    for (const struct param *p = in->sorted; p; p = p->next_sorted)
        if (param_is_variable(p))
            emit_data_in(f, p);
    fprintf(f, "    msg.word[0] = sizeof in.fixed%s;\n", in->data_max ? " + used" : "");
}

/* Over a bound: nothing is sent, and handles are closed, because they are gone in every case. */
static void emit_bounds(FILE *f, const struct decl *d)
{
    bool any = false;

    for (const struct param *p = d->in.params; p; p = p->next) {
        if (!param_is_variable(p) && p->kind != PARAM_WINDOW)
            continue;
        fprintf(f, "%s%s_%s > %" PRIu64, any ? " || " : "    if (", p->name,
                p->kind == PARAM_ARRAY ? "count" : "len", p->bound.number);
        any = true;
    }
    if (!any)
        return;
    fprintf(f, ") {\n");
    for (const struct param *p = d->in.params; p; p = p->next)
        if (p->kind == PARAM_HANDLE)
            fprintf(f, "        jg_ipc_close(%s);\n", p->name);
    fprintf(f, "        result = JG_ERR_TOO_BIG;\n        goto failed;\n    }\n");
}

static bool has_bounds(const struct decl *d)
{
    return d->in.variable || d->in.window;
}

static void emit_ext(FILE *f, const struct decl *d)
{
    if (!needs_ext(d))
        return;
    fprintf(f, "    jg_ipc_ext_init(&ext);\n");
    if (d->in.mode == SIDE_MESSAGE)
        fprintf(f, "    ext.in = (uintptr_t)&in;\n    ext.in_size = msg.word[0];\n");
    if (d->in.window)
        fprintf(f, "    ext.in = (uintptr_t)%s;\n    ext.in_size = %s_len;\n", d->in.window->name,
                d->in.window->name);
    if (d->out.mode == SIDE_MESSAGE)
        fprintf(f, "    ext.out = (uintptr_t)&out;\n    ext.out_size = sizeof out;\n");
    if (d->out.window) {
        const struct param *w = d->out.window;
        unsigned room = d->in.mode == SIDE_MESSAGE ? 1 : d->in.words;

        fprintf(f, "    msg.word[%u] = %s_size < %" PRIu64 " ? %s_size : %" PRIu64 ";\n", room,
                w->name, w->bound.number, w->name, w->bound.number);
        fprintf(f, "    ext.out = (uintptr_t)%s;\n    ext.out_size = msg.word[%u];\n", w->name,
                room);
    }
    for (const struct param *p = d->in.params; p; p = p->next)
        if (p->kind == PARAM_HANDLE)
            fprintf(f, "    ext.send[%u] = (struct jg_handle_send){%s, JG_RIGHTS_SAME};\n",
                    p->handle, p->name);
    if (d->in.handles)
        fprintf(f, "    ext.send_count = %u;\n", d->in.handles);
    if (d->out.handles)
        fprintf(f, "    ext.received_count = %u;\n", d->out.handles);
}

static void emit_handle_checks(FILE *f, const struct decl *d)
{
    if (!d->out.handles)
        return;
    fprintf(f,
            "    if (result == 0 && ext.received_count != %u)\n"
            "        result = JG_ERR_BAD_MESSAGE;\n",
            d->out.handles);
    for (const struct param *p = d->out.params; p; p = p->next) {
        if (p->kind != PARAM_HANDLE)
            continue;
        fprintf(f,
                "    if (result == 0)\n        result = jg_ipc_check_handle(&ext.received[%u], "
                "JG_TYPE_",
                p->handle);
        emit_upper(f, p->type_name);
        fprintf(f, ", ");
        emit_rights(f, p);
        fprintf(f, ");\n");
    }
}

/* Takes one OUT out of its words into `got_NAME`, or finds that they do not hold one. */
static void emit_word_out_check(FILE *f, const struct idl *idl, const struct param *p)
{
    const struct type *type = p->type;

    if (p->kind == PARAM_WINDOW) {
        fprintf(f, "    if (result == 0 && msg.word[%u] > ext.out_size)\n", p->word);
        fprintf(f, "        result = JG_ERR_BAD_MESSAGE;\n");
        return;
    }
    if (is_struct(p)) {
        fprintf(f, "    __builtin_memcpy(&got_%s, &msg.word[%u], sizeof got_%s);\n", p->name,
                p->word, p->name);
        if (type->size % 8)
            fprintf(f,
                    "    if (result == 0 && msg.word[%u] >> %u != 0)\n"
                    "        result = JG_ERR_BAD_MESSAGE;\n",
                    p->word + type->size / 8, type->size % 8 * 8);
    } else {
        if (type->size < 8)
            fprintf(f,
                    "    if (result == 0 && msg.word[%u] >> %u != 0)\n"
                    "        result = JG_ERR_BAD_MESSAGE;\n",
                    p->word, type->size * 8);
        fprintf(f, "    got_%s = (%s)msg.word[%u];\n", p->name, type->c, p->word);
    }
    if (type->needs_check) {
        fprintf(f, "    if (result == 0 && !(");
        emit_valid(f, idl, type, arena_format(idl->arena, "got_%s", p->name));
        fprintf(f, "))\n        result = JG_ERR_BAD_MESSAGE;\n");
    }
}

/* The words of the reply, checked; when the result is not 0 all of them count as zero. */
static void emit_words_out(FILE *f, const struct idl *idl, const struct decl *d)
{
    if (d->out.words < IDL_WORDS)
        fprintf(f,
                "    if (result == 0 && !jg_ipc_words_zero(msg.word, %u))\n"
                "        result = JG_ERR_BAD_MESSAGE;\n",
                d->out.words);
    for (const struct param *p = d->out.params; p; p = p->next)
        if (p->kind != PARAM_HANDLE)
            emit_word_out_check(f, idl, p);
}

static void emit_values_zero(FILE *f, const struct decl *d)
{
    for (const struct param *p = d->out.sorted; p; p = p->next_sorted)
        if (!param_is_variable(p))
            fprintf(f, "        __builtin_memset(&out.fixed.%s, 0, sizeof out.fixed.%s);\n",
                    p->name, p->name);
}

/* The message of the reply, checked. With an error only variable data counts, if any came. */
static void emit_message_check(FILE *f, const struct idl *idl, const struct decl *d)
{
    bool values = false;

    for (const struct param *p = d->out.sorted; p; p = p->next_sorted)
        values |= !param_is_variable(p);
    fprintf(f,
            "    if (%s &&\n        (!jg_ipc_words_zero(msg.word, 1) ||\n"
            "         !%s_%s_out_valid(&out, msg.word[0], result == 0)))\n"
            "        result = JG_ERR_BAD_MESSAGE;\n",
            d->out.variable ? "(result == 0 || (result > 0 && msg.word[0] != 0))" : "result == 0",
            idl->name, d->name);
    fprintf(f, "    if (%s)\n        __builtin_memset(&out.fixed, 0, sizeof out.fixed);\n",
            d->out.variable ? "result < 0 || msg.word[0] == 0" : "result != 0");
    if (values && d->out.variable) {
        fprintf(f, "    if (result > 0) {\n");
        emit_values_zero(f, d);
        fprintf(f, "    }\n");
    }
}

/* A buffer of the caller's that is too small makes the call fail, with the length that it needs. */
static void emit_message_out(FILE *f, const struct idl *idl, const struct decl *d)
{
    emit_message_check(f, idl, d);
    for (const struct param *p = d->out.sorted; p; p = p->next_sorted) {
        if (!param_is_variable(p))
            continue;
        if (p->kind == PARAM_STRING)
            fprintf(f,
                    "    if (result >= 0 && !jg_ipc_string_fits(%s, %s_size, out.fixed.%s_len))\n",
                    p->name, p->name, p->name);
        else if (p->kind == PARAM_BYTES)
            fprintf(f, "    if (result >= 0 && !jg_ipc_bytes_fit(%s, %s_size, out.fixed.%s_len))\n",
                    p->name, p->name, p->name);
        else
            fprintf(f,
                    "    if (result >= 0 && !jg_ipc_bytes_fit(%s, %s_max, out.fixed.%s_count))\n",
                    p->name, p->name, p->name);
        fprintf(f, "        result = JG_ERR_TOO_BIG;\n");
    }
}

static void emit_give_value(FILE *f, const struct decl *d, const struct param *p)
{
    const char *n = p->name;

    if (p->kind == PARAM_WINDOW)
        fprintf(f, "    if (%s_len)\n        *%s_len = result == 0 ? (size_t)msg.word[%u] : 0;\n",
                n, n, p->word);
    else if (d->out.mode == SIDE_MESSAGE)
        fprintf(f, "    if (%s)\n        *%s = out.fixed.%s%s;\n", n, n, n,
                p->type->kind == TYPE_BOOL ? " != 0" : "");
    else if (is_struct(p))
        fprintf(f,
                "    if (result != 0)\n        __builtin_memset(&got_%s, 0, sizeof got_%s);\n"
                "    if (%s)\n        *%s = got_%s;\n",
                n, n, n, n, n);
    else
        fprintf(f, "    if (%s)\n        *%s = result == 0 ? got_%s%s : 0;\n", n, n, n,
                p->type->kind == TYPE_BOOL ? " != 0" : "");
}

static void emit_give_data(FILE *f, const struct param *p, bool last)
{
    const char *n = p->name;

    if (p->kind == PARAM_STRING) {
        fprintf(f,
                "    jg_ipc_give_string(%s, %s_size, %s_len, out.data + used, out.fixed.%s_len);\n",
                n, n, n, n);
        if (!last)
            fprintf(f, "    used += out.fixed.%s_len + 1;\n", n);
    } else if (p->kind == PARAM_BYTES) {
        fprintf(f,
                "    jg_ipc_give_bytes(%s, %s_size, %s_len, out.data + used, out.fixed.%s_len);\n",
                n, n, n, n);
        if (!last)
            fprintf(f, "    used += out.fixed.%s_len;\n", n);
    } else {
        fprintf(f,
                "    jg_ipc_give_array(%s, %s_max, %s_count, out.data + used, out.fixed.%s_count, "
                "sizeof *%s);\n",
                n, n, n, n, n);
        if (!last)
            fprintf(f, "    used += out.fixed.%s_count * sizeof *%s;\n", n, n);
    }
}

static const struct param *next_variable(const struct param *p)
{
    while (p && !param_is_variable(p))
        p = p->next_sorted;
    return p;
}

static void emit_give(FILE *f, const struct decl *d)
{
    if (d->out.handles)
        fprintf(f, "    if (result != 0)\n"
                   "        jg_ipc_close_received(ext.received, ext.received_count);\n");
    for (const struct param *p = d->out.params; p; p = p->next) {
        if (p->kind == PARAM_HANDLE)
            fprintf(f,
                    "    if (%s)\n        *%s = result == 0 ? ext.received[%u].handle : "
                    "JG_HANDLE_NONE;\n    else if (result == 0)\n"
                    "        jg_ipc_close(ext.received[%u].handle);\n",
                    p->name, p->name, p->handle, p->handle);
        else if (!param_is_variable(p))
            emit_give_value(f, d, p);
    }
    if (d->out.variable)
        fprintf(f, "    used = 0;\n");
    for (const struct param *p = next_variable(d->out.sorted); p; p = next_variable(p->next_sorted))
        emit_give_data(f, p, !next_variable(p->next_sorted));
}

/* Sets every OUT to nothing, for a call that was not made. */
static void emit_failed(FILE *f, const struct decl *d)
{
    if (!has_bounds(d))
        return;
    fprintf(f, "failed:\n");
    for (const struct param *p = d->out.params; p; p = p->next) {
        const char *n = p->name;

        if (p->kind == PARAM_HANDLE)
            fprintf(f, "    if (%s)\n        *%s = JG_HANDLE_NONE;\n", n, n);
        else if (is_struct(p))
            fprintf(f, "    if (%s)\n        __builtin_memset(%s, 0, sizeof *%s);\n", n, n, n);
        else if (p->kind == PARAM_VALUE)
            fprintf(f, "    if (%s)\n        *%s = 0;\n", n, n);
        else if (p->kind == PARAM_STRING)
            fprintf(f, "    jg_ipc_give_string(%s, %s_size, %s_len, \"\", 0);\n", n, n, n);
        else
            fprintf(f, "    if (%s_%s)\n        *%s_%s = 0;\n", n,
                    p->kind == PARAM_ARRAY ? "count" : "len", n,
                    p->kind == PARAM_ARRAY ? "count" : "len");
    }
    fprintf(f, "    return result;\n");
}

static void emit_locals(FILE *f, const struct idl *idl, const struct decl *d)
{
    if (d->in.mode == SIDE_MESSAGE)
        fprintf(f, "    struct %s_%s_in_buffer in;\n", idl->name, d->name);
    if (d->out.mode == SIDE_MESSAGE)
        fprintf(f, "    struct %s_%s_out_buffer out;\n", idl->name, d->name);
    else
        for (const struct param *p = d->out.params; p; p = p->next)
            if (p->kind == PARAM_VALUE)
                fprintf(f, "    %s got_%s;\n", p->type->c, p->name);
    fprintf(f, "    struct jg_message msg = {.info = %s_METHOD_", idl->upper);
    emit_upper(f, d->name);
    fprintf(f, "};\n");
    if (needs_ext(d))
        fprintf(f, "    struct jg_call_ext ext;\n");
    if (d->in.data_max || d->out.data_max)
        fprintf(f, "    size_t used = 0;\n");
    fprintf(f, "    int32_t result;\n\n");
}

static void emit_stub(FILE *f, const struct idl *idl, const struct decl *d)
{
    bool large = d->in.mode == SIDE_MESSAGE || d->out.mode == SIDE_MESSAGE;

    fputc('\n', f);
    emit_doc(f, "", d->doc);
    fprintf(f, "%s int32_t %s_%s(jg_handle_t session", large ? "JG_IPC_LARGE" : "static inline",
            idl->name, d->name);
    emit_params(f, &d->in, false, false);
    emit_params(f, &d->out, true, false);
    fprintf(f, ")\n{\n");
    emit_locals(f, idl, d);
    emit_bounds(f, d);
    if (d->in.mode == SIDE_MESSAGE)
        emit_message_in(f, d);
    else
        for (const struct param *p = d->in.params; p; p = p->next)
            emit_word_in(f, p);
    emit_ext(f, d);
    fprintf(f, "    result = jg_ipc_call(session, &msg, %s);\n", needs_ext(d) ? "&ext" : "NULL");
    emit_handle_checks(f, d);
    if (d->out.mode == SIDE_MESSAGE)
        emit_message_out(f, idl, d);
    else
        emit_words_out(f, idl, d);
    emit_give(f, d);
    fprintf(f, "    return result;\n");
    emit_failed(f, d);
    fprintf(f, "}\n");
}

static void emit_check_version(FILE *f, const struct idl *idl)
{
    fprintf(f,
            "\n/* Asks whether the other end speaks this version: once, when a session opens.\n"
            " * Returns 0 or JG_ERR_BAD_VERSION. */\n"
            "static inline int32_t %s_check_version(jg_handle_t session)\n{\n"
            "    struct jg_message msg = {.info = 0, .word = {%s_VERSION}};\n\n"
            "    return jg_ipc_call(session, &msg, NULL);\n}\n",
            idl->name, idl->upper);
}

void emit_client(FILE *f, const struct idl *idl)
{
    fprintf(
        f,
        "/*\n * Client stubs of the interface `%s`, made by ipcgen from its .idl: do not edit.\n "
        "*\n"
        " * A stub returns 0, a positive %s_ERROR_*, or a negative JG_ERR_* when the call itself "
        "failed.\n * Any OUT pointer may be NULL. docs/ipc.md tells the rest.\n */\n#pragma "
        "once\n\n"
        "#include <jg/ipc.h>\n\n",
        idl->name, idl->upper);
    fprintf(f, "#ifndef IPC_%s_TYPES\n#define IPC_%s_TYPES\n\n", idl->upper, idl->upper);
    emit_types(f, idl);
    emit_messages(f, idl);
    emit_names(f, idl);
    fprintf(f, "\n#endif\n");
    emit_check_version(f, idl);
    for (const struct decl *d = idl->decls; d; d = d->next)
        if (d->kind == DECL_METHOD)
            emit_stub(f, idl, d);
}
