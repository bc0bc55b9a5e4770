/*
 * Watches. See watch.h. Source: inotify(7); Linux 6.1's fsnotify hooks for what is told when.
 */
#include "watch.h"

#include "session.h"
#include "words.h"
#include "xattr.h"

#include <ipc/vfs_server.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#define WATCHES_LIMIT 65536u
#define BYTES_LIMIT   (512u << 10)
#define FIRST_ROOM    1024u

struct watch {
    struct watch *next; /* of the inode's */
    struct list of_session;
    struct notices *notices;
    struct inode *inode;
    uint64_t tag;
    uint32_t mask;
};

static bool any_news;

void notices_init(struct notices *notices)
{
    memset(notices, 0, sizeof *notices);
    list_init(&notices->watches);
}

bool watches_news(void)
{
    bool news = any_news;

    any_news = false;
    return news;
}

static bool reserve(struct notices *n, size_t size)
{
    size_t room = n->room ? n->room : FIRST_ROOM;
    uint8_t *data;

    while (room < n->used + size)
        room *= 2;
    if (room == n->room)
        return true;
    if (room > BYTES_LIMIT)
        return false;
    data = rt_realloc(n->data, room);
    if (!data)
        return false;
    n->data = data;
    n->room = room;
    return true;
}

/* When there is no room, that something was lost will be told with what comes next or is taken last. */
static void add(struct notices *n, uint64_t tag, uint32_t mask, uint32_t cookie, const char *name,
                size_t length)
{
    size_t size = (sizeof(struct vfs_notice) + length + 1 + 7) & ~7ul;
    struct vfs_notice notice = {.tag = tag,
                                .mask = mask,
                                .cookie = cookie,
                                .record_bytes = (uint32_t)size,
                                .name_len = (uint32_t)length};

    n->news = any_news = true;
    if (n->lost || !reserve(n, size)) {
        n->lost = true;
        return;
    }
    memset(n->data + n->used, 0, size);
    memcpy(n->data + n->used, &notice, sizeof notice);
    memcpy(n->data + n->used + sizeof notice, name, length);
    n->used += size;
}

/* Takes a watch off the inode's list, where it is at `place`, and frees it. */
static void end(struct watch **place)
{
    struct watch *w = *place;

    *place = w->next;
    list_remove(&w->of_session);
    w->notices->count--;
    rt_free(w);
    words_watches_changed();
}

static void tell(struct inode *inode, uint32_t mask, uint32_t cookie, const char *name,
                 size_t length, bool unlinked)
{
    struct watch **place = inode->extra ? &inode->extra->watches : NULL;

    while (place && *place) {
        struct watch *w = *place;

        if (!(w->mask & mask & WATCH_ALL) || (unlinked && (w->mask & WATCH_EXCL_UNLINK))) {
            place = &w->next;
            continue;
        }
        add(w->notices, w->tag, mask, cookie, name, length);
        if (w->mask & WATCH_ONESHOT) {
            add(w->notices, w->tag, WATCH_IGNORED, 0, "", 0);
            end(place);
        } else {
            place = &w->next;
        }
    }
}

static uint32_t with_kind(const struct inode *inode, uint32_t mask)
{
    bool self = mask & (WATCH_DELETE_SELF | WATCH_MOVE_SELF); /* there Linux does not say it */

    return mask | (inode_is_directory(inode) && !self ? WATCH_ISDIR : 0);
}

void watch_tell_self(struct inode *inode, uint32_t mask)
{
    tell(inode, with_kind(inode, mask), 0, "", 0, false);
}

void watch_tell(const struct entry *entry, uint32_t mask)
{
    if (entry->parent)
        tell(entry->parent->inode, with_kind(entry->inode, mask), 0, entry->name, entry->length,
             !entry->linked);
    watch_tell_self(entry->inode, mask);
}

void watch_tell_name(struct inode *dir, bool directory, uint32_t mask, uint32_t cookie,
                     const char *name, size_t length)
{
    tell(dir, mask | (directory ? WATCH_ISDIR : 0), cookie, name, length, false);
}

uint32_t watch_cookie(void)
{
    static uint32_t last;

    return ++last ? last : ++last;
}

