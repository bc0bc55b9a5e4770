/*
 * mount(), unmount(), mounts().
 *
 * Source: mount(2), umount(2), proc(5) on /proc/[pid]/mountinfo.
 */
#include "devices.h"
#include "devpts.h"
#include "options.h"
#include "pages.h"
#include "tree.h"
#include "words.h"

#include <jg/rt/format.h>
#include <jg/rt/string.h>

#define STORED_FLAGS                                                                               \
    (VFS_MOUNT_FLAGS_RDONLY | VFS_MOUNT_FLAGS_NOSUID | VFS_MOUNT_FLAGS_NODEV |                     \
     VFS_MOUNT_FLAGS_NOEXEC | VFS_MOUNT_FLAGS_NOATIME)
#define UMOUNT_DETACH   2u
#define UMOUNT_NOFOLLOW 8u

/* Makes a tmpfs as the options say; what they do not say is half of the machine, as on Linux. */
static int32_t make_tmpfs(struct vfsd *vfsd, const char *text, struct fs **out)
{
    struct options options;
    uint64_t machine, free;
    struct inode *root;
    int32_t error;

    pages_of_machine(&machine, &free);
    error = options_parse(text, machine, &options);
    if (error)
        return error;
    error = fs_create(vfsd->next_dev++, options.has_pages ? options.pages : machine / 2,
                      options.has_inodes ? options.inodes : machine / 2, out);
    if (error)
        return error;
    root = (*out)->root->inode;
    root->mode = MODE_DIRECTORY | (options.has_mode ? options.mode : 01777);
    root->uid = options.uid;
    root->gid = options.gid;
    return 0;
}

/* Changes an existing mount. Limits may not go below what is in use. */
static int32_t remount(struct spot at, const struct mount_request *request)
{
    struct mount *mount = at.mount;
    struct options options = {0};
    uint64_t machine, free;
    int32_t error = 0;

    if (at.entry != mount->root)
        return VFS_ERROR_INVAL;
    if (mount->fs && mount->fs->fixed) {
        error = devpts_configure(mount->fs, request->options);
    } else if (mount->fs && request->kind == VFS_FS_KIND_TMPFS) {
        pages_of_machine(&machine, &free);
        error = options_parse(request->options, machine, &options);
        if (!error && options.has_pages &&
            (!mount->fs->max_pages != !options.pages ||
             (options.pages && options.pages < account_used(mount->fs->account))))
            error = VFS_ERROR_INVAL;
        if (!error && options.has_inodes && options.inodes && options.inodes < mount->fs->inodes)
            error = VFS_ERROR_INVAL;
        if (!error && options.has_pages && options.pages &&
            account_limit(mount->fs->account, options.pages))
            error = VFS_ERROR_NOMEM;
    }
    if (error)
        return error;
    if (options.has_pages)
        mount->fs->max_pages = options.pages;
    if (options.has_inodes)
        mount->fs->max_inodes = options.inodes;
    mount->flags = request->how & STORED_FLAGS;
    words_all_changed();
    return 0;
}

/* Finds what a bind mount shows. */
static int32_t plan_bind(struct session *session, uint64_t node, struct mount_plan *plan)
{
    const struct spot *from = session_spot(session, node);

    if (!from)
        return VFS_ERROR_BADNODE;
    if (!from->entry->inode->nlink)
        return VFS_ERROR_NOENT;
    plan->fs = from->mount->fs;
    plan->root = from->entry;
    plan->flags |= from->mount->flags;
    plan->source = from->mount->source;
    plan->type = from->mount->type;
    plan->options = from->mount->options;
    plan->fs->mounts++;
    return 0;
}

/*
 * Finds or makes what is to be seen. On 0 the caller has a reference to plan->fs, if there is one.
 */
static int32_t make_plan(struct session *session, const struct mount_request *request,
                         struct mount_plan *plan)
{
    int32_t error;

