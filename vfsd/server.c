/*
 * The ops: each finds its session and calls its namesake in tree.h.
 *
 * Rule:  one thread, one port, and no op waits for anybody; so nothing in vfsd has a lock, and an
 *        op sees the trees as the one before it left them. A second thread would need one lock
 *        around vfs_dispatch() and server_closed(), and nothing else.
 * Trust: clients are believed nothing. The dispatcher checks the form of a message, tree.h its
 *        sense; numbers of nodes are looked up in the session's own table.
 */
#include "server_ops.h"

#include "devices.h"
#include "pages.h"
#include "tree.h"
#include "unpack.h"

#include <ipc/vfs_server.h>
#include <jg/rt/string.h>

_Alignas(8) char server_text[VFS_READDIR_MAX];

static int32_t op_open(struct vfs_call *call, const struct vfs_place *from, const char *path,
                       size_t path_len, uint32_t how, uint32_t mode, const struct vfs_cred *who,
                       struct vfs_attr *found, char *rest, size_t rest_size, size_t *rest_len)
{
    struct rest r = {rest, rest_size, 0};
    int32_t error;

    SESSION(call);
    error = tree_open(session, (struct tree_path){from, path, path_len}, how, mode, who, found, &r);
    *rest_len = r.length;
    return error;
}

static int32_t op_stat(struct vfs_call *call, const struct vfs_place *from, const char *path,
                       size_t path_len, uint32_t how, const struct vfs_cred *who,
                       struct vfs_attr *found, char *rest, size_t rest_size, size_t *rest_len)
{
    struct rest r = {rest, rest_size, 0};
    int32_t error;

    SESSION(call);
    error = tree_stat(session, (struct tree_path){from, path, path_len}, how, who, found, &r);
    *rest_len = r.length;
    return error;
}

static int32_t op_access(struct vfs_call *call, const struct vfs_place *from, const char *path,
                         size_t path_len, uint32_t how, const struct vfs_cred *who,
                         struct vfs_attr *found, char *rest, size_t rest_size, size_t *rest_len)
{
    struct rest r = {rest, rest_size, 0};
    int32_t error;

    SESSION(call);
    error = tree_access(session, (struct tree_path){from, path, path_len}, how, who, found, &r);
    *rest_len = r.length;
    return error;
}

static int32_t op_lookup(struct vfs_call *call, const struct vfs_place *from, const char *path,
                         size_t path_len, uint32_t how, const struct vfs_cred *who,
                         struct vfs_attr *found, struct vfs_basis *on, char *rest, size_t rest_size,
                         size_t *rest_len)
{
    struct rest r = {rest, rest_size, 0};
    int32_t error;

    SESSION(call);
    error = tree_lookup(session, (struct tree_path){from, path, path_len}, how, who, found, on, &r);
    *rest_len = r.length;
    return error;
}

static int32_t op_inspect(struct vfs_call *call, uint64_t node, struct vfs_attr *found,
                          struct vfs_basis *on)
{
    SESSION(call);
    return tree_inspect(session, node, found, on);
}

static int32_t op_words(struct vfs_call *call, jg_handle_t *page)
{
    SESSION(call);
    (void)session;
    return pages_share(server_of(call)->words, false, false, page);
}

static int32_t op_close(struct vfs_call *call, uint64_t node, uint32_t count)
{
    SESSION(call);
    return session_close(session, node, count);
}

static int32_t op_getattr(struct vfs_call *call, uint64_t node, struct vfs_attr *found)
{
    SESSION(call);
    return tree_getattr(session, node, found);
}

static int32_t op_setattr(struct vfs_call *call, uint64_t node, const struct vfs_new_attr *to,
                          const struct vfs_cred *who)
{
    SESSION(call);
    return tree_setattr(session, node, to, who);
}

static int32_t op_vmo(struct vfs_call *call, uint64_t node, jg_handle_t *memory)
{
    jg_handle_t pages;
    bool write, execute;
    int32_t error;

    SESSION(call);
    error = tree_vmo(session, node, &pages, &write, &execute);
    return error ? error : pages_share(pages, write, execute, memory);
}

