/*
 * Advisory locks: files, waits, who gets what when. See locks.h; the ranges are lock_range.c's.
 *
 * The two families do not see each other: flocks, and the records of fcntl(2), of processes and descriptions.
 */
#include "locks.h"

#include <ipc/vfs_server.h>
#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#define BUCKETS        64
#define DEADLOCK_STEPS 10 /* as far as Linux looks */

enum family { RECORDS, FLOCKS, FAMILIES };

struct lock_file {
    struct list link; /* in its bucket */
    struct lock_key key;
    struct list held[FAMILIES];
    struct list waits; /* oldest first */
};

enum outcome { WAITING, GRANTED, DEADLOCK };

struct lock_wait {
    struct list link;        /* in its file's waits; in none once there is an outcome */
    struct list client_link; /* in its client's */
    struct lock_file *file;  /* while it waits */
    struct lock want;
    struct lock *spare[LOCK_SPARES];
    uint64_t ticket;
    enum outcome outcome;
};

static struct list bucket[BUCKETS];

static struct list *bucket_of(const struct lock_key *key)
{
    uint64_t hash =
        (key->number ^ key->device << 48 ^ (uintptr_t)key->client) * 0x9e3779b97f4a7c15ull;
    struct list *b = &bucket[hash >> 58];

    if (!b->next)
        list_init(b);
    return b;
}

static struct lock_file *find(const struct lock_key *key)
{
    LIST_FOR_EACH(it, bucket_of(key))
    {
        struct lock_file *f = LIST_ENTRY(it, struct lock_file, link);

        if (f->key.number == key->number && f->key.device == key->device &&
            f->key.client == key->client)
            return f;
    }
    return NULL;
}

static struct lock_file *find_or_make(const struct lock_key *key)
{
    struct lock_file *f = find(key);

    if (f || !(f = rt_zalloc(sizeof *f)))
        return f;
    f->key = *key;
    list_init(&f->waits);
    for (int i = 0; i < FAMILIES; i++)
        list_init(&f->held[i]);
    list_add_tail(bucket_of(key), &f->link);
    return f;
}

static void forget_unused(struct lock_file *f)
{
    if (!list_empty(&f->held[RECORDS]) || !list_empty(&f->held[FLOCKS]) || !list_empty(&f->waits))
        return;
    list_remove(&f->link);
    rt_free(f);
}

static struct list *family_of(struct lock_file *f, const struct lock *l)
{
    return &f->held[l->owner.kind == VFS_LOCK_KIND_FLOCK ? FLOCKS : RECORDS];
}

static void free_spares(struct lock *spare[LOCK_SPARES])
{
    for (int i = 0; i < LOCK_SPARES; i++)
        lock_free(spare[i]);
}

static bool make_spares(const struct lock *like, struct lock *spare[LOCK_SPARES])
{
    spare[0] = lock_new(like);
    spare[1] = spare[0] ? lock_new(like) : NULL;
    if (spare[1])
        return true;
    free_spares(spare);
    return false;
}

/* What another process of the same kind waits for: the first of its threads that does. */
static const struct lock_wait *wait_of(const struct lock_owner *owner)
{
    LIST_FOR_EACH(it, &owner->client->waits)
    {
        const struct lock_wait *w = LIST_ENTRY(it, struct lock_wait, client_link);

        if (w->outcome == WAITING && lock_owner_same(&w->want.owner, owner))
            return w;
    }
    return NULL;
}

/* Would a wait for `want` close a circle? Only processes count: descriptions and flocks may wait for themselves. */
static bool deadlock(struct lock_file *f, const struct lock *want)
{
    const struct lock *holder = lock_conflict(family_of(f, want), want);

    if (want->owner.kind != VFS_LOCK_KIND_PROCESS)
        return false;
    for (int step = 0; holder && step < DEADLOCK_STEPS; step++) {
        const struct lock_wait *w =
            holder->owner.kind == VFS_LOCK_KIND_PROCESS ? wait_of(&holder->owner) : NULL;

        holder = w ? lock_conflict(family_of(w->file, &w->want), &w->want) : NULL;
        if (holder && lock_owner_same(&holder->owner, &want->owner))
            return true;
    }
    return false;
}

static void decide(struct lock_wait *w, enum outcome outcome)
{
    w->outcome = outcome;
    w->file = NULL;
    w->want.owner.client->news = true;
    list_remove(&w->link);
}

/* Grants the first wait that can be. Returns whether there was one. */
static bool grant_one(struct lock_file *f)
{
    LIST_FOR_EACH(it, &f->waits)
    {
        struct lock_wait *w = LIST_ENTRY(it, struct lock_wait, link);
        struct list *held = family_of(f, &w->want);

        if (lock_conflict(held, &w->want))
            continue;
        lock_set(held, &w->want, w->spare);
        decide(w, GRANTED);
        return true;
    }
    return false;
}

