/* VMOs: sizes, holes, transfers, moves; each call's success and its errors. */
#include "test.h"

#define PAGE JG_PAGE_SIZE

static jg_handle_t make(uint64_t size)
{
    return (jg_handle_t)jg_vmo_create(size, 0, JG_HANDLE_NONE);
}

static int64_t move_bytes(uint32_t op, jg_handle_t vmo, const void *memory, uint64_t length, uint64_t offset)
{
    struct jg_transfer t = {.op = op, .va = (uintptr_t)memory, .length = length, .offset = offset,
                            .limit = UINT64_MAX};

    return jg_vmo_transfer(vmo, &t);
}

static uint64_t size_of(jg_handle_t vmo)
{
    struct jg_info_vmo info;

    return jg_object_info(vmo, JG_INFO_VMO, &info, sizeof(info)) == sizeof(info) ? info.size : 0;
}

static uint64_t committed(jg_handle_t vmo)
{
    struct jg_info_vmo info;

    return jg_object_info(vmo, JG_INFO_VMO, &info, sizeof(info)) == sizeof(info) ? info.committed_pages : 99;
}

TEST(pages, written_bytes_come_back_and_holes_are_zeros)
{
    jg_handle_t v = make(3 * PAGE + 100);
    char *p = map_pages(4 * PAGE);

    memset(p, 0x11, 4 * PAGE);
    CHECK_EQ(move_bytes(JG_TRANSFER_WRITE, v, "hello", 5, PAGE + 10), 5);
    CHECK_EQ(committed(v), 1);
    CHECK_EQ(move_bytes(JG_TRANSFER_READ, v, p, 4 * PAGE, 0), 3 * PAGE + 100);
    CHECK_EQ(memcmp(p + PAGE + 10, "hello", 5), 0);
    p[PAGE + 10] = p[PAGE + 11] = p[PAGE + 12] = p[PAGE + 13] = p[PAGE + 14] = 0;
    for (unsigned i = 0; i < 3 * PAGE + 100; i++)
        CHECK_EQ(p[i], 0);
    CHECK_EQ(p[3 * PAGE + 100], 0x11);
    CHECK_EQ(move_bytes(JG_TRANSFER_READ, v, p, 1, 3 * PAGE + 100), 0);
    jg_handle_close(v);
}

TEST(pages, whole_pages_go_side_by_side)
{
    enum { MANY = 140, HOLE = 65 }; /* more than a node of the VMO's tree holds */
    jg_handle_t v = make(MANY * PAGE + 50);
    char *p = map_pages((MANY + 1) * PAGE), *q = map_pages((MANY + 1) * PAGE);

    for (unsigned i = 0; i < MANY; i++)
        memset(p + i * PAGE, (int)i + 1, PAGE);
    CHECK_EQ(move_bytes(JG_TRANSFER_WRITE, v, p, HOLE * PAGE, 0), HOLE * PAGE);
    CHECK_EQ(move_bytes(JG_TRANSFER_WRITE, v, p + (HOLE + 1) * PAGE, (MANY - HOLE - 1) * PAGE, (HOLE + 1) * PAGE),
             (MANY - HOLE - 1) * PAGE);
    CHECK_EQ(committed(v), MANY - 1);
    for (int round = 0; round < 2; round++) { /* the first time q's pages are not there */
        CHECK_EQ(move_bytes(JG_TRANSFER_READ, v, q, (MANY + 1) * PAGE, 0), MANY * PAGE + 50);
        for (unsigned i = 0; i < MANY; i++)
            for (unsigned at = 0; at < PAGE; at += PAGE / 8 - 1)
                CHECK_EQ((unsigned char)q[i * PAGE + at], i == HOLE ? 0 : i + 1);
    }
    /* Over what is there, from the third page on: the same walk in the other direction. */
    CHECK_EQ(move_bytes(JG_TRANSFER_WRITE, v, p, 100 * PAGE, 2 * PAGE), 100 * PAGE);
    CHECK_EQ(move_bytes(JG_TRANSFER_READ, v, q, MANY * PAGE, 0), MANY * PAGE);
    for (unsigned i = 0; i < MANY; i++)
        CHECK_EQ((unsigned char)q[i * PAGE + 77], i >= 2 && i < 102 ? i - 1 : i + 1);
    CHECK_EQ(size_of(v), MANY * PAGE + 50);
    jg_handle_close(v);
}

