/*
 * All of object/ and syscall/ on the host, under ASan: a few processes make every call with half-sensible and
 * senseless arguments, are kicked and killed, take interrupts and run out of memory and quota. The kernel must
 * neither panic nor touch freed memory, every handle must be worth what it says, and in the end nothing is left.
 */
#include "host.h"

#include <arch/cpu.h>
#include <core/hooks.h>
#include <jg/device.h>
#include <jg/info.h>
#include <jg/memory.h>
#include <jg/syscalls.h>
#include <object/futex.h>
#include <object/job.h>
#include <object/memory.h>
#include <object/process.h>
#include <object/resource.h>
#include <object/sched.h>
#include <object/time_page.h>
#include <object/token.h>

#define ROUNDS     1500000u
#define ARENA      0x10000ul
#define ARENA_SIZE 0x10000ul
#define SERVERS    4u

static struct process *server; /* plays init; made again when it dies */
static struct thread *servers[SERVERS];
static struct resource *resource;
static uint64_t calls[JG_SYS_COUNT], good[JG_SYS_COUNT];
static jg_token_t stale[16];

/* A handle of the current process: mostly an open one of the wanted type (0: any). */
static jg_handle_t some_handle(struct process *p, unsigned type)
{
    uint32_t count = p->handles.chunk_count * HANDLE_CHUNK_SLOTS, first;

    if (count == 0 || pick(12) == 0)
        return pick(2) ? JG_HANDLE_NONE : pick(1u << 31);
    if (pick(16) == 0)
        type = 0;
    first = pick(count);
    for (uint32_t n = 0; n < MIN(count, 2048u); n++) {
        uint32_t index = (first + n) % count;
        struct handle_slot *slot =
            &p->handles.chunks[index / HANDLE_CHUNK_SLOTS][index % HANDLE_CHUNK_SLOTS];

        if (slot->object && (!type || slot->object->type == type))
            return index | (jg_handle_t)slot->generation << HANDLE_INDEX_BITS;
    }
    return JG_HANDLE_NONE;
}

/* A token: mostly a good one of this process, sometimes an old one or nonsense. */
static jg_token_t some_token(const struct process *p)
{
    uint32_t index = pick(64);
    struct thread *t;

    if (pick(16) == 0)
        return pick(2) ? pick(~0u) : stale[pick(16)];
    for (unsigned pass = 0; pass < 2; pass++, index = 0)
        while ((t = token_next_thread(&index)))
            if (t->holder == p && t->token)
                return stale[pick(16)] = t->token;
    return pick(2) ? JG_TOKEN_NONE : stale[pick(16)];
}

static uint64_t some_address(void)
{
    switch (pick(16)) {
    case 0:
        return pick(1u << 20);
    case 1:
        return 0xffff800000000000 + pick(1u << 20);
    case 2:
        return JG_USER_TOP - pick(64);
    }
    return ARENA + (pick(ARENA_SIZE) & ~7ul);
}

static uint64_t some_size(void)
{
    switch (pick(8)) {
    case 0:
        return 0;
    case 1:
        return (uint64_t)pick(1u << 30) << pick(40);
    case 2:
        return pick(20000);
    }
    return pick(300);
}

static void put(struct thread *t, uint64_t va, const void *bytes, size_t size)
{
    aspace_write(t->arch.aspace, va, bytes, size, 0);
}

static uint64_t some_pages(unsigned limit)
{
    return (uint64_t)pick(limit) << PAGE_SHIFT | (pick(20) ? 0 : pick(4096));
}

