/*
 * What the hot paths cost: printed, with a generous bound. Under `run.py --icount` 1 ns is 1 instruction.
 */
#include "test.h"
#include <jg/rt/log.h>

#define ROUNDS 5000u

static jg_handle_t port;
static volatile uint32_t done;

static void server(void *handle)
{
    struct jg_message reply = {0};
    struct jg_received r = {0};

    while (jg_reply_wait((jg_handle_t)(uintptr_t)handle, r.token, &reply, &r) == JG_OK)
        reply.word[0] = r.word[6];
}

static void null_calls(void *unused)
{
    (void)unused;
    for (;;)
        jg_syscall6(7, 0, 0, 0, 0, 0, 0);
}

/* How long ROUNDS of a counter of context switches take: two for each round trip. */
static int64_t per_round_trip(void)
{
    struct jg_info_system info;
    uint64_t switches;
    jg_time_t begin;

    jg_object_info(0, JG_INFO_SYSTEM, &info, sizeof(info));
    switches = info.context_switches;
    begin = now();
    sleep_ms(50);
    begin = now() - begin;
    jg_object_info(0, JG_INFO_SYSTEM, &info, sizeof(info));
    switches = (info.context_switches - switches) / 2;
    return switches ? begin / (jg_time_t)switches : INT64_MAX;
}

/* A trapped child in `as` that does nothing but null calls, and how long each takes. */
static int64_t trap_cost(jg_handle_t as)
{
    uint8_t *stack = map_pages(STACK_BYTES);
    jg_handle_t process, thread;
    int64_t cost;

    port = (jg_handle_t)jg_port_create();
    process = (jg_handle_t)jg_process_create(my_job, as, "null");
    if (as != my_aspace) { /* its stack must be there, too */
        struct jg_map m = {.va = (uintptr_t)stack, .length = STACK_BYTES, .prot = 3, .max_prot = 3,
                           .flags = JG_MAP_PRIVATE};
        jg_aspace_map(as, &m);
    }
    thread = (jg_handle_t)thread_make(process, stack, null_calls, NULL);
    jg_thread_set_level(thread, port, 1);
    jg_handle_close((jg_handle_t)thread_run(server, (void *)(uintptr_t)port));
    jg_thread_start(thread);
    cost = per_round_trip();
    jg_task_kill(process, 0);
    jg_handle_close(thread);
    jg_handle_close(process);
    jg_handle_close(port);
    quiet();
    return cost;
}

TEST(cost, null_trap_to_a_server_in_the_same_address_space)
{
    int64_t cost = trap_cost(my_aspace);

    rt_log("# %ld ns each", (long)cost);
    CHECK(cost < 100000);
}

TEST(cost, null_trap_to_a_server_in_another_address_space)
{
    jg_handle_t as = (jg_handle_t)jg_aspace_clone(JG_HANDLE_NONE);
    int64_t cost = trap_cost(as);

    jg_handle_close(as);
    rt_log("# %ld ns each", (long)cost);
    CHECK(cost < 100000);
}

TEST(cost, a_call_with_and_without_a_window)
{
    static char window[4096];
    struct jg_call_ext ext = {.in = (uintptr_t)window, .in_size = sizeof(window)};
    struct jg_message m = {0};
    jg_handle_t end[2];
    jg_time_t begin;

    port = (jg_handle_t)jg_port_create();
    CHECK_EQ(jg_channel_create(end), JG_OK);
    jg_channel_bind(end[1], port, 1);
    jg_handle_close((jg_handle_t)thread_run(server, (void *)(uintptr_t)port));
    quiet();
    begin = now();
    for (unsigned i = 0; i < ROUNDS; i++)
        CHECK_EQ(jg_channel_call(end[0], &m, NULL), JG_OK);
    rt_log("# %ld ns without", (long)(now() - begin) / ROUNDS);
    begin = now();
    for (unsigned i = 0; i < ROUNDS; i++)
        CHECK_EQ(jg_channel_call(end[0], &m, &ext), JG_OK);
    rt_log("# %ld ns with", (long)(now() - begin) / ROUNDS);
    jg_handle_close(end[0]);
    jg_handle_close(end[1]);
    jg_handle_close(port);
}

TEST(cost, small_native_calls)
{
    jg_time_t begin = now();
    uint32_t word = 0;

    for (unsigned i = 0; i < ROUNDS; i++)
        jg_yield();
    rt_log("# yield: %ld ns", (long)(now() - begin) / ROUNDS);
    begin = now();
    for (unsigned i = 0; i < ROUNDS; i++)
        jg_futex_wake(&word, 1);
    rt_log("# futex_wake of nobody: %ld ns", (long)(now() - begin) / ROUNDS);
    begin = now();
    for (unsigned i = 0; i < ROUNDS; i++)
        jg_handle_close((jg_handle_t)jg_port_create());
    rt_log("# port_create and close: %ld ns", (long)(now() - begin) / ROUNDS);
}
