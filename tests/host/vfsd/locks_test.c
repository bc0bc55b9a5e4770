/*
 * Locks against a naive model: who holds which byte how, byte by byte. Two clients of several owners set,
 * unlock, test, wait, give up and vanish at random. `vfsd_test_locks SEED COUNT` repeats a run.
 */
#include "locks.h"
#include "tap.h"

#include <ipc/vfs_server.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES   40u
#define CLIENTS 2u
#define OWNERS  6u /* of each client: three processes, two descriptions, one flock */
#define FILES   2u

struct model {
    uint8_t held[FILES][CLIENTS][OWNERS][BYTES];
    struct {
        uint64_t ticket; /* 0: does not wait */
        unsigned file;
        struct vfs_lock want;
    } wait[CLIENTS][OWNERS];
};

static struct model model;
static struct lock_client client[CLIENTS];
static unsigned seed;
static bool good = true;

#define EXPECT(what)                                                                               \
    do {                                                                                           \
        if (!(what) && good) {                                                                     \
            printf("# line %d: %s\n", __LINE__, #what);                                            \
            good = false;                                                                          \
        }                                                                                          \
    } while (0)

static unsigned dice(unsigned sides)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % sides;
}

static uint32_t kind_of(unsigned owner)
{
    return owner < 3   ? VFS_LOCK_KIND_PROCESS
           : owner < 5 ? VFS_LOCK_KIND_DESCRIPTION
                       : VFS_LOCK_KIND_FLOCK;
}

static struct lock_key key_of(unsigned file)
{
    return (struct lock_key){NULL, 1, file};
}

static uint64_t bound(uint64_t at)
{
    return at >= BYTES - 1 ? LOCK_END : at;
}

static bool model_conflict(unsigned file, unsigned c, unsigned o, const struct vfs_lock *want)
{
    if (want->type == VFS_LOCK_TYPE_NONE)
        return false;
    for (unsigned i = 0; i < CLIENTS; i++)
        for (unsigned k = 0; k < OWNERS; k++)
            for (unsigned b = 0; b < BYTES; b++) {
                uint8_t held = model.held[file][i][k][b];

                if ((i == c && k == o) ||
                    (kind_of(k) == VFS_LOCK_KIND_FLOCK) != (kind_of(o) == VFS_LOCK_KIND_FLOCK))
                    continue;
                if (held && b >= want->start && b <= want->end &&
                    (held == VFS_LOCK_TYPE_EXCLUSIVE || want->type == VFS_LOCK_TYPE_EXCLUSIVE))
                    return true;
            }
    return false;
}

static void model_set(unsigned file, unsigned c, unsigned o, const struct vfs_lock *want)
{
    for (unsigned b = 0; b < BYTES; b++)
        if (b >= want->start && b <= want->end)
            model.held[file][c][o][b] = (uint8_t)want->type;
}

/* The oldest wait that the model could grant. */
static bool next_grant(unsigned *client_out, unsigned *owner_out)
{
    uint64_t oldest = UINT64_MAX;

    for (unsigned c = 0; c < CLIENTS; c++)
        for (unsigned o = 0; o < OWNERS; o++) {
            if (!model.wait[c][o].ticket || model.wait[c][o].ticket > oldest ||
                model_conflict(model.wait[c][o].file, c, o, &model.wait[c][o].want))
                continue;
            oldest = model.wait[c][o].ticket;
            *client_out = c;
            *owner_out = o;
        }
    return oldest != UINT64_MAX;
}

/* What can be granted has been, the oldest first; what still waits cannot be. */
static void settle(void)
{
    unsigned c, o;

    while (good && next_grant(&c, &o)) {
        EXPECT(locks_wait(&client[c], model.wait[c][o].ticket, false) == 0);
        model_set(model.wait[c][o].file, c, o, &model.wait[c][o].want);
        model.wait[c][o].ticket = 0;
    }
    for (c = 0; c < CLIENTS; c++)
        for (o = 0; o < OWNERS; o++) {
            int32_t r = model.wait[c][o].ticket
                            ? locks_wait(&client[c], model.wait[c][o].ticket, false)
                            : VFS_ERROR_WOULD_BLOCK;

            EXPECT(r == VFS_ERROR_WOULD_BLOCK ||
                   (r == VFS_ERROR_DEADLK && kind_of(o) == VFS_LOCK_KIND_PROCESS));
            if (r == VFS_ERROR_DEADLK)
                model.wait[c][o].ticket = 0;
        }
}