/* Fills in a structure in the arena and returns its address. */
static uint64_t some_struct(struct thread *t, unsigned nr)
{
    uint64_t va = some_address();
    struct process *p = t->process;

    switch (nr) {
    case JG_SYS_aspace_map: {
        struct jg_map m = {0x100000 + some_pages(64),
                           some_pages(16),
                           some_pages(16),
                           pick(2) ? some_handle(p, JG_TYPE_VMO) : 0,
                           pick(8),
                           pick(8) | 3,
                           pick(32) | pick(3) << JG_MAP_INHERIT_SHIFT};
        put(t, va, &m, sizeof(m));
        break;
    }
    case JG_SYS_aspace_move: {
        struct jg_move m = {0x100000 + some_pages(64),
                            some_pages(8),
                            0x100000 + some_pages(64),
                            some_pages(8),
                            pick(2) ? JG_MAP_REPLACE : pick(0x200),
                            0};
        put(t, va, &m, sizeof(m));
        break;
    }
    case JG_SYS_vmo_transfer: {
        struct jg_transfer m = {pick(4),        pick(3) ? 0 : some_handle(p, JG_TYPE_ASPACE),
                                some_address(), some_size(),
                                some_size(),    pick(2) ? UINT64_MAX : some_size()};
        put(t, va, &m, sizeof(m));
        break;
    }
    case JG_SYS_interrupt_create: {
        struct jg_interrupt m = {.flags = pick(4), .line = pick(30)};
        put(t, va, &m, sizeof(m));
        break;
    }
    case JG_SYS_call_give: {
        struct jg_handle_send m[4];
        for (unsigned i = 0; i < 4; i++)
            m[i] =
                (struct jg_handle_send){some_handle(p, 0), pick(4) ? JG_RIGHTS_SAME : pick(0x800)};
        put(t, va, m, sizeof(m));
        break;
    }
    case JG_SYS_channel_call: {
        struct jg_call_ext m = {some_address(), some_size(), some_address(), some_size(),
                                .send_count = 0};
        m.send_count = pick(pick(8) ? 3 : 6);
        m.received_count = pick(pick(8) ? 5 : 9);
        for (unsigned i = 0; i < 4; i++)
            m.send[i] =
                (struct jg_handle_send){some_handle(p, 0), pick(4) ? JG_RIGHTS_SAME : pick(0x800)};
        put(t, va, &m, sizeof(m));
        break;
    }
    }
    return va;
}

/* What a call's first argument should be, by the first word of its name. */
static const uint8_t first_type[JG_SYS_COUNT] = {
    [JG_SYS_job_create] = JG_TYPE_JOB,
    [JG_SYS_job_set] = JG_TYPE_JOB,
    [JG_SYS_process_create] = JG_TYPE_JOB,
    [JG_SYS_process_set_aspace] = JG_TYPE_PROCESS,
    [JG_SYS_process_give] = JG_TYPE_PROCESS,
    [JG_SYS_thread_create] = JG_TYPE_PROCESS,
    [JG_SYS_thread_start] = JG_TYPE_THREAD,
    [JG_SYS_thread_read_state] = JG_TYPE_THREAD,
    [JG_SYS_thread_write_state] = JG_TYPE_THREAD,
    [JG_SYS_thread_set_level] = JG_TYPE_THREAD,
    [JG_SYS_thread_kick] = JG_TYPE_THREAD,
    [JG_SYS_thread_set_answers] = JG_TYPE_THREAD,
    [JG_SYS_thread_set_answer] = JG_TYPE_THREAD,
    [JG_SYS_thread_set_turn] = JG_TYPE_THREAD,
    [JG_SYS_channel_bind] = JG_TYPE_CHANNEL,
    [JG_SYS_channel_call] = JG_TYPE_CHANNEL,
    [JG_SYS_reply_wait] = JG_TYPE_PORT,
    [JG_SYS_event_create] = JG_TYPE_PORT,
    [JG_SYS_event_raise] = JG_TYPE_EVENT,
    [JG_SYS_timer_create] = JG_TYPE_PORT,
    [JG_SYS_timer_set] = JG_TYPE_TIMER,
    [JG_SYS_vmo_physical] = JG_TYPE_RESOURCE,
    [JG_SYS_vmo_transfer] = JG_TYPE_VMO,
    [JG_SYS_vmo_set_size] = JG_TYPE_VMO,
    [JG_SYS_vmo_range] = JG_TYPE_VMO,
    [JG_SYS_vmo_move] = JG_TYPE_VMO,
    [JG_SYS_aspace_create] = JG_TYPE_JOB,
    [JG_SYS_aspace_clone] = JG_TYPE_ASPACE,
    [JG_SYS_aspace_map] = JG_TYPE_ASPACE,
    [JG_SYS_aspace_unmap] = JG_TYPE_ASPACE,
    [JG_SYS_aspace_protect] = JG_TYPE_ASPACE,
    [JG_SYS_aspace_move] = JG_TYPE_ASPACE,
    [JG_SYS_aspace_range] = JG_TYPE_ASPACE,
    [JG_SYS_aspace_cas] = JG_TYPE_ASPACE,
    [JG_SYS_aspace_copy] = JG_TYPE_ASPACE,
    [JG_SYS_resource_create] = JG_TYPE_RESOURCE,
    [JG_SYS_interrupt_create] = JG_TYPE_RESOURCE,
    [JG_SYS_interrupt_ack] = JG_TYPE_INTERRUPT,
    [JG_SYS_port_io] = JG_TYPE_RESOURCE,
    [JG_SYS_log_read] = JG_TYPE_RESOURCE,
};

