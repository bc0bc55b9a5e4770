/*
 * Watches: who wants to hear what befalls a file, and what was not yet told to whom.
 *
 * Shape: names change here, so here is where their watchers are told; what clients do to pages, and that they open and close,
 *        they tell by touch(), which they need not while nobody watches (word WATCHES). So all personalities on these trees
 *        hear of each other, and of none that they do not share.
 * Life:  a watch stands on its inode's and on its session's list. It goes by unwatch(), with either of them, or after one
 *        notice if it is a ONESHOT.
 */
#pragma once

#include <jg/rt/list.h>

#include "inode.h"

struct session;

/* Linux's numbers: inotify(7). */
#define WATCH_ACCESS      0x001u
#define WATCH_MODIFY      0x002u
#define WATCH_ATTRIB      0x004u
#define WATCH_MOVED_FROM  0x040u
#define WATCH_MOVED_TO    0x080u
#define WATCH_CREATE      0x100u
#define WATCH_DELETE      0x200u
#define WATCH_DELETE_SELF 0x400u
#define WATCH_MOVE_SELF   0x800u
#define WATCH_ALL         0xfffu
#define WATCH_UNMOUNT     0x2000u
#define WATCH_IGNORED     0x8000u
#define WATCH_EXCL_UNLINK 0x04000000u
#define WATCH_ISDIR       0x40000000u
#define WATCH_ONESHOT     0x80000000u
/* What a directory's watchers hear of what is in it. */
#define WATCH_OF_CHILD 0x03fu

/* A session's watches, and what it was not told yet. */
struct notices {
    struct list watches;
    unsigned count;
    uint8_t *data;
    size_t used, room;
    bool lost; /* since the last that is there */
    bool news; /* the session was not told that there are any */
};

/* Nobody watched yet. */
void notices_init(struct notices *notices);

/* The end of a session. */
void notices_end(struct notices *notices);

/* watch(), unwatch(). Return 0, BADNODE, NOSPC, NOMEM; INVAL: no such tag. */
int32_t tree_watch(struct session *session, uint64_t node, uint64_t tag, uint32_t mask);
int32_t tree_unwatch(struct session *session, uint64_t tag);

/* touch(). Returns 0 or BADNODE. */
int32_t tree_touch(const struct session *session, uint64_t node, uint32_t mask, uint32_t *interest,
                   uint32_t *word, uint64_t *stamp);

/* notices(): copies the oldest that fit in `room` bytes and forgets them. Returns how many bytes. */
size_t notices_take(struct notices *notices, uint8_t *buffer, size_t room);

/* `mask` befell the file of `entry`: for those who watch it, and with its name for those who watch where it is. */
void watch_tell(const struct entry *entry, uint32_t mask);

/* The same for those who watch the file itself. */
void watch_tell_self(struct inode *inode, uint32_t mask);

/* `mask` befell a name of a directory, which is or was that of a `directory` or another file. */
void watch_tell_name(struct inode *dir, bool directory, uint32_t mask, uint32_t cookie,
                     const char *name, size_t length);

/* Pairs a name that was moved from with the one that it was moved to. Never 0. */
uint32_t watch_cookie(void);

/* The inode goes: its last link did, or its file system. */
void watches_end(struct inode *inode);

/* Was any session's `news` set since the last time? */
bool watches_news(void);
