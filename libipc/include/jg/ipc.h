/*
 * What generated client stubs and dispatchers are made of: windows, labels, small checks.
 *
 * In:    code that ipcgen wrote; servers use struct jg_window and JG_REPLY_KEPT themselves.
 * Life:  no state. Everything is inline: there is no library behind an interface.
 *
 * docs/ipc.md holds the layout that these helpers serve.
 */
#pragma once

#include <jg/stubs.h>

/* What an op returns to say: no reply now, I have kept call->token and answer it later. */
#define JG_REPLY_KEPT INT32_MIN

/* In a reply's label: the rest is -status, not an error of the interface. */
#define JG_IPC_STATUS_BIT UINT32_C(0x80000000)

/* The memory that a caller lends for one call. An IN window is only read, an OUT window only
 * written. */
struct jg_window {
    jg_token_t token;
    uint64_t offset;
    size_t size;
};

/* One line of an interface's name table: what a tracer prints. Names of parameters are joined by
 * commas. */
struct jg_method {
    uint32_t number;
    const char *name;
    const char *in;
    const char *out;
};

/*
 * Copies `len` bytes from position `pos` of an IN window to `dst`, all or nothing.
 *
 * Read each byte once: the caller may change its memory at any time.
 * Returns JG_OK, JG_ERR_OUT_OF_RANGE, or what jg_call_read says.
 */
static inline int32_t jg_window_read(const struct jg_window *w, size_t pos, void *dst, size_t len)
{
    if (pos > w->size || len > w->size - pos)
        return JG_ERR_OUT_OF_RANGE;
    return len == 0 ? JG_OK : (int32_t)jg_call_read(w->token, w->offset + pos, dst, len);
}

/* Copies `len` bytes from `src` to position `pos` of an OUT window; as jg_window_read. */
static inline int32_t jg_window_write(const struct jg_window *w, size_t pos, const void *src,
                                      size_t len)
{
    if (pos > w->size || len > w->size - pos)
        return JG_ERR_OUT_OF_RANGE;
    return len == 0 ? JG_OK : (int32_t)jg_call_write(w->token, w->offset + pos, src, len);
}

/* From here on: for generated code. */

/* A function with a buffer of some KiB: out of line, so that its frame is not part of its caller's.
 */
#define JG_IPC_LARGE static __attribute__((noinline, unused))

/* Reads the message of msg->word[0] bytes from the IN window, once. Returns false when it is too
 * short or long. */
static inline bool jg_ipc_fetch(const struct jg_received *msg, void *to, size_t low, size_t high)
{
    uint64_t size = msg->word[0];

    return size >= low && size <= high && jg_call_read(msg->token, 0, to, (size_t)size) == JG_OK;
}

/* The label that carries an op's result: 0, a positive error, or a negative status. */
static inline uint32_t jg_ipc_label(int32_t result)
{
    return result >= 0 ? (uint32_t)result : JG_IPC_STATUS_BIT | (uint32_t)-result;
}

/* And back. A label that no result makes is a malformed message. */
static inline int32_t jg_ipc_result(uint32_t label)
{
    if (!(label & JG_IPC_STATUS_BIT))
        return (int32_t)label;
    return label == JG_IPC_STATUS_BIT ? JG_ERR_BAD_MESSAGE : -(int32_t)(label & INT32_MAX);
}

/* Writes one piece of a late reply behind the `*used` bytes that were. Returns as jg_call_write. */
static inline int32_t jg_ipc_put(jg_token_t token, size_t *used, const void *from, size_t len)
{
    size_t at = *used;

    *used = at + len;
    return len == 0 ? JG_OK : (int32_t)jg_call_write(token, at, from, len);
}

/* An ext that carries nothing yet. The handle arrays stay as they are: their counts are 0. */
static inline void jg_ipc_ext_init(struct jg_call_ext *ext)
{
    ext->in = 0;
    ext->in_size = 0;
    ext->out = 0;
    ext->out_size = 0;
    ext->send_count = 0;
    ext->received_count = 0;
}

/* Calls. Returns 0, a positive error of the interface, or a negative status: then nothing was
 * received. */
static inline int32_t jg_ipc_call(jg_handle_t session, struct jg_message *msg,
                                  struct jg_call_ext *ext)
{
    jg_status_t status = jg_channel_call(session, msg, ext);