static int32_t op_make(struct vfs_call *call, const struct vfs_place *from, const char *path,
                       size_t path_len, uint32_t mode, uint32_t rdev_major, uint32_t rdev_minor,
                       const struct vfs_cred *who, struct vfs_attr *found, char *rest,
                       size_t rest_size, size_t *rest_len)
{
    struct rest r = {rest, rest_size, 0};
    int32_t error;

    SESSION(call);
    error = tree_make(session, (struct tree_path){from, path, path_len}, mode, rdev_major,
                      rdev_minor, who, found, &r);
    *rest_len = r.length;
    return error;
}

static int32_t op_symlink(struct vfs_call *call, const struct vfs_place *from, const char *path,
                          size_t path_len, const char *target, size_t target_len,
                          const struct vfs_cred *who, char *rest, size_t rest_size,
                          size_t *rest_len, uint32_t *foreign)
{
    struct rest r = {rest, rest_size, 0};
    int32_t error;

    SESSION(call);
    error = tree_symlink(session, (struct tree_path){from, path, path_len}, target, target_len, who,
                         &r, foreign);
    *rest_len = r.length;
    return error;
}

static int32_t op_link(struct vfs_call *call, uint64_t node, const struct vfs_place *to,
                       const char *path, size_t path_len, const struct vfs_cred *who, char *rest,
                       size_t rest_size, size_t *rest_len, uint32_t *foreign)
{
    struct rest r = {rest, rest_size, 0};
    int32_t error;

    SESSION(call);
    error = tree_link(session, node, (struct tree_path){to, path, path_len}, who, &r, foreign);
    *rest_len = r.length;
    return error;
}

/* Tells the other sessions of this tree that keep nodes that some may be worth closing. */
static void tell_gone(struct server *server, const struct session *by)
{
    LIST_FOR_EACH(it, &server->vfsd.sessions)
    {
        const struct session *session = LIST_ENTRY(it, struct session, link);

        if (session != by && session->tree == by->tree && session->live > 1 && session->changed)
            jg_event_raise(session->changed, VFS_EVENT_GONE);
    }
}

static int32_t op_unlink(struct vfs_call *call, const struct vfs_place *from, const char *path,
                         size_t path_len, uint32_t how, const struct vfs_cred *who, char *rest,
                         size_t rest_size, size_t *rest_len, uint32_t *foreign, uint32_t *word)
{
    struct rest r = {rest, rest_size, 0};
    struct gone gone = {0};
    int32_t error;

    SESSION(call);
    error = tree_unlink(session, (struct tree_path){from, path, path_len}, how, who, &r, foreign,
                        &gone);
    if (gone.held)
        tell_gone(server_of(call), session);
    *word = gone.word;
    *rest_len = r.length;
    return error;
}

static int32_t op_rename(struct vfs_call *call, const struct vfs_place *from, const char *old_path,
                         size_t old_path_len, const struct vfs_place *to, const char *new_path,
                         size_t new_path_len, uint32_t how, const struct vfs_cred *who,
                         uint32_t *foreign, uint32_t *word)
{
    struct gone gone = {0};
    int32_t error;

    SESSION(call);
    error = tree_rename(session, (struct tree_path){from, old_path, old_path_len},
                        (struct tree_path){to, new_path, new_path_len}, how, who, foreign, &gone);
    if (gone.held)
        tell_gone(server_of(call), session);
    *word = gone.word;
    return error;
}

static int32_t op_readlink(struct vfs_call *call, const struct vfs_place *from, const char *path,
                           size_t path_len, uint32_t how, const struct vfs_cred *who, char *target,
                           size_t target_size, size_t *target_len, char *rest, size_t rest_size,
                           size_t *rest_len, uint32_t *foreign)
{
    struct rest t = {target, target_size, 0}, r = {rest, rest_size, 0};
    int32_t error;

    SESSION(call);
    error =
        tree_readlink(session, (struct tree_path){from, path, path_len}, how, who, &t, &r, foreign);
    *target_len = t.length;
    *rest_len = r.length;
    return error;
}