/* And its second, where that is a handle. */
static const uint8_t second_type[JG_SYS_COUNT] = {
    [JG_SYS_object_watch] = JG_TYPE_EVENT,        [JG_SYS_process_create] = JG_TYPE_ASPACE,
    [JG_SYS_process_set_aspace] = JG_TYPE_ASPACE, [JG_SYS_thread_create] = JG_TYPE_THREAD,
    [JG_SYS_thread_set_level] = JG_TYPE_PORT,     [JG_SYS_channel_bind] = JG_TYPE_PORT,
};

/* Which argument is a structure or a buffer (1 to 5), 0: none. */
static const uint8_t pointer[JG_SYS_COUNT] = {
    [JG_SYS_object_info] = 3,        [JG_SYS_process_create] = 3, [JG_SYS_thread_read_state] = 3,
    [JG_SYS_thread_write_state] = 3, [JG_SYS_channel_create] = 1, [JG_SYS_call_read] = 3,
    [JG_SYS_call_write] = 3,         [JG_SYS_call_take] = 2,      [JG_SYS_call_give] = 2,
    [JG_SYS_futex_wait] = 1,         [JG_SYS_futex_wake] = 1,     [JG_SYS_vmo_transfer] = 2,
    [JG_SYS_aspace_map] = 2,         [JG_SYS_aspace_move] = 2,
    [JG_SYS_interrupt_create] = 2,   [JG_SYS_port_io] = 2,        [JG_SYS_log_write] = 1,
    [JG_SYS_log_read] = 2,           [JG_SYS_random] = 1,          [JG_SYS_thread_set_answers] = 3,
};

/* Would this end the test, or the server process so often that nothing else happened? */
static bool suicidal(struct thread *t, unsigned nr)
{
    if (nr == JG_SYS_system_power)
        return true;
    if (t->process == server && (nr == JG_SYS_process_exit || nr == JG_SYS_thread_exit))
        return true;
    if (nr == JG_SYS_task_kill) {
        struct handle_slot *slot = handle_slot(&t->process->handles, (jg_handle_t)t->arch.regs.rdi);
        struct object *o = slot ? slot->object : NULL;

        if (o == &server->object || o == &root_job->object)
            return true;
        for (unsigned i = 0; i < SERVERS; i++)
            if (o == &servers[i]->object)
                return true;
    }
    return false;
}

static uint64_t some_argument(unsigned nr)
{
    (void)nr;
    switch (pick(6)) {
    case 0:
        return some_size();
    case 1:
        return some_address();
    case 2:
        return 0x100000 + some_pages(64);
    case 3:
        return (uint64_t)pick(~0u) << 32 | pick(~0u);
    }
    return pick(10);
}