/*
 * Something of the file was freed or became shared. Grants until nothing moves, as a grant may itself make shared
 * what was exclusive; who still waits then may wait for somebody else, and that may close a circle.
 */
static void settle(struct lock_file *f)
{
    while (grant_one(f))
        continue;
    LIST_FOR_EACH_SAFE(it, &f->waits)
    {
        struct lock_wait *w = LIST_ENTRY(it, struct lock_wait, link);

        if (deadlock(f, &w->want))
            decide(w, DEADLOCK);
    }
    forget_unused(f);
}

static struct lock wanted(struct lock_client *client, const struct vfs_lock *want)
{
    return (struct lock){.owner = {client, want->owner, want->kind},
                         .type = want->type,
                         .pid = want->pid,
                         .start = want->start,
                         .end = want->end};
}

static bool sensible(const struct vfs_lock *want)
{
    return want->start <= want->end && want->end <= LOCK_END;
}

static int32_t wait_for(struct lock_file *f, const struct lock *want,
                        struct lock *spare[LOCK_SPARES], uint64_t ticket)
{
    struct lock_wait *w;

    if (deadlock(f, want))
        return VFS_ERROR_DEADLK;
    w = rt_zalloc(sizeof *w);
    if (!w)
        return VFS_ERROR_NOLCK;
    *w = (struct lock_wait){
        .file = f, .want = *want, .spare = {spare[0], spare[1]}, .ticket = ticket};
    list_add_tail(&f->waits, &w->link);
    list_add_tail(&want->owner.client->waits, &w->client_link);
    spare[0] = spare[1] = NULL;
    return VFS_ERROR_WOULD_BLOCK;
}

/* An flock is given up before another type of it is asked for, also if that is not granted. flock(2). */
static bool held_already(struct list *held, const struct lock *want)
{
    LIST_FOR_EACH(it, held)
    {
        struct lock *l = LIST_ENTRY(it, struct lock, link);

        if (lock_owner_same(&l->owner, &want->owner) && l->type == want->type)
            return true;
    }
    lock_drop_owner(held, &want->owner);
    return false;
}

int32_t locks_set(struct lock_client *client, const struct lock_key *key,
                  const struct vfs_lock *want, uint64_t ticket)
{
    struct lock new = wanted(client, want), *spare[LOCK_SPARES];
    struct lock_file *f;
    struct list *held;
    int32_t error = 0;

    if (!sensible(want))
        return VFS_ERROR_INVAL;
    f = want->type == VFS_LOCK_TYPE_NONE ? find(key) : find_or_make(key);
    if (!f)
        return want->type == VFS_LOCK_TYPE_NONE ? 0 : VFS_ERROR_NOLCK;
    held = family_of(f, &new);
    if (!make_spares(&new, spare)) {
        forget_unused(f);
        return VFS_ERROR_NOLCK;
    }
    if (want->kind == VFS_LOCK_KIND_FLOCK && held_already(held, &new)) {
        free_spares(spare);
        return 0;
    }
    if (!lock_conflict(held, &new))
        lock_set(held, &new, spare);
    else
        error = ticket ? wait_for(f, &new, spare, ticket) : VFS_ERROR_AGAIN;
    free_spares(spare);
    settle(f);
    return error;
}

static void wait_free(struct lock_wait *w)
{
    list_remove(&w->link);
    list_remove(&w->client_link);
    free_spares(w->spare);
    rt_free(w);
}

int32_t locks_wait(struct lock_client *client, uint64_t ticket, bool cancel)
{
    LIST_FOR_EACH(it, &client->waits)
    {
        struct lock_wait *w = LIST_ENTRY(it, struct lock_wait, client_link);
        struct lock_file *f = w->file;
        enum outcome outcome = w->outcome;

        if (w->ticket != ticket)
            continue;
        if (outcome == WAITING && !cancel)
            return VFS_ERROR_WOULD_BLOCK;
        wait_free(w);
        if (f)
            forget_unused(f);
        return outcome == GRANTED ? 0 : outcome == DEADLOCK ? VFS_ERROR_DEADLK : VFS_ERROR_AGAIN;
    }
    return VFS_ERROR_INVAL;
}

void locks_test(struct lock_client *client, const struct lock_key *key, const struct vfs_lock *want,
                struct vfs_lock *found)
{
    struct lock l = wanted(client, want);
    struct lock_file *f = find(key);
    const struct lock *other = f ? lock_conflict(family_of(f, &l), &l) : NULL;

    *found = *want;
    found->type = VFS_LOCK_TYPE_NONE;
    if (!other)
        return;
    found->type = other->type;
    found->kind = other->owner.kind;
    found->start = other->start;
    found->end = other->end;
    found->pid = other->owner.client == client ? other->pid : 0;
}

