/*
 * The server's side of the interface `notes`, made by ipcgen from its .idl: do not edit.
 * Fill a struct notes_ops and call notes_dispatch() for each call. docs/ipc.md tells the rest.
 */
#pragma once

#include <jg/ipc.h>

#ifndef IPC_NOTES_TYPES
#define IPC_NOTES_TYPES

/* A pad of short notes. */
#define NOTES_VERSION 1u

#define NOTES_TEXT_MAX 200

enum notes_error { /* travels as uint32_t */
    /* no note has this number */
    NOTES_ERROR_NO_SUCH = 1,
    NOTES_ERROR_FULL = 2,
};

static inline bool notes_error_valid(uint32_t value)
{
    switch (value) {
    case NOTES_ERROR_NO_SUCH:
    case NOTES_ERROR_FULL:
        return true;
    default:
        return false;
    }
}

enum notes_colour { /* travels as uint8_t */
    NOTES_COLOUR_YELLOW = 0,
    NOTES_COLOUR_GREEN = 1,
};

static inline bool notes_colour_valid(uint8_t value)
{
    switch (value) {
    case NOTES_COLOUR_YELLOW:
    case NOTES_COLOUR_GREEN:
        return true;
    default:
        return false;
    }
}

struct notes_info {
    uint32_t id;
    /* of the text, in bytes */
    uint32_t length;
    uint8_t paper; /* colour */
    uint8_t zero[3];
};
_Static_assert(sizeof(struct notes_info) == 12, "layout");
_Static_assert(offsetof(struct notes_info, id) == 0, "layout");
_Static_assert(offsetof(struct notes_info, length) == 4, "layout");
_Static_assert(offsetof(struct notes_info, paper) == 8, "layout");
_Static_assert(offsetof(struct notes_info, zero) == 9, "layout");

static inline bool notes_info_valid(const struct notes_info *value)
{
    if (!(notes_colour_valid(value->paper)))
        return false;
    return true;
}

/* Raised when a note was added. */
#define NOTES_EVENT_ADDED (UINT64_C(1) << 0)

struct notes_add_in {
    uint32_t text_len;
    uint8_t paper;
    uint8_t zero_[3];
};
_Static_assert(sizeof(struct notes_add_in) == 8, "layout");
_Static_assert(offsetof(struct notes_add_in, text_len) == 0, "layout");
_Static_assert(offsetof(struct notes_add_in, paper) == 4, "layout");
struct notes_add_in_buffer {
    _Alignas(8) struct notes_add_in fixed;
    uint8_t data[201];
};

static inline bool notes_add_in_valid(const struct notes_add_in_buffer *m, uint64_t total)
{
    uint64_t used = sizeof m->fixed;

    if (total < used)
        return false;
    if (m->fixed.text_len > 200)
        return false;
    used += m->fixed.text_len + 1;
    if (total != used)
        return false;
    if (!(notes_colour_valid(m->fixed.paper)))
        return false;
    if (!jg_ipc_is_zero(m->fixed.zero_, sizeof m->fixed.zero_))
        return false;
    used = 0;
    if (!jg_ipc_is_string(m->data + used, m->fixed.text_len))
        return false;
    return true;
}

struct notes_get_out {
    struct notes_info found;
    uint32_t text_len;
};
_Static_assert(sizeof(struct notes_get_out) == 16, "layout");
_Static_assert(offsetof(struct notes_get_out, found) == 0, "layout");
_Static_assert(offsetof(struct notes_get_out, text_len) == 12, "layout");
struct notes_get_out_buffer {
    _Alignas(8) struct notes_get_out fixed;
    uint8_t data[201];
};

static inline bool notes_get_out_valid(const struct notes_get_out_buffer *m, uint64_t total, bool with_values)
{
    uint64_t used = sizeof m->fixed;

    (void)with_values;
    if (total < used)
        return false;
    if (m->fixed.text_len > 200)
        return false;
    used += m->fixed.text_len + 1;
    if (total != used)
        return false;
    if (with_values && !(notes_info_valid(&m->fixed.found)))
        return false;
    used = 0;
    if (!jg_ipc_is_string(m->data + used, m->fixed.text_len))
        return false;
    return true;
}

#define NOTES_METHOD_ADD 1u
#define NOTES_METHOD_GET 2u
#define NOTES_METHOD_ALL 3u