static void native_call(struct thread *t)
{
    struct jg_regs *r = &t->arch.regs;
    uint64_t arg[5];
    unsigned dice = pick(12), nr = 1 + pick(JG_SYS_COUNT + 1);

    if (dice < 2)
        nr = dice ? JG_SYS_channel_call : JG_SYS_reply_wait;

    for (unsigned i = 0; i < 5; i++)
        arg[i] = some_argument(nr);
    if (nr < JG_SYS_COUNT) {
        if (first_type[nr] || nr <= JG_SYS_object_watch || nr == JG_SYS_task_kill)
            arg[0] = some_handle(t->process, first_type[nr]);
        if (first_type[nr] == JG_TYPE_ASPACE && pick(2))
            arg[0] = JG_HANDLE_NONE;
        if (second_type[nr])
            arg[1] = pick(3) ? some_handle(t->process, second_type[nr]) : 0;
        if (pointer[nr])
            arg[pointer[nr] - 1] = some_struct(t, nr);
        if (nr == JG_SYS_call_read || nr == JG_SYS_call_write || nr == JG_SYS_call_take ||
            nr == JG_SYS_call_give)
            arg[0] = some_token(t->process), arg[2] = nr == JG_SYS_call_take ? pick(6) : arg[2];
        if (nr == JG_SYS_process_create)
            arg[2] = pick(2) ? 0 : ARENA;
        if (nr == JG_SYS_process_give)
            arg[1] = some_handle(t->process, 0), arg[2] = JG_RIGHTS_SAME;
        if (nr == JG_SYS_handle_duplicate && pick(3))
            arg[1] = JG_RIGHTS_SAME;
        if (nr == JG_SYS_vmo_move)
            arg[2] = some_handle(t->process, JG_TYPE_VMO);
        if (nr == JG_SYS_interrupt_create)
            arg[2] = some_handle(t->process, JG_TYPE_PORT);
        if (nr == JG_SYS_vmo_create)
            arg[0] = some_size() & 0xffffff, arg[2] = pick(2) ? 0 : some_handle(t->process, 0);
        if (nr == JG_SYS_futex_wait)
            arg[0] = ARENA + 64 * pick(4), arg[1] = 0, arg[2] = host_counter + pick(100000);
        if (nr == JG_SYS_thread_set_turn)
            arg[1] = pick(3) ? 0 : pick(JG_TURN_RANK_MAX + 2), arg[2] = pick(4) ? JG_TURN_LEAST_NS * pick(20) : pick(2);
        if (nr == JG_SYS_timer_set)
            arg[1] = pick(4) ? host_counter + pick(10000) : (uint64_t)JG_TIME_INFINITE;
        if (nr == JG_SYS_job_set && arg[0] && t->process == server && pick(10))
            arg[2] = 1000 + pick(100000); /* rather not starve everybody at once */
        if (nr == JG_SYS_call_read || nr == JG_SYS_call_write)
            arg[1] = pick(100), arg[3] = pick(200);
        if (nr == JG_SYS_call_give)
            arg[2] = pick(3);
        if (nr == JG_SYS_object_info)
            arg[0] = some_handle(t->process, pick(12)), arg[1] = pick(10), arg[3] = pick(5000);
        if (nr == JG_SYS_thread_create)
            arg[2] = pick(2) | (pick(4) ? 0 : pick(4) << JG_THREAD_PRIORITY_SHIFT);
        if (nr == JG_SYS_job_set)
            arg[1] = 1 + pick(6);
        if (nr == JG_SYS_vmo_range)
            arg[1] = 1 + pick(4), arg[2] = some_pages(16), arg[3] = some_pages(16);
        if (nr == JG_SYS_vmo_move)
            arg[1] = some_pages(8), arg[3] = some_pages(8), arg[4] = some_pages(8);
        if (nr == JG_SYS_resource_create)
            arg[1] = 1 + pick(7), arg[2] = pick(100), arg[3] = pick(100);
        if (nr == JG_SYS_vmo_physical)
            arg[1] = 0xfe000000 + some_pages(100), arg[2] = some_pages(10);
        if (nr == JG_SYS_port_io)
            arg[2] = pick(18);
        if (nr == JG_SYS_aspace_protect || nr == JG_SYS_aspace_unmap)
            arg[1] = 0x100000 + some_pages(64), arg[2] = some_pages(8), arg[3] = pick(8);
        if (nr == JG_SYS_aspace_range)
            arg[1] = 1 + pick(6), arg[2] = 0x100000 + some_pages(64), arg[3] = some_pages(8);
        if (nr == JG_SYS_aspace_cas)
            arg[1] = some_address();
        if (nr == JG_SYS_thread_write_state)
            arg[1] = 1 + pick(2), arg[3] = pick(2) ? sizeof(struct jg_regs) : 832;
        if (nr == JG_SYS_thread_read_state)
            arg[1] = 1 + pick(2), arg[3] = 176 + pick(1000);
    }
    r->rdi = arg[0], r->rsi = arg[1], r->rdx = arg[2], r->r10 = arg[3], r->r8 = arg[4];
    r->r14 = pick(100);
    r->r15 = JG_TOKEN_NONE;
    if (nr == JG_SYS_channel_call && pick(2)) {
        r->r14 |= JG_CALL_EXTENDED;
        r->r15 = some_struct(t, nr);
    }
    if (nr == JG_SYS_reply_wait || nr == JG_SYS_reply) {
        r->r14 |= pick(3) ? 0 : (uint64_t)pick(16) << 34;
        if (pick(2))
            r->r14 |= JG_REPLY_POLL;
        r->r15 = pick(3) ? some_token(t->process) : JG_TOKEN_NONE;
    }
    if (suicidal(t, nr))
        return;
    r->rax = r->entry_rax = nr;
    if (nr < JG_SYS_COUNT)
        calls[nr]++;
    kernel_syscall(t);
    /* One that waits has been accepted; it may even be gone by now. */
    if (nr < JG_SYS_COUNT && (host_current != t || (int64_t)t->arch.regs.rax >= 0))
        good[nr]++;
}

