/*
 * Root images: every record is checked before anything is made of it.
 *
 * In:    unpack(), once for each tree, from the server's op of that name.
 * Life:  the index is copied in at the start and freed at the end; files keep nothing of it.
 */
#include "unpack.h"

#include "directory.h"
#include "file.h"
#include "pages.h"
#include "words.h"

#include <ipc/vfs_server.h>
#include <jg/image.h>
#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#define RECORD_MIN __builtin_offsetof(struct jg_root_record, path)
#define SECOND     1000000000ll
#define SHOWN_MAX  100 /* of a path, in a sentence */

struct image {
    struct unpack_source source;
    struct jg_root_image head;
    struct fs *fs;
    char *index;
    struct entry **made;       /* by record */
    uint8_t *taken;            /* one bit for each page of data */
    struct entry *last_parent; /* where the last record went, and the path of that */
    const char *last_path;
    size_t last_length;
    char *problem;
    size_t problem_size;
};

/* One record, with the texts that follow it. */
struct item {
    const struct jg_root_record *record;
    const char *path, *link, *name;
    size_t path_length, name_length, link_length;
    struct entry *parent;
};

static int32_t bad(struct image *image, const char *what)
{
    rt_format(image->problem, image->problem_size, "%s", what);
    return VFS_ERROR_BADIMAGE;
}

static int32_t bad_item(struct image *image, const struct item *item, const char *what)
{
    size_t length = item->path_length < SHOWN_MAX ? item->path_length : SHOWN_MAX;
    char path[SHOWN_MAX];

    for (size_t i = 0; i < length; i++)
        path[i] = item->path[i] >= ' ' && item->path[i] < 0x7f ? item->path[i] : '?';
    rt_format(image->problem, image->problem_size, "the entry \"/%.*s\" %s", (int)length, path,
              what);
    return VFS_ERROR_BADIMAGE;
}

static uint64_t page_up(uint64_t bytes)
{
    return (bytes + JG_PAGE_SIZE - 1) & ~(JG_PAGE_SIZE - 1);
}

static int32_t read_head(struct image *image)
{
    const struct unpack_source *s = &image->source;
    struct jg_root_image *head = &image->head;
    struct pages_info info;

    if (s->offset % JG_PAGE_SIZE || s->size > SIZE_LIMIT || s->offset > SIZE_LIMIT ||
        pages_info(s->pages, &info) || s->offset > info.size ||
        s->size > page_up(info.size) - s->offset)
        return bad(image, "it is not where it is said to be");
    if (s->size < sizeof *head)
        return bad(image, "it is shorter than its header");
    if (pages_read(s->pages, s->offset, head, sizeof *head))
        return bad(image, "its header cannot be read");
    if (memcmp(head->magic, JG_ROOT_MAGIC, sizeof head->magic))
        return bad(image, "it is no root image");
    if (head->total_bytes > s->size)
        return bad(image, "it is cut short");
    if (head->data_offset % JG_PAGE_SIZE || head->data_offset > head->total_bytes ||
        head->index_bytes % 8 || sizeof *head + head->index_bytes > head->data_offset ||
        head->count > head->index_bytes / RECORD_MIN)
        return bad(image, "its header contradicts itself");
    return head->count ? 0 : bad(image, "it is empty");
}

static int32_t read_index(struct image *image)
{
    uint64_t data_pages = page_up(image->head.total_bytes - image->head.data_offset) / JG_PAGE_SIZE;

    image->index = rt_alloc(image->head.index_bytes);
    image->made = rt_zalloc(image->head.count * sizeof *image->made);
    image->taken = rt_zalloc(data_pages / 8 + 1);
    if (!image->index || !image->made || !image->taken)
        return VFS_ERROR_NOMEM;
    if (pages_read(image->source.pages, image->source.offset + sizeof image->head, image->index,
                   image->head.index_bytes))
        return bad(image, "its index cannot be read");
    return 0;
}

/* Tells whether a path is made of names as a directory can hold them. */
static bool path_is_sound(const char *path, size_t length)
{
    const char *end = path + length, *name = path;

    if (length >= VFS_PATH_MAX || memchr(path, '\0', length))
        return false;
    for (const char *at = path; at <= end; at++) {
        size_t size = (size_t)(at - name);

        if (at < end && *at != '/')
            continue;
        if (!size || size > NAME_LIMIT || (size <= 2 && !memcmp(name, "..", size)))
            return false;
        name = at + 1;
    }
    return true;
}

/* Finds the directory that a path of `length` bytes names. Returns NULL when it is not there. */
static struct entry *find_directory(struct image *image, const char *path, size_t length)
{
    struct entry *at = image->fs->root;
    const char *end = path + length;