/* Every byte, asked for by somebody who holds nothing, meets what the model says. */
static void compare(unsigned file)
{
    struct lock_key key = key_of(file);

    for (unsigned flock = 0; flock < 2; flock++)
        for (unsigned b = 0; b < BYTES; b++) {
            struct vfs_lock want = {.owner = 99,
                                    .start = b,
                                    .end = bound(b),
                                    .type = VFS_LOCK_TYPE_EXCLUSIVE,
                                    .kind = flock ? VFS_LOCK_KIND_FLOCK : VFS_LOCK_KIND_PROCESS},
                            found;
            bool any = false;

            for (unsigned c = 0; c < CLIENTS; c++)
                for (unsigned k = flock ? 5 : 0; k < (flock ? 6u : 5u); k++)
                    any |= model.held[file][c][k][b] != 0;
            locks_test(&client[0], &key, &want, &found);
            EXPECT((found.type != VFS_LOCK_TYPE_NONE) == any);
            if (found.type != VFS_LOCK_TYPE_NONE)
                EXPECT(found.start <= b && found.end >= b);
        }
}

/* What is told to be held is one piece as large as the model's. */
static void check_piece(unsigned file)
{
    struct lock_key key = key_of(file);
    struct vfs_lock want = {.owner = 99,
                            .start = 0,
                            .end = LOCK_END,
                            .type = VFS_LOCK_TYPE_EXCLUSIVE,
                            .kind = VFS_LOCK_KIND_PROCESS},
                    found;
    uint64_t end;
    const uint8_t *held;

    locks_test(&client[0], &key, &want, &found);
    if (found.type == VFS_LOCK_TYPE_NONE)
        return;
    end = found.end >= BYTES ? BYTES - 1 : found.end;
    EXPECT(found.pid == 0 || found.pid < OWNERS + 1);
    if (!found.pid)
        return;
    held = model.held[file][0][found.pid - 1];
    for (uint64_t b = found.start; b <= end; b++)
        EXPECT(held[b] == found.type);
    EXPECT(found.start == 0 || held[found.start - 1] != found.type);
    EXPECT(end == BYTES - 1 || held[end + 1] != found.type);
}

static void set_one(unsigned c, unsigned o)
{
    static uint64_t tickets;
    unsigned file = dice(FILES), a = dice(BYTES), b = dice(BYTES);
    struct vfs_lock want = {.owner = o + 1, .pid = o + 1, .kind = kind_of(o), .type = dice(3)};
    struct lock_key key = key_of(file);
    uint64_t ticket = dice(3) ? 0 : ++tickets;
    bool conflict;
    int32_t r;

    want.start = a < b ? a : b;
    want.end = bound(a < b ? b : a);
    if (want.kind == VFS_LOCK_KIND_FLOCK)
        want.start = 0, want.end = LOCK_END;
    conflict = model_conflict(file, c, o, &want);
    r = locks_set(&client[c], &key, &want, ticket);
    if (want.kind == VFS_LOCK_KIND_FLOCK && model.held[file][c][o][0] != want.type) {
        struct vfs_lock none = want;

        none.type = VFS_LOCK_TYPE_NONE;
        model_set(file, c, o, &none);
    } else if (want.kind == VFS_LOCK_KIND_FLOCK) {
        conflict = false;
    }
    EXPECT(!conflict == !r);
    if (!r) {
        model_set(file, c, o, &want);
    } else if (r == VFS_ERROR_WOULD_BLOCK) {
        EXPECT(ticket != 0);
        model.wait[c][o].ticket = ticket;
        model.wait[c][o].file = file;
        model.wait[c][o].want = want;
    } else {
        EXPECT(r == VFS_ERROR_AGAIN
                   ? !ticket
                   : r == VFS_ERROR_DEADLK && ticket && want.kind == VFS_LOCK_KIND_PROCESS);
    }
}

