/* aspace_clone: what a fork shares, copies, leaves out; that both sides stay apart; that all of it comes back. */
#include "test.h"

#define PAGE JG_PAGE_SIZE
#define FAR 0x20000000000ul

static int64_t map_at(jg_handle_t as, uintptr_t va, uint64_t pages, jg_handle_t vmo, uint32_t flags)
{
    struct jg_map m = {.va = va, .length = pages * PAGE, .vmo = vmo, .prot = 3, .max_prot = 7, .flags = flags};

    return jg_aspace_map(as, &m);
}

static bool put(jg_handle_t as, uintptr_t va, uint64_t value)
{
    struct jg_copy c = {.aspace = as, .flags = JG_COPY_WRITE, .va = va, .buffer = (uintptr_t)&value, .length = 8};

    return jg_aspace_copy(&c) == 8;
}

static int64_t word(jg_handle_t as, uintptr_t va)
{
    uint64_t value;
    struct jg_copy c = {.aspace = as, .flags = JG_COPY_READ, .va = va, .buffer = (uintptr_t)&value, .length = 8};
    int64_t n = jg_aspace_copy(&c);

    return n == 8 ? (int64_t)value : n;
}

static jg_handle_t parent, child;

static bool make_parent(unsigned pages)
{
    int64_t as = jg_aspace_create(JG_HANDLE_NONE);

    TRY(as > 0);
    parent = (jg_handle_t)as;
    TRY(map_at(parent, FAR, pages, JG_HANDLE_NONE, JG_MAP_PRIVATE) == JG_OK);
    for (unsigned i = 0; i < pages; i++)
        TRY(put(parent, FAR + i * PAGE, 100 + i));
    return true;
}

static bool clone_it(void)
{
    int64_t as = jg_aspace_clone(parent);

    TRY(as > 0);
    child = (jg_handle_t)as;
    return true;
}

TEST(fork, both_sides_keep_their_own)
{
    CHECK(make_parent(4));
    CHECK(clone_it());
    CHECK_EQ(word(child, FAR + PAGE), 101);
    CHECK(put(child, FAR + PAGE, 1));
    CHECK(put(parent, FAR + 2 * PAGE, 2));
    CHECK_EQ(word(parent, FAR + PAGE), 101);
    CHECK_EQ(word(child, FAR + PAGE), 1);
    CHECK_EQ(word(parent, FAR + 2 * PAGE), 2);
    CHECK_EQ(word(child, FAR + 2 * PAGE), 102);
    jg_handle_close(parent); /* the child outlives it */
    jg_system_quiesce();
    CHECK_EQ(word(child, FAR), 100);
    CHECK(put(child, FAR, 5));
    CHECK_EQ(word(child, FAR), 5);
    jg_handle_close(child);
}

TEST(fork, the_last_one_writes_in_place)
{
    uint64_t before = 0;

    CHECK(make_parent(64));
    CHECK(clone_it());
    jg_handle_close(child);
    before = free_frames();
    for (unsigned i = 0; i < 64; i++)
        CHECK(put(parent, FAR + i * PAGE, i));
    CHECK(free_frames() + 2 >= before);
    jg_handle_close(parent);
}