    *plan = (struct mount_plan){
        .source = request->source,
        .type = request->type,
        .options = request->options,
        .kind = request->kind,
        .flags = request->how & STORED_FLAGS,
        .tag = request->tag,
    };
    switch (request->kind) {
    case VFS_FS_KIND_FOREIGN:
        return request->tag ? 0 : VFS_ERROR_INVAL;
    case VFS_FS_KIND_BIND:
        return plan_bind(session, request->bind_node, plan);
    case VFS_FS_KIND_TMPFS:
        break;
    default:
        return VFS_ERROR_NODEV;
    }
    if (!strcmp(request->type, "devtmpfs") && session->vfsd->devices) {
        plan->fs = session->vfsd->devices;
        plan->fs->mounts++;
        error = 0;
    } else if (!strcmp(request->type, "devpts")) {
        error = devpts_mount(session->vfsd, request->options, &plan->fs);
    } else {
        error = make_tmpfs(session->vfsd, request->options, &plan->fs);
    }
    if (!error)
        plan->root = plan->fs->root;
    return error;
}

int32_t tree_mount(struct session *session, struct tree_path path,
                   const struct mount_request *request, const struct vfs_cred *who)
{
    struct mount_plan plan;
    struct mount *made;
    struct walk walk;
    int32_t error;

    if (!(who->powers & VFS_POWER_ADMIN) || session->read_only)
        return VFS_ERROR_PERM;
    error = walk_begin(&walk, session, path.from, path.text, path.length, 0, who);
    if (!error)
        error = walk_full(&walk, 0);
    if (error)
        return error;
    if (walk.foreign) {
        if (walk.kind == LAST_NAME)
            return VFS_ERROR_NOTSUP;
        if (request->how & VFS_MOUNT_FLAGS_REMOUNT)
            return remount((struct spot){walk.at.mount, NULL}, request);
        return VFS_ERROR_BUSY;
    }
    if (request->how & VFS_MOUNT_FLAGS_REMOUNT)
        return remount(walk.at, request);
    error = make_plan(session, request, &plan);
    if (error)
        return error;
    /* A directory covers a directory, anything else anything else. */
    if (inode_is_directory(walk.at.entry->inode) !=
        (!plan.root || inode_is_directory(plan.root->inode)))
        error = VFS_ERROR_NOTDIR;
    /* Nothing is mounted where no one could ever find it. */
    if (!error && (!walk.at.mount->attached || !walk.at.entry->inode->nlink))
        error = VFS_ERROR_NOENT;
    if (!error)
        error = mount_create(session->vfsd, session->tree, walk.at, &plan, &made);
    if (error && plan.fs)
        fs_drop(plan.fs);
    if (!error && request->kind == VFS_FS_KIND_TMPFS && plan.fs == session->vfsd->terminals)
        error = devpts_configure(plan.fs, request->options); /* they were read before: no error */
    if (!error)
        words_all_changed();
    return error;
}

int32_t tree_unmount(struct session *session, struct tree_path path, uint32_t how,
                     const struct vfs_cred *who)
{
    uint32_t follow = how & UMOUNT_NOFOLLOW ? VFS_WALK_NOFOLLOW : 0;
    struct mount *mount;
    struct walk walk;
    int32_t error;

    if (!(who->powers & VFS_POWER_ADMIN) || session->read_only)
        return VFS_ERROR_PERM;
    error = walk_begin(&walk, session, path.from, path.text, path.length, 0, who);
    if (!error)
        error = walk_full(&walk, follow);
    if (error)
        return error;
    mount = walk.at.mount;
    if (walk.foreign ? walk.kind == LAST_NAME : walk.at.entry != mount->root)
        return VFS_ERROR_INVAL;
    if (!mount->attached)
        return VFS_ERROR_INVAL;
    if (!mount->parent || (!(how & UMOUNT_DETACH) && !mount_idle(mount)))
        return VFS_ERROR_BUSY;
    mount_detach(session->vfsd, mount);
    words_all_changed();
    return 0;
}

/* A text that grows to a limit. */
struct text {
    char *at;
    size_t size, used;
    bool full;
};

