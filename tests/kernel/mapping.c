/* Address spaces: map, unmap, protect, move, range, copy, compare-exchange; clone and what it shares. */
#include "test.h"

#define PAGE JG_PAGE_SIZE
#define FAR 0x10000000000ul

static jg_handle_t other; /* an address space that nobody runs in */

static int64_t map_at(jg_handle_t as, uintptr_t va, uint64_t pages, jg_handle_t vmo, uint32_t prot, uint32_t flags)
{
    struct jg_map m = {.va = va, .length = pages * PAGE, .vmo = vmo, .prot = prot, .max_prot = 7, .flags = flags};

    return jg_aspace_map(as, &m);
}

static int64_t zeros_at(jg_handle_t as, uintptr_t va, uint64_t pages)
{
    return map_at(as, va, pages, JG_HANDLE_NONE, 3, JG_MAP_PRIVATE);
}

static int64_t put(jg_handle_t as, uintptr_t va, uint64_t value)
{
    struct jg_copy c = {.aspace = as, .flags = JG_COPY_WRITE, .va = va, .buffer = (uintptr_t)&value, .length = 8};

    return jg_aspace_copy(&c);
}

static int64_t take(jg_handle_t as, uintptr_t va, uint64_t *value, uint32_t flags)
{
    struct jg_copy c = {.aspace = as, .flags = JG_COPY_READ | flags, .va = va, .buffer = (uintptr_t)value, .length = 8};

    *value = 0xdead;
    return jg_aspace_copy(&c);
}

/* The word at `va`, or the error. */
static int64_t word(jg_handle_t as, uintptr_t va)
{
    uint64_t value;
    int64_t n = take(as, va, &value, 0);

    return n == 8 ? (int64_t)value : n;
}

static struct jg_info_aspace info_of(jg_handle_t as)
{
    struct jg_info_aspace info = {0};

    jg_object_info(as, JG_INFO_ASPACE, &info, sizeof(info));
    return info;
}

static bool fresh(void)
{
    int64_t as = jg_aspace_create(JG_HANDLE_NONE);

    TRY(as > 0);
    other = (jg_handle_t)as;
    return true;
}