static int32_t op_readdir(struct vfs_call *call, uint64_t node, uint64_t cursor,
                          struct jg_window entries, size_t *entries_len)
{
    size_t used = 0;
    int32_t error;

    SESSION(call);
    error = tree_readdir(session, node, cursor, server_text, server_room(&entries), &used);
    if (!error)
        error = jg_window_write(&entries, 0, server_text, used);
    *entries_len = error ? 0 : used;
    return error;
}

static int32_t op_path_of(struct vfs_call *call, uint64_t node, uint64_t root, uint32_t removed,
                          char *path, size_t path_size, size_t *path_len)
{
    struct rest r = {path, path_size, 0};
    int32_t error;

    SESSION(call);
    error = tree_path_of(session, node, root, removed, &r);
    *path_len = r.length;
    return error;
}

static int32_t op_statfs(struct vfs_call *call, uint64_t node, struct vfs_fs_info *info)
{
    SESSION(call);
    return tree_statfs(session, node, info);
}

/* Tells every session that the table of mounts is another one. */
static void mounts_changed(struct server *server)
{
    LIST_FOR_EACH(it, &server->vfsd.sessions)
    {
        const struct session *session = LIST_ENTRY(it, struct session, link);

        if (session->changed)
            jg_event_raise(session->changed, VFS_EVENT_MOUNTS);
    }
}

static int32_t op_mount(struct vfs_call *call, const struct vfs_place *at, const char *path,
                        size_t path_len, uint32_t kind, uint32_t how, uint32_t tag,
                        const char *source, size_t source_len, const char *type, size_t type_len,
                        const char *options, size_t options_len, uint64_t bind_node,
                        const struct vfs_cred *who)
{
    struct mount_request request = {kind, how, tag, source, type, options, bind_node};
    int32_t error;

    (void)source_len, (void)type_len, (void)options_len; /* they are terminated, too */
    SESSION(call);
    error = tree_mount(session, (struct tree_path){at, path, path_len}, &request, who);
    if (!error)
        mounts_changed(server_of(call));
    return error;
}

static int32_t op_unmount(struct vfs_call *call, const struct vfs_place *at, const char *path,
                          size_t path_len, uint32_t how, const struct vfs_cred *who)
{
    int32_t error;

    SESSION(call);
    error = tree_unmount(session, (struct tree_path){at, path, path_len}, how, who);
    if (!error)
        mounts_changed(server_of(call));
    else if (error == VFS_ERROR_BUSY)
        tell_gone(server_of(call), session);
    return error;
}

static int32_t op_move_mount(struct vfs_call *call, const struct vfs_place *from, const char *old_path,
                             size_t old_path_len, const struct vfs_place *to, const char *new_path,
                             size_t new_path_len, const struct vfs_cred *who)
{
    int32_t error;

    SESSION(call);
    error = tree_move_mount(session, (struct tree_path){from, old_path, old_path_len},
                            (struct tree_path){to, new_path, new_path_len}, who);
    if (!error)
        mounts_changed(server_of(call));
    return error;
}

static int32_t op_pivot_root(struct vfs_call *call, const struct vfs_place *from, const char *new_root,
                             size_t new_root_len, const char *put_old, size_t put_old_len,
                             const struct vfs_cred *who)
{
    int32_t error;

    SESSION(call);
    error = tree_pivot_root(session, (struct tree_path){from, new_root, new_root_len},
                            (struct tree_path){from, put_old, put_old_len}, who);
    if (!error)
        mounts_changed(server_of(call));
    return error;
}

static int32_t op_mounts(struct vfs_call *call, uint64_t root, struct jg_window text,
                         size_t *text_len)
{
    size_t used = 0;
    int32_t error;

    SESSION(call);
    error = tree_mounts(session, root, server_text, server_room(&text), &used);
    if (!error)
        error = jg_window_write(&text, 0, server_text, used);
    *text_len = error ? 0 : used;
    return error;
}