static void release_all(unsigned c, unsigned o)
{
    for (unsigned f = 0; f < FILES; f++) {
        struct lock_key key = key_of(f);

        locks_release(&client[c], &key, o + 1, kind_of(o));
        memset(model.held[f][c][o], 0, BYTES);
    }
}

static void end_client(unsigned c)
{
    locks_end(&client[c]);
    EXPECT(client[c].locks == 0);
    for (unsigned f = 0; f < FILES; f++)
        memset(model.held[f][c], 0, sizeof model.held[f][c]);
    memset(model.wait[c], 0, sizeof model.wait[c]);
    lock_client_init(&client[c]);
}

static void step(void)
{
    unsigned c = dice(CLIENTS), o = dice(OWNERS), what = dice(100);

    if (what == 0 && !dice(20)) {
        end_client(c);
    } else if (what < 4) {
        release_all(c, o);
    } else if (model.wait[c][o].ticket && what < 20) {
        EXPECT(locks_wait(&client[c], model.wait[c][o].ticket, true) == VFS_ERROR_AGAIN);
        model.wait[c][o].ticket = 0;
    } else if (!model.wait[c][o].ticket) {
        set_one(c, o);
    }
    settle();
}

static void begin(void)
{
    for (unsigned c = 0; c < CLIENTS; c++)
        lock_client_init(&client[c]);
}

TEST(a_circle_of_processes_of_two_clients_is_refused)
{
    struct lock_key key = key_of(0);
    struct vfs_lock one = {.owner = 1,
                           .start = 0,
                           .end = 0,
                           .kind = VFS_LOCK_KIND_PROCESS,
                           .type = VFS_LOCK_TYPE_EXCLUSIVE},
                    two = one;

    begin();
    two.start = two.end = 1;
    CHECK_EQ(locks_set(&client[0], &key, &one, 0), 0);
    CHECK_EQ(locks_set(&client[1], &key, &two, 0), 0);
    CHECK_EQ(locks_set(&client[0], &key, &two, 7), VFS_ERROR_WOULD_BLOCK);
    CHECK_EQ(locks_set(&client[1], &key, &one, 8), VFS_ERROR_DEADLK);
    locks_end(&client[1]);
    CHECK_EQ(client[0].news, true);
    CHECK_EQ(locks_wait(&client[0], 7, false), 0);
    CHECK_EQ(locks_wait(&client[0], 7, false), VFS_ERROR_INVAL);
    locks_release(&client[0], &key, 1, VFS_LOCK_KIND_PROCESS);
    CHECK_EQ(client[0].locks, 0);
}

/* Thread 1 of a waits for c, thread 2 of a for b. When c hands its lock to b, who waits for a, the circle closes. */
TEST(a_circle_that_a_grant_closes_is_refused)
{
    struct lock_key key = key_of(0);
    struct vfs_lock x = {.owner = 3,
                         .start = 0,
                         .end = 0,
                         .kind = VFS_LOCK_KIND_PROCESS,
                         .type = VFS_LOCK_TYPE_EXCLUSIVE},
                    y = x;

    begin();
    y.start = y.end = 1;
    CHECK_EQ(locks_set(&client[0], &key, &x, 0), 0); /* c has x */
    y.owner = 1;
    CHECK_EQ(locks_set(&client[0], &key, &y, 0), 0); /* a has y */
    x.owner = y.owner = 2;
    CHECK_EQ(locks_set(&client[0], &key, &x, 1), VFS_ERROR_WOULD_BLOCK); /* b wants x ... */
    CHECK_EQ(locks_set(&client[0], &key, &y, 2), VFS_ERROR_WOULD_BLOCK); /* ... and y */
    x.owner = 1;
    CHECK_EQ(locks_set(&client[0], &key, &x, 3), VFS_ERROR_WOULD_BLOCK); /* a wants x */
    locks_release(&client[0], &key, 3, VFS_LOCK_KIND_PROCESS);
    CHECK_EQ(locks_wait(&client[0], 1, false), 0); /* b has x: a waits for b, b for a */
    CHECK_EQ(locks_wait(&client[0], 2, false), VFS_ERROR_DEADLK);
    CHECK_EQ(locks_wait(&client[0], 3, false), VFS_ERROR_WOULD_BLOCK);
    locks_end(&client[0]);
    CHECK_EQ(client[0].locks, 0);
}