static void add(struct text *text, const char *more, size_t length)
{
    if (length > text->size - text->used) {
        text->full = true;
        return;
    }
    memcpy(text->at + text->used, more, length);
    text->used += length;
}

/* Adds a word, with what would end it written as octal numbers, and a space. */
static void add_word(struct text *text, const char *word)
{
    char code[5];

    if (!*word)
        add(text, "none", 4);
    for (; *word; word++) {
        if (*word == ' ' || *word == '\t' || *word == '\n' || *word == '\\')
            add(text, code, rt_format(code, sizeof code, "\\%03o", (unsigned)*word));
        else
            add(text, word, 1);
    }
    add(text, " ", 1);
}

static void add_number(struct text *text, const char *format, uint32_t number)
{
    char buffer[16];

    add(text, buffer, rt_format(buffer, sizeof buffer, format, number));
}

/* Which directory of its file system a mount shows: of a bind mount not always the root. */
static void add_shown(struct text *text, const struct mount *mount)
{
    static char path_text[VFS_PATH_MAX];
    size_t from = sizeof path_text - 1;

    for (const struct entry *e = mount->root; e && e != mount->fs->root && e->parent;
         e = e->parent) {
        if (e->length + 1ul > from)
            break;
        from -= e->length;
        memcpy(path_text + from, e->name, e->length);
        path_text[--from] = '/';
    }
    add_word(text, from == sizeof path_text - 1 ? "/" : path_text + from);
}

/* The options that belong to the file system, not to this mount of it. */
static void add_options(struct text *text, const struct mount *mount)
{
    add(text, mount->tree->read_only ? "ro" : "rw", 2);
    if (*mount->options) {
        add(text, ",", 1);
        add_word(text, mount->options);
        text->used -= !text->full; /* the space */
    }
    add(text, "\n", 1);
}

static void add_line(struct text *text, const struct mount *mount, const char *path)
{
    uint32_t flags = mount->flags;
    char options[64];

    add_number(text, "%u ", mount->id);
    add_number(text, "%u ", mount->parent ? mount->parent->id : mount->id);
    add_number(text, "0:%u ", mount->fs ? (uint32_t)mount->fs->dev : mount->tag);
    add_shown(text, mount);
    add_word(text, path);
    add(text, options,
        rt_format(options, sizeof options, "%s%s%s%s%s - ", mount_read_only(mount) ? "ro" : "rw",
                  flags & VFS_MOUNT_FLAGS_NOSUID ? ",nosuid" : "",
                  flags & VFS_MOUNT_FLAGS_NODEV ? ",nodev" : "",
                  flags & VFS_MOUNT_FLAGS_NOEXEC ? ",noexec" : "",
                  flags & VFS_MOUNT_FLAGS_NOATIME ? ",noatime" : ",relatime"));
    add_word(text, mount->type);
    add_word(text, mount->source);
    add_options(text, mount);
}

int32_t tree_mounts(struct session *session, uint64_t root, char *buffer, size_t size, size_t *used)
{
    const struct spot *top = session_spot(session, root);
    static char path_text[VFS_PATH_MAX];
    struct text text = {buffer, size, 0, false};

    if (!top)
        return VFS_ERROR_BADNODE;
    LIST_FOR_EACH(it, &session->vfsd->mounts)
    {
        const struct mount *mount = LIST_ENTRY(it, struct mount, link);
        struct rest path = {path_text, sizeof path_text, 0};
        size_t line = text.used;

        if (!mount->attached || mount->tree != session->tree)
            continue;
        /* The mount that holds `root` is seen at "/", even when more of it lies above. */
        if (mount == top->mount)
            memcpy(path_text, "/", 2);
        else if (!mount->parent ||
                 spot_path((struct spot){mount->parent, mount->point}, *top, &path))
            continue;
        add_line(&text, mount, path_text);
        if (text.full) {
            text.used = line;
            break;
        }
    }
    *used = text.used;
    return 0;
}