static void user_step(struct thread *t)
{
    CHECK(t->state == THREAD_RUNNING);
    CHECK(t->process->state == PROCESS_ALIVE);
    CHECK(t->object.magic == OBJECT_MAGIC);
    if (!thread_is_trapped(t)) {
        if (pick(300) == 0 && t->process != server)
            kernel_fault(t, some_address(), 0, JG_ERR_BAD_ADDRESS);
        else
            native_call(t);
        return;
    }
    switch (pick(8)) {
    case 0:
        kernel_fault(t, some_address(), pick(8), pick(2) ? JG_ERR_NO_MEMORY : JG_ERR_PROTECTED);
        break;
    case 1:
        kernel_exception(t, pick(20), 0, some_address());
        break;
    case 2:
        t->arch.regs.entry_rax = pick(400);
        kernel_syscall_compat(t);
        break;
    default:
        t->arch.regs.entry_rax = pick(400);
        kernel_syscall(t);
    }
}

/* The way out of the kernel, as entry code does it. Returns who runs, or NULL. */
static struct thread *leave(void)
{
    for (unsigned i = 0;; i++) {
        CHECK(i < 100000);
        if (!host_current && !kernel_schedule())
            return NULL;
        if (!host_current->arch.work)
            return host_current;
        kernel_exit_work(host_current);
    }
}

static bool has(struct object *object)
{
    for (uint32_t i = 0; i < server->handles.chunk_count * HANDLE_CHUNK_SLOTS; i++) {
        struct handle_slot *slot =
            &server->handles.chunks[i / HANDLE_CHUNK_SLOTS][i % HANDLE_CHUNK_SLOTS];

        if (slot->object == object && slot->rights == JG_RIGHTS_ALL)
            return true;
    }
    return false;
}

/* Gives the server again what it was made with, where it has closed or unmapped that. */
static void restock(void)
{
    struct jg_map map = {.va = ARENA,
                         .length = ARENA_SIZE,
                         .prot = 3,
                         .max_prot = 7,
                         .flags = JG_MAP_PRIVATE | JG_MAP_REPLACE};
    struct memory *memory = server->memory;
    struct object *basic[] = {&resource->object,   &root_job->object,
                              &server->object,     memory ? &memory->object : NULL,
                              &servers[0]->object, &servers[1]->object};
    uint8_t byte = 0;

    if (server->state == PROCESS_ENDED)
        return;
    for (unsigned i = 0; i < ARRAY_SIZE(basic); i++)
        if (!has(basic[i]))
            handle_add(&server->handles, basic[i], JG_RIGHTS_ALL);
    for (uint64_t va = ARENA; va < ARENA + ARENA_SIZE; va += PAGE_SIZE)
        if (aspace_write(server->memory->as, va, &byte, 1, 0) != 1)
            aspace_map(server->memory->as, NULL, &map);
    aspace_write(server->memory->as, ARENA, "server", 7, 0);
}

