/* Jobs, processes and threads: creation, quotas, giving, priorities, errors. */
#include "test.h"

static void nothing(void *unused)
{
    (void)unused;
    jg_thread_exit();
}

TEST(job, set_errors)
{
    jg_handle_t job = (jg_handle_t)jg_job_create(my_job), child, weak;

    CHECK((int32_t)job > 0);
    CHECK_EQ(jg_job_create(my_aspace), JG_ERR_WRONG_TYPE);
    weak = (jg_handle_t)jg_handle_duplicate(job, JG_RIGHT_INSPECT);
    CHECK_EQ(jg_job_create(weak), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_job_set(weak, JG_JOB_ORPHANS, 0), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_job_set(job, 1000, 0), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_job_set(job, JG_JOB_ORPHANS, 7), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_job_set(job, JG_JOB_MAX_PRIORITY, 7), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_job_set(job, JG_JOB_MAX_PRIORITY, JG_PRIORITY_PROGRAM), JG_OK);
    CHECK_EQ(jg_job_set(job, JG_JOB_QUOTA_OBJECTS, 100), JG_OK);
    CHECK_EQ(jg_job_set(job, JG_JOB_QUOTA_FRAMES, 100), JG_OK);
    child = (jg_handle_t)jg_job_create(job);
    CHECK_EQ(jg_job_set(child, JG_JOB_MAX_PRIORITY, JG_PRIORITY_SERVER), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_job_set(child, JG_JOB_QUOTA_OBJECTS, 101), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_job_set(child, JG_JOB_QUOTA_FRAMES, 101), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_job_set(child, JG_JOB_RESERVE_FRAMES, 101), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_job_set(child, JG_JOB_RESERVE_FRAMES, 50), JG_OK);
    CHECK_EQ(jg_job_set(child, JG_JOB_RESERVE_FRAMES, 0), JG_OK);
    jg_handle_close(weak);
    jg_handle_close(child);
    jg_handle_close(job);
}

TEST(job, depth_is_bounded)
{
    jg_handle_t chain[64];
    unsigned n = 0;
    int64_t h = jg_job_create(my_job);

    while (h > 0 && n < 64) {
        chain[n++] = (jg_handle_t)h;
        h = jg_job_create((jg_handle_t)h);
    }
    CHECK_EQ(h, JG_ERR_QUOTA);
    while (n-- > 0)
        CHECK_EQ(jg_handle_close(chain[n]), JG_OK);
}

TEST(job, object_quota_stops_growth_and_gives_back)
{
    jg_handle_t job = (jg_handle_t)jg_job_create(my_job), p[20];
    struct jg_info_job info;
    unsigned n = 0;
    int64_t h;

    CHECK_EQ(jg_job_set(job, JG_JOB_QUOTA_OBJECTS, 10), JG_OK);
    while ((h = jg_process_create(job, my_aspace, "q")) > 0 && n < 20)
        p[n++] = (jg_handle_t)h;
    CHECK_EQ(h, JG_ERR_QUOTA);
    CHECK_EQ(n, 10);
    CHECK_EQ(jg_object_info(job, JG_INFO_JOB, &info, sizeof(info)), sizeof(info));
    CHECK_EQ(info.objects, 10);
    CHECK_EQ(info.objects_quota, 10);
    CHECK_EQ(jg_thread_create(p[0], JG_HANDLE_NONE, 0), JG_ERR_QUOTA);
    CHECK_EQ(jg_handle_close(p[--n]), JG_OK);
    h = jg_thread_create(p[0], JG_HANDLE_NONE, 0);
    CHECK(h > 0);
    jg_handle_close((jg_handle_t)h);
    /* Below the present use: only growth stops. */
    CHECK_EQ(jg_job_set(job, JG_JOB_QUOTA_OBJECTS, 2), JG_OK);
    CHECK_EQ(jg_process_create(job, my_aspace, "q"), JG_ERR_QUOTA);
    while (n > 0)
        CHECK_EQ(jg_handle_close(p[--n]), JG_OK);
    CHECK_EQ(jg_object_info(job, JG_INFO_JOB, &info, sizeof(info)), sizeof(info));
    CHECK_EQ(info.objects, 0);
    jg_handle_close(job);
}

static volatile int64_t limited[3];
static volatile uint32_t done;

static void make_handles(void *unused)
{
    (void)unused;
    limited[0] = jg_port_create();
    limited[1] = jg_port_create();
    limited[2] = jg_port_create();
    bump(&done);
    jg_thread_exit();
}