    if (length == image->last_length && !memcmp(path, image->last_path, length))
        return image->last_parent;
    for (const char *name = path; at && name < end;) {
        const char *slash = memchr(name, '/', (size_t)(end - name));
        size_t size = (size_t)((slash ? slash : end) - name);

        at = directory_find(&at->inode->dir, name, size, entry_hash(name, size));
        if (at && !inode_is_directory(at->inode))
            at = NULL;
        name += size + 1;
    }
    if (at) {
        image->last_parent = at;
        image->last_path = path;
        image->last_length = length;
    }
    return at;
}

static int32_t check_content(struct image *image, const struct item *item, uint32_t number)
{
    const struct jg_root_record *r = item->record;
    uint32_t type = r->mode & MODE_TYPE;
    const struct entry *owner;

    if (r->mode & ~(MODE_TYPE | MODE_BITS))
        return bad_item(image, item, "has a mode that does not exist");
    if (r->mtime_nsec >= SECOND)
        return bad_item(image, item, "has a time that does not exist");
    switch (type) {
    case MODE_DIRECTORY:
    case MODE_FILE:
    case MODE_LINK:
    case MODE_CHARACTER:
    case MODE_BLOCK:
    case MODE_FIFO:
    case MODE_SOCKET:
        break;
    default:
        return bad_item(image, item, "is of a type that does not exist");
    }
    if (r->link_to != JG_ROOT_OWN_NODE) {
        if (r->link_to > number)
            return bad_item(image, item, "is a hard link to what does not come before it");
        owner = image->made[r->link_to - 1];
        if (inode_is_directory(owner->inode) || inode_type(owner->inode) != type)
            return bad_item(image, item, "is a hard link to something of another type");
        return owner->inode->nlink < LINKS_LIMIT ? 0 : VFS_ERROR_MLINK;
    }
    if ((type == MODE_LINK) != (item->link_length != 0) || item->link_length >= VFS_PATH_MAX ||
        memchr(item->link, '\0', item->link_length))
        return bad_item(image, item, "has a link's target where none belongs, or none");
    if (type != MODE_FILE && r->size)
        return bad_item(image, item, "has content, but is no regular file");
    return 0;
}

/* Checks that a file's pages are in the image, and that no other file has them. */
static int32_t claim_pages(struct image *image, const struct item *item)
{
    const struct jg_root_record *r = item->record;
    uint64_t room = image->head.total_bytes - image->head.data_offset;
    uint64_t first, last;

    if (r->link_to != JG_ROOT_OWN_NODE || !r->size)
        return 0;
    if (r->data % JG_PAGE_SIZE || r->data > room || r->size > room - r->data)
        return bad_item(image, item, "reaches past the end of the image");
    first = r->data / JG_PAGE_SIZE;
    last = (r->data + r->size - 1) / JG_PAGE_SIZE;
    for (uint64_t page = first; page <= last; page++) {
        if (image->taken[page / 8] & 1u << page % 8)
            return bad_item(image, item, "shares its content with another file");
        image->taken[page / 8] |= (uint8_t)(1u << page % 8);
    }
    return 0;
}

/* Reads record `number`, which begins at `*at` of the index, and moves `*at` behind it. */
static int32_t read_item(struct image *image, uint32_t number, uint64_t *at, struct item *item)
{
    const struct jg_root_record *r = (const struct jg_root_record *)(image->index + *at);
    uint64_t left = image->head.index_bytes - *at;
    const char *slash;

    if (left < RECORD_MIN || r->record_bytes % 8 || r->record_bytes > left ||
        RECORD_MIN + r->path_len + r->link_len > r->record_bytes) {
        rt_format(image->problem, image->problem_size, "record %u of its index is malformed",
                  number);
        return VFS_ERROR_BADIMAGE;
    }
    *at += r->record_bytes;
    *item = (struct item){
        .record = r,
        .path = r->path,
        .path_length = r->path_len,
        .link = r->path + r->path_len,
        .link_length = r->link_len,
    };
    if (!number)
        return r->path_len || (r->mode & MODE_TYPE) != MODE_DIRECTORY || r->link_to
                   ? bad(image, "it does not begin with its root directory")
                   : 0;
    if (!path_is_sound(item->path, item->path_length))
        return bad_item(image, item, "has a name that cannot be");
    item->name = item->path;
    for (slash = item->path; slash < item->link; slash++)
        if (*slash == '/')
            item->name = slash + 1;
    item->name_length = (size_t)(item->link - item->name);
    item->parent = find_directory(
        image, item->path, item->name > item->path ? (size_t)(item->name - item->path) - 1 : 0);
    if (!item->parent)
        return bad_item(image, item, "comes before its directory");
    if (directory_find(&item->parent->inode->dir, item->name, item->name_length,
                       entry_hash(item->name, item->name_length)))
        return bad_item(image, item, "is there twice");
    return 0;
}