void locks_release(struct lock_client *client, const struct lock_key *key, uint64_t owner,
                   uint32_t kind)
{
    struct lock of = {.owner = {client, owner, kind}};
    struct lock_file *f = find(key);

    if (f && lock_drop_owner(family_of(f, &of), &of.owner))
        settle(f);
}

void lock_client_init(struct lock_client *client)
{
    *client = (struct lock_client){0};
    list_init(&client->waits);
}

/* Drops what a client holds in a list. */
static bool drop_client(struct list *held, const struct lock_client *client)
{
    bool any = false;

    LIST_FOR_EACH_SAFE(it, held)
    {
        struct lock *l = LIST_ENTRY(it, struct lock, link);

        if (l->owner.client == client) {
            list_remove(&l->link);
            lock_free(l);
            any = true;
        }
    }
    return any;
}

void locks_end(struct lock_client *client)
{
    LIST_FOR_EACH_SAFE(it, &client->waits)
    wait_free(LIST_ENTRY(it, struct lock_wait, client_link));
    for (int b = 0; b < BUCKETS; b++) {
        if (!bucket[b].next)
            continue;
        LIST_FOR_EACH_SAFE(it, &bucket[b])
        {
            struct lock_file *f = LIST_ENTRY(it, struct lock_file, link);

            for (int i = 0; i < FAMILIES; i++)
                drop_client(&f->held[i], client);
            settle(f);
        }
    }
}

/* Where lines of text go, and which number the last one has. */
struct lines {
    char *at;
    size_t size, used;
    uint32_t number;
    bool full;
};

static void add(struct lines *out, const char *text, size_t length)
{
    out->full |= length > out->size - out->used;
    if (out->full)
        return;
    memcpy(out->at + out->used, text, length);
    out->used += length;
}

/* A line as Linux's /proc/locks has it. Source: proc(5). */
static void add_line(struct lines *out, const struct lock_file *f, const struct lock *l, bool waits)
{
    static const char *const kinds[] = {[VFS_LOCK_KIND_PROCESS] = "POSIX ",
                                        [VFS_LOCK_KIND_DESCRIPTION] = "OFDLCK",
                                        [VFS_LOCK_KIND_FLOCK] = "FLOCK "};
    char line[160], end[24] = "EOF";
    size_t before = out->used, n;

    if (l->end != LOCK_END)
        rt_format(end, sizeof end, "%lu", l->end);
    n = rt_format(line, sizeof line, "%u: %s%s ADVISORY  %s %d ", out->number, waits ? "-> " : "",
                  kinds[l->owner.kind], l->type == VFS_LOCK_TYPE_EXCLUSIVE ? "WRITE" : "READ",
                  (int)l->pid);
    add(out, line, n);
    if (f->key.client)
        n = rt_format(line, sizeof line, "<none>:0 %lu %s\n", l->start, end);
    else
        n = rt_format(line, sizeof line, "00:%02x:%lu %lu %s\n", (unsigned)f->key.device, f->key.number, l->start, end);
    add(out, line, n);
    if (out->full)
        out->used = before;
}

static bool shown(const struct lock *l, const struct lock_client *client, const uint64_t *owner)
{
    return l->owner.client == client &&
           (!owner || l->owner.id == owner[0] || l->owner.id == owner[1]);
}

static void add_file(struct lines *out, struct lock_file *f, const struct lock_client *client,
                     const uint64_t *owner)
{
    for (int i = 0; i < FAMILIES; i++) {
        LIST_FOR_EACH(it, &f->held[i])
        {
            const struct lock *l = LIST_ENTRY(it, struct lock, link);

            if (!shown(l, client, owner))
                continue;
            out->number++;
            add_line(out, f, l, false);
            if (owner)
                continue;
            LIST_FOR_EACH(at, &f->waits)
            {
                const struct lock *w = &LIST_ENTRY(at, struct lock_wait, link)->want;

                if (lock_conflict(family_of(f, w), w) == l && w->owner.client == client)
                    add_line(out, f, w, true);
            }
        }
    }
}

size_t locks_text(const struct lock_client *client, char *buffer, size_t size)
{
    struct lines out = {buffer, size, 0, 0, false};

    for (int b = 0; b < BUCKETS; b++) {
        if (!bucket[b].next)
            continue;
        LIST_FOR_EACH(it, &bucket[b])
        add_file(&out, LIST_ENTRY(it, struct lock_file, link), client, NULL);
    }
    return out.used;
}

size_t locks_text_of(const struct lock_client *client, const struct lock_key *key,
                     const uint64_t owner[2], char *buffer, size_t size)
{
    struct lines out = {buffer, size, 0, 0, false};
    struct lock_file *f = find(key);

    if (f)
        add_file(&out, f, client, owner);
    return out.used;
}
