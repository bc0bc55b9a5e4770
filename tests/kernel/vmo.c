/* VMOs: size, transfer, holes, moves, rights. */
#include "test.h"

static char buffer[65536], other[65536];

static int64_t transfer(jg_handle_t vmo, uint32_t op, void *va, uint64_t length, uint64_t offset)
{
    struct jg_transfer t = {
        .op = op, .va = (uintptr_t)va, .length = length, .offset = offset, .limit = UINT64_MAX};

    return jg_vmo_transfer(vmo, &t);
}

static uint64_t size_of(jg_handle_t vmo)
{
    struct jg_info_vmo info = {0};

    jg_object_info(vmo, JG_INFO_VMO, &info, sizeof(info));
    return info.size;
}

static uint64_t committed(jg_handle_t vmo)
{
    struct jg_info_vmo info = {0};

    jg_object_info(vmo, JG_INFO_VMO, &info, sizeof(info));
    return info.committed_pages;
}

TEST(vmo, create_errors)
{
    jg_handle_t v = (jg_handle_t)jg_vmo_create(5, 0, 0);

    CHECK((int32_t)v > 0);
    CHECK_EQ(jg_vmo_create(5, 0x80, 0), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_vmo_create(~0ull, 0, 0), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_vmo_create(5, 0, v), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_vmo_create(5, JG_VMO_CONTIGUOUS, 0), JG_ERR_BAD_HANDLE);
    CHECK_EQ(jg_vmo_create(5, JG_VMO_CONTIGUOUS, my_job), JG_ERR_WRONG_TYPE);
    jg_handle_close(v);
}

TEST(vmo, reads_back_what_was_written_and_zeros_elsewhere)
{
    jg_handle_t v = (jg_handle_t)jg_vmo_create(0, 0, 0);

    for (unsigned i = 0; i < sizeof(buffer); i++)
        buffer[i] = (char)(i * 31 + (i >> 8));
    CHECK_EQ(size_of(v), 0);
    CHECK_EQ(transfer(v, JG_TRANSFER_READ, other, 100, 0), 0);
    CHECK_EQ(transfer(v, JG_TRANSFER_WRITE, buffer, 10000, 5000), 10000);
    CHECK_EQ(size_of(v), 15000);
    memset(other, 1, sizeof(other));
    CHECK_EQ(transfer(v, JG_TRANSFER_READ, other, sizeof(other), 0), 15000);
    for (unsigned i = 0; i < 5000; i++)
        CHECK_EQ(other[i], 0);
    CHECK_EQ(memcmp(other + 5000, buffer, 10000), 0);
    CHECK_EQ(transfer(v, JG_TRANSFER_READ, other, 10, 15000), 0);
    CHECK_EQ(transfer(v, JG_TRANSFER_READ, other, 10, 1ull << 40), 0);
    CHECK_EQ(committed(v), 3);
    CHECK_EQ(jg_handle_close(v), JG_OK);
}

TEST(vmo, append_grows_and_tells_where)
{
    jg_handle_t v = (jg_handle_t)jg_vmo_create(3, 0, 0);
    struct jg_transfer t = {
        .op = JG_TRANSFER_APPEND, .va = (uintptr_t)buffer, .length = 10, .limit = 20};

    CHECK_EQ(jg_vmo_transfer(v, &t), 10);
    CHECK_EQ(t.offset, 3);
    CHECK_EQ(size_of(v), 13);
    CHECK_EQ(jg_vmo_transfer(v, &t), 7); /* up to the limit */
    CHECK_EQ(t.offset, 13);
    CHECK_EQ(size_of(v), 20);
    CHECK_EQ(jg_vmo_transfer(v, &t), JG_ERR_TOO_BIG);
    jg_handle_close(v);
}

