/* Exhaustion is an error, and nothing leaks. */
#include "test.h"

static void leave(void *unused)
{
    (void)unused;
    jg_thread_exit();
}

#define STACK_AT 0x10000000ul

/* One process with an address space of its own, a stack page in it and a thread that faults at once. */
static bool cycle(void)
{
    struct jg_map m = {
        .va = STACK_AT, .length = 4096, .prot = 3, .max_prot = 3, .flags = JG_MAP_PRIVATE};
    int64_t as = jg_aspace_create(JG_HANDLE_NONE), process, thread;
    struct jg_regs regs;
    uint64_t word = 1;
    struct jg_copy c = {(jg_handle_t)as, JG_COPY_WRITE, STACK_AT + 8, (uintptr_t)&word, 8};

    TRY(as > 0);
    TRY(jg_aspace_map((jg_handle_t)as, &m) == JG_OK);
    TRY(jg_aspace_copy(&c) == 8);
    process = jg_process_create(my_job, (jg_handle_t)as, "cycle");
    TRY(process > 0);
    thread = jg_thread_create((jg_handle_t)process, JG_HANDLE_NONE, 0);
    TRY(thread > 0);
    memset(&regs, 0, sizeof(regs));
    regs.rsp = STACK_AT + 4096;
    regs.rip = STACK_AT;
    TRY(jg_thread_write_state((jg_handle_t)thread, JG_STATE_REGS, &regs, sizeof(regs)) == JG_OK);
    TRY(jg_task_kill((jg_handle_t)process, 0) == JG_OK);
    TRY(jg_handle_close((jg_handle_t)thread) == JG_OK);
    TRY(jg_handle_close((jg_handle_t)process) == JG_OK);
    TRY(jg_handle_close((jg_handle_t)as) == JG_OK);
    return true;
}

TEST(exhaust, twenty_thousand_processes_leave_no_frame)
{
    uint64_t before;
    struct jg_info_job job, after;

    for (unsigned i = 0; i < 1000; i++)
        CHECK(cycle());
    job_use(&job);
    before = free_frames();
    for (unsigned i = 0; i < 20000; i++)
        CHECK(cycle());
    CHECK_EQ(free_frames(), before);
    job_use(&after);
    CHECK_EQ(after.objects, job.objects);
    CHECK_EQ(after.handles, job.handles);
    CHECK_EQ(after.frames, job.frames);
}

TEST(exhaust, two_thousand_that_ran_leave_no_frame)
{
    uint64_t before = 0;
    struct child c;

    for (unsigned i = 0; i < 2200; i++) {
        if (i == 200)
            before = free_frames();
        CHECK(child_make(&c, my_job, leave, NULL));
        CHECK_EQ(jg_thread_start(c.thread), JG_OK);
        jg_yield();
        child_end(&c);
    }
    CHECK_EQ(free_frames(), before);
}

TEST(exhaust, commit_more_than_there_is_is_no_memory_and_gives_all_back)
{
    uint64_t before = free_frames();
    struct jg_info_system info;
    jg_handle_t v;
    int64_t status;

    jg_object_info(0, JG_INFO_SYSTEM, &info, sizeof(info));
    v = (jg_handle_t)jg_vmo_create((info.total_frames + 100) * 4096, 0, 0);
    CHECK((int32_t)v > 0);
    status = jg_vmo_range(v, JG_VMO_COMMIT, 0, (info.total_frames + 100) * 4096);
    CHECK_EQ(status, JG_ERR_NO_MEMORY);
    jg_handle_close(v);
    CHECK(free_frames() >= before - 2);
}

static volatile uint32_t touched;

static void touch_all(void *arg)
{
    for (uint64_t va = 0x900000000; va < 0x900000000 + (uint64_t)(uintptr_t)arg; va += 4096) {
        *(volatile uint64_t *)va = va;
        touched++;
    }
}

TEST(exhaust, a_program_that_touches_more_than_there_is_traps_with_no_memory)
{
    uint64_t before = free_frames(), size;
    jg_handle_t p = (jg_handle_t)jg_port_create(), as, process, thread;
    uint8_t *stack = map_pages(STACK_BYTES);
    struct jg_info_system info;
    struct jg_received r;
    struct jg_map m;

    jg_object_info(0, JG_INFO_SYSTEM, &info, sizeof(info));
    size = (info.total_frames + 1000) * 4096;
    as = (jg_handle_t)jg_aspace_clone(JG_HANDLE_NONE);
    m = (struct jg_map){
        .va = 0x900000000, .length = size, .prot = 3, .max_prot = 3, .flags = JG_MAP_PRIVATE};
    CHECK_EQ(jg_aspace_map(as, &m), JG_OK);
    process = (jg_handle_t)jg_process_create(my_job, as, "glutton");
    thread = (jg_handle_t)thread_make(process, stack, touch_all, (void *)size);
    CHECK_EQ(jg_thread_set_level(thread, p, 1), JG_OK);
    CHECK_EQ(jg_thread_start(thread), JG_OK);
    CHECK_EQ(receive(p, &r), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_NO_MEMORY);
    CHECK(r.word[0] >= 0x900000000 && r.word[0] < 0x900000000 + size);
    CHECK_EQ((int64_t)r.word[2], JG_ERR_NO_MEMORY);
    jg_task_kill(process, 0);
    jg_handle_close(thread);
    jg_handle_close(process);
    jg_handle_close(as);
    jg_handle_close(p);
    jg_aspace_unmap(0, (uintptr_t)stack, STACK_BYTES);
    CHECK(free_frames() >= before - 4);
}

TEST(exhaust, objects_until_there_is_no_memory_then_all_go)
{
    enum { MAX = 200000 };
    static jg_handle_t h[MAX];
    uint64_t before;
    struct jg_info_system info;
    jg_handle_t v;
    unsigned n = 0;
    int64_t got = 0;

    memset(h, 1, sizeof(h)); /* there already when memory runs out */
    before = free_frames();
    /* Leave little room first, so that it does not take for ever. */
    jg_object_info(0, JG_INFO_SYSTEM, &info, sizeof(info));
    v = (jg_handle_t)jg_vmo_create(info.free_frames * 4096, 0, 0);
    CHECK(jg_vmo_range(v, JG_VMO_COMMIT, 0, (info.free_frames - 1500) * 4096) == JG_OK);
    while (n < MAX && (got = jg_port_create()) > 0)
        h[n++] = (jg_handle_t)got;
    CHECK(got == JG_ERR_NO_MEMORY || got == JG_ERR_QUOTA);
    CHECK(jg_thread_create(my_process, 0, 0) < 0 || n > 1000);
    while (n > 0)
        CHECK_EQ(jg_handle_close(h[--n]), JG_OK);
    jg_handle_close(v);
    CHECK(free_frames() + 2000 >= before);
    got = jg_port_create();
    CHECK(got > 0);
    jg_handle_close((jg_handle_t)got);
}
