/*
 * The name cache. See namecache.h.
 *
 * Why nothing stale is used: numbers in the page of words only rise, and vfsd raises a word before it answers the
 * change. An entry has the number that was last given when vfsd answered it. If none of its words is above that when we look,
 * none was raised before that moment, so no change had been answered, and what we give could have
 * been vfsd's own answer then. Pages (size, stamps) are read before that look, so they belong to
 * the same moment or an earlier one in which the entry held as well.
 */
#include "namecache.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/stubs.h>

#include <hot.h>

#define SETS     256u
#define WAYS     4u
#define PATH_KEPT 255u
#define CREDS    16u
#define KEY_HOW                                                                                    \
    (VFS_WALK_NOFOLLOW | VFS_WALK_DIRECTORY | VFS_WALK_NO_LINKS | VFS_WALK_ONE_MOUNT |             \
     VFS_WALK_BENEATH)
#define WANTED   (VFS_WALK_READ | VFS_WALK_WRITE | VFS_WALK_EXECUTE)
#define CHANGES  (VFS_WALK_CREATE | VFS_WALK_EXCLUSIVE | VFS_WALK_TRUNCATE | VFS_WALK_OWNER)

_Static_assert(WANTED == 7 * VFS_WALK_READ, "eight ways to want a file");

struct name {
    struct list by_word; /* when it has an inode: those whose files have the same word */
    uint64_t hash;
    uint64_t root, dir;
    uint64_t stamp;
    struct inode *inode; /* counted; NULL: not opened */
    struct known known;  /* without an inode */
    jg_handle_t session;
    uint32_t how;
    uint32_t used; /* when last */
    uint8_t cred;
    uint8_t granted; /* bit n: an open() that wanted READ * n succeeded */
    bool absent;
    uint8_t count;
    uint16_t word[VFS_BASIS_MAX];
    uint16_t length;
    char path[];
};

static struct mutex lock = MUTEX_INIT;
static const uint64_t *words;
static struct name *table[SETS][WAYS];
static struct list by_word[VFS_WORDS];
static struct vfs_cred creds[CREDS];
static unsigned cred_count;
static uint32_t now;

void namecache_start(jg_handle_t session)
{
    struct jg_map map = {
        .length = JG_PAGE_SIZE,
        .prot = JG_PROT_READ,
        .max_prot = JG_PROT_READ,
        .flags = JG_MAP_ANYWHERE,
    };

    for (unsigned i = 0; i < VFS_WORDS; i++)
        list_init(&by_word[i]);
    if (vfs_words(session, &map.vmo))
        return;
    if (jg_aspace_map(JG_HANDLE_NONE, &map) >= 0)
        words = (const uint64_t *)map.va;
    jg_handle_close(map.vmo);
}

static bool same_cred(const struct vfs_cred *a, const struct vfs_cred *b)
{
    return a->uid == b->uid && a->gid == b->gid && a->powers == b->powers &&
           a->group_count == b->group_count &&
           !memcmp(a->groups, b->groups, a->group_count * sizeof *a->groups);
}

/* The number of these credentials, or CREDS. */
static HOT_PATH unsigned find_cred(const struct vfs_cred *who)
{
    for (unsigned i = 0; i < cred_count; i++)
        if (same_cred(&creds[i], who))
            return i;
    return CREDS;
}

static bool word_holds(unsigned word, uint64_t stamp)
{
    return __atomic_load_n(&words[word], __ATOMIC_ACQUIRE) <= stamp;
}

static HOT_PATH bool all_hold(const uint16_t *word, unsigned count, uint64_t stamp)
{
    if (!word_holds(0, stamp))
        return false;
    for (unsigned i = 0; i < count; i++)
        if (!word_holds(word[i], stamp))
            return false;
    return true;
}

bool namecache_watches(void)
{
    return words && __atomic_load_n(&words[VFS_WORD_WATCHES], __ATOMIC_ACQUIRE);
}

bool namecache_watch_holds(unsigned word, uint64_t stamp)
{
    return word_holds(VFS_WORD_WATCHES, stamp) && word_holds(word, stamp);
}

static HOT_PATH bool name_holds(const struct name *n)
{
    return all_hold(n->word, n->count, n->stamp);
}