/* Returns the names of a method and its parameters for a tracer; NULL for an unknown number. */
static inline const struct jg_method *notes_method(uint32_t number)
{
    static const struct jg_method names[] = {
        {0, "check_version", "version", ""},
        {1, "add", "text,paper", "id"},
        {2, "get", "id", "found,text"},
        {3, "all", "", "lines"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].number == number)
            return &names[i];
    return NULL;
}

/* Returns the name of an error of this interface, or "?". */
static inline const char *notes_error_name(int32_t error)
{
    switch (error) {
    case NOTES_ERROR_NO_SUCH:
        return "NO_SUCH";
    case NOTES_ERROR_FULL:
        return "FULL";
    default:
        return "?";
    }
}

#endif

/* The call that an op serves: the key of its session, the token, the dispatcher's context. */
struct notes_call {
    uint64_t key;
    jg_token_t token;
    void *context;
};

/*
 * What a server does for each method; NULL is JG_ERR_NOT_SUPPORTED.
 *
 * An op returns 0, a positive NOTES_ERROR_*, a negative JG_ERR_*, or JG_REPLY_KEPT.
 * OUTs begin as zero. IN handles are the op's; an OUT handle is given away on 0.
 */
struct notes_ops {
    /* Adds a note. FULL: no more fit. */
    int32_t (*add)(struct notes_call *call,
        const char *text, size_t text_len,
        uint8_t paper,
        uint32_t *id);
    /* Finds one by its number. */
    int32_t (*get)(struct notes_call *call,
        uint32_t id,
        struct notes_info *found,
        char *text, size_t text_size, size_t *text_len);
    /* The texts of all notes, one a line, as far as they fit. */
    int32_t (*all)(struct notes_call *call,
        struct jg_window lines, size_t *lines_len);
};

/*
 * METHOD_reply() answers a call whose op returned JG_REPLY_KEPT, once, from any thread: with 0
 * and the OUTs, or with a positive NOTES_ERROR_* or a negative JG_ERR_*. Handles are given away
 * or closed. Of a window the length counts: its bytes were written before, within its size.
 * Returns as jg_reply; an OUT over its bound is JG_ERR_INTERNAL to the client.
 */

static inline int32_t notes_add_reply(jg_token_t token, int32_t error,
        uint32_t id)
{
    struct jg_message reply = {0};

    if (error == 0) {
        reply.word[0] = id;
    }
    reply.info = jg_ipc_label(error);
    return jg_reply(token, &reply);
}

static inline int32_t notes_get_reply(jg_token_t token, int32_t error,
        const struct notes_info *found,
        const char *text, size_t text_len)
{
    struct jg_message reply = {0};
    struct notes_get_out fixed;

    __builtin_memset(&fixed, 0, sizeof fixed);
    if (error >= 0 && text_len > 200)
        error = JG_ERR_INTERNAL;
    fixed.text_len = (uint32_t)text_len;
    if (error == 0) {
        fixed.found = *found;
    }
    if (error == 0 || (error > 0 && (text_len != 0))) {
        size_t used = 0;
        int32_t status = jg_ipc_put(token, &used, &fixed, sizeof fixed);

        if (status == JG_OK)
            status = jg_ipc_put(token, &used, text, text_len);
        if (status == JG_OK)
            status = jg_ipc_put(token, &used, "", 1);
        if (status != JG_OK)
            error = status;
        reply.word[0] = status == JG_OK ? used : 0;
    }
    reply.info = jg_ipc_label(error);
    return jg_reply(token, &reply);
}

static inline int32_t notes_all_reply(jg_token_t token, int32_t error,
        size_t lines_len)
{
    struct jg_message reply = {0};

    if (error == 0) {
        reply.word[0] = lines_len;
    }
    reply.info = jg_ipc_label(error);
    return jg_reply(token, &reply);
}

JG_IPC_LARGE int32_t notes_serve_add(const struct notes_ops *ops, struct notes_call *call,
        const struct jg_received *msg, struct jg_message *reply)
{
    struct notes_add_in_buffer in;
    uint32_t id = 0;
    size_t used = 0;
    int32_t result;

    if (!ops->add)
        return JG_ERR_NOT_SUPPORTED;
    if (msg->info & JG_CALL_EXT_HANDLES)
        return JG_ERR_BAD_MESSAGE;
    if (!jg_ipc_words_zero(msg->word, 1))
        return JG_ERR_BAD_MESSAGE;
    if (!jg_ipc_fetch(msg, &in, sizeof in.fixed, sizeof in) ||
        !notes_add_in_valid(&in, msg->word[0]))
        return JG_ERR_BAD_MESSAGE;

    const char *text = (const char *)in.data + used;
    used += in.fixed.text_len + 1;

    result = ops->add(call,
        text, in.fixed.text_len,
        in.fixed.paper,
        &id);
    if (result == JG_REPLY_KEPT)
        return result;
    if (result == 0)
        reply->word[0] = id;
    return result;
}

