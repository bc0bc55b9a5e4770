/* Calls in one process. See fake_session.h. */
#include "fake_session.h"

#include <ipc/vfs_server.h>
#include <pages.h>
#include <stdlib.h>
#include <string.h>
#include <tree.h>
#include <words.h>

#define WORDS_HANDLE 4000000u /* stands for the page of words */

struct session *fake_session;
unsigned fake_calls;
void (*fake_between)(void);

static struct {
    jg_token_t token;
    struct jg_call_ext *ext;
    uint32_t given;
} current;

static void between(void)
{
    void (*hook)(void) = fake_between;

    fake_between = NULL;
    if (hook)
        hook();
}

static int32_t op_lookup(struct vfs_call *call, const struct vfs_place *from, const char *path,
                         size_t path_len, uint32_t how, const struct vfs_cred *who,
                         struct vfs_attr *found, struct vfs_basis *on, char *rest, size_t rest_size,
                         size_t *rest_len)
{
    struct rest r = {rest, rest_size, 0};
    int32_t error = tree_lookup(fake_session, (struct tree_path){from, path, path_len}, how, who,
                                found, on, &r);

    (void)call;
    *rest_len = r.length;
    return error;
}

static int32_t op_open(struct vfs_call *call, const struct vfs_place *from, const char *path,
                       size_t path_len, uint32_t how, uint32_t mode, const struct vfs_cred *who,
                       struct vfs_attr *found, char *rest, size_t rest_size, size_t *rest_len)
{
    struct rest r = {rest, rest_size, 0};
    int32_t error = tree_open(fake_session, (struct tree_path){from, path, path_len}, how, mode,
                              who, found, &r);

    (void)call;
    *rest_len = r.length;
    return error;
}

static int32_t op_inspect(struct vfs_call *call, uint64_t node, struct vfs_attr *found,
                          struct vfs_basis *on)
{
    (void)call;
    return tree_inspect(fake_session, node, found, on);
}

static int32_t op_close(struct vfs_call *call, uint64_t node, uint32_t count)
{
    (void)call;
    return session_close(fake_session, node, count);
}

static int32_t op_vmo(struct vfs_call *call, uint64_t node, jg_handle_t *memory)
{
    jg_handle_t pages;
    bool write, execute;
    int32_t error = tree_vmo(fake_session, node, &pages, &write, &execute);

    (void)call;
    return error ? error : pages_share(pages, write, execute, memory);
}

static int32_t op_words(struct vfs_call *call, jg_handle_t *page)
{
    (void)call;
    *page = WORDS_HANDLE;
    return 0;
}

static const struct vfs_ops ops = {
    .lookup = op_lookup,
    .open = op_open,
    .inspect = op_inspect,
    .close = op_close,
    .vmo = op_vmo,
    .words = op_words,
};

jg_status_t jg_channel_call(jg_handle_t channel, struct jg_message *m, struct jg_call_ext *ext)
{
    struct jg_received msg = {.key = 1, .token = current.token + 1};
    struct jg_message reply;

    if (channel != 1)
        abort();
    fake_calls++;
    current.token = msg.token;
    current.ext = ext;
    current.given = 0;
    msg.info = JG_INFO_LABEL(m->info) | (uint64_t)JG_KIND_CALL << 40;
    memcpy(msg.word, m->word, sizeof msg.word);
    if (vfs_dispatch(&ops, NULL, &msg, &reply) != msg.token)
        abort();
    *m = reply;
    if (ext)
        ext->received_count = current.given;
    between();
    return JG_OK;
}

int64_t jg_call_read(jg_token_t token, uint64_t offset, void *buffer, size_t size)
{
    if (token != current.token || offset + size > current.ext->in_size)
        return JG_ERR_OUT_OF_RANGE;
    memcpy(buffer, (const char *)(uintptr_t)current.ext->in + offset, size);
    return JG_OK;
}

int64_t jg_call_write(jg_token_t token, uint64_t offset, const void *buffer, size_t size)
{
    if (token != current.token || offset + size > current.ext->out_size)
        return JG_ERR_OUT_OF_RANGE;
    memcpy((char *)(uintptr_t)current.ext->out + offset, buffer, size);
    return JG_OK;
}

int64_t jg_call_take(jg_token_t token, struct jg_handle_received *out, size_t room)
{
    (void)token, (void)out, (void)room;
    return JG_ERR_BAD_TOKEN;
}

int64_t jg_call_give(jg_token_t token, const struct jg_handle_send *in, size_t count)
{
    if (token != current.token || count != 1)
        return JG_ERR_BAD_TOKEN;
    current.ext->received[0] =
        (struct jg_handle_received){in[0].handle, JG_RIGHT_READ | JG_RIGHT_MAP, JG_TYPE_VMO, 0};
    current.given = 1;
    return JG_OK;
}

jg_status_t jg_reply(jg_token_t token, const struct jg_message *reply)
{
    (void)token, (void)reply;
    return JG_ERR_BAD_TOKEN;
}

int64_t jg_handle_close(jg_handle_t h)
{
    if (h != WORDS_HANDLE)
        pages_close(h);
    return JG_OK;
}

int64_t jg_aspace_map(jg_handle_t aspace, struct jg_map *map)
{
    if (aspace != JG_HANDLE_NONE || map->vmo != WORDS_HANDLE)
        abort();
    map->va = (uintptr_t)words_page();
    return JG_OK;
}

int64_t jg_object_info(jg_handle_t h, uint32_t topic, void *buffer, size_t size)
{
    struct jg_info_vmo out = {0};
    struct pages_info info;

    if (topic != JG_INFO_VMO || size != sizeof out || pages_info(h, &info))
        return JG_ERR_BAD_HANDLE;
    out.size = info.size;
    out.committed_pages = info.committed;
    out.modified = info.modified;
    out.accessed = info.accessed;
    memcpy(buffer, &out, sizeof out);
    between();
    return (int64_t)sizeof out;
}