static HOT_PATH bool known_holds(const struct known *k)
{
    return k->stamp && word_holds(0, k->stamp) && word_holds(k->word, k->stamp);
}

static uint64_t mix(uint64_t hash, uint64_t part)
{
    hash = (hash ^ part) * 0x9e3779b97f4a7c15ull;
    return hash ^ hash >> 32;
}

static HOT_PATH uint64_t hash_of(const struct walk *w, uint32_t how, unsigned cred)
{
    uint64_t hash = mix(w->place.dir ^ w->place.root << 20,
                        (uint64_t)how << 40 ^ cred ^ (uint64_t)w->session << 8);
    const char *at = w->path;
    size_t left = w->length;
    uint64_t part;

    for (; left >= sizeof part; at += sizeof part, left -= sizeof part) {
        memcpy(&part, at, sizeof part);
        hash = mix(hash, part);
    }
    part = left;
    for (size_t i = 0; i < left; i++)
        part = part << 8 | (uint8_t)at[i];
    return mix(mix(hash, part), 0);
}

static bool matches(const struct name *n, const struct walk *w, uint64_t hash, uint32_t how,
                    unsigned cred)
{
    return n && n->hash == hash && n->length == w->length && n->dir == w->place.dir &&
           n->root == w->place.root && n->session == w->session && n->how == how &&
           n->cred == cred && !memcmp(n->path, w->path, w->length);
}

/* The entry for a walk, stale or not. */
static HOT_PATH struct name *find(const struct walk *w, uint32_t how)
{
    unsigned cred = find_cred(&w->cred);
    struct name **set;
    uint64_t hash;

    how &= KEY_HOW;
    if (!words || cred == CREDS || w->length > PATH_KEPT)
        return NULL;
    hash = hash_of(w, how, cred);
    set = table[hash % SETS];
    for (unsigned i = 0; i < WAYS; i++)
        if (matches(set[i], w, hash, how, cred))
            return set[i];
    return NULL;
}

/* Takes an entry out of its place and puts it on a list of those to be freed without the lock. */
static void take(struct name **place, struct name **dead)
{
    struct name *n = *place;

    if (n->inode)
        list_remove(&n->by_word);
    *place = NULL;
    n->by_word.next = (struct list *)*dead;
    *dead = n;
}

static void bury(struct name *dead)
{
    while (dead) {
        struct name *n = dead;

        dead = (struct name *)n->by_word.next;
        inode_put(n->inode);
        rt_free(n);
    }
}

static void take_all(struct name **dead)
{
    for (unsigned i = 0; i < SETS * WAYS; i++)
        if (table[i / WAYS][i % WAYS])
            take(&table[i / WAYS][i % WAYS], dead);
}

/* Numbers the credentials; when there are too many all is forgotten. */
static unsigned add_cred(const struct vfs_cred *who, struct name **dead)
{
    unsigned at = find_cred(who);

    if (at < CREDS)
        return at;
    if (cred_count == CREDS) {
        take_all(dead);
        cred_count = 0;
    }
    creds[cred_count] = *who;
    return cred_count++;
}

/* A place in the set: the same name's, a free one, or the one used longest ago. */
static struct name **place_for(const struct walk *w, uint64_t hash, uint32_t how, unsigned cred)
{
    struct name **set = table[hash % SETS], **best = NULL;

    for (unsigned i = 0; i < WAYS; i++) {
        if (matches(set[i], w, hash, how, cred))
            return &set[i];
        if (!best || (*best && (!set[i] || now - set[i]->used > now - (*best)->used)))
            best = &set[i];
    }
    return best;
}

/* What vfsd answered to a walk. `inode` NULL: it was not opened. `granted`: as in struct name. */
struct answer {
    const struct vfs_attr *found;
    const struct vfs_basis *on;
    struct inode *inode;
    uint8_t granted;
};

static void fill(struct name *n, const struct answer *a)
{
    n->stamp = a->on->stamp;
    n->absent = a->on->absent;
    n->count = (uint8_t)a->on->count;
    memcpy(n->word, a->on->word, sizeof n->word);
    n->granted = a->granted;
    n->used = ++now;
    n->known.stamp = 0;
    if (a->inode) {
        n->inode = inode_get(a->inode);
        list_add_tail(&by_word[n->word[n->count - 1]], &n->by_word);
    } else {
        known_set(&n->known, a->found, a->on);
    }
}

