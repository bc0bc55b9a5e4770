/*
 * mounts(): the table as text.
 *
 * Source: proc(5) on /proc/[pid]/mountinfo.
 */
#include "tree.h"

#include <jg/rt/format.h>
#include <jg/rt/string.h>

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

/* What a tmpfs was asked for, as Linux tells it. Source: tmpfs(5). */
static void add_limits(struct text *text, const struct options *o)
{
    if (o->has_pages && o->pages)
        add_number(text, ",size=%uk", (uint32_t)(o->pages * (JG_PAGE_SIZE / 1024)));
    if (o->has_inodes && o->inodes)
        add_number(text, ",nr_inodes=%u", (uint32_t)o->inodes);
    if (o->has_mode && o->mode != 01777)
        add_number(text, ",mode=%03o", o->mode);
    if (o->uid)
        add_number(text, ",uid=%u", o->uid);
    if (o->gid)
        add_number(text, ",gid=%u", o->gid);
    add(text, ",inode64", 8);
}

/* The options that belong to the file system, not to this mount of it. */
static void add_options(struct text *text, const struct mount *mount)
{
    add(text, mount->tree->read_only || (mount->fs && mount->fs->read_only) ? "ro" : "rw", 2);
    if (mount->fs && !strcmp(mount->type, "tmpfs")) {
        add_limits(text, &mount->fs->limits);
    } else if (*mount->options) {
        add(text, ",", 1);
        add_word(text, mount->options);
        text->used -= !text->full; /* the space */
    }
    add(text, "\n", 1);
}

/* What belongs to this mount alone, and whose events it shares. */
static void add_own(struct text *text, const struct mount *mount)
{
    static const struct {
        uint32_t flag;
        const char *text;
    } names[] = {{VFS_MOUNT_FLAGS_NOSUID, ",nosuid"},
                 {VFS_MOUNT_FLAGS_NODEV, ",nodev"},
                 {VFS_MOUNT_FLAGS_NOEXEC, ",noexec"},
                 {VFS_MOUNT_FLAGS_NOATIME, ",noatime"},
                 {VFS_MOUNT_FLAGS_NODIRATIME, ",nodiratime"}};

    add(text, mount->flags & VFS_MOUNT_FLAGS_RDONLY ? "ro" : "rw", 2);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mount->flags & names[i].flag)
            add(text, names[i].text, strlen(names[i].text));
    if (!(mount->flags & (VFS_MOUNT_FLAGS_NOATIME | VFS_MOUNT_FLAGS_STRICTATIME)))
        add(text, ",relatime", 9);
    if (mount->group)
        add_number(text, " shared:%u", mount->group);
    if (mount->master)
        add_number(text, " master:%u", mount->master);
    if (mount->unbindable)
        add(text, " unbindable", 11);
    add(text, " - ", 3);
}

static void add_line(struct text *text, const struct mount *mount, const char *path)
{
    add_number(text, "%u ", mount->id);
    add_number(text, "%u ", mount->parent ? mount->parent->id : mount->id);
    add_number(text, "0:%u ", mount->fs ? (uint32_t)mount->fs->dev : mount->tag);
    add_shown(text, mount);
    add_word(text, path);
    add_own(text, mount);
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
