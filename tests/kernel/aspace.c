/* Address spaces: map, protect, move, ranges, copies, cas; truncation under mappings. */
#include "test.h"

#define AT 0x700000000ul

static char buffer[16384];

static int64_t map(jg_handle_t as, uint64_t va, uint64_t length, jg_handle_t vmo, uint64_t offset,
                   uint32_t prot, uint32_t flags)
{
    struct jg_map m = {va, length, offset, vmo, prot, prot, flags};

    return jg_aspace_map(as, &m);
}

static int64_t copy(jg_handle_t as, uint32_t flags, uint64_t va, void *p, uint64_t length)
{
    struct jg_copy c = {as, flags, va, (uintptr_t)p, length};

    return jg_aspace_copy(&c);
}

TEST(aspace, map_errors)
{
    jg_handle_t v = (jg_handle_t)jg_vmo_create(8192, 0, 0), weak;

    CHECK_EQ(map(0, AT + 1, 4096, 0, 0, 3, JG_MAP_PRIVATE), JG_ERR_INVALID_ARGS);
    CHECK_EQ(map(0, AT, 0, 0, 0, 3, JG_MAP_PRIVATE), JG_ERR_INVALID_ARGS);
    CHECK_EQ(map(0, AT, 4096, 0, 0, 3, 0), JG_ERR_INVALID_ARGS);
    CHECK(map(0, JG_USER_TOP, 4096, 0, 0, 3, JG_MAP_PRIVATE) < 0);
    CHECK(map(0, JG_USER_TOP - 4096, 8192, 0, 0, 3, JG_MAP_PRIVATE) < 0);
    CHECK(map(0, 0xffff800000000000, 4096, 0, 0, 3, JG_MAP_PRIVATE) < 0);
    CHECK(map(0, AT, ~0ull - 4096, 0, 0, 3, JG_MAP_PRIVATE) < 0);
    CHECK_EQ(map(0, AT, 4096, my_job, 0, 3, 0), JG_ERR_WRONG_TYPE);
    CHECK_EQ(map(my_job, AT, 4096, 0, 0, 3, JG_MAP_PRIVATE), JG_ERR_WRONG_TYPE);
    weak = (jg_handle_t)jg_handle_duplicate(v, JG_RIGHT_READ | JG_RIGHT_MAP);
    CHECK_EQ(map(0, AT, 4096, weak, 0, 3, 0), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(map(0, AT, 4096, weak, 0, 5, 0), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(map(0, AT, 4096, weak, 0, 3, JG_MAP_PRIVATE), JG_OK);
    CHECK_EQ(map(0, AT, 4096, 0, 0, 3, JG_MAP_PRIVATE), JG_ERR_EXISTS);
    CHECK_EQ(map(0, AT, 4096, 0, 0, 3, JG_MAP_PRIVATE | JG_MAP_REPLACE), JG_OK);
    CHECK_EQ(jg_aspace_map(0, (struct jg_map *)8), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_aspace_unmap(0, AT, 4096), JG_OK);
    CHECK_EQ(jg_aspace_unmap(0, AT, 4096), JG_OK); /* holes are fine */
    jg_handle_close(weak);
    jg_handle_close(v);
}

TEST(aspace, shared_mappings_see_each_other_and_transfers)
{
    jg_handle_t v = (jg_handle_t)jg_vmo_create(8192, 0, 0);
    volatile char *a = (char *)AT, *b = (char *)AT + 0x10000;
    struct jg_transfer t = {
        .op = JG_TRANSFER_READ, .va = (uintptr_t)buffer, .length = 8192, .limit = UINT64_MAX};

    CHECK_EQ(map(0, AT, 8192, v, 0, 3, 0), JG_OK);
    CHECK_EQ(map(0, AT + 0x10000, 4096, v, 4096, 3, 0), JG_OK);
    a[4096] = 'x';
    CHECK_EQ(b[0], 'x');
    b[1] = 'y';
    CHECK_EQ(a[4097], 'y');
    CHECK_EQ(jg_vmo_transfer(v, &t), 8192);
    CHECK_EQ(buffer[4096], 'x');
    buffer[0] = 'q';
    t.op = JG_TRANSFER_WRITE;
    t.length = 1;
    CHECK_EQ(jg_vmo_transfer(v, &t), 1);
    CHECK_EQ(a[0], 'q');
    jg_aspace_unmap(0, AT, 0x20000);
    jg_handle_close(v);
}

TEST(aspace, private_mappings_keep_their_writes_and_see_the_rest)
{
    jg_handle_t v = (jg_handle_t)jg_vmo_create(8192, 0, 0);
    volatile char *shared = (char *)AT, *private = (char *)AT + 0x10000;

    CHECK_EQ(map(0, AT, 8192, v, 0, 3, 0), JG_OK);
    CHECK_EQ(map(0, AT + 0x10000, 8192, v, 0, 3, JG_MAP_PRIVATE), JG_OK);
    CHECK_EQ(private[0], 0);
    CHECK_EQ(private[4096], 0);
    private[0] = 'p';
    shared[0] = 's';
    shared[4096] = 't';
    CHECK_EQ(private[0], 'p');
    CHECK_EQ(private[4096], 't'); /* not copied yet: another's shared write is visible */
    CHECK_EQ(shared[0], 's');
    CHECK_EQ(jg_aspace_range(0, JG_ASPACE_DROP, AT + 0x10000, 8192), JG_OK);
    CHECK_EQ(private[0], 's');
    jg_aspace_unmap(0, AT, 0x20000);
    jg_handle_close(v);
}

static jg_handle_t port;
static volatile uint64_t got;

static void touch(void *va)
{
    got = *(volatile uint64_t *)va;
    jg_syscall6(60, 0, 0, 0, 0, 0, 0);
}

/* Reads from an address in a trapped child. Returns the reason of its trap, the words in *r. */
static unsigned read_in_child(uint64_t va, struct jg_received *r)
{
    struct child c;

    port = (jg_handle_t)jg_port_create();
    if (!child_make_trapped(&c, port, 1, touch, (void *)va) || jg_thread_start(c.thread) != JG_OK ||
        receive(port, r) != JG_OK)
        return 0;
    child_end(&c);
    jg_handle_close(port);
    return JG_INFO_LABEL(r->info);
}

TEST(aspace, truncation_under_mappings_cuts_both_kinds)
{
    jg_handle_t v = (jg_handle_t)jg_vmo_create(2 * 4096, 0, 0);
    volatile char *private = (char *)AT + 0x10000;
    struct jg_received r;

    CHECK_EQ(map(0, AT, 2 * 4096, v, 0, 3, 0), JG_OK);
    CHECK_EQ(map(0, AT + 0x10000, 2 * 4096, v, 0, 3, JG_MAP_PRIVATE), JG_OK);
    ((volatile char *)AT)[4096] = 1;
    private[4096] = 2;
    private[0] = 3;
    CHECK_EQ(jg_vmo_set_size(v, 4096), JG_OK);
    CHECK_EQ(read_in_child(AT + 4096, &r), JG_TRAP_FAULT);
    CHECK_EQ((int64_t)r.word[2], JG_ERR_BEYOND_SIZE);
    CHECK_EQ(read_in_child(AT + 0x11000, &r), JG_TRAP_FAULT); /* private copies go as well */
    CHECK_EQ((int64_t)r.word[2], JG_ERR_BEYOND_SIZE);
    CHECK_EQ(private[0], 3);
    CHECK_EQ(copy(0, JG_COPY_READ, AT + 4096, buffer, 8), JG_ERR_BEYOND_SIZE);
    CHECK_EQ(copy(0, JG_COPY_READ, AT + 4090, buffer, 8), 6);
    CHECK_EQ(jg_vmo_set_size(v, 8192), JG_OK);
    CHECK_EQ(((volatile char *)AT)[4096], 0);
    CHECK_EQ(private[4096], 0);
    jg_aspace_unmap(0, AT, 0x20000);
    jg_handle_close(v);
}

TEST(aspace, protect_is_all_or_nothing)
{
    struct jg_map m = {
        .va = AT, .length = 3 * 4096, .prot = 3, .max_prot = 3, .flags = JG_MAP_PRIVATE};
    struct jg_received r;

    CHECK_EQ(jg_aspace_map(0, &m), JG_OK);
    *(volatile uint64_t *)AT = 77;
    CHECK_EQ(jg_aspace_protect(0, AT, 4 * 4096, 1), JG_ERR_NOT_FOUND);
    CHECK_EQ(jg_aspace_protect(0, AT, 4096, 5), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_aspace_protect(0, AT, 4096, 0), JG_OK);
    CHECK_EQ(read_in_child(AT, &r), JG_TRAP_FAULT);
    CHECK_EQ((int64_t)r.word[2], JG_ERR_PROTECTED);
    CHECK_EQ(copy(0, JG_COPY_READ, AT, buffer, 8), JG_ERR_PROTECTED);
    CHECK_EQ(read_in_child(AT + 4096, &r), JG_TRAP_SYSCALL);
    CHECK_EQ(jg_aspace_protect(0, AT, 4096, 1), JG_OK);
    CHECK_EQ(read_in_child(AT, &r), JG_TRAP_SYSCALL);
    CHECK_EQ(got, 77);
    CHECK_EQ(copy(0, JG_COPY_WRITE, AT, buffer, 8), JG_ERR_PROTECTED);
    CHECK_EQ(copy(0, JG_COPY_WRITE | JG_COPY_FORCE, AT, buffer, 8), 8);
    jg_aspace_unmap(0, AT, 3 * 4096);
}

TEST(aspace, move_takes_contents_along)
{
    struct jg_move m = {AT, 2 * 4096, AT + 0x100000, 3 * 4096, 0, 0};

    CHECK_EQ(map(0, AT, 2 * 4096, 0, 0, 3, JG_MAP_PRIVATE), JG_OK);
    ((volatile char *)AT)[4096] = 'm';
    CHECK_EQ(jg_aspace_move(0, &m), JG_OK);
    CHECK_EQ(((volatile char *)AT + 0x100000)[4096], 'm');
    CHECK_EQ(((volatile char *)AT + 0x100000)[2 * 4096], 0);
    CHECK_EQ(jg_aspace_move(0, &m), JG_ERR_NOT_FOUND);
    CHECK_EQ(map(0, AT, 4096, 0, 0, 3, JG_MAP_PRIVATE), JG_OK);
    m.old_length = 4096;
    CHECK_EQ(jg_aspace_move(0, &m), JG_ERR_EXISTS);
    m.flags = JG_MAP_REPLACE;
    CHECK_EQ(jg_aspace_move(0, &m), JG_OK);
    CHECK_EQ(((volatile char *)AT + 0x100000)[0], 0);
    jg_aspace_unmap(0, AT, 0x200000);
}

TEST(aspace, ranges_and_what_is_mapped)
{
    struct {
        struct jg_info_mapped info;
        uint8_t page[8];
    } q = {.info = {AT, 8}};
    struct jg_info_aspace a;

    CHECK_EQ(map(0, AT, 8 * 4096, 0, 0, 3, JG_MAP_PRIVATE), JG_OK);
    CHECK_EQ(jg_aspace_range(0, JG_ASPACE_POPULATE_WRITE, AT + 4096, 2 * 4096), JG_OK);
    CHECK_EQ(jg_object_info(my_aspace, JG_INFO_MAPPED, &q, sizeof(q)), sizeof(q.info) + 8);
    CHECK_EQ(q.page[0], 0);
    CHECK_EQ(q.page[1] & ~JG_PAGE_WRITTEN, JG_PAGE_PRESENT | JG_PAGE_PRIVATE | 1 << JG_PAGE_COUNT_SHIFT);
    CHECK_EQ(q.page[2] & JG_PAGE_PRESENT, JG_PAGE_PRESENT);
    CHECK_EQ(q.page[3], 0);
    CHECK(q.info.va >= AT + 8 * 4096);
    q.info.va = AT;
    CHECK_EQ(jg_aspace_range(0, JG_ASPACE_DROP, AT, 8 * 4096), JG_OK);
    CHECK_EQ(jg_object_info(my_aspace, JG_INFO_MAPPED, &q, sizeof(q)), sizeof(q.info) + 8);
    CHECK_EQ(q.page[1], 0);
    q.info.va = AT;
    CHECK_EQ(jg_object_info(my_aspace, JG_INFO_MAPPED, &q, sizeof(q) - 1), JG_ERR_TOO_BIG);
    CHECK_EQ(jg_aspace_range(0, JG_ASPACE_POPULATE, AT, 9 * 4096), JG_ERR_NOT_FOUND);
    CHECK_EQ(jg_aspace_range(0, 99, AT, 4096), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_object_info(my_aspace, JG_INFO_ASPACE, &a, sizeof(a)), sizeof(a));
    CHECK(a.mappings > 3);
    jg_aspace_unmap(0, AT, 8 * 4096);
}

TEST(aspace, copies_strings_words_and_partial_counts)
{
    jg_handle_t as = (jg_handle_t)jg_aspace_create(JG_HANDLE_NONE), weak;

    CHECK((int32_t)as > 0);
    CHECK_EQ(map(as, AT, 2 * 4096, 0, 0, 3, JG_MAP_PRIVATE), JG_OK);
    CHECK_EQ(copy(as, JG_COPY_READ | JG_COPY_NOWAIT, AT, buffer, 8), JG_ERR_ABSENT);
    CHECK_EQ(copy(as, JG_COPY_WRITE, AT + 4090, "hello, world", 13), 13);
    CHECK_EQ(copy(as, JG_COPY_READ | JG_COPY_STRING, AT + 4090, buffer, 100), 13);
    CHECK_EQ(memcmp(buffer, "hello, world", 13), 0);
    CHECK_EQ(copy(as, JG_COPY_READ, AT + 8190, buffer, 100), 2);
    CHECK_EQ(copy(as, JG_COPY_READ, AT + 8192, buffer, 1), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(copy(as, JG_COPY_READ, AT, (void *)64, 10), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(copy(as, 0, AT, buffer, 1), JG_ERR_INVALID_ARGS);
    CHECK_EQ(copy(as, JG_COPY_READ | JG_COPY_WRITE, AT, buffer, 1), JG_ERR_INVALID_ARGS);
    CHECK_EQ(copy(as, JG_COPY_READ | 0x100, AT, buffer, 1), JG_ERR_INVALID_ARGS);
    weak = (jg_handle_t)jg_handle_duplicate(as, JG_RIGHT_READ);
    CHECK_EQ(copy(weak, JG_COPY_WRITE, AT, buffer, 1), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_aspace_cas(weak, AT, 0, 1), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_aspace_cas(as, AT + 8, 0, 5), 0);
    CHECK_EQ(jg_aspace_cas(as, AT + 8, 0, 6), 5);
    CHECK_EQ(jg_aspace_cas(as, AT + 8, 5, 0xffffffff), 5);
    CHECK_EQ(jg_aspace_cas(as, AT + 8, 1, 1), 0xffffffff);
    CHECK(jg_aspace_cas(as, AT + 9, 1, 1) < 0);
    CHECK_EQ(jg_aspace_cas(as, AT + 0x10000, 1, 1), JG_ERR_BAD_ADDRESS);
    jg_handle_close(weak);
    jg_handle_close(as);
}

static volatile uint64_t *const cow = (uint64_t *)AT;

static void child_writes(void *unused)
{
    (void)unused;
    got = cow[0];
    cow[0] = 2;
    cow[512] = 3;
    jg_syscall6(60, cow[0], cow[512], cow[1024], 0, 0, 0);
}

TEST(fork, a_clone_has_copies_and_writes_stay_apart)
{
    jg_handle_t as, p = (jg_handle_t)jg_port_create(), process, thread;
    jg_handle_t v = (jg_handle_t)jg_vmo_create(4096, 0, 0);
    struct jg_received r;
    uint64_t word;
    uint8_t *stack = map_pages(STACK_BYTES);

    CHECK_EQ(map(0, AT, 3 * 4096, 0, 0, 3, JG_MAP_PRIVATE), JG_OK);
    CHECK_EQ(map(0, AT + 0x10000, 4096, v, 0, 3, 0), JG_OK);
    CHECK_EQ(map(0, AT + 0x20000, 4096, 0, 0, 3,
                 JG_MAP_PRIVATE | JG_INHERIT_NONE << JG_MAP_INHERIT_SHIFT),
             JG_OK);
    CHECK_EQ(map(0, AT + 0x30000, 4096, 0, 0, 3,
                 JG_MAP_PRIVATE | JG_INHERIT_ZERO << JG_MAP_INHERIT_SHIFT),
             JG_OK);
    cow[0] = 1;
    cow[1024] = 9;
    *(volatile uint64_t *)(AT + 0x10000) = 50;
    *(volatile uint64_t *)(AT + 0x20000) = 60;
    *(volatile uint64_t *)(AT + 0x30000) = 70;
    process = 0;
    thread = 0;
    as = (jg_handle_t)jg_aspace_clone(JG_HANDLE_NONE);
    CHECK((int32_t)as > 0);
    CHECK_EQ(copy(as, JG_COPY_READ, AT, &word, 8), 8);
    CHECK_EQ(word, 1);
    CHECK_EQ(copy(as, JG_COPY_READ, AT + 0x20000, &word, 8), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(copy(as, JG_COPY_READ, AT + 0x30000, &word, 8), 8);
    CHECK_EQ(word, 0);
    *(volatile uint64_t *)(AT + 0x10000) = 51;
    CHECK_EQ(copy(as, JG_COPY_READ, AT + 0x10000, &word, 8), 8);
    CHECK_EQ(word, 51);
    process = (jg_handle_t)jg_process_create(my_job, as, "forked");
    thread = (jg_handle_t)thread_make(process, stack, child_writes, NULL);
    CHECK((int32_t)thread > 0);
    CHECK_EQ(jg_thread_set_level(thread, p, 1), JG_OK);
    got = 1000;
    CHECK_EQ(jg_thread_start(thread), JG_OK);
    CHECK_EQ(receive(p, &r), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_SYSCALL);
    CHECK_EQ(r.word[0], 2);
    CHECK_EQ(r.word[1], 3);
    CHECK_EQ(r.word[2], 9);
    CHECK_EQ(got, 1000); /* its copy of the variable is its own */
    CHECK_EQ(cow[0], 1);
    CHECK_EQ(cow[512], 0);
    CHECK_EQ(copy(as, JG_COPY_READ, (uintptr_t)&got, &word, 8), 8);
    CHECK_EQ(word, 1);
    jg_task_kill(process, 0);
    jg_handle_close(thread);
    jg_handle_close(process);
    jg_handle_close(as);
    jg_handle_close(v);
    jg_handle_close(p);
    jg_aspace_unmap(0, AT, 0x40000);
    jg_aspace_unmap(0, (uintptr_t)stack, STACK_BYTES);
}

TEST(fork, a_thousand_clones_written_on_both_sides_leave_no_frame)
{
    uint64_t before = 0, word = 5;
    jg_handle_t as;

    CHECK_EQ(map(0, AT, 16 * 4096, 0, 0, 3, JG_MAP_PRIVATE), JG_OK);
    for (unsigned i = 0; i < 1016; i++) {
        if (i == 16)
            before = free_frames();
        for (unsigned page = 0; page < 16; page += 3)
            cow[page * 512] = i;
        as = (jg_handle_t)jg_aspace_clone(JG_HANDLE_NONE);
        CHECK((int32_t)as > 0);
        cow[0] = i + 1;
        CHECK_EQ(copy(as, JG_COPY_WRITE, AT + 3 * 4096, &word, 8), 8);
        CHECK_EQ(copy(as, JG_COPY_READ, AT, &word, 8), 8);
        CHECK_EQ(word, i);
        CHECK_EQ(cow[3 * 512], i);
        jg_handle_close(as);
    }
    CHECK_EQ(free_frames(), before);
    jg_aspace_unmap(0, AT, 16 * 4096);
}

TEST(fork, clone_needs_map)
{
    jg_handle_t weak = (jg_handle_t)jg_handle_duplicate(my_aspace, JG_RIGHT_READ);

    CHECK_EQ(jg_aspace_clone(weak), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_aspace_clone(my_job), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_aspace_unmap(weak, AT, 4096), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_aspace_protect(weak, AT, 4096, 1), JG_ERR_ACCESS_DENIED);
    jg_handle_close(weak);
}