/*
 * Keeps an answer, in the place of what was kept for the name before.
 *
 * One that does not hold any more is not kept: it would have an unlinked file's inode. Whoever unlinks later raises the
 * word first, so namecache_gone(), which takes the lock, finds what was put here.
 */
static void keep(const struct walk *w, uint32_t how, const struct answer *a)
{
    struct name *n, *dead = NULL, **place;
    unsigned cred;
    uint64_t hash;

    if (!words || !a->on->count || w->length > PATH_KEPT)
        return;
    n = rt_zalloc(sizeof *n + w->length);
    if (!n)
        return;
    how &= KEY_HOW;
    mutex_lock(&lock);
    if (!all_hold(a->on->word, (unsigned)a->on->count, a->on->stamp)) {
        mutex_unlock(&lock);
        rt_free(n);
        return;
    }
    cred = add_cred(&w->cred, &dead);
    hash = hash_of(w, how, cred);
    place = place_for(w, hash, how, cred);
    n->hash = hash;
    n->root = w->place.root;
    n->dir = w->place.dir;
    n->session = w->session;
    n->how = how;
    n->cred = (uint8_t)cred;
    n->length = (uint16_t)w->length;
    memcpy(n->path, w->path, w->length);
    fill(n, a);
    if (*place) {
        if ((*place)->hash == hash && (*place)->inode == n->inode && name_holds(*place))
            n->granted |= (*place)->granted;
        take(place, &dead);
    }
    *place = n;
    if (a->inode)
        known_set(&a->inode->known, a->found, a->on);
    mutex_unlock(&lock);
    bury(dead);
}

/* The attributes from what is known. False: vfsd must be asked. */
static HOT_PATH bool attr_of(const struct known *k, const struct inode *i, struct vfs_attr *out)
{
    struct jg_info_vmo info;

    if (!k->shared) {
        *out = k->attr;
        return known_holds(k);
    }
    return i && i->backing.vmo &&
           jg_object_info(i->backing.vmo, JG_INFO_VMO, &info, sizeof info) >= 0 &&
           known_merge(k, &info, out) && known_holds(k);
}

/* The answer to a stat, if it is kept. *open: it can be kept only with the file's pages at hand. */
static bool kept_stat(const struct walk *w, uint32_t how, struct vfs_attr *found, int32_t *result,
                      bool *open)
{
    struct name *n;
    bool good = false;

    *open = false;
    mutex_lock(&lock);
    n = find(w, how);
    if (n && n->absent) {
        good = name_holds(n);
        *result = VFS_ERROR_NOENT;
    } else if (n) {
        const struct known *k = n->inode ? &n->inode->known : &n->known;

        good = attr_of(k, n->inode, found) && name_holds(n);
        *open = k->shared && !(n->inode && n->inode->backing.vmo);
        *result = 0;
    }
    if (good)
        n->used = ++now;
    mutex_unlock(&lock);
    return good;
}

HOT_PATH int32_t namecache_stat(struct walk *w, uint32_t how, struct vfs_attr *found)
{
    struct answer a = {.found = found};
    struct vfs_basis on;
    jg_handle_t vmo;
    int32_t result;
    size_t n;
    bool open;

    if (kept_stat(w, how, found, &result, &open))
        return result;
    result = vfs_lookup(w->session, &w->place, w->path, w->length, how | (open ? VFS_WALK_OPEN : 0),
                        &w->cred, found, &on, w->rest, sizeof w->rest, &n);
    if (result || found->foreign)
        return result;
    a.on = &on;
    if (open && !on.absent) {
        a.inode = inode_of(w->session, found);
        found->node = 0;
        if (!a.inode)
            return 0; /* known, but nothing to keep it with */
        inode_vmo(a.inode, &vmo);
    }
    keep(w, how, &a);
    inode_put(a.inode);
    return on.absent ? VFS_ERROR_NOENT : 0;
}