TEST(pages, append_and_limit)
{
    jg_handle_t v = make(0);
    struct jg_transfer t = {.op = JG_TRANSFER_APPEND, .va = (uintptr_t)"abcdef", .length = 6, .limit = 10};
    char out[16];

    CHECK_EQ(jg_vmo_transfer(v, &t), 6);
    CHECK_EQ(t.offset, 0);
    CHECK_EQ(jg_vmo_transfer(v, &t), 4);
    CHECK_EQ(t.offset, 6);
    CHECK_EQ(jg_vmo_transfer(v, &t), JG_ERR_TOO_BIG);
    CHECK_EQ(size_of(v), 10);
    CHECK_EQ(move_bytes(JG_TRANSFER_READ, v, out, 16, 0), 10);
    CHECK_EQ(memcmp(out, "abcdefabcd", 10), 0);
    jg_handle_close(v);
}

TEST(pages, bad_memory_gives_partial_counts)
{
    jg_handle_t v = make(3 * PAGE);
    char *p = map_pages(2 * PAGE);

    CHECK_EQ(jg_aspace_unmap(my_aspace, (uintptr_t)p + PAGE, PAGE), JG_OK);
    CHECK_EQ(move_bytes(JG_TRANSFER_WRITE, v, p + PAGE - 7, 100, 0), 7);
    CHECK_EQ(move_bytes(JG_TRANSFER_READ, v, p + PAGE - 9, 100, 0), 9);
    CHECK_EQ(move_bytes(JG_TRANSFER_WRITE, v, p + PAGE, 100, 0), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_aspace_protect(my_aspace, (uintptr_t)p, PAGE, JG_PROT_READ), JG_OK);
    CHECK_EQ(move_bytes(JG_TRANSFER_READ, v, p, 100, 0), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(move_bytes(JG_TRANSFER_WRITE, v, p, 100, 0), 100);
    CHECK_EQ(move_bytes(JG_TRANSFER_WRITE, v, (void *)0xffff800000000000ul, 8, 0), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(move_bytes(99, v, p, 8, 0), JG_ERR_INVALID_ARGS);
    jg_handle_close(v);
}

TEST(pages, transfer_from_its_own_mapping)
{
    jg_handle_t v = make(2 * PAGE);
    struct jg_map m = {.length = 2 * PAGE, .vmo = v, .prot = 3, .max_prot = 3, .flags = JG_MAP_ANYWHERE};

    CHECK_EQ(jg_aspace_map(JG_HANDLE_NONE, &m), JG_OK);
    memcpy((char *)m.va, "0123456789", 10);
    CHECK_EQ(move_bytes(JG_TRANSFER_WRITE, v, (char *)m.va, 10, 4), 10);
    CHECK_EQ(memcmp((char *)m.va, "01230123456789", 14), 0);
    CHECK_EQ(move_bytes(JG_TRANSFER_READ, v, (char *)m.va + PAGE, 14, 0), 14);
    CHECK_EQ(memcmp((char *)m.va + PAGE, "01230123456789", 14), 0);
    jg_aspace_unmap(my_aspace, m.va, 2 * PAGE);
    jg_handle_close(v);
}

TEST(pages, shrinking_forgets_and_growing_gives_zeros)
{
    jg_handle_t v = make(2 * PAGE);
    char byte = 'x';

    CHECK_EQ(move_bytes(JG_TRANSFER_WRITE, v, &byte, 1, 50), 1);
    CHECK_EQ(move_bytes(JG_TRANSFER_WRITE, v, &byte, 1, PAGE + 50), 1);
    CHECK_EQ(committed(v), 2);
    CHECK_EQ(jg_vmo_set_size(v, 10), JG_OK);
    CHECK_EQ(committed(v), 1);
    CHECK_EQ(jg_vmo_set_size(v, 2 * PAGE), JG_OK);
    CHECK_EQ(move_bytes(JG_TRANSFER_READ, v, &byte, 1, 50), 1);
    CHECK_EQ(byte, 0);
    CHECK_EQ(jg_vmo_set_size(v, UINT64_MAX), JG_ERR_OUT_OF_RANGE);
    jg_handle_close(v);
}

TEST(pages, commit_decommit_data_and_holes)
{
    jg_handle_t v = make(10 * PAGE);

    CHECK_EQ(jg_vmo_range(v, JG_VMO_NEXT_DATA, 0, 0), JG_ERR_NOT_FOUND);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_NEXT_HOLE, 100, 0), 100);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_COMMIT, 2 * PAGE, 3 * PAGE), JG_OK);
    CHECK_EQ(committed(v), 3);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_NEXT_DATA, 0, 0), 2 * PAGE);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_NEXT_HOLE, 2 * PAGE + 5, 0), 5 * PAGE);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_NEXT_DATA, 5 * PAGE, 0), JG_ERR_NOT_FOUND);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_DECOMMIT, 2 * PAGE + 1, 2 * PAGE), JG_OK);
    CHECK_EQ(committed(v), 2);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_COMMIT, 9 * PAGE, 2 * PAGE), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_vmo_range(v, 77, 0, PAGE), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_NEXT_HOLE, 10 * PAGE, 0), JG_ERR_NOT_FOUND);
    jg_handle_close(v);
}