TEST(vmo, transfer_errors)
{
    jg_handle_t v = (jg_handle_t)jg_vmo_create(8192, 0, 0);
    jg_handle_t weak = (jg_handle_t)jg_handle_duplicate(v, JG_RIGHT_READ);

    CHECK_EQ(transfer(v, 0, buffer, 1, 0), JG_ERR_INVALID_ARGS);
    CHECK_EQ(transfer(v, 9, buffer, 1, 0), JG_ERR_INVALID_ARGS);
    CHECK_EQ(transfer(v, JG_TRANSFER_READ, (void *)64, 10, 0), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(transfer(v, JG_TRANSFER_WRITE, (void *)64, 10, 0), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(transfer(v, JG_TRANSFER_READ, (void *)0xffff800000001000, 10, 0), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(transfer(weak, JG_TRANSFER_WRITE, buffer, 10, 0), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(transfer(my_job, JG_TRANSFER_WRITE, buffer, 10, 0), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_vmo_transfer(v, (struct jg_transfer *)8), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(transfer(v, JG_TRANSFER_READ, (void *)(uintptr_t)transfer, 10, 0), JG_ERR_BAD_ADDRESS);
    jg_handle_close(weak);
    jg_handle_close(v);
}

TEST(vmo, a_transfer_is_short_where_memory_is_missing)
{
    char *pages = map_pages(3 * 4096);
    jg_handle_t v = (jg_handle_t)jg_vmo_create(65536, 0, 0);

    CHECK(pages);
    CHECK_EQ(jg_aspace_unmap(0, (uintptr_t)pages + 4096, 4096), JG_OK);
    CHECK_EQ(transfer(v, JG_TRANSFER_WRITE, pages + 100, 8192, 0), 3996);
    CHECK_EQ(transfer(v, JG_TRANSFER_READ, pages + 100, 8192, 0), 3996);
    jg_aspace_unmap(0, (uintptr_t)pages, 3 * 4096);
    jg_handle_close(v);
}

TEST(vmo, shrinking_cuts_and_growing_reads_zeros)
{
    jg_handle_t v = (jg_handle_t)jg_vmo_create(0, 0, 0);

    memset(buffer, 0x77, sizeof(buffer));
    CHECK_EQ(transfer(v, JG_TRANSFER_WRITE, buffer, 20000, 0), 20000);
    CHECK_EQ(jg_vmo_set_size(v, 5000), JG_OK);
    CHECK_EQ(committed(v), 2);
    CHECK_EQ(jg_vmo_set_size(v, 20000), JG_OK);
    CHECK_EQ(transfer(v, JG_TRANSFER_READ, other, 20000, 0), 20000);
    for (unsigned i = 0; i < 20000; i++)
        CHECK_EQ(other[i], i < 5000 ? 0x77 : 0);
    CHECK_EQ(jg_vmo_set_size(v, ~0ull), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_vmo_set_size(my_job, 1), JG_ERR_WRONG_TYPE);
    jg_handle_close(v);
}

TEST(vmo, holes_and_data)
{
    jg_handle_t v = (jg_handle_t)jg_vmo_create(100 * 4096, 0, 0);

    CHECK_EQ(jg_vmo_range(v, JG_VMO_NEXT_DATA, 0, 0), JG_ERR_NOT_FOUND);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_NEXT_HOLE, 0, 0), 0);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_COMMIT, 10 * 4096, 5 * 4096), JG_OK);
    CHECK_EQ(committed(v), 5);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_NEXT_DATA, 0, 0), 10 * 4096);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_NEXT_DATA, 11 * 4096 + 5, 0), 11 * 4096 + 5);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_NEXT_HOLE, 10 * 4096, 0), 15 * 4096);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_NEXT_DATA, 15 * 4096, 0), JG_ERR_NOT_FOUND);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_NEXT_HOLE, 101 * 4096, 0), JG_ERR_NOT_FOUND);
    memset(buffer, 9, 3 * 4096);
    CHECK_EQ(transfer(v, JG_TRANSFER_WRITE, buffer, 3 * 4096, 10 * 4096), 3 * 4096);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_DECOMMIT, 10 * 4096 + 100, 2 * 4096), JG_OK);
    CHECK_EQ(committed(v), 4);
    CHECK_EQ(transfer(v, JG_TRANSFER_READ, other, 3 * 4096, 10 * 4096), 3 * 4096);
    for (unsigned i = 0; i < 3 * 4096; i++)
        CHECK_EQ(other[i], i < 100 || i >= 2 * 4096 + 100 ? 9 : 0);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_COMMIT, 99 * 4096, 2 * 4096), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_COMMIT, ~0ull, 2), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_vmo_range(v, 77, 0, 0), JG_ERR_INVALID_ARGS);
    jg_handle_close(v);
}