/* An open that is answered without vfsd: a reference, or NULL. *result: 0 or NOENT when true. */
static bool kept_open(const struct walk *w, uint32_t how, struct inode **out, int32_t *result)
{
    struct name *n;
    bool good = false;

    mutex_lock(&lock);
    n = how & (VFS_WALK_EXCLUSIVE | VFS_WALK_TRUNCATE | VFS_WALK_OWNER) ? NULL : find(w, how);
    if (n && n->absent) {
        good = !(how & VFS_WALK_CREATE) && name_holds(n);
        *result = VFS_ERROR_NOENT;
    } else if (n && n->inode && (n->granted >> ((how & WANTED) / VFS_WALK_READ) & 1) &&
               (!(how & VFS_WALK_CREATE) || mode_is(n->inode->mode, S_IFREG)) && name_holds(n)) {
        *out = inode_get(n->inode);
        *result = 0;
        good = true;
    }
    if (good)
        n->used = ++now;
    mutex_unlock(&lock);
    return good;
}

HOT_PATH int32_t namecache_open(struct walk *w, uint32_t how, uint32_t mode, struct inode **out,
                       uint32_t *foreign)
{
    struct vfs_basis on = {0};
    struct vfs_attr found;
    struct answer a = {.found = &found, .on = &on};
    int32_t result;
    size_t n;

    *out = NULL;
    *foreign = 0;
    if (kept_open(w, how, out, &result))
        return result;
    if (how & CHANGES)
        result = vfs_open(w->session, &w->place, w->path, w->length, how, mode, &w->cred, &found,
                          w->rest, sizeof w->rest, &n);
    else
        result = vfs_lookup(w->session, &w->place, w->path, w->length, how | VFS_WALK_OPEN,
                            &w->cred, &found, &on, w->rest, sizeof w->rest, &n);
    if (result)
        return result;
    *foreign = found.foreign;
    w->made = found.made;
    if (*foreign)
        return 0;
    if (on.absent) {
        keep(w, how, &a);
        return VFS_ERROR_NOENT;
    }
    a.inode = inode_of(w->session, &found);
    if (!a.inode)
        return JG_ERR_NO_MEMORY;
    a.granted = (uint8_t)(1u << ((how & WANTED) / VFS_WALK_READ));
    keep(w, how, &a);
    *out = a.inode;
    return 0;
}

bool namecache_absent(const struct walk *w, uint32_t how)
{
    struct name *n;
    bool absent;

    mutex_lock(&lock);
    n = find(w, how);
    absent = n && n->absent && name_holds(n);
    mutex_unlock(&lock);
    return absent;
}

int32_t namecache_attr(struct inode *i, struct vfs_attr *found)
{
    struct vfs_basis on;
    int32_t result;
    bool good;

    if (!words)
        return vfs_getattr(i->session, i->node, found);
    mutex_lock(&lock);
    good = attr_of(&i->known, i, found);
    mutex_unlock(&lock);
    if (good)
        return 0;
    result = vfs_inspect(i->session, i->node, found, &on);
    if (result)
        return result;
    mutex_lock(&lock);
    known_set(&i->known, found, &on);
    mutex_unlock(&lock);
    return 0;
}

/* Finds an entry's place again. */
static struct name **place_of(const struct name *n)
{
    struct name **set = table[n->hash % SETS];

    while (*set != n)
        set++;
    return set;
}

void namecache_gone(uint32_t word)
{
    struct name *dead = NULL;

    if (!word || word >= VFS_WORDS || !words)
        return;
    mutex_lock(&lock);
    for (struct list *it = by_word[word].next, *next; it != &by_word[word]; it = next) {
        struct name *n = LIST_ENTRY(it, struct name, by_word);

        next = it->next;
        if (!name_holds(n))
            take(place_of(n), &dead);
    }
    mutex_unlock(&lock);
    bury(dead);
}

void namecache_shrink(bool all)
{
    struct name *dead = NULL;

    if (!words)
        return;
    mutex_lock(&lock);
    for (unsigned i = 0; i < SETS * WAYS; i++) {
        struct name **place = &table[i / WAYS][i % WAYS];

        if (*place && (all || !name_holds(*place)))
            take(place, &dead);
    }
    mutex_unlock(&lock);
    bury(dead);
}