void watches_end(struct inode *inode)
{
    struct watch **first = &inode->extra->watches;

    if (!inode->nlink)
        watch_tell_self(inode, WATCH_DELETE_SELF);
    while (*first) {
        if (inode->nlink)
            add((*first)->notices, (*first)->tag, with_kind(inode, WATCH_UNMOUNT), 0, "", 0);
        add((*first)->notices, (*first)->tag, WATCH_IGNORED, 0, "", 0);
        end(first);
    }
}

static struct watch *find(const struct notices *n, uint64_t tag)
{
    LIST_FOR_EACH(it, &n->watches)
    {
        struct watch *w = LIST_ENTRY(it, struct watch, of_session);

        if (w->tag == tag)
            return w;
    }
    return NULL;
}

static struct watch **place_of(struct watch *w)
{
    struct watch **place = &w->inode->extra->watches;

    while (*place != w)
        place = &(*place)->next;
    return place;
}

int32_t tree_watch(struct session *session, uint64_t node, uint64_t tag, uint32_t mask)
{
    const struct spot *at = session_spot(session, node);
    struct notices *n = &session->notices;
    struct watch *w = find(n, tag);
    struct inode *inode;

    if (!at)
        return VFS_ERROR_BADNODE;
    inode = at->entry->inode;
    if (w && w->inode != inode)
        return VFS_ERROR_INVAL;
    if (!w) {
        if (n->count >= WATCHES_LIMIT)
            return VFS_ERROR_NOSPC;
        if (!extra_of(inode) || !(w = rt_zalloc(sizeof *w)))
            return VFS_ERROR_NOMEM;
        w->notices = n;
        w->inode = inode;
        w->tag = tag;
        w->next = inode->extra->watches;
        inode->extra->watches = w;
        list_add_tail(&n->watches, &w->of_session);
        n->count++;
    }
    w->mask = mask;
    words_watches_changed();
    return 0;
}

int32_t tree_unwatch(struct session *session, uint64_t tag)
{
    struct watch *w = find(&session->notices, tag);

    if (!w)
        return VFS_ERROR_INVAL;
    end(place_of(w));
    return 0;
}

static uint32_t wanted(const struct inode *inode)
{
    uint32_t mask = 0;

    for (const struct watch *w = inode->extra ? inode->extra->watches : NULL; w; w = w->next)
        mask |= w->mask & WATCH_ALL;
    return mask;
}

int32_t tree_touch(const struct session *session, uint64_t node, uint32_t mask, uint32_t *interest,
                   uint32_t *word, uint64_t *stamp)
{
    const struct spot *at = session_spot(session, node);

    if (!at)
        return VFS_ERROR_BADNODE;
    if (mask & WATCH_OF_CHILD)
        watch_tell(at->entry, mask & WATCH_OF_CHILD);
    *interest = wanted(at->entry->inode);
    if (at->entry->parent)
        *interest |= wanted(at->entry->parent->inode) & WATCH_OF_CHILD;
    *word = words_of(at->entry->inode);
    *stamp = words_last();
    return 0;
}

size_t notices_take(struct notices *n, uint8_t *buffer, size_t room)
{
    const struct vfs_notice lost = {.record_bytes = sizeof lost};
    size_t done = 0;

    while (done < n->used) {
        const struct vfs_notice *notice = (const struct vfs_notice *)(n->data + done);

        if (done + notice->record_bytes > room)
            break;
        done += notice->record_bytes;
    }
    if (done) {
        memcpy(buffer, n->data, done);
        n->used -= done;
        memmove(n->data, n->data + done, n->used);
    }
    if (!n->used) {
        rt_free(n->data);
        n->data = NULL;
        n->room = 0;
        if (n->lost && done + sizeof lost <= room) {
            memcpy(buffer + done, &lost, sizeof lost);
            done += sizeof lost;
            n->lost = false;
        }
    }
    return done;
}

void notices_end(struct notices *n)
{
    while (!list_empty(&n->watches))
        end(place_of(LIST_ENTRY(n->watches.next, struct watch, of_session)));
    rt_free(n->data);
}