TEST(vmo, move_takes_pages_without_a_copy)
{
    jg_handle_t a = (jg_handle_t)jg_vmo_create(8 * 4096, 0, 0);
    jg_handle_t b = (jg_handle_t)jg_vmo_create(8 * 4096, 0, 0), weak;

    for (unsigned i = 0; i < 8 * 4096; i++)
        buffer[i] = (char)(i >> 12);
    CHECK_EQ(transfer(a, JG_TRANSFER_WRITE, buffer, 8 * 4096, 0), 8 * 4096);
    CHECK_EQ(transfer(b, JG_TRANSFER_WRITE, buffer, 4096, 0), 4096);
    CHECK_EQ(jg_vmo_move(b, 0, a, 3 * 4096, 2 * 4096), JG_OK);
    CHECK_EQ(committed(a), 6);
    CHECK_EQ(committed(b), 2);
    CHECK_EQ(transfer(b, JG_TRANSFER_READ, other, 2 * 4096, 0), 2 * 4096);
    CHECK_EQ(other[0], 3);
    CHECK_EQ(other[4096], 4);
    CHECK_EQ(transfer(a, JG_TRANSFER_READ, other, 4096, 3 * 4096), 4096);
    CHECK_EQ(other[0], 0);
    CHECK_EQ(jg_vmo_move(b, 1, a, 0, 4096), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_vmo_move(b, 7 * 4096, a, 0, 2 * 4096), JG_ERR_OUT_OF_RANGE);
    weak = (jg_handle_t)jg_handle_duplicate(a, JG_RIGHT_READ);
    CHECK_EQ(jg_vmo_move(b, 0, weak, 0, 4096), JG_ERR_ACCESS_DENIED);
    jg_handle_close(weak);
    jg_handle_close(a);
    jg_handle_close(b);
}

TEST(vmo, stamps_move_with_writes_and_reads)
{
    jg_handle_t v = (jg_handle_t)jg_vmo_create(4096, 0, 0);
    struct jg_info_vmo one, two, three;

    CHECK(jg_object_info(v, JG_INFO_VMO, &one, sizeof(one)) > 0);
    sleep_ms(2);
    CHECK_EQ(transfer(v, JG_TRANSFER_WRITE, buffer, 10, 0), 10);
    CHECK(jg_object_info(v, JG_INFO_VMO, &two, sizeof(two)) > 0);
    CHECK(two.modified > one.modified);
    CHECK(two.modified > 1600000000000000000); /* wall clock */
    sleep_ms(2);
    CHECK_EQ(transfer(v, JG_TRANSFER_READ, buffer, 10, 0), 10);
    CHECK(jg_object_info(v, JG_INFO_VMO, &three, sizeof(three)) > 0);
    CHECK(three.accessed > two.accessed);
    CHECK_EQ(three.modified, two.modified);
    jg_handle_close(v);
}

TEST(vmo, contiguous_has_one_physical_address)
{
    jg_handle_t dma = (jg_handle_t)jg_resource_create(my_resource, JG_RESOURCE_DMA, 0, 0), v;
    uint64_t address = 0, before = free_frames();

    CHECK((int32_t)dma > 0);
    v = (jg_handle_t)jg_vmo_create(16 * 4096, JG_VMO_CONTIGUOUS, dma);
    CHECK((int32_t)v > 0);
    CHECK_EQ(committed(v), 16);
    CHECK_EQ(jg_object_info(v, JG_INFO_PADDR, &address, 8), 8);
    CHECK(address && !(address & 4095));
    CHECK(jg_vmo_set_size(v, 4096) == JG_ERR_NOT_SUPPORTED);
    CHECK_EQ(jg_vmo_range(v, JG_VMO_DECOMMIT, 0, 4096), JG_ERR_NOT_SUPPORTED);
    CHECK_EQ(jg_vmo_create(1ull << 40, JG_VMO_CONTIGUOUS, dma), JG_ERR_NO_MEMORY);
    CHECK_EQ(jg_vmo_create(0, JG_VMO_CONTIGUOUS, dma), JG_ERR_OUT_OF_RANGE);
    jg_handle_close(v);
    jg_handle_close(dma);
    CHECK(free_frames() >= before - 1);
}

TEST(vmo, physical_is_never_ram_and_inside_its_resource)
{
    jg_handle_t part =
        (jg_handle_t)jg_resource_create(my_resource, JG_RESOURCE_MEMORY, 0xfed00000, 0x1000);
    int64_t v;

    CHECK_EQ(jg_vmo_physical(my_resource, 0x100000, 4096), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_vmo_physical(my_resource, 0xfed00001, 4096), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_vmo_physical(my_resource, 0xfed00000, 0), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_vmo_physical(part, 0xfed00000, 8192), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_vmo_physical(part, 0xfee00000, 4096), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_vmo_physical(my_job, 0xfed00000, 4096), JG_ERR_WRONG_TYPE);
    v = jg_vmo_physical(part, 0xfed00000, 4096);
    CHECK(v > 0);
    jg_handle_close((jg_handle_t)v);
    jg_handle_close(part);
}