TEST(pages, move_takes_pages_without_copying)
{
    jg_handle_t a = make(8 * PAGE), b = make(8 * PAGE);
    uint64_t before, value = 42, got = 0;

    CHECK_EQ(move_bytes(JG_TRANSFER_WRITE, a, &value, 8, 3 * PAGE), 8);
    before = free_frames();
    CHECK_EQ(jg_vmo_move(b, 5 * PAGE, a, 2 * PAGE, 2 * PAGE), JG_OK);
    CHECK_EQ(committed(a), 0);
    CHECK_EQ(committed(b), 1);
    CHECK_EQ(move_bytes(JG_TRANSFER_READ, b, &got, 8, 6 * PAGE), 8);
    CHECK_EQ(got, 42);
    CHECK(free_frames() + 2 >= before);
    CHECK_EQ(jg_vmo_move(b, 7 * PAGE, a, 0, 2 * PAGE), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_vmo_move(b, 1, a, 0, PAGE), JG_ERR_OUT_OF_RANGE);
    jg_handle_close(a);
    jg_handle_close(b);
}

TEST(pages, contiguous_needs_a_resource_and_knows_its_address)
{
    int64_t dma = jg_resource_create(my_resource, JG_RESOURCE_DMA, 0, 0), v;
    uint64_t address = 1, word = 0;

    CHECK(dma > 0);
    v = jg_vmo_create(5 * PAGE, JG_VMO_CONTIGUOUS, (jg_handle_t)dma);
    CHECK(v > 0);
    CHECK_EQ(jg_object_info((jg_handle_t)v, JG_INFO_PADDR, &address, sizeof(address)), sizeof(address));
    CHECK_EQ(address % PAGE, 0);
    CHECK(address != 0);
    CHECK_EQ(committed((jg_handle_t)v), 5);
    CHECK_EQ(move_bytes(JG_TRANSFER_READ, (jg_handle_t)v, &word, 8, 4 * PAGE), 8);
    CHECK_EQ(word, 0);
    CHECK_EQ(jg_vmo_set_size((jg_handle_t)v, PAGE), JG_ERR_NOT_SUPPORTED);
    CHECK_EQ(jg_vmo_range((jg_handle_t)v, JG_VMO_DECOMMIT, 0, PAGE), JG_ERR_NOT_SUPPORTED);
    CHECK(jg_vmo_create(5 * PAGE, JG_VMO_CONTIGUOUS, my_job) < 0);
    jg_handle_close((jg_handle_t)v);
    jg_handle_close((jg_handle_t)dma);
}

TEST(pages, its_end_gives_everything_back)
{
    jg_handle_t v = make(1000 * PAGE);
    uint64_t before;

    jg_handle_close(v);
    before = free_frames();
    v = make(1000 * PAGE);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_COMMIT, 0, 1000 * PAGE), JG_OK);
    CHECK(free_frames() + 1000 <= before);
    jg_handle_close(v);
    CHECK(free_frames() + 2 >= before);
}

TEST(pages, rights_are_asked_for)
{
    jg_handle_t v = make(PAGE);
    int64_t reader = jg_handle_duplicate(v, JG_RIGHT_READ | JG_RIGHT_MAP);
    struct jg_map m = {.length = PAGE, .vmo = (jg_handle_t)reader, .prot = 3, .max_prot = 3,
                       .flags = JG_MAP_ANYWHERE};
    char byte = 0;

    CHECK(reader > 0);
    CHECK_EQ(move_bytes(JG_TRANSFER_READ, (jg_handle_t)reader, &byte, 1, 0), 1);
    CHECK_EQ(move_bytes(JG_TRANSFER_WRITE, (jg_handle_t)reader, &byte, 1, 0), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_vmo_set_size((jg_handle_t)reader, 0), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_aspace_map(JG_HANDLE_NONE, &m), JG_ERR_ACCESS_DENIED);
    m.flags |= JG_MAP_PRIVATE; /* private copies may be written */
    CHECK_EQ(jg_aspace_map(JG_HANDLE_NONE, &m), JG_OK);
    *(volatile char *)m.va = 5;
    CHECK_EQ(move_bytes(JG_TRANSFER_READ, v, &byte, 1, 0), 1);
    CHECK_EQ(byte, 0);
    jg_aspace_unmap(my_aspace, m.va, PAGE);
    jg_handle_close((jg_handle_t)reader);
    jg_handle_close(v);
}