TEST(a_client_has_so_many_locks_and_no_more)
{
    struct lock_key key = key_of(0);
    struct vfs_lock one = {.owner = 1, .kind = VFS_LOCK_KIND_PROCESS, .type = VFS_LOCK_TYPE_SHARED};
    uint32_t i;
    int32_t r = 0;

    begin();
    for (i = 0; !r && i < LOCK_LIMIT + 1; i++) {
        one.start = one.end = LOCK_END - 2ul * i;
        r = locks_set(&client[0], &key, &one, 0);
    }
    CHECK_EQ(r, VFS_ERROR_NOLCK);
    CHECK_EQ(i, LOCK_LIMIT);
    locks_release(&client[0], &key, 1, VFS_LOCK_KIND_PROCESS);
    CHECK_EQ(client[0].locks, 0);
}

TEST(senseless_ranges_are_refused)
{
    struct lock_key key = key_of(0);
    struct vfs_lock one = {.owner = 1,
                           .start = 2,
                           .end = 1,
                           .kind = VFS_LOCK_KIND_PROCESS,
                           .type = VFS_LOCK_TYPE_SHARED};

    begin();
    CHECK_EQ(locks_set(&client[0], &key, &one, 0), VFS_ERROR_INVAL);
    one.end = LOCK_END + 1;
    CHECK_EQ(locks_set(&client[0], &key, &one, 0), VFS_ERROR_INVAL);
}

TEST(the_text_tells_locks_and_waits_and_is_cut_at_a_line)
{
    struct lock_key key = key_of(5);
    struct vfs_lock one = {.owner = 1,
                           .pid = 11,
                           .start = 2,
                           .end = LOCK_END,
                           .kind = VFS_LOCK_KIND_PROCESS,
                           .type = VFS_LOCK_TYPE_EXCLUSIVE},
                    two = one;
    static const char whole[] = "1: POSIX  ADVISORY  WRITE 11 00:01:5 2 EOF\n"
                                "1: -> POSIX  ADVISORY  READ 12 00:01:5 3 4\n";
    char text[200];
    size_t length;

    begin();
    CHECK_EQ(locks_set(&client[0], &key, &one, 0), 0);
    two = (struct vfs_lock){.owner = 2,
                            .pid = 12,
                            .start = 3,
                            .end = 4,
                            .kind = VFS_LOCK_KIND_PROCESS,
                            .type = VFS_LOCK_TYPE_SHARED};
    CHECK_EQ(locks_set(&client[0], &key, &two, 1), VFS_ERROR_WOULD_BLOCK);
    length = locks_text(&client[0], text, sizeof text);
    CHECK_EQ(length, sizeof whole - 1);
    CHECK(!memcmp(text, whole, length));
    CHECK_EQ(locks_text(&client[0], text, sizeof whole - 2),
             (size_t)(strchr(whole, '\n') + 1 - whole));
    CHECK_EQ(locks_text(&client[1], text, sizeof text), 0);
    locks_end(&client[0]);
}

static unsigned steps = 200000;

TEST(random_locks_are_as_the_naive_model_has_them)
{
    begin();
    memset(&model, 0, sizeof model);
    printf("# seed %u, %u operations\n", seed, steps);
    for (unsigned i = 0; i < steps && good; i++) {
        step();
        if (i % 16 == 0)
            compare(i / 16 % FILES);
        check_piece(i % FILES);
    }
    for (unsigned c = 0; c < CLIENTS; c++)
        end_client(c);
    CHECK(good);
}

int main(int argc, char **argv)
{
    seed = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
    if (argc > 2)
        steps = (unsigned)atoi(argv[2]);
    return tap_main();
}