    if (status != JG_OK) {
        if (ext)
            ext->received_count = 0;
        return status;
    }
    return jg_ipc_result(JG_INFO_LABEL(msg->info));
}

/* True when the words from `from` on are zero, as every sender leaves those that it does not use.
 */
static inline bool jg_ipc_words_zero(const uint64_t *word, unsigned from)
{
    uint64_t any = 0;

    for (unsigned i = from; i < JG_CALL_WORDS; i++)
        any |= word[i];
    return any == 0;
}

/* memcpy that takes a null pointer with no bytes. */
static inline void jg_ipc_copy(void *to, const void *from, size_t len)
{
    if (len != 0)
        __builtin_memcpy(to, from, len);
}

/* memmove to a lower address, for results that the dispatcher packs together. */
static inline void jg_ipc_close_gap(void *to, const void *from, size_t len)
{
    if (len != 0 && to != from)
        __builtin_memmove(to, from, len);
}

/* True when `len` characters without a zero and then a zero stand at `text`, which has len + 1
 * bytes. */
static inline bool jg_ipc_is_string(const void *text, size_t len)
{
    return ((const char *)text)[len] == 0 && __builtin_strlen(text) == len;
}

/* True when `len` bytes are zero. */
static inline bool jg_ipc_is_zero(const uint8_t *bytes, size_t len)
{
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++)
        any |= bytes[i];
    return any == 0;
}

/* True when `size` bytes of room take a string of `len`: a null buffer takes any, the caller does
 * not want it. */
static inline bool jg_ipc_string_fits(const char *to, size_t size, size_t len)
{
    return !to || len < size;
}

static inline bool jg_ipc_bytes_fit(const void *to, size_t size, size_t len)
{
    return !to || len <= size;
}

/* Gives a string to a caller. On a buffer that is too small it leaves the empty string. */
static inline void jg_ipc_give_string(char *to, size_t size, size_t *len_out, const void *from,
                                      size_t len)
{
    if (len_out)
        *len_out = len;
    if (!to || size == 0)
        return;
    if (len >= size)
        len = 0;
    jg_ipc_copy(to, from, len);
    to[len] = 0;
}

static inline void jg_ipc_give_bytes(void *to, size_t size, size_t *len_out, const void *from,
                                     size_t len)
{
    if (len_out)
        *len_out = len;
    if (to && len <= size)
        jg_ipc_copy(to, from, len);
}

static inline void jg_ipc_give_array(void *to, size_t max, size_t *count_out, const void *from,
                                     size_t count, size_t element)
{
    if (count_out)
        *count_out = count;
    if (to && count <= max)
        jg_ipc_copy(to, from, count * element);
}

/* JG_OK when a handle that arrived is of this type and has these rights. */
static inline int32_t jg_ipc_check_handle(const struct jg_handle_received *got, uint32_t type,
                                          jg_rights_t rights)
{
    if (got->type != type)
        return JG_ERR_WRONG_TYPE;
    return (got->rights & rights) == rights ? JG_OK : JG_ERR_ACCESS_DENIED;
}

/* Closes handles that arrived and that nobody will own. */
static inline void jg_ipc_close_received(const struct jg_handle_received *got, size_t count)
{
    for (size_t i = 0; i < count && i < JG_CALL_HANDLES; i++)
        jg_handle_close(got[i].handle);
}

static inline void jg_ipc_close(jg_handle_t h)
{
    if (h != JG_HANDLE_NONE)
        jg_handle_close(h);
}

/*
 * Takes exactly `count` handles of the call behind `token`; `count` is at least 1.
 *
 * Returns JG_OK; JG_ERR_BAD_MESSAGE when another number came, which are closed; or what the kernel
 * says.
 */
static inline int32_t jg_ipc_take(const struct jg_received *msg, struct jg_handle_received *got,
                                  size_t count)
{
    int64_t came;

    if (!(msg->info & JG_CALL_EXT_HANDLES))
        return JG_ERR_BAD_MESSAGE;
    came = jg_call_take(msg->token, got, JG_CALL_HANDLES);
    if (came < 0)
        return (int32_t)came;
    if ((size_t)came == count)
        return JG_OK;
    jg_ipc_close_received(got, (size_t)came);
    return JG_ERR_BAD_MESSAGE;
}
