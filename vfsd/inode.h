/*
 * What a tmpfs is made of: file systems, inodes, and the entries that name them.
 *
 * Life:  An *inode* is a file; it lives as long as entries point to it. An *entry* is a name in a
 *        directory, or a name that was there once and that somebody still has open, or the nameless
 *        root of a file system; it is counted: one for the directory that lists it, one for each
 *        child entry (its parent pointer), one for each node and mount that refers to it. So ".."
 *        of a removed directory still leads somewhere, and an unlinked file stays until its last
 *        user goes. A *file system* lives as long as mounts refer to it.
 * Locks: none. All of vfsd runs on one thread; see server.c.
 */
#pragma once

#include "mode.h"
#include "options.h"

#include <jg/types.h>

struct entry;
struct extra;
struct inode;

#define NAME_LIMIT  255u
#define LINKS_LIMIT 0x7fffffffu
#define SIZE_LIMIT  INT64_MAX

struct fs {
    struct entry *root;
    uint64_t next_ino;
    uint64_t inodes, max_inodes; /* max 0: as many as there is memory for */
    uint64_t max_pages;          /* 0: no account; UINT64_MAX: an account without a limit as yet */
    jg_handle_t account;         /* pays for the files' pages; NONE: vfsd's job */
    uint32_t dev;
    uint32_t mounts;
    struct options limits;       /* a tmpfs: what its mount was asked for */
    bool read_only;              /* through every mount */
    size_t xattr_bytes;
    bool fixed;                  /* names change only with VFS_POWER_TERMINALS: devpts */
    struct devpts_options names; /* ... and get owner, group and mode from here */
};

/* A directory's entries: a table in the order of their age, and an index into it by hash. */
struct directory {
    struct entry *self;  /* the one entry that names this directory */
    struct entry **slot; /* oldest first; NULL where one was removed */
    uint32_t *index;     /* open addressing: slot number + 1; NULL while the table is small */
    uint32_t used, room; /* slots */
    uint32_t live;       /* entries */
    uint32_t cells;      /* index cells that are not empty */
    uint64_t next_id;
};

struct file {
    jg_handle_t pages;                    /* NONE: there is no content yet */
    uint32_t committed;                   /* as last seen */
    uint64_t size;                        /* as last seen */
    int64_t seen_modified, seen_accessed; /* stamps that mtime and atime already know of */
};

#define INODE_SHARED   1u /* its pages were handed out: size and stamps change by themselves */
#define INODE_LINKABLE 2u /* made without a name, and may still get one */

struct inode {
    struct fs *fs;
    uint64_t ino;
    uint32_t mode, nlink, uid, gid;
    uint32_t entries; /* entries that point here */
    uint32_t flags;
    int64_t atime, mtime, ctime, btime;
    struct extra *extra; /* xattr.h; NULL: none */
    union {
        struct directory dir;
        struct file file;
        struct {
            char *text;
            uint32_t length;
        } link;
        struct {
            uint32_t major, minor;
        } device;
    };
};
_Static_assert(sizeof(struct inode) <= 128, "a root of many small files must stay small");

struct entry {
    struct inode *inode;
    struct entry *parent; /* counted; NULL for a root and for a file made without a name */
    char *name;           /* `own`, unless a rename needed more room */
    uint64_t id;          /* position in the directory's order; newer is larger */
    uint32_t hash;
    uint32_t refs;
    uint16_t mounts; /* mounts that cover it */
    uint8_t length, room;
    bool linked; /* the parent lists it */
    char own[];
};

static inline uint32_t inode_type(const struct inode *inode)
{
    return inode->mode & MODE_TYPE;
}

static inline bool inode_is_directory(const struct inode *inode)
{
    return inode_type(inode) == MODE_DIRECTORY;
}

/*
 * Makes a file system of one empty root directory; limits as in struct fs.
 * Returns 0 with one reference, or NOMEM or NOSPC.
 */
int32_t fs_create(uint32_t dev, uint64_t max_pages, uint64_t max_inodes, struct fs **out);

/* Drops a mount's reference; the last one frees every file. No node may refer to any of them. */
void fs_drop(struct fs *fs);

/* Removes all that the root directory holds, which nothing else may refer to. */
void fs_clear(struct fs *fs);

/*
 * Makes an inode that no entry names yet, with the current time and nlink 0.
 * Returns 0, or NOSPC when the file system has no inode left, or NOMEM.
 */
int32_t inode_create(struct fs *fs, uint32_t mode, uint32_t uid, uint32_t gid, struct inode **out);

/* Frees an inode that no entry names (any more) with all that it holds. */
void inode_free(struct inode *inode);

/*
 * Makes an entry for `inode`, in no directory yet. Returns NULL when there is no memory.
 * The one reference is the caller's; entry_insert() takes it over.
 */
struct entry *entry_create(struct inode *inode, const char *name, size_t length);

/* Adds a reference. */
static inline struct entry *entry_hold(struct entry *entry)
{
    entry->refs++;
    return entry;
}

/* Drops a reference; the last one frees the entry, and so perhaps its inode and its parents. */
void entry_drop(struct entry *entry);

/* Hashes a name. */
uint32_t entry_hash(const char *name, size_t length);

/*
 * Lists a new entry under `parent`, for which directory_reserve() has made room, and takes over the
 * caller's reference. Link counts are the caller's business. Cannot fail.
 */
void entry_insert(struct entry *parent, struct entry *entry);

/* Takes an entry out of its directory and drops the reference that the directory had. */
void entry_remove(struct entry *entry);

/*
 * Makes sure that `entry` can carry a name of `length` bytes. Returns 0 or NOMEM; nothing else
 * changes.
 */
int32_t entry_reserve_name(struct entry *entry, size_t length);

/*
 * Moves an entry to another name, directory or both. The name must not be taken there, and both
 * entry_reserve_name() and, for another directory, directory_reserve() must have succeeded. Within
 * one directory it keeps its place in the order. Cannot fail.
 */
void entry_move(struct entry *entry, struct entry *parent, const char *name, size_t length);
