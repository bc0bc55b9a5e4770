/*
 * Client stubs of the interface `notes`, made by ipcgen from its .idl: do not edit.
 *
 * A stub returns 0, a positive NOTES_ERROR_*, or a negative JG_ERR_* when the call itself failed.
 * Any OUT pointer may be NULL. docs/ipc.md tells the rest.
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

/* Asks whether the other end speaks this version: once, when a session opens.
 * Returns 0 or JG_ERR_BAD_VERSION. */
static inline int32_t notes_check_version(jg_handle_t session)
{
    struct jg_message msg = {.info = 0, .word = {NOTES_VERSION}};

    return jg_ipc_call(session, &msg, NULL);
}

/* Adds a note. FULL: no more fit. */
JG_IPC_LARGE int32_t notes_add(jg_handle_t session,
        const char *text, size_t text_len,
        uint8_t paper,
        uint32_t *id)
{
    struct notes_add_in_buffer in;
    uint32_t got_id;
    struct jg_message msg = {.info = NOTES_METHOD_ADD};
    struct jg_call_ext ext;
    size_t used = 0;
    int32_t result;

    if (text_len > 200) {
        result = JG_ERR_TOO_BIG;
        goto failed;
    }
    in.fixed.text_len = (uint32_t)text_len;
    in.fixed.paper = paper;
    __builtin_memset(in.fixed.zero_, 0, sizeof in.fixed.zero_);
    jg_ipc_copy(in.data + used, text, text_len);
    in.data[used + text_len] = 0;
    used += text_len + 1;
    msg.word[0] = sizeof in.fixed + used;
    jg_ipc_ext_init(&ext);
    ext.in = (uintptr_t)&in;
    ext.in_size = msg.word[0];
    result = jg_ipc_call(session, &msg, &ext);
    if (result == 0 && !jg_ipc_words_zero(msg.word, 1))
        result = JG_ERR_BAD_MESSAGE;
    if (result == 0 && msg.word[0] >> 32 != 0)
        result = JG_ERR_BAD_MESSAGE;
    got_id = (uint32_t)msg.word[0];
    if (id)
        *id = result == 0 ? got_id : 0;
    return result;
failed:
    if (id)
        *id = 0;
    return result;
}

/* Finds one by its number. */
JG_IPC_LARGE int32_t notes_get(jg_handle_t session,
        uint32_t id,
        struct notes_info *found,
        char *text, size_t text_size, size_t *text_len)
{
    struct notes_get_out_buffer out;
    struct jg_message msg = {.info = NOTES_METHOD_GET};
    struct jg_call_ext ext;
    size_t used = 0;
    int32_t result;

    msg.word[0] = id;
    jg_ipc_ext_init(&ext);
    ext.out = (uintptr_t)&out;
    ext.out_size = sizeof out;
    result = jg_ipc_call(session, &msg, &ext);
    if ((result == 0 || (result > 0 && msg.word[0] != 0)) &&
        (!jg_ipc_words_zero(msg.word, 1) ||
         !notes_get_out_valid(&out, msg.word[0], result == 0)))
        result = JG_ERR_BAD_MESSAGE;
    if (result < 0 || msg.word[0] == 0)
        __builtin_memset(&out.fixed, 0, sizeof out.fixed);
    if (result > 0) {
        __builtin_memset(&out.fixed.found, 0, sizeof out.fixed.found);
    }
    if (result >= 0 && !jg_ipc_string_fits(text, text_size, out.fixed.text_len))
        result = JG_ERR_TOO_BIG;
    if (found)
        *found = out.fixed.found;
    used = 0;
    jg_ipc_give_string(text, text_size, text_len, out.data + used, out.fixed.text_len);
    return result;
}

/* The texts of all notes, one a line, as far as they fit. */
static inline int32_t notes_all(jg_handle_t session,
        void *lines, size_t lines_size, size_t *lines_len)
{
    struct jg_message msg = {.info = NOTES_METHOD_ALL};
    struct jg_call_ext ext;
    int32_t result;

    jg_ipc_ext_init(&ext);
    msg.word[0] = lines_size < 4096 ? lines_size : 4096;
    ext.out = (uintptr_t)lines;
    ext.out_size = msg.word[0];
    result = jg_ipc_call(session, &msg, &ext);
    if (result == 0 && !jg_ipc_words_zero(msg.word, 1))
        result = JG_ERR_BAD_MESSAGE;
    if (result == 0 && msg.word[0] > ext.out_size)
        result = JG_ERR_BAD_MESSAGE;
    if (lines_len)
        *lines_len = result == 0 ? (size_t)msg.word[0] : 0;
    return result;
}