JG_IPC_LARGE int32_t notes_serve_get(const struct notes_ops *ops, struct notes_call *call,
        const struct jg_received *msg, struct jg_message *reply)
{
    struct notes_get_out_buffer out;
    size_t text_len = 0;
    size_t used = 0;
    int32_t result;

    if (!ops->get)
        return JG_ERR_NOT_SUPPORTED;
    if (msg->info & JG_CALL_EXT_HANDLES)
        return JG_ERR_BAD_MESSAGE;
    if (!jg_ipc_words_zero(msg->word, 1))
        return JG_ERR_BAD_MESSAGE;
    if (msg->word[0] >> 32 != 0)
        return JG_ERR_BAD_MESSAGE;
    __builtin_memset(&out.fixed, 0, sizeof out.fixed);
    result = ops->get(call,
        (uint32_t)msg->word[0],
        &out.fixed.found,
        (char *)out.data + 0, 201, &text_len);
    if (result == JG_REPLY_KEPT)
        return result;
    if (result >= 0 && text_len > 200)
        result = JG_ERR_INTERNAL;
    if (result >= 0) {
        out.fixed.text_len = (uint32_t)text_len;
        jg_ipc_close_gap(out.data + used, out.data + 0, text_len);
        out.data[used + text_len] = 0;
        used += text_len + 1;
    }
    if (result == 0 || (result > 0 && (text_len != 0))) {
        int64_t status;

        reply->word[0] = sizeof out.fixed + used;
        status = jg_call_write(msg->token, 0, &out, (size_t)reply->word[0]);
        if (status != JG_OK)
            result = (int32_t)status;
    }
    return result;
}

static inline int32_t notes_serve_all(const struct notes_ops *ops, struct notes_call *call,
        const struct jg_received *msg, struct jg_message *reply)
{
    size_t lines_len = 0;
    int32_t result;

    if (!ops->all)
        return JG_ERR_NOT_SUPPORTED;
    if (msg->info & JG_CALL_EXT_HANDLES)
        return JG_ERR_BAD_MESSAGE;
    if (!jg_ipc_words_zero(msg->word, 1))
        return JG_ERR_BAD_MESSAGE;
    if (msg->word[0] > 4096)
        return JG_ERR_BAD_MESSAGE;
    result = ops->all(call,
        (struct jg_window){msg->token, 0, (size_t)msg->word[0]}, &lines_len);
    if (result == JG_REPLY_KEPT)
        return result;
    if (result == 0 && lines_len > msg->word[0])
        result = JG_ERR_INTERNAL;
    if (result == 0)
        reply->word[0] = lines_len;
    return result;
}

/*
 * Decodes the call in `msg`, serves it with `ops`, and makes the reply.
 *
 * `msg` is of kind JG_KIND_CALL. Returns the token to answer with `reply`, or JG_TOKEN_NONE when
 * the op kept it: either goes straight into jg_reply_wait.
 */
static inline jg_token_t notes_dispatch(const struct notes_ops *ops, void *context,
        const struct jg_received *msg, struct jg_message *reply)
{
    struct notes_call call = {msg->key, msg->token, context};
    int32_t result;

    __builtin_memset(reply, 0, sizeof *reply);
    switch (JG_INFO_LABEL(msg->info)) {
    case 0:
        result = msg->word[0] == NOTES_VERSION ? JG_OK : JG_ERR_BAD_VERSION;
        break;
    case NOTES_METHOD_ADD:
        result = notes_serve_add(ops, &call, msg, reply);
        break;
    case NOTES_METHOD_GET:
        result = notes_serve_get(ops, &call, msg, reply);
        break;
    case NOTES_METHOD_ALL:
        result = notes_serve_all(ops, &call, msg, reply);
        break;
    default:
        result = JG_ERR_NOT_SUPPORTED;
    }
    if (result == JG_REPLY_KEPT)
        return JG_TOKEN_NONE;
    reply->info = jg_ipc_label(result);
    return msg->token;
}
