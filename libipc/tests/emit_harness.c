/*
 * Makes the test of an interface from its .idl: ops that compare what arrives and answer with
 * random values, and for each method a round that calls the stub and compares what comes back.
 *
 *   ipcgen-harness FILE.idl HARNESS.h
 *
 * The same ops serve the fuzzers: with harness_hostile set they only look at every byte.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../ipcgen/emit.h"

/* True for the method that has no op in the tests. */
static bool is_missing(const struct decl *d)
{
    return strcmp(d->name, "missing") == 0;
}

static void emit_random_value(FILE *f, const struct idl *idl, const struct type *type,
                              const char *lvalue)
{
    if (type->kind == TYPE_INT)
        fprintf(f, "    harness_fill(&%s, sizeof %s);\n", lvalue, lvalue);
    else if (type->kind == TYPE_BOOL)
        fprintf(f, "    %s = harness_random() & 1;\n", lvalue);
    else
        fprintf(f, "    %s_random_%s(&%s);\n", idl->name, type->name, lvalue);
}

static void emit_random_type(FILE *f, const struct idl *idl, const struct decl *d)
{
    fprintf(f, "\n__attribute__((unused)) static void %s_random_%s(%s *v)\n{\n", idl->name, d->name,
            d->type.c);
    if (d->kind == DECL_ENUM) {
        unsigned n = 0;

        fprintf(f, "    static const %s all[] = {", d->type.c);
        for (const struct member *m = d->members; m; m = m->next, n++)
            fprintf(f, "(%s)%s%" PRIu64 "ll%s", d->type.c, m->value.negative ? "-" : "",
                    m->value.number, m->next ? ", " : "");
        fprintf(f, "};\n\n    *v = all[harness_random() %% %u];\n", n);
    } else if (d->kind == DECL_FLAGS) {
        fprintf(f, "    *v = 0;\n");
        for (const struct member *m = d->members; m; m = m->next)
            fprintf(f, "    *v |= (%s)(harness_random() & 1 ? %" PRIu64 "u : 0);\n", d->type.c,
                    m->value.number);
    } else {
        for (const struct member *m = d->members; m; m = m->next) {
            if (m->value.given)
                fprintf(f, "    for (size_t i = 0; i < %" PRIu64 "; i++)\n    ", m->value.number);
            emit_random_value(
                f, idl, m->type,
                arena_format(idl->arena, "v->%s%s", m->name, m->value.given ? "[i]" : ""));
        }
    }
    fprintf(f, "}\n");
}

static void emit_state_members(FILE *f, const struct side *side)
{
    for (const struct param *p = side->params; p; p = p->next) {
        if (p->kind == PARAM_VALUE)
            fprintf(f, "    %s %s;\n", c_type(p), p->name);
        else if (p->kind == PARAM_HANDLE)
            fprintf(f, "    jg_handle_t %s;\n", p->name);
        else if (p->kind == PARAM_ARRAY)
            fprintf(f, "    %s %s[%" PRIu64 "];\n    size_t %s_count;\n", p->type->c, p->name,
                    p->bound.number, p->name);
        else
            fprintf(f, "    %s %s[%" PRIu64 "];\n    size_t %s_len;\n",
                    p->kind == PARAM_STRING ? "char" : "uint8_t", p->name,
                    p->bound.number + (p->kind == PARAM_STRING), p->name);
    }
}

static void emit_random_param(FILE *f, const struct idl *idl, const struct param *p)
{
    const char *n = p->name;

    switch (p->kind) {
    case PARAM_VALUE:
        emit_random_value(f, idl, p->type, arena_format(idl->arena, "v->%s", n));
        break;
    case PARAM_STRING:
        fprintf(f,
                "    v->%s_len = harness_length(%" PRIu64
                ");\n    harness_text(v->%s, v->%s_len);\n"
                "    v->%s[v->%s_len] = 0;\n",
                n, p->bound.number, n, n, n, n);
        break;
    case PARAM_BYTES:
    case PARAM_WINDOW:
        fprintf(f,
                "    v->%s_len = harness_length(%" PRIu64
                ");\n    harness_fill(v->%s, v->%s_len);\n",
                n, p->bound.number, n, n);
        break;
    case PARAM_ARRAY:
        fprintf(f,
                "    v->%s_count = harness_length(%" PRIu64 ");\n"
                "    for (size_t i = 0; i < v->%s_count; i++)\n    ",
                n, p->bound.number, n);
        emit_random_value(f, idl, p->type, arena_format(idl->arena, "v->%s[i]", n));
        break;
    case PARAM_HANDLE:
        break;
    }
}