TEST(mapping, map_checks_its_arguments)
{
    CHECK(fresh());
    CHECK_EQ(zeros_at(other, FAR + 1, 1), JG_ERR_INVALID_ARGS);
    CHECK_EQ(zeros_at(other, FAR, 0), JG_ERR_INVALID_ARGS);
    CHECK_EQ(zeros_at(other, JG_USER_TOP, 1), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(zeros_at(other, JG_USER_TOP - PAGE, 2), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(zeros_at(other, 0xffff800000000000ul, 1), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(map_at(other, FAR, 1, JG_HANDLE_NONE, 3, 0), JG_ERR_INVALID_ARGS);
    CHECK_EQ(map_at(other, FAR, 1, 12345, 3, 0), JG_ERR_BAD_HANDLE);
    CHECK_EQ(map_at(other, FAR, 1, my_job, 3, 0), JG_ERR_WRONG_TYPE);
    CHECK_EQ(zeros_at(other, FAR, 4), JG_OK);
    CHECK_EQ(zeros_at(other, FAR + 3 * PAGE, 4), JG_ERR_EXISTS);
    CHECK_EQ(map_at(other, FAR + 3 * PAGE, 4, JG_HANDLE_NONE, 3, JG_MAP_PRIVATE | JG_MAP_REPLACE), JG_OK);
    CHECK_EQ(info_of(other).mapped_bytes, 7 * PAGE);
    jg_handle_close(other);
}

TEST(mapping, neighbours_become_one_mapping)
{
    CHECK(fresh());
    for (unsigned i = 0; i < 100; i++)
        CHECK_EQ(zeros_at(other, FAR + i * PAGE, 1), JG_OK);
    CHECK_EQ(info_of(other).mappings, 1);
    CHECK_EQ(jg_aspace_protect(other, FAR + 10 * PAGE, PAGE, JG_PROT_READ), JG_OK);
    CHECK_EQ(info_of(other).mappings, 3);
    CHECK_EQ(jg_aspace_protect(other, FAR + 10 * PAGE, PAGE, 3), JG_OK);
    CHECK_EQ(info_of(other).mappings, 1);
    CHECK_EQ(jg_aspace_unmap(other, FAR + 50 * PAGE, PAGE), JG_OK);
    CHECK_EQ(info_of(other).mappings, 2);
    CHECK_EQ(zeros_at(other, FAR + 50 * PAGE, 1), JG_OK);
    CHECK_EQ(info_of(other).mappings, 1);
    jg_handle_close(other);
}

TEST(mapping, unmap_takes_the_middle_and_minds_no_holes)
{
    CHECK(fresh());
    CHECK_EQ(zeros_at(other, FAR, 5), JG_OK);
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQ(put(other, FAR + i * PAGE, i + 1), 8);
    CHECK_EQ(jg_aspace_unmap(other, FAR + PAGE, 3 * PAGE), JG_OK);
    CHECK_EQ(jg_aspace_unmap(other, FAR + PAGE, 3 * PAGE), JG_OK);
    CHECK_EQ(word(other, FAR), 1);
    CHECK_EQ(word(other, FAR + 2 * PAGE), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(word(other, FAR + 4 * PAGE), 5);
    CHECK_EQ(info_of(other).private_pages, 2);
    CHECK_EQ(jg_aspace_unmap(other, FAR + 1, PAGE), JG_ERR_OUT_OF_RANGE);
    jg_handle_close(other);
}

TEST(mapping, protection_is_honoured_and_kept_pages_come_back)
{
    uint64_t value;

    CHECK(fresh());
    CHECK_EQ(zeros_at(other, FAR, 3), JG_OK);
    CHECK_EQ(put(other, FAR, 7), 8);
    CHECK_EQ(jg_aspace_protect(other, FAR, 3 * PAGE, JG_PROT_READ), JG_OK);
    CHECK_EQ(put(other, FAR, 8), JG_ERR_PROTECTED);
    CHECK_EQ(word(other, FAR), 7);
    CHECK_EQ(jg_aspace_protect(other, FAR, PAGE, 0), JG_OK);
    CHECK_EQ(word(other, FAR), JG_ERR_PROTECTED);
    CHECK_EQ(take(other, FAR, &value, JG_COPY_NOWAIT) < 0, true);
    CHECK_EQ(jg_aspace_protect(other, FAR, PAGE, 3), JG_OK);
    CHECK_EQ(word(other, FAR), 7);
    CHECK_EQ(put(other, FAR, 9), 8);
    CHECK_EQ(jg_aspace_protect(other, FAR, 4 * PAGE, 1), JG_ERR_NOT_FOUND);
    struct jg_map m = {.va = FAR + 8 * PAGE, .length = PAGE, .prot = 1, .max_prot = 1, .flags = JG_MAP_PRIVATE};
    CHECK_EQ(jg_aspace_map(other, &m), JG_OK);
    CHECK_EQ(jg_aspace_protect(other, FAR + 8 * PAGE, PAGE, 3), JG_ERR_ACCESS_DENIED);
    jg_handle_close(other);
}

TEST(mapping, forced_write_copies_what_the_mapping_forbids)
{
    jg_handle_t v = (jg_handle_t)jg_vmo_create(PAGE, 0, JG_HANDLE_NONE);
    uint64_t value = 0xcc, got;
    struct jg_copy c = {.flags = JG_COPY_WRITE | JG_COPY_FORCE, .va = FAR, .buffer = (uintptr_t)&value, .length = 8};
    struct jg_transfer t = {.op = JG_TRANSFER_READ, .va = (uintptr_t)&got, .length = 8};

    CHECK(fresh());
    c.aspace = other;
    CHECK_EQ(map_at(other, FAR, 1, v, JG_PROT_READ | JG_PROT_EXECUTE, JG_MAP_PRIVATE), JG_OK);
    CHECK_EQ(word(other, FAR), 0);
    CHECK_EQ(jg_aspace_copy(&c), 8);
    CHECK_EQ(word(other, FAR), 0xcc);
    CHECK_EQ(put(other, FAR, 1), JG_ERR_PROTECTED);
    CHECK_EQ(jg_vmo_transfer(v, &t), 8);
    CHECK_EQ(got, 0);
    jg_handle_close(other);
    jg_handle_close(v);
}

TEST(mapping, copies_cross_mappings_stop_at_holes_and_strings_end)
{
    char text[64], *p = map_pages(PAGE);
    struct jg_copy c = {.flags = JG_COPY_WRITE, .va = FAR + PAGE - 3, .buffer = (uintptr_t)"abcdefg", .length = 8};

    CHECK(fresh());
    c.aspace = other;
    CHECK_EQ(zeros_at(other, FAR, 1), JG_OK);
    CHECK_EQ(map_at(other, FAR + PAGE, 1, JG_HANDLE_NONE, 7, JG_MAP_PRIVATE), JG_OK);
    CHECK_EQ(jg_aspace_copy(&c), 8);
    c = (struct jg_copy){.aspace = other, .flags = JG_COPY_READ | JG_COPY_STRING, .va = FAR + PAGE - 3,
                         .buffer = (uintptr_t)text, .length = sizeof(text)};
    CHECK_EQ(jg_aspace_copy(&c), 8);
    CHECK_EQ(strcmp(text, "abcdefg"), 0);
    c.flags = JG_COPY_READ;
    c.va = FAR + 2 * PAGE - 10;
    CHECK_EQ(jg_aspace_copy(&c), 10);
    c.va = FAR + 2 * PAGE;
    CHECK_EQ(jg_aspace_copy(&c), JG_ERR_BAD_ADDRESS);
    c.va = FAR;
    c.buffer = (uintptr_t)p + PAGE - 4; /* our own memory ends */
    jg_aspace_unmap(my_aspace, (uintptr_t)p + PAGE, PAGE);
    CHECK(jg_aspace_copy(&c) >= 4);
    jg_handle_close(other);
}

TEST(mapping, nowait_says_why)
{
    jg_handle_t v = (jg_handle_t)jg_vmo_create(PAGE, 0, JG_HANDLE_NONE);
    uint64_t value;

    CHECK(fresh());
    CHECK_EQ(zeros_at(other, FAR, 1), JG_OK);
    CHECK_EQ(map_at(other, FAR + PAGE, 2, v, 1, 0), JG_OK);
    CHECK_EQ(take(other, FAR, &value, JG_COPY_NOWAIT), JG_ERR_ABSENT);
    CHECK_EQ(put(other, FAR, 3), 8);
    CHECK_EQ(take(other, FAR, &value, JG_COPY_NOWAIT), 8);
    CHECK_EQ(value, 3);
    CHECK_EQ(take(other, FAR + 2 * PAGE, &value, JG_COPY_NOWAIT), JG_ERR_BEYOND_SIZE);
    CHECK_EQ(take(other, FAR + 2 * PAGE, &value, 0), JG_ERR_BEYOND_SIZE);
    CHECK_EQ(take(other, FAR + 3 * PAGE, &value, JG_COPY_NOWAIT), JG_ERR_BAD_ADDRESS);
    jg_handle_close(other);
    jg_handle_close(v);
}

TEST(mapping, compare_exchange)
{
    CHECK(fresh());
    CHECK_EQ(zeros_at(other, FAR, 1), JG_OK);
    CHECK_EQ(jg_aspace_cas(other, FAR + 4, 0, 5), 0);
    CHECK_EQ(jg_aspace_cas(other, FAR + 4, 0, 6), 5);
    CHECK_EQ(jg_aspace_cas(other, FAR + 4, 0, 0), 5);
    CHECK_EQ(jg_aspace_cas(other, FAR + 4, 5, 0xffffffff), 5);
    CHECK_EQ(jg_aspace_cas(other, FAR + 4, 1, 1), 0xffffffff);
    CHECK_EQ(jg_aspace_cas(other, FAR + 2, 0, 0), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_aspace_cas(other, FAR + PAGE, 0, 1), JG_ERR_BAD_ADDRESS);
    jg_handle_close(other);
}

TEST(mapping, drop_and_populate)
{
    struct jg_info_aspace info;

    CHECK(fresh());
    CHECK_EQ(zeros_at(other, FAR, 8), JG_OK);
    CHECK_EQ(put(other, FAR, 9), 8);
    CHECK_EQ(jg_aspace_range(other, JG_ASPACE_DROP, FAR, 8 * PAGE), JG_OK);
    CHECK_EQ(word(other, FAR), 0);
    CHECK_EQ(jg_aspace_range(other, JG_ASPACE_POPULATE_WRITE, FAR, 8 * PAGE), JG_OK);
    info = info_of(other);
    CHECK_EQ(info.private_pages, 8);
    CHECK_EQ(jg_aspace_range(other, JG_ASPACE_DROP, FAR, 9 * PAGE), JG_ERR_NOT_FOUND);
    CHECK_EQ(jg_aspace_range(other, 99, FAR, PAGE), JG_ERR_INVALID_ARGS);
    jg_handle_close(other);
}

TEST(mapping, move_grows_shrinks_and_takes_pages_along)
{
    struct jg_move r = {.old_va = FAR, .old_length = 2 * PAGE, .new_va = FAR, .new_length = 4 * PAGE};

    CHECK(fresh());
    CHECK_EQ(jg_aspace_move(other, &r), JG_ERR_NOT_FOUND);
    CHECK_EQ(zeros_at(other, FAR, 2), JG_OK);
    CHECK_EQ(put(other, FAR + PAGE, 11), 8);
    CHECK_EQ(jg_aspace_move(other, &r), JG_OK);
    CHECK_EQ(put(other, FAR + 3 * PAGE, 12), 8);
    CHECK_EQ(zeros_at(other, FAR + 4 * PAGE, 1), JG_OK);
    CHECK_EQ(map_at(other, FAR + 20 * PAGE, 1, JG_HANDLE_NONE, 1, JG_MAP_PRIVATE), JG_OK);
    r = (struct jg_move){.old_va = FAR, .old_length = 4 * PAGE, .new_va = FAR + 16 * PAGE, .new_length = 6 * PAGE};
    CHECK_EQ(jg_aspace_move(other, &r), JG_ERR_EXISTS);
    r.flags = JG_MAP_REPLACE;
    CHECK_EQ(jg_aspace_move(other, &r), JG_OK);
    CHECK_EQ(word(other, FAR + 17 * PAGE), 11);
    CHECK_EQ(word(other, FAR + 19 * PAGE), 12);
    CHECK_EQ(word(other, FAR + 20 * PAGE), 0);
    CHECK_EQ(put(other, FAR + 21 * PAGE, 1), 8);
    CHECK_EQ(word(other, FAR + PAGE), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(word(other, FAR + 4 * PAGE), 0);
    /* KEEP leaves the old mapping, empty; shrinking unmaps the rest. */
    r = (struct jg_move){.old_va = FAR + 16 * PAGE, .old_length = 6 * PAGE, .new_va = FAR, .new_length = 2 * PAGE,
                         .flags = JG_MOVE_KEEP};
    CHECK_EQ(jg_aspace_move(other, &r), JG_OK);
    CHECK_EQ(word(other, FAR + PAGE), 11);
    CHECK_EQ(word(other, FAR + 17 * PAGE), 0);
    jg_handle_close(other);
}

TEST(mapping, mapped_tells_what_is_there)
{
    struct {
        struct jg_info_mapped head;
        uint8_t page[4];
    } q = {.head = {.va = FAR, .pages = 4}};
    jg_handle_t vmo = (jg_handle_t)jg_vmo_create(2 * PAGE, 0, JG_HANDLE_NONE);
    struct jg_info_aspace info;

    CHECK(fresh());
    CHECK_EQ(zeros_at(other, FAR, 3), JG_OK);
    CHECK_EQ(put(other, FAR + PAGE, 1), 8);
    CHECK(jg_object_info(other, JG_INFO_MAPPED, &q, sizeof(q)) > 0);
    CHECK_EQ(q.page[0], 0);
    CHECK_EQ(q.page[1] & ~JG_PAGE_WRITTEN, JG_PAGE_PRESENT | JG_PAGE_PRIVATE | 1 << JG_PAGE_COUNT_SHIFT);
    CHECK_EQ(q.page[3], 0);

    /* The page of zeros, and one of a VMO that is mapped twice. */
    CHECK_EQ(word(other, FAR), 0);
    CHECK_EQ(map_at(other, FAR + 8 * PAGE, 2, vmo, 3, 0), JG_OK);
    CHECK_EQ(map_at(other, FAR + 10 * PAGE, 2, vmo, 1, 0), JG_OK);
    CHECK_EQ(put(other, FAR + 8 * PAGE, 1), 8);
    CHECK_EQ(word(other, FAR + 10 * PAGE), 1);
    q.head.va = FAR;
    q.head.pages = 1;
    CHECK(jg_object_info(other, JG_INFO_MAPPED, &q, sizeof(q)) > 0);
    CHECK_EQ(q.page[0] & (JG_PAGE_PRESENT | JG_PAGE_ZERO | JG_PAGE_PRIVATE), JG_PAGE_PRESENT | JG_PAGE_ZERO);
    q.head.va = FAR + 8 * PAGE;
    q.head.pages = 4;
    CHECK(jg_object_info(other, JG_INFO_MAPPED, &q, sizeof(q)) > 0);
    CHECK_EQ(q.page[0] >> JG_PAGE_COUNT_SHIFT, 2);
    CHECK_EQ(q.page[2] >> JG_PAGE_COUNT_SHIFT, 2);
    CHECK_EQ(q.page[0] & JG_PAGE_PRIVATE, 0);
    CHECK_EQ(q.page[1], 0);
    /* Of a VMO with many mappings not each is looked at: as often as can be said. */
    for (unsigned i = 0; i < 100; i++)
        CHECK_EQ(map_at(other, FAR + (16 + 4 * i) * PAGE, 2, vmo, 1, 0), JG_OK);
    q.head.va = FAR + 8 * PAGE;
    CHECK(jg_object_info(other, JG_INFO_MAPPED, &q, sizeof(q)) > 0);
    CHECK_EQ(q.page[0] >> JG_PAGE_COUNT_SHIFT, JG_PAGE_COUNT_MAX);
    CHECK_EQ(q.page[1], 0);
    /* Far above nothing is mapped: the next address that could be is the top. */
    q.head.va = FAR + (1ul << 40);
    q.head.pages = 1;
    CHECK(jg_object_info(other, JG_INFO_MAPPED, &q, sizeof(q)) > 0);
    CHECK(q.head.va > FAR + (1ul << 40));

    /* What was unmapped is remembered as the peak. */
    CHECK(jg_object_info(other, JG_INFO_ASPACE, &info, sizeof(info)) > 0);
    uint64_t before = info.private_pages + info.shared_pages;
    CHECK_EQ(jg_aspace_unmap(other, FAR + 8 * PAGE, 4 * PAGE), JG_OK);
    CHECK(jg_object_info(other, JG_INFO_ASPACE, &info, sizeof(info)) > 0);
    CHECK(info.private_pages + info.shared_pages < before);
    CHECK_EQ(info.peak_pages, before);
    jg_handle_close(vmo);
    jg_handle_close(other);
}

TEST(mapping, mappings_of_a_vmo_see_writes_size_and_truncation)
{
    jg_handle_t v = (jg_handle_t)jg_vmo_create(4 * PAGE, 0, JG_HANDLE_NONE);
    uint64_t value = 77;
    struct jg_transfer t = {.op = JG_TRANSFER_WRITE, .va = (uintptr_t)&value, .length = 8, .offset = PAGE, .limit = UINT64_MAX};
    struct jg_info_vmo info;

    CHECK(fresh());
    CHECK_EQ(map_at(other, FAR, 4, v, 3, 0), JG_OK);
    CHECK_EQ(map_at(other, FAR + 8 * PAGE, 4, v, 3, JG_MAP_PRIVATE), JG_OK);
    CHECK_EQ(word(other, FAR + 9 * PAGE), 0); /* a private reader ... */
    CHECK_EQ(jg_vmo_transfer(v, &t), 8);
    CHECK_EQ(word(other, FAR + PAGE), 77);
    CHECK_EQ(word(other, FAR + 9 * PAGE), 77); /* ... sees later writes */
    CHECK_EQ(put(other, FAR + PAGE, 78), 8);
    CHECK_EQ(word(other, FAR + 9 * PAGE), 78);
    CHECK_EQ(put(other, FAR + 9 * PAGE, 1), 8); /* its own copy from now on */
    CHECK_EQ(put(other, FAR + 11 * PAGE, 2), 8);
    CHECK_EQ(word(other, FAR + PAGE), 78);
    CHECK_EQ(jg_object_info(v, JG_INFO_VMO, &info, sizeof(info)), sizeof(info));
    CHECK_EQ(info.mappings, 2);
    CHECK_EQ(jg_vmo_set_size(v, 2 * PAGE), JG_OK);
    CHECK_EQ(word(other, FAR + 9 * PAGE), 1);
    CHECK_EQ(word(other, FAR + 11 * PAGE), JG_ERR_BEYOND_SIZE); /* private copies past the end are gone */
    CHECK_EQ(word(other, FAR + 3 * PAGE), JG_ERR_BEYOND_SIZE);
    CHECK_EQ(jg_vmo_set_size(v, 4 * PAGE), JG_OK);
    CHECK_EQ(word(other, FAR + 11 * PAGE), 0);
    CHECK_EQ(jg_aspace_unmap(other, FAR, 16 * PAGE), JG_OK);
    CHECK_EQ(jg_object_info(v, JG_INFO_VMO, &info, sizeof(info)), sizeof(info));
    CHECK_EQ(info.mappings, 0);
    jg_handle_close(other);
    jg_handle_close(v);
}

TEST(mapping, commit_is_all_or_nothing)
{
    uint64_t pages = free_frames() + 1000;

    CHECK(fresh());
    CHECK_EQ(map_at(other, FAR, 64, JG_HANDLE_NONE, 3, JG_MAP_PRIVATE | JG_MAP_COMMIT), JG_OK);
    CHECK_EQ(info_of(other).private_pages, 64);
    CHECK_EQ(map_at(other, 2 * FAR, pages, JG_HANDLE_NONE, 3, JG_MAP_PRIVATE | JG_MAP_COMMIT), JG_ERR_NO_MEMORY);
    CHECK_EQ(info_of(other).private_pages, 64);
    CHECK_EQ(word(other, 2 * FAR), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(map_at(other, 2 * FAR, pages, JG_HANDLE_NONE, 3, JG_MAP_PRIVATE | JG_MAP_POPULATE), JG_OK);
    CHECK_EQ(jg_aspace_unmap(other, 2 * FAR, pages * PAGE), JG_OK);
    jg_handle_close(other);
}

TEST(mapping, its_end_gives_everything_back)
{
    uint64_t before = 0;

    for (unsigned round = 0; round < 2; round++) {
        if (round == 1)
            before = free_frames();
        CHECK(fresh());
        CHECK_EQ(zeros_at(other, FAR, 2000), JG_OK);
        CHECK_EQ(jg_aspace_range(other, JG_ASPACE_POPULATE_WRITE, FAR, 2000 * PAGE), JG_OK);
        for (unsigned i = 1; i < 50; i++)
            CHECK_EQ(zeros_at(other, FAR + i * (1ul << 32), 1), JG_OK);
        for (unsigned i = 1; i < 50; i++)
            CHECK_EQ(put(other, FAR + i * (1ul << 32), i), 8);
        jg_handle_close(other);
    }
    CHECK(free_frames() + 2 >= before);
}