TEST(fork, inherit_attributes)
{
    jg_handle_t v = (jg_handle_t)jg_vmo_create(2 * PAGE, 0, JG_HANDLE_NONE);

    CHECK(make_parent(6));
    CHECK_EQ(map_at(parent, FAR + 100 * PAGE, 2, v, 0), JG_OK);
    CHECK(put(parent, FAR + 100 * PAGE, 55));
    CHECK_EQ(jg_aspace_range(parent, JG_ASPACE_INHERIT_NONE, FAR + PAGE, PAGE), JG_OK);
    CHECK_EQ(jg_aspace_range(parent, JG_ASPACE_INHERIT_ZERO, FAR + 3 * PAGE, PAGE), JG_OK);
    CHECK_EQ(jg_aspace_range(parent, JG_ASPACE_INHERIT_ZERO, FAR + 100 * PAGE, PAGE), JG_ERR_INVALID_ARGS);
    CHECK(clone_it());
    CHECK_EQ(word(child, FAR), 100);
    CHECK_EQ(word(child, FAR + PAGE), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(word(child, FAR + 3 * PAGE), 0);
    CHECK_EQ(word(parent, FAR + 3 * PAGE), 103);
    CHECK_EQ(word(child, FAR + 5 * PAGE), 105);
    CHECK(put(child, FAR + 100 * PAGE, 56)); /* a shared mapping stays shared */
    CHECK_EQ(word(parent, FAR + 100 * PAGE), 56);
    jg_handle_close(parent);
    jg_handle_close(child);
    jg_handle_close(v);
}

TEST(fork, hidden_pages_are_inherited)
{
    CHECK(make_parent(2));
    CHECK_EQ(jg_aspace_protect(parent, FAR, PAGE, 0), JG_OK);
    CHECK(clone_it());
    CHECK_EQ(jg_aspace_protect(child, FAR, PAGE, 3), JG_OK);
    CHECK_EQ(word(child, FAR), 100);
    CHECK(put(child, FAR, 1));
    CHECK_EQ(jg_aspace_protect(parent, FAR, PAGE, 3), JG_OK);
    CHECK_EQ(word(parent, FAR), 100);
    jg_handle_close(parent);
    jg_handle_close(child);
}

TEST(fork, moved_pages_stay_shared_and_apart)
{
    struct jg_move r = {.old_va = FAR, .old_length = 4 * PAGE, .new_va = FAR + (1ul << 30), .new_length = 4 * PAGE};

    CHECK(make_parent(4));
    CHECK(clone_it());
    CHECK_EQ(jg_aspace_move(child, &r), JG_OK);
    CHECK_EQ(word(child, FAR + (1ul << 30) + PAGE), 101);
    CHECK(put(child, FAR + (1ul << 30) + PAGE, 9));
    CHECK_EQ(word(parent, FAR + PAGE), 101);
    CHECK_EQ(word(child, FAR), JG_ERR_BAD_ADDRESS);
    jg_handle_close(parent);
    jg_handle_close(child);
}

TEST(fork, generations)
{
    jg_handle_t line[40];

    CHECK(make_parent(8));
    line[0] = parent;
    for (unsigned i = 1; i < 40; i++) {
        int64_t as = jg_aspace_clone(line[i - 1]);

        CHECK(as > 0);
        line[i] = (jg_handle_t)as;
        CHECK(put(line[i], FAR + (i % 8) * PAGE, i));
    }
    for (unsigned i = 0; i < 40; i += 2)
        jg_handle_close(line[i]);
    for (unsigned i = 1; i < 40; i += 2)
        for (unsigned k = 0; k < 8; k++) {
            unsigned last = k <= i % 8 ? i - i % 8 + k : i - i % 8 + k - 8;
            bool ever = k <= i % 8 ? last > 0 : i >= 8;

            CHECK_EQ(word(line[i], FAR + k * PAGE), ever ? last : 100 + k);
        }
    for (unsigned i = 1; i < 40; i += 2)
        jg_handle_close(line[i]);
}

/* The parent's own translations must forget that they could write. */
TEST(fork, of_the_space_that_runs)
{
    volatile uint64_t *p = map_pages(PAGE);

    *p = 1;
    int64_t as = jg_aspace_clone(my_aspace);

    CHECK(as > 0);
    *p = 2;
    CHECK_EQ(word((jg_handle_t)as, (uintptr_t)p), 1);
    CHECK_EQ(*p, 2);
    jg_handle_close((jg_handle_t)as);
    jg_aspace_unmap(my_aspace, (uintptr_t)p, PAGE);
}

TEST(fork, a_thousand_leave_nothing)
{
    uint64_t before = 0;

    CHECK(make_parent(32));
    for (unsigned i = 0; i < 1010; i++) {
        if (i == 10)
            before = free_frames();
        CHECK(clone_it());
        CHECK(put(child, FAR + (i % 32) * PAGE, i));
        jg_handle_close(child);
    }
    CHECK(free_frames() + 2 >= before);
    jg_handle_close(parent);
}