TEST(job, handle_quota)
{
    jg_handle_t job = (jg_handle_t)jg_job_create(my_job);
    struct child c;

    done = 0;
    CHECK_EQ(jg_job_set(job, JG_JOB_QUOTA_HANDLES, 2), JG_OK);
    CHECK(child_make(&c, job, make_handles, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK(wait_change(&done, 0));
    CHECK(limited[0] > 0 && limited[1] > 0);
    CHECK_EQ(limited[2], JG_ERR_QUOTA);
    child_end(&c);
    jg_handle_close(job);
}

TEST(job, frame_quota_limits_vmos)
{
    jg_handle_t job = (jg_handle_t)jg_job_create(my_job), vmo;
    struct jg_info_job info;

    CHECK_EQ(jg_job_set(job, JG_JOB_QUOTA_FRAMES, 20), JG_OK);
    vmo = (jg_handle_t)jg_vmo_create(64 * 4096, 0, job);
    CHECK((int32_t)vmo > 0);
    CHECK_EQ(jg_vmo_range(vmo, JG_VMO_COMMIT, 0, 10 * 4096), JG_OK);
    CHECK_EQ(jg_vmo_range(vmo, JG_VMO_COMMIT, 0, 64 * 4096), JG_ERR_NO_SPACE);
    CHECK_EQ(jg_object_info(job, JG_INFO_JOB, &info, sizeof(info)), sizeof(info));
    CHECK(info.frames <= 20);
    CHECK(info.frames >= 10);
    jg_handle_close(vmo);
    jg_system_quiesce();
    CHECK_EQ(jg_object_info(job, JG_INFO_JOB, &info, sizeof(info)), sizeof(info));
    CHECK_EQ(info.frames, 0);
    jg_handle_close(job);
}

TEST(job, pays_for_the_address_space_made_for_it)
{
    struct jg_map m = {.va = 0x10000000, .length = 64 * 4096, .prot = 3, .max_prot = 3,
                       .flags = JG_MAP_PRIVATE | JG_MAP_COMMIT};
    jg_handle_t job = (jg_handle_t)jg_job_create(my_job), weak, as;
    struct jg_info_job info;

    CHECK_EQ(jg_aspace_create(my_aspace), JG_ERR_WRONG_TYPE);
    weak = (jg_handle_t)jg_handle_duplicate(job, JG_RIGHT_INSPECT);
    CHECK_EQ(jg_aspace_create(weak), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_job_set(job, JG_JOB_QUOTA_FRAMES, 32), JG_OK);
    as = (jg_handle_t)jg_aspace_create(job);
    CHECK((int32_t)as > 0);
    CHECK_EQ(jg_aspace_map(as, &m), JG_ERR_NO_MEMORY);
    m.length = 16 * 4096;
    CHECK_EQ(jg_aspace_map(as, &m), JG_OK);
    CHECK_EQ(jg_object_info(job, JG_INFO_JOB, &info, sizeof(info)), sizeof(info));
    CHECK(info.frames > 16 && info.frames <= 32);
    CHECK_EQ(info.objects, 1);
    jg_handle_close(as);
    jg_system_quiesce();
    CHECK_EQ(jg_object_info(job, JG_INFO_JOB, &info, sizeof(info)), sizeof(info));
    CHECK_EQ(info.frames, 0);
    jg_handle_close(weak);
    jg_handle_close(job);
}

TEST(process, create_errors)
{
    jg_handle_t weak = (jg_handle_t)jg_handle_duplicate(my_aspace, JG_RIGHT_READ);

    CHECK_EQ(jg_process_create(my_aspace, my_aspace, "x"), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_process_create(my_job, my_job, "x"), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_process_create(my_job, weak, "x"), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_process_create(my_job, my_aspace, (const char *)100), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_process_create(my_job, my_aspace, "a name that is longer than thirty-one bytes"),
             JG_ERR_TOO_BIG);
    CHECK_EQ(jg_process_create(my_job, JG_HANDLE_NONE, "x"), JG_ERR_BAD_HANDLE);
    jg_handle_close(weak);
}

TEST(process, give_only_before_the_start_and_never_more_rights)
{
    jg_handle_t p = (jg_handle_t)jg_port_create(), weak;
    struct child c;

    done = 0;
    CHECK(child_make(&c, my_job, nothing, NULL));
    CHECK(jg_process_give(c.process, p, JG_RIGHTS_SAME) > 0);
    CHECK(jg_process_give(c.process, p, JG_RIGHT_WAIT) > 0);
    CHECK_EQ(jg_process_give(c.process, p, JG_RIGHT_CALL), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_process_give(c.process, 654321, JG_RIGHTS_SAME), JG_ERR_BAD_HANDLE);
    CHECK_EQ(jg_process_give(p, p, JG_RIGHTS_SAME), JG_ERR_WRONG_TYPE);
    weak = (jg_handle_t)jg_handle_duplicate(p, JG_RIGHT_DUPLICATE | JG_RIGHT_WAIT);
    CHECK_EQ(jg_process_give(c.process, weak, JG_RIGHTS_SAME), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(jg_process_give(c.process, p, JG_RIGHTS_SAME), JG_ERR_BAD_STATE);
    quiet();
    CHECK_EQ(jg_process_give(c.process, p, JG_RIGHTS_SAME), JG_ERR_BAD_STATE);
    child_end(&c);
    jg_handle_close(weak);
    jg_handle_close(p);
}

TEST(thread, create_errors)
{
    jg_handle_t job = (jg_handle_t)jg_job_create(my_job), process, thread;

    CHECK_EQ(jg_job_set(job, JG_JOB_MAX_PRIORITY, JG_PRIORITY_SERVER), JG_OK);
    process = (jg_handle_t)jg_process_create(job, my_aspace, "t");
    CHECK_EQ(jg_thread_create(job, 0, 0), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_thread_create(process, process, 0), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_thread_create(process, 0, JG_THREAD_COPY_STATE), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_thread_create(process, 0, 0x80), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_thread_create(process, 0, 77 << JG_THREAD_PRIORITY_SHIFT), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_thread_create(process, 0, JG_PRIORITY_DRIVER << JG_THREAD_PRIORITY_SHIFT),
             JG_ERR_ACCESS_DENIED);
    thread =
        (jg_handle_t)jg_thread_create(process, 0, JG_PRIORITY_SERVER << JG_THREAD_PRIORITY_SHIFT);
    CHECK((int32_t)thread > 0);
    CHECK_EQ(jg_thread_create(process, thread, 0), JG_ERR_BAD_STATE); /* not held in a trap */
    jg_handle_close(thread);
    jg_handle_close(process);
    jg_handle_close(job);
}

TEST(thread, turns_and_ranks_have_bounds)
{
    jg_handle_t process = (jg_handle_t)jg_process_create(my_job, my_aspace, "t");
    jg_handle_t thread = (jg_handle_t)jg_thread_create(process, 0, 0), weak;

    CHECK_EQ(jg_thread_set_turn(thread, 0, JG_TURN_NS), JG_OK);
    CHECK_EQ(jg_thread_set_turn(thread, JG_TURN_RANK_MAX, 0), JG_OK);
    CHECK_EQ(jg_thread_set_turn(thread, 5, JG_TURN_LEAST_NS), JG_OK);
    CHECK_EQ(jg_thread_set_turn(thread, 5, JG_TURN_MOST_NS), JG_OK);
    CHECK_EQ(jg_thread_set_turn(thread, JG_TURN_RANK_MAX + 1, 0), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_thread_set_turn(thread, 0, JG_TURN_LEAST_NS - 1), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_thread_set_turn(thread, 0, JG_TURN_MOST_NS + 1), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_thread_set_turn(thread, 0, -1), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_thread_set_turn(process, 0, 0), JG_ERR_WRONG_TYPE);
    weak = (jg_handle_t)jg_handle_duplicate(thread, JG_RIGHT_INSPECT);
    CHECK_EQ(jg_thread_set_turn(weak, 0, 0), JG_ERR_ACCESS_DENIED);
    jg_handle_close(weak);
    jg_handle_close(thread);
    jg_handle_close(process);
}

TEST(thread, started_at_an_address_that_is_not_mapped_ends_its_process_only)
{
    struct jg_info_task info;
    struct child c;

    CHECK(child_make(&c, my_job, (void (*)(void *))0x1234000, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK(wait_ended(c.process, &info));
    CHECK_EQ(info.state, 2);
    child_end(&c);
}

static void trap_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        jg_syscall6(7, 0, 0, 0, 0, 0, 0);
}

TEST(process, set_aspace_needs_every_thread_still)
{
    jg_handle_t p = (jg_handle_t)jg_port_create(), as, weak;
    struct jg_received r;
    struct jg_regs regs;
    struct child c;

    as = (jg_handle_t)jg_aspace_clone(my_aspace);
    CHECK((int32_t)as > 0);
    CHECK(child_make_trapped(&c, p, 1, trap_for_ever, NULL));
    CHECK_EQ(jg_process_set_aspace(c.process, as), JG_OK); /* not started: fine */
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(jg_process_set_aspace(c.process, my_aspace), JG_ERR_BAD_STATE);
    CHECK_EQ(receive(p, &r), JG_OK);
    weak = (jg_handle_t)jg_handle_duplicate(as, JG_RIGHT_READ);
    CHECK_EQ(jg_process_set_aspace(c.process, weak), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_process_set_aspace(c.process, p), JG_ERR_WRONG_TYPE);
    /* An empty one: the next instruction faults. */
    jg_handle_close(as);
    as = (jg_handle_t)jg_aspace_create(JG_HANDLE_NONE);
    CHECK_EQ(jg_process_set_aspace(c.process, as), JG_OK);
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_REGS, &regs, sizeof(regs)), sizeof(regs));
    CHECK_EQ(reply_word(r.token, 0), JG_OK);
    CHECK_EQ(receive(p, &r), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_FAULT);
    CHECK_EQ(r.word[0], regs.rip);
    CHECK(r.word[1] & JG_FAULT_EXECUTE);
    child_end(&c);
    jg_handle_close(weak);
    jg_handle_close(as);
    jg_handle_close(p);
}