static void emit_fake_handle(FILE *f, const struct param *p)
{
    fprintf(f, "fake_handle(JG_TYPE_");
    emit_upper(f, p->type_name);
    fprintf(f, ", JG_RIGHT_INSPECT | ");
    emit_rights(f, p);
    fprintf(f, ")");
}

/* In the op: an IN is what the client sent, or at least all there. */
static void emit_op_in(FILE *f, const struct idl *idl, const struct param *p)
{
    const char *n = p->name;

    switch (p->kind) {
    case PARAM_VALUE:
        if (p->type->needs_check && p->type->kind != TYPE_BOOL) {
            fprintf(f, "    CHECK(");
            emit_valid(f, idl, p->type, is_struct(p) ? arena_format(idl->arena, "*%s", n) : n);
            fprintf(f, ");\n");
        }
        if (is_struct(p))
            fprintf(f,
                    "    harness_touch(%s, sizeof *%s);\n"
                    "    CHECK(harness_hostile || memcmp(%s, &v->%s, sizeof *%s) == 0);\n",
                    n, n, n, n, n);
        else
            fprintf(f, "    CHECK(harness_hostile || %s == v->%s);\n", n, n);
        break;
    case PARAM_STRING:
    case PARAM_BYTES:
        if (p->kind == PARAM_STRING)
            fprintf(f, "    CHECK(strlen(%s) == %s_len);\n", n, n);
        fprintf(f, "    CHECK(%s_len <= %" PRIu64 ");\n    harness_touch(%s, %s_len);\n", n,
                p->bound.number, n, n);
        fprintf(
            f,
            "    CHECK(harness_hostile || (%s_len == v->%s_len && memcmp(%s, v->%s, %s_len) == 0));"
            "\n",
            n, n, n, n, n);
        break;
    case PARAM_ARRAY:
        fprintf(f,
                "    CHECK(%s_count <= %" PRIu64
                ");\n    harness_touch(%s, %s_count * sizeof *%s);\n",
                n, p->bound.number, n, n, n);
        fprintf(f, "    CHECK((uintptr_t)%s %% %u == 0);\n", n, p->type->align);
        fprintf(f,
                "    CHECK(harness_hostile || (%s_count == v->%s_count &&\n"
                "        memcmp(%s, v->%s, %s_count * sizeof *%s) == 0));\n",
                n, n, n, n, n, n);
        break;
    case PARAM_WINDOW:
        fprintf(f,
                "    CHECK(%s.size <= %" PRIu64 ");\n    {\n        static uint8_t part[%" PRIu64
                "];\n"
                "        size_t half = %s.size / 2;\n"
                "        int32_t one = jg_window_read(&%s, 0, part, half);\n"
                "        int32_t two = jg_window_read(&%s, half, part + half, %s.size - half);\n\n"
                "        CHECK(jg_window_read(&%s, half, part, %s.size - half + 1) == "
                "JG_ERR_OUT_OF_RANGE);\n"
                "        CHECK(harness_hostile || (one == JG_OK && two == JG_OK &&\n"
                "            %s.size == v->%s_len && memcmp(part, v->%s, %s.size) == 0));\n    }\n",
                n, p->bound.number, p->bound.number, n, n, n, n, n, n, n, n, n, n);
        break;
    case PARAM_HANDLE:
        fprintf(f, "    CHECK(fake_type(%s) == JG_TYPE_", n);
        emit_upper(f, p->type_name);
        fprintf(f, ");\n    jg_handle_close(%s);\n", n);
        break;
    }
}