static int32_t op_anonymous(struct vfs_call *call, uint64_t dir, uint32_t mode, uint32_t how,
                            const struct vfs_cred *who, struct vfs_attr *found)
{
    SESSION(call);
    return tree_anonymous(session, dir, mode, how, who, found);
}

int32_t server_open(struct server *server, struct tree *tree, bool read_only, bool control,
                    jg_handle_t end, jg_handle_t changed)
{
    struct session *session;
    int32_t error = session_create(&server->vfsd, tree, read_only, &session);

    if (error) {
        pages_close(end);
        pages_close(changed);
        return error;
    }
    session->control = control;
    session->end = end;
    session->changed = changed;
    error = (int32_t)jg_channel_bind(end, server->port, session->key);
    if (error)
        server_closed(server, session->key);
    return error;
}

void server_closed(struct server *server, uint64_t key)
{
    struct session *session = session_find(&server->vfsd, key);

    if (!session)
        return;
    pages_close(session->end);
    pages_close(session->changed);
    session_free(session);
    server_tell_locks(server);
}

static struct tree *tree_of(struct server *server, uint32_t root)
{
    return root == VFS_ROOT_KIND_SYSTEM ? &server->vfsd.system : &server->vfsd.user;
}

static int32_t op_open_session(struct vfs_call *call, jg_handle_t end, jg_handle_t changed,
                               uint32_t root, uint32_t read_only)
{
    struct server *server = server_of(call);
    const struct session *session = session_of(call);
    int32_t error = 0;

    if (!session || !session->control)
        error = VFS_ERROR_PERM;
    /* A user's tree that nothing was unpacked into still has its mount points. */
    else if (root == VFS_ROOT_KIND_USER)
        error = trees_complete(&server->vfsd);
    if (error) {
        pages_close(end);
        pages_close(changed);
        return error;
    }
    return server_open(server, tree_of(server, root), read_only, false, end, changed);
}

static int32_t op_unpack(struct vfs_call *call, jg_handle_t image, uint64_t offset, uint64_t size,
                         uint32_t root, char *problem, size_t problem_size, size_t *problem_len)
{
    struct server *server = server_of(call);
    const struct session *session = session_of(call);
    struct unpack_source source = {image, offset, size};
    int32_t error = VFS_ERROR_PERM;

    problem[0] = '\0';
    if (session && session->control)
        error = unpack(tree_of(server, root), &source, problem, problem_size);
    if (!error && root == VFS_ROOT_KIND_USER) {
        error = trees_complete(&server->vfsd);
        if (error == VFS_ERROR_NOTDIR) {
            static const char text[] = "its /dev, /proc or /tmp is no directory";

            memcpy(problem, text, sizeof text);
            error = VFS_ERROR_BADIMAGE;
        }
    }
    *problem_len = strlen(problem);
    pages_close(image);
    return error;
}

const struct vfs_ops server_ops = {
    .open = op_open,
    .stat = op_stat,
    .close = op_close,
    .getattr = op_getattr,
    .setattr = op_setattr,
    .vmo = op_vmo,
    .make = op_make,
    .symlink = op_symlink,
    .link = op_link,
    .unlink = op_unlink,
    .rename = op_rename,
    .readlink = op_readlink,
    .readdir = op_readdir,
    .path_of = op_path_of,
    .statfs = op_statfs,
    .mount = op_mount,
    .unmount = op_unmount,
    .mounts = op_mounts,
    .move_mount = op_move_mount,
    .pivot_root = op_pivot_root,
    .access = op_access,
    .lookup = op_lookup,
    .inspect = op_inspect,
    .words = op_words,
    .anonymous = op_anonymous,
    .lock = op_lock,
    .lock_wait = op_lock_wait,
    .lock_test = op_lock_test,
    .lock_release = op_lock_release,
    .locks = op_locks,
    .xattr_set = op_xattr_set,
    .xattr_get = op_xattr_get,
    .xattr_list = op_xattr_list,
    .watch = op_watch,
    .unwatch = op_unwatch,
    .touch = op_touch,
    .notices = op_notices,
    .open_session = op_open_session,
    .unpack = op_unpack,
};