static int64_t time_of(const struct jg_root_record *r)
{
    int64_t seconds = (int64_t)r->mtime_sec, limit = INT64_MAX / SECOND - 1;

    if (seconds > limit)
        seconds = limit;
    if (seconds < -limit)
        seconds = -limit;
    return seconds * SECOND + r->mtime_nsec;
}

/* Makes the inode of a record that is no hard link, still without a name. */
static int32_t make_inode(struct image *image, const struct item *item, struct inode **out)
{
    const struct jg_root_record *r = item->record;
    struct inode *inode;
    int32_t error = inode_create(image->fs, r->mode, r->uid, r->gid, &inode);

    if (error)
        return error;
    switch (inode_type(inode)) {
    case MODE_FILE:
        error = file_fill(inode, image->source.pages,
                          image->source.offset + image->head.data_offset + r->data, r->size);
        break;
    case MODE_LINK:
        inode->link.text = rt_alloc(item->link_length + 1);
        if (!inode->link.text) {
            error = VFS_ERROR_NOMEM;
            break;
        }
        memcpy(inode->link.text, item->link, item->link_length);
        inode->link.text[item->link_length] = '\0';
        inode->link.length = (uint32_t)item->link_length;
        break;
    case MODE_CHARACTER:
    case MODE_BLOCK:
        inode->device.major = r->rdev_major;
        inode->device.minor = r->rdev_minor;
        break;
    }
    if (error) {
        inode_free(inode);
        return error;
    }
    inode->atime = inode->mtime = time_of(r);
    *out = inode;
    return 0;
}

static int32_t make_item(struct image *image, const struct item *item, struct entry **out)
{
    const struct jg_root_record *r = item->record;
    struct inode *inode;
    struct entry *entry;
    int32_t error = directory_reserve(&item->parent->inode->dir);

    if (error)
        return error;
    if (r->link_to != JG_ROOT_OWN_NODE)
        inode = image->made[r->link_to - 1]->inode;
    else if ((error = make_inode(image, item, &inode)))
        return error == VFS_ERROR_NOMEM || error == VFS_ERROR_NOSPC
                   ? error
                   : bad_item(image, item, "has content that cannot be taken over");
    entry = entry_create(inode, item->name, item->name_length);
    if (!entry) {
        if (!inode->entries)
            inode_free(inode);
        return VFS_ERROR_NOMEM;
    }
    entry_insert(item->parent, entry);
    inode->nlink++;
    if (inode_is_directory(inode)) {
        inode->nlink++;
        item->parent->inode->nlink++;
    }
    *out = entry;
    return 0;
}

static void make_root(struct image *image, const struct jg_root_record *r)
{
    struct inode *root = image->fs->root->inode;

    root->mode = r->mode;
    root->uid = r->uid;
    root->gid = r->gid;
    root->atime = root->mtime = time_of(r);
    image->made[0] = image->fs->root;
}

static int32_t make_all(struct image *image)
{
    struct item item;
    uint64_t at = 0;
    int32_t error = 0;

    for (uint32_t i = 0; i < image->head.count && !error; i++) {
        error = read_item(image, i, &at, &item);
        if (!error)
            error = check_content(image, &item, i);
        if (!error)
            error = claim_pages(image, &item);
        if (error)
            return error;
        if (i == 0)
            make_root(image, item.record);
        else
            error = make_item(image, &item, &image->made[i]);
    }
    if (!error && at != image->head.index_bytes)
        error = bad(image, "its index does not end with its last record");
    return error;
}

int32_t unpack(struct tree *tree, const struct unpack_source *source, char *problem,
               size_t problem_size)
{
    struct image image = {
        .source = *source,
        .fs = tree->root->fs,
        .problem = problem,
        .problem_size = problem_size,
        .last_length = SIZE_MAX,
    };
    int32_t error;

    problem[0] = '\0';
    if (tree->filled || image.fs->root->inode->dir.live)
        return VFS_ERROR_BUSY;
    error = read_head(&image);
    if (!error)
        error = read_index(&image);
    if (!error)
        error = make_all(&image);
    if (error)
        fs_clear(image.fs);
    tree->filled = !error;
    words_all_changed();
    rt_free(image.index);
    rt_free(image.made);
    rt_free(image.taken);
    return error;
}