static void emit_op_out(FILE *f, const struct param *p)
{
    const char *n = p->name;

    switch (p->kind) {
    case PARAM_VALUE:
        fprintf(f, "    *%s = v->%s;\n", n, n);
        break;
    case PARAM_STRING:
    case PARAM_BYTES:
        fprintf(f,
                "    CHECK(%s_size >= v->%s_len);\n    memset(%s, 0x5a, %s_size);\n"
                "    memcpy(%s, v->%s, v->%s_len);\n    *%s_len = v->%s_len;\n",
                n, n, n, n, n, n, n, n, n);
        break;
    case PARAM_ARRAY:
        fprintf(f,
                "    CHECK(%s_max == %" PRIu64
                ");\n    memcpy(%s, v->%s, v->%s_count * sizeof *%s);\n"
                "    *%s_count = v->%s_count;\n",
                n, p->bound.number, n, n, n, n, n, n);
        break;
    case PARAM_WINDOW:
        fprintf(f,
                "    *%s_len = v->%s_len < %s.size ? v->%s_len : %s.size;\n"
                "    if (jg_window_write(&%s, 0, v->%s, *%s_len) != JG_OK)\n"
                "        CHECK(harness_hostile);\n",
                n, n, n, n, n, n, n, n);
        break;
    case PARAM_HANDLE:
        fprintf(f, "    *%s = ", n);
        emit_fake_handle(f, p);
        fprintf(f, ";\n");
        break;
    }
}

/* The same answer, given by the late reply while the op has kept its token. */
static void emit_op_late(FILE *f, const struct idl *idl, const struct decl *d)
{
    fprintf(f, "    if (harness_late) {\n");
    for (const struct param *p = d->out.params; p; p = p->next)
        if (p->kind == PARAM_WINDOW)
            fprintf(f,
                    "        size_t %s_late = v->%s_len < %s.size ? v->%s_len : %s.size;\n\n"
                    "        (void)%s_len;\n"
                    "        if (jg_window_write(&%s, 0, v->%s, %s_late) != JG_OK)\n"
                    "            CHECK(harness_hostile);\n",
                    p->name, p->name, p->name, p->name, p->name, p->name, p->name, p->name,
                    p->name);
    fprintf(f, "        %s_%s_reply(call->token, v->result", idl->name, d->name);
    for (const struct param *p = d->out.params; p; p = p->next) {
        fprintf(f, ", ");
        if (p->kind == PARAM_HANDLE)
            emit_fake_handle(f, p);
        else if (p->kind == PARAM_WINDOW)
            fprintf(f, "%s_late", p->name);
        else if (param_is_variable(p))
            fprintf(f, "v->%s, v->%s_%s", p->name, p->name,
                    p->kind == PARAM_ARRAY ? "count" : "len");
        else
            fprintf(f, "%sv->%s", is_struct(p) ? "&" : "", p->name);
    }
    fprintf(f, ");\n        return JG_REPLY_KEPT;\n    }\n");
}

static void emit_op(FILE *f, const struct idl *idl, const struct decl *d)
{
    fprintf(f, "\nstatic struct %s_%s_state {\n    int32_t result;\n", idl->name, d->name);
    emit_state_members(f, &d->in);
    emit_state_members(f, &d->out);
    fprintf(f, "} %s_%s_sent, %s_%s_got;\n", idl->name, d->name, idl->name, d->name);
    if (is_missing(d))
        return;
    fprintf(f, "\nstatic int32_t %s_op_%s(struct %s_call *call", idl->name, d->name, idl->name);
    emit_params(f, &d->in, false, true);
    emit_params(f, &d->out, true, true);
    fprintf(f,
            ")\n{\n    struct %s_%s_state *v = &%s_%s_sent;\n\n"
            "    CHECK(call->key == 77 && call->token != 0);\n",
            idl->name, d->name, idl->name, d->name);
    for (const struct param *p = d->in.params; p; p = p->next)
        emit_op_in(f, idl, p);
    emit_op_late(f, idl, d);
    for (const struct param *p = d->out.params; p; p = p->next)
        emit_op_out(f, p);
    fprintf(f, "    return v->result;\n}\n");
}

static void emit_prepare(FILE *f, const struct idl *idl, const struct decl *d)
{
    fprintf(f,
            "\nstatic void %s_prepare_%s(void)\n{\n    struct %s_%s_state *v = &%s_%s_sent;\n\n"
            "    v->result = harness_result();\n",
            idl->name, d->name, idl->name, d->name, idl->name, d->name);
    for (const struct param *p = d->in.params; p; p = p->next)
        emit_random_param(f, idl, p);
    for (const struct param *p = d->out.params; p; p = p->next)
        emit_random_param(f, idl, p);
    fprintf(f, "}\n");
}

