/*
 * The ops of extended attributes and of watches. See server.c.
 */
#include "server_ops.h"

#include "pages.h"
#include "xattr.h"

#include <jg/rt/string.h>

void server_tell_notices(struct server *server)
{
    if (!watches_news())
        return;
    LIST_FOR_EACH(it, &server->vfsd.sessions)
    {
        struct session *session = LIST_ENTRY(it, struct session, link);

        if (session->notices.news && session->changed)
            jg_event_raise(session->changed, VFS_EVENT_NOTICES);
        session->notices.news = false;
    }
}

int32_t op_xattr_set(struct vfs_call *call, uint64_t node, uint32_t how, uint32_t name_length,
                     struct jg_window data)
{
    static char text[VFS_XATTR_WINDOW];
    int32_t error;

    SESSION(call);
    if (!name_length || name_length > VFS_NAME_MAX || data.size < name_length ||
        data.size > sizeof text)
        return VFS_ERROR_INVAL;
    error = (int32_t)jg_window_read(&data, 0, text, data.size);
    if (error)
        return error;
    return tree_xattr_set(session, node, how, text, name_length, text + name_length,
                          data.size - name_length);
}

int32_t op_xattr_get(struct vfs_call *call, uint64_t node, const char *name, size_t name_len,
                     uint32_t *size, struct jg_window value, size_t *value_len)
{
    const void *data;
    size_t bytes;
    int32_t error;

    SESSION(call);
    error = tree_xattr_get(session, node, name, name_len, &data, &bytes);
    if (error)
        return error;
    *size = (uint32_t)bytes;
    if (bytes <= value.size) {
        error = (int32_t)jg_window_write(&value, 0, data, bytes);
        *value_len = error ? 0 : bytes;
    }
    return error;
}

int32_t op_xattr_list(struct vfs_call *call, uint64_t node, bool all, uint32_t *size,
                      struct jg_window names, size_t *names_len)
{
    size_t bytes, room = server_room(&names);
    int32_t error;

    SESSION(call);
    error = tree_xattr_list(session, node, all, server_text, room, &bytes);
    if (error)
        return error;
    *size = (uint32_t)bytes;
    if (bytes <= room) {
        error = (int32_t)jg_window_write(&names, 0, server_text, bytes);
        *names_len = error ? 0 : bytes;
    }
    return error;
}

int32_t op_watch(struct vfs_call *call, uint64_t node, uint64_t tag, uint32_t mask)
{
    SESSION(call);
    return tree_watch(session, node, tag, mask);
}

int32_t op_unwatch(struct vfs_call *call, uint64_t tag)
{
    SESSION(call);
    return tree_unwatch(session, tag);
}

int32_t op_touch(struct vfs_call *call, uint64_t node, uint32_t mask, uint32_t *interest,
                 uint32_t *word, uint64_t *stamp)
{
    SESSION(call);
    return tree_touch(session, node, mask, interest, word, stamp);
}

int32_t op_notices(struct vfs_call *call, struct jg_window records, size_t *records_len)
{
    int32_t error;
    size_t used;

    SESSION(call);
    used = notices_take(&session->notices, (uint8_t *)server_text, server_room(&records));
    error = (int32_t)jg_window_write(&records, 0, server_text, used);
    *records_len = error ? 0 : used;
    return error;
}