/* Makes the server's process and threads. */
static void spawn(void)
{
    struct memory *memory;

    host_fail_rate = 0;
    reaper_quiesce();
    CHECK(memory_create(root_job, &memory) == JG_OK);
    CHECK(process_create(root_job, memory, "server", &server) == JG_OK);
    object_unref(&memory->object);
    for (unsigned i = 0; i < SERVERS; i++) {
        CHECK(thread_create(server, NULL, 0, &servers[i]) == JG_OK);
        servers[i]->priority = JG_PRIORITY_SERVER;
        CHECK(thread_start(servers[i]) == JG_OK);
    }
    restock();
}

static void forget_server(void)
{
    for (unsigned i = 0; i < SERVERS; i++)
        object_unref(&servers[i]->object);
    object_unref(&server->object);
}

static void open_quotas(void)
{
    job_set(root_job, JG_JOB_QUOTA_OBJECTS, UINT64_MAX);
    job_set(root_job, JG_JOB_QUOTA_HANDLES, UINT64_MAX);
    job_set(root_job, JG_JOB_QUOTA_FRAMES, UINT64_MAX);
}

static void set_up(void)
{
    sched_init();
    futex_init();
    CHECK(job_create(NULL, &root_job) == JG_OK);
    CHECK(resource_create_root(root_job, &resource) == JG_OK);
    CHECK(time_page_vmo() != NULL);
    spawn();
}

/* Sometimes the server closes much of what it has, so that the table does not only grow. */
static void spring_clean(void)
{
    for (unsigned i = 0; i < 400; i++) {
        jg_handle_t h = some_handle(server, 0);
        struct handle_slot *slot = handle_slot(&server->handles, h);

        if (slot && slot->object->type != JG_TYPE_RESOURCE && slot->object->type != JG_TYPE_JOB)
            handle_close(&server->handles, h);
    }
    object_settle();
}

static void tear_down(void)
{
    struct list *all = &root_job->processes;

    host_fail_rate = 0;
    list_for_each(node, all) process_kill(list_entry(node, struct process, in_job), 0);
    job_kill(root_job, 0);
    object_settle();
    forget_server();
    object_unref(&resource->object);
    reaper_quiesce();
    object_settle();
    CHECK(!host_current);
    CHECK(!kernel_schedule());
    CHECK(root_job->used[JOB_HANDLES] == 0);
    CHECK(root_job->used[JOB_OBJECTS] == 0);
    CHECK(root_job->account.frames == 0);
}

/* An argument begins another sequence: for i in $(seq 100); do kernel_test_calls $i; done */
int main(int argc, char **argv)
{
    unsigned respawned = 0;

    if (argc > 1)
        host_seed(strtoul(argv[1], NULL, 0));
    host_start(8192);
    set_up();
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct thread *t = leave();

        if (server->state == PROCESS_ENDED) {
            /* A thread of its own that trapped lost its server, or it was killed: another one. */
            process_kill(server, 0);
            object_settle();
            forget_server();
            open_quotas();
            spawn();
            respawned++;
            continue;
        }
        host_fail_rate = round % 5000 < 1000 ? 20 : 0; /* memory fails for a while now and then */
        if (t)
            user_step(t);
        else
            host_counter += 1000;
        if (!t || pick(50) == 0)
            kernel_tick();
        if (pick(100) == 0)
            kernel_interrupt(pick(96));
        if (!t) /* everybody waits: as a person at the keyboard would */
            thread_kick(servers[pick(SERVERS)]);
        if (round % 3000 == 0 && server->state != PROCESS_ENDED)
            spring_clean();
        if (round % 64 == 0) {
            reaper_run(64);
            restock();
        }
        if (round % 20000 == 0)
            open_quotas();
    }
    tear_down();
    CHECK(respawned < 1000);
    if (getenv("VERBOSE"))
        for (unsigned nr = 1; nr < JG_SYS_COUNT; nr++)
            printf("call %u: %lu, of which good %lu\n", nr, calls[nr], good[nr]);
    fflush(stdout);
    for (unsigned nr = 1; nr < JG_SYS_COUNT; nr++) /* the test must have reached what it tests */
        CHECK(good[nr] > 10 || nr == JG_SYS_system_power);
    return 0;
}