static void emit_argument_in(FILE *f, const struct param *p)
{
    if (p->kind == PARAM_ARRAY)
        fprintf(f, ", v->%s, v->%s_count", p->name, p->name);
    else if (param_is_variable(p) || p->kind == PARAM_WINDOW)
        fprintf(f, ", v->%s, v->%s_len", p->name, p->name);
    else
        fprintf(f, ", %sv->%s", is_struct(p) ? "&" : "", p->name);
}

static void emit_argument_out(FILE *f, const struct param *p)
{
    const char *n = p->name;

    if (p->kind == PARAM_ARRAY)
        fprintf(f, ", g->%s, %" PRIu64 ", &g->%s_count", n, p->bound.number, n);
    else if (param_is_variable(p) || p->kind == PARAM_WINDOW)
        fprintf(f, ", g->%s, sizeof g->%s, &g->%s_len", n, n, n);
    else
        fprintf(f, ", &g->%s", n);
}

/* After the call: equal on 0; on an error variable data is there and values are zero; else all is
 * zero. */
static void emit_compare(FILE *f, const struct param *p)
{
    const char *n = p->name;

    switch (p->kind) {
    case PARAM_VALUE:
        fprintf(f,
                "    if (result == 0)\n        CHECK(harness_hostile || memcmp(&g->%s, &v->%s, "
                "sizeof g->%s) == 0);\n    else\n        CHECK(memcmp(&g->%s, &zero, "
                "sizeof g->%s) == 0);\n",
                n, n, n, n, n);
        break;
    case PARAM_ARRAY:
        fprintf(
            f,
            "    CHECK(result >= 0 || g->%s_count == 0);\n    CHECK(g->%s_count <= %" PRIu64 ");\n"
            "    harness_touch(g->%s, g->%s_count * sizeof g->%s[0]);\n"
            "    if (result >= 0 && !harness_hostile)\n        CHECK(g->%s_count == v->%s_count && "
            "memcmp(g->%s, v->%s, v->%s_count * sizeof v->%s[0]) == 0);\n",
            n, n, p->bound.number, n, n, n, n, n, n, n, n, n);
        break;
    case PARAM_STRING:
    case PARAM_BYTES:
        if (p->kind == PARAM_STRING)
            fprintf(f, "    CHECK(strlen(g->%s) == g->%s_len);\n", n, n);
        fprintf(f,
                "    CHECK(result >= 0 || g->%s_len == 0);\n    CHECK(g->%s_len <= %" PRIu64 ");\n"
                "    if (result >= 0 && !harness_hostile)\n        CHECK(g->%s_len == v->%s_len && "
                "memcmp(g->%s, v->%s, v->%s_len) == 0);\n",
                n, n, p->bound.number, n, n, n, n, n);
        break;
    case PARAM_WINDOW:
        fprintf(f,
                "    CHECK(result == 0 || g->%s_len == 0);\n    CHECK(g->%s_len <= %" PRIu64 ");\n"
                "    if (result == 0 && !harness_hostile)\n        CHECK(g->%s_len == v->%s_len && "
                "memcmp(g->%s, v->%s, v->%s_len) == 0);\n",
                n, n, p->bound.number, n, n, n, n, n);
        break;
    case PARAM_HANDLE:
        fprintf(f, "    if (result == 0) {\n        CHECK(fake_type(g->%s) == JG_TYPE_", n);
        emit_upper(f, p->type_name);
        fprintf(f,
                ");\n        jg_handle_close(g->%s);\n    } else {\n"
                "        CHECK(g->%s == JG_HANDLE_NONE);\n    }\n",
                n, n);
        break;
    }
}

static void emit_round(FILE *f, const struct idl *idl, const struct decl *d)
{
    fprintf(f,
            "\nstatic void %s_round_%s(void)\n{\n    static const struct %s_%s_state zero;\n"
            "    struct %s_%s_state *v = &%s_%s_sent;\n    struct %s_%s_state *g = &%s_%s_got;\n"
            "    int32_t result;\n\n    (void)zero;\n    (void)g;\n    %s_prepare_%s();\n"
            "    memset(g, 0x77, sizeof *g);\n",
            idl->name, d->name, idl->name, d->name, idl->name, d->name, idl->name, d->name,
            idl->name, d->name, idl->name, d->name, idl->name, d->name);
    for (const struct param *p = d->in.params; p; p = p->next) {
        if (p->kind != PARAM_HANDLE)
            continue;
        fprintf(f, "    v->%s = ", p->name);
        emit_fake_handle(f, p);
        fprintf(f, ";\n");
    }
    fprintf(f, "    result = %s_%s(1", idl->name, d->name);
    for (const struct param *p = d->in.params; p; p = p->next)
        emit_argument_in(f, p);
    for (const struct param *p = d->out.params; p; p = p->next)
        emit_argument_out(f, p);
    fprintf(f, ");\n");
    if (is_missing(d))
        fprintf(f, "    v->result = JG_ERR_NOT_SUPPORTED;\n");
    fprintf(f, "    CHECK(harness_hostile || result == v->result);\n");
    if (d->in.mode == SIDE_MESSAGE)
        fprintf(f, "    CHECK(harness_hostile || fake_reads == 1);\n");
    for (const struct param *p = d->out.params; p; p = p->next)
        emit_compare(f, p);
    fprintf(f, "    CHECK(fake_open_handles() == 0);\n}\n");
}

static void emit_tables(FILE *f, const struct idl *idl)
{
    fprintf(f, "\nstatic const struct %s_ops %s_harness_ops = {\n", idl->name, idl->name);
    for (const struct decl *d = idl->decls; d; d = d->next)
        if (d->kind == DECL_METHOD && !is_missing(d))
            fprintf(f, "    .%s = %s_op_%s,\n", d->name, idl->name, d->name);
    fprintf(f, "};\n\nstatic const struct harness_method {\n    uint32_t number;\n"
               "    void (*prepare)(void);\n    void (*round)(void);\n} harness_methods[] = {\n");
    for (const struct decl *d = idl->decls; d; d = d->next)
        if (d->kind == DECL_METHOD)
            fprintf(f, "    {%" PRIu64 ", %s_prepare_%s, %s_round_%s},\n", d->value.number,
                    idl->name, d->name, idl->name, d->name);
    fprintf(f,
            "};\n\n__attribute__((unused)) static jg_token_t harness_serve(const struct "
            "jg_received *msg, "
            "struct jg_message *reply)\n{\n"
            "    return %s_dispatch(&%s_harness_ops, NULL, msg, reply);\n}\n\n"
            "__attribute__((unused)) static int32_t harness_check_version(void)\n{\n    return "
            "%s_check_version(1);\n}\n",
            idl->name, idl->name, idl->name);
}

static void emit_harness(FILE *f, const struct idl *idl)
{
    fprintf(f,
            "/* The test of the interface `%s`, made by ipcgen-harness: do not edit. */\n#pragma "
            "once\n\n"
            "#include \"fake.h\"\n#include <ipc/%s_client.h>\n#include <ipc/%s_server.h>\n"
            "#include <string.h>\n",
            idl->name, idl->name, idl->name);
    for (const struct decl *d = idl->decls; d; d = d->next)
        if (d->kind == DECL_ENUM || d->kind == DECL_FLAGS || d->kind == DECL_STRUCT)
            emit_random_type(f, idl, d);
    for (const struct decl *d = idl->decls; d; d = d->next) {
        if (d->kind != DECL_METHOD)
            continue;
        emit_op(f, idl, d);
        emit_prepare(f, idl, d);
        emit_round(f, idl, d);
    }
    emit_tables(f, idl);
}

int main(int argc, char **argv)
{
    static char text[1 << 20];
    struct arena arena = {0};
    struct diag diag = {.arena = &arena, .text = text};
    struct idl *idl;
    FILE *f = argc == 3 ? fopen(argv[1], "rb") : NULL;

    if (!f) {
        fprintf(stderr, "usage: ipcgen-harness FILE.idl HARNESS.h\n");
        return 2;
    }
    diag.path = argv[1];
    diag.len = fread(text, 1, sizeof text, f);
    fclose(f);
    idl = idl_parse(&arena, argv[1], text, diag.len, &diag);
    idl_check(idl, &diag);
    if (diag.count) {
        diag_print(&diag);
        return 1;
    }
    f = fopen(argv[2], "wb");
    if (!f)
        return 1;
    emit_harness(f, idl);
    arena_free(&arena);
    return fclose(f) == 0 ? 0 : 1;
}
