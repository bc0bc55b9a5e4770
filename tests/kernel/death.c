/* Death: of threads in every state, of servers with callers, of jobs; and what is left behind. */
#include "test.h"

static jg_handle_t port, end[2];
static volatile uint32_t done;
static volatile int64_t status;

static void spin(void *unused)
{
    (void)unused;
    for (;;)
        ;
}

static void trap_once(void *unused)
{
    (void)unused;
    jg_syscall6(7, 0, 0, 0, 0, 0, 0);
    spin(NULL);
}

static void park(void *handle)
{
    struct jg_message none = {0};
    struct jg_received r;

    jg_reply_wait((jg_handle_t)(uintptr_t)handle, JG_TOKEN_NONE, &none, &r);
    spin(NULL);
}

static void sleep_for_ever(void *unused)
{
    uint32_t word = 0;

    (void)unused;
    for (;;)
        jg_futex_wait(&word, 0, now() + 3600000000000);
}

static void call_it(void *handle)
{
    struct jg_message m = {0};

    status = jg_channel_call((jg_handle_t)(uintptr_t)handle, &m, NULL);
    bump(&done);
    spin(NULL);
}

/* How the child waits when it is killed. */
enum how {
    NEVER_STARTED,
    RUNS,
    PARKS,
    SLEEPS,
    QUEUED_CALL,
    HELD_CALL,
    QUEUED_TRAP,
    HELD_TRAP,
    HOWS
};

static bool make(struct child *c, enum how how, struct jg_received *r)
{
    jg_handle_t given;

    switch (how) {
    case NEVER_STARTED:
    case RUNS:
        TRY(child_make(c, my_job, spin, NULL));
        break;
    case PARKS:
        TRY(child_make(c, my_job, park, NULL));
        given = (jg_handle_t)jg_process_give(c->process, port, JG_RIGHTS_SAME);
        jg_handle_close(c->thread);
        c->thread = (jg_handle_t)thread_make(c->process, c->stack, park, (void *)(uintptr_t)given);
        break;
    case SLEEPS:
        TRY(child_make(c, my_job, sleep_for_ever, NULL));
        break;
    case QUEUED_CALL:
    case HELD_CALL:
        TRY(child_make(c, my_job, call_it, NULL));
        given = (jg_handle_t)jg_process_give(c->process, end[0], JG_RIGHTS_SAME);
        jg_handle_close(c->thread);
        c->thread =
            (jg_handle_t)thread_make(c->process, c->stack, call_it, (void *)(uintptr_t)given);
        break;
    default:
        TRY(child_make_trapped(c, port, 1, trap_once, NULL));
    }
    r->token = JG_TOKEN_NONE;
    if (how != NEVER_STARTED)
        TRY(jg_thread_start(c->thread) == JG_OK);
    quiet();
    if (how == HELD_CALL || how == HELD_TRAP)
        TRY(poll_port(port, r) == JG_OK);
    return true;
}

/* Kills in every state through a handle to the thread, the process or the job; nothing is left. */
static bool kill_in(enum how how, unsigned by)
{
    struct jg_info_job before, after;
    struct jg_info_task info;
    struct jg_received r;
    jg_handle_t job = my_job, event, watch;
    struct child c;

    job_use(&before);
    port = (jg_handle_t)jg_port_create();
    watch = (jg_handle_t)jg_port_create();
    event = (jg_handle_t)jg_event_create(watch, 1);
    jg_channel_create(end);
    jg_channel_bind(end[1], port, 1);
    if (by == 2)
        my_job = (jg_handle_t)jg_job_create(job);
    TRY(make(&c, how, &r));
    TRY(jg_object_watch(by == 0 ? c.thread : by == 1 ? c.process : my_job, event, 1) == JG_OK);
    TRY(jg_task_kill(by == 0 ? c.thread : by == 1 ? c.process : my_job, 99) == JG_OK);
    TRY(jg_object_info(c.thread, JG_INFO_TASK, &info, sizeof(info)) > 0);
    TRY(by == 2 && how == NEVER_STARTED ? true : info.state == 2);
    TRY(jg_object_info(c.process, JG_INFO_TASK, &info, sizeof(info)) > 0);
    TRY(how == NEVER_STARTED || (info.state == 2 && info.exit_code == 99 && info.threads == 0));
    {
        struct jg_received w;
        TRY(poll_port(watch, &w) == JG_OK);
    }
    if (r.token)
        TRY(reply_word(r.token, 0) == JG_ERR_CALLER_GONE);
    TRY(poll_port(port, &r) == JG_ERR_WOULD_BLOCK);
    TRY(jg_task_kill(c.thread, 1) == JG_OK);
    TRY(jg_thread_start(c.thread) == JG_ERR_BAD_STATE);
    child_end(&c);
    if (by == 2) {
        jg_handle_close(my_job);
        my_job = job;
    }
    jg_handle_close(end[0]);
    jg_handle_close(end[1]);
    jg_handle_close(event);
    jg_handle_close(watch);
    jg_handle_close(port);
    job_use(&after);
    TRY(after.objects == before.objects);
    TRY(after.handles == before.handles);
    return true;
}

TEST(death, by_thread_process_or_job_in_every_state_leaves_nothing)
{
    jg_handle_t job = my_job;

    for (unsigned by = 0; by < 3; by++) {
        for (unsigned how = 0; how < HOWS; how++) {
            if (!kill_in((enum how)how, by)) {
                my_job = job;
                check_failed("how, by", (int)how, "kill_in", how, by);
                return;
            }
        }
    }
}

TEST(death, kill_errors)
{
    jg_handle_t p = (jg_handle_t)jg_port_create();
    jg_handle_t job = (jg_handle_t)jg_job_create(my_job), weak, as = my_aspace;

    weak = (jg_handle_t)jg_handle_duplicate(job, JG_RIGHT_INSPECT);
    CHECK_EQ(jg_task_kill(p, 0), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_task_kill(weak, 0), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_task_kill(888888, 0), JG_ERR_BAD_HANDLE);
    CHECK_EQ(jg_task_kill(job, 0), JG_OK);
    CHECK_EQ(jg_task_kill(job, 0), JG_OK);
    CHECK_EQ(jg_process_create(job, as, "x"), JG_ERR_BAD_STATE);
    CHECK_EQ(jg_job_create(job), JG_ERR_BAD_STATE);
    jg_handle_close(weak);
    jg_handle_close(job);
    jg_handle_close(p);
}

/* A server process: takes one call or trap and keeps its token. */
static volatile uint32_t server_has_it;

static void keep_one(void *handle)
{
    struct jg_message none = {0};
    struct jg_received r;

    jg_reply_wait((jg_handle_t)(uintptr_t)handle, JG_TOKEN_NONE, &none, &r);
    bump(&server_has_it);
    spin(NULL);
}

static bool make_server(struct child *server, jg_handle_t p)
{
    jg_handle_t given;

    server_has_it = 0;
    TRY(child_make(server, my_job, keep_one, NULL));
    given = (jg_handle_t)jg_process_give(server->process, p, JG_RIGHTS_SAME);
    jg_handle_close(server->thread);
    server->thread = (jg_handle_t)thread_make(server->process, server->stack, keep_one,
                                              (void *)(uintptr_t)given);
    TRY(jg_thread_start(server->thread) == JG_OK);
    return true;
}

TEST(death, of_a_server_gives_its_callers_peer_closed)
{
    struct child server;

    port = (jg_handle_t)jg_port_create();
    jg_channel_create(end);
    jg_channel_bind(end[1], port, 1);
    done = 0;
    CHECK(make_server(&server, port));
    jg_handle_t caller = (jg_handle_t)thread_run(call_it, (void *)(uintptr_t)end[0]);
    CHECK(wait_change(&server_has_it, 0));
    CHECK_EQ(done, 0);
    jg_task_kill(server.process, 0);
    CHECK(wait_change(&done, 0));
    CHECK_EQ(status, JG_ERR_PEER_CLOSED);
    jg_task_kill(caller, 0);
    jg_handle_close(caller);
    child_end(&server);
    jg_handle_close(end[0]);
    jg_handle_close(end[1]);
    jg_handle_close(port);
}

TEST(death, of_a_server_kills_its_trapped_programs)
{
    struct jg_info_task info;
    struct child server, c;

    port = (jg_handle_t)jg_port_create();
    CHECK(make_server(&server, port));
    CHECK(child_make_trapped(&c, port, 1, trap_once, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK(wait_change(&server_has_it, 0));
    jg_task_kill(server.process, 0);
    CHECK_EQ(jg_object_info(c.process, JG_INFO_TASK, &info, sizeof(info)), sizeof(info));
    CHECK_EQ(info.state, 2);
    CHECK_EQ(info.exit_code, JG_ERR_PEER_CLOSED);
    child_end(&c);
    child_end(&server);
    jg_handle_close(port);
}

/* Lets the server of an upper level die with a trap in hand; `r` gets what arrives below. */
static void upper_level_dies(uint32_t policy, struct jg_received *r)
{
    jg_handle_t root = my_job, base = (jg_handle_t)jg_port_create();
    jg_handle_t top = (jg_handle_t)jg_port_create();
    struct child server, c;

    CHECK(make_server(&server, top));
    my_job = (jg_handle_t)jg_job_create(root);
    CHECK_EQ(jg_job_set(my_job, JG_JOB_ORPHANS, policy), JG_OK);
    bool made = child_make_trapped(&c, base, 10, trap_once, NULL);
    jg_handle_close(my_job);
    my_job = root;
    CHECK(made);
    CHECK_EQ(jg_thread_set_level(c.thread, top, 20), JG_OK);
    jg_handle_close(top);
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK(wait_change(&server_has_it, 0));
    CHECK_EQ(poll_port(base, r), JG_ERR_WOULD_BLOCK);
    jg_task_kill(server.process, 0);
    CHECK_EQ(receive(base, r), JG_OK);
    CHECK_EQ(r->key, 10);
    CHECK_EQ(reply_word(r->token, 0), JG_OK);
    child_end(&c);
    child_end(&server);
    jg_handle_close(base);
}

TEST(death, of_an_upper_level_passes_to_the_one_below_where_the_job_says_so)
{
    struct jg_received r = {0};

    upper_level_dies(JG_ORPHANS_PASS, &r);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_SYSCALL);
    CHECK_EQ(r.word[6], 7);
}

TEST(death, of_an_upper_level_is_told_to_the_one_below_where_the_job_says_so)
{
    struct jg_received r = {0};

    upper_level_dies(JG_ORPHANS_TELL, &r);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_ORPHAN);
}

TEST(death, of_a_port_ends_traps_that_are_queued_or_come_later)
{
    struct jg_info_task info;
    struct child c[2];

    port = (jg_handle_t)jg_port_create();
    for (unsigned i = 0; i < 2; i++)
        CHECK(child_make_trapped(&c[i], port, 1, trap_once, NULL));
    CHECK_EQ(jg_thread_start(c[0].thread), JG_OK);
    quiet();
    jg_handle_close(port);
    CHECK_EQ(jg_thread_start(c[1].thread), JG_OK);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(wait_ended(c[i].process, &info));
        CHECK_EQ(info.state, 2);
        CHECK_EQ(info.exit_code, JG_ERR_PEER_CLOSED);
        child_end(&c[i]);
    }
}

static void fault(void *address)
{
    *(volatile int *)address = 1;
}

static void exit_with(void *code)
{
    jg_process_exit((int64_t)(intptr_t)code);
}

TEST(death, a_native_fault_ends_the_process_only)
{
    struct jg_info_task info;
    struct child c;

    CHECK(child_make(&c, my_job, fault, (void *)16));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK(wait_ended(c.process, &info));
    CHECK_EQ(info.state, 2);
    child_end(&c);
}

TEST(death, exit_code_and_watch)
{
    jg_handle_t p = (jg_handle_t)jg_port_create();
    jg_handle_t event = (jg_handle_t)jg_event_create(p, 3);
    struct jg_info_task info;
    struct jg_received r;
    struct child c;

    CHECK(child_make(&c, my_job, exit_with, (void *)(intptr_t)-12345));
    CHECK_EQ(jg_object_watch(c.process, event, 1), JG_OK);
    CHECK_EQ(jg_object_info(c.process, JG_INFO_TASK, &info, sizeof(info)), sizeof(info));
    CHECK_EQ(info.state, 0);
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(p, &r), JG_OK);
    CHECK_EQ(r.key, 3);
    CHECK_EQ(jg_object_info(c.process, JG_INFO_TASK, &info, sizeof(info)), sizeof(info));
    CHECK_EQ(info.state, 2);
    CHECK_EQ(info.exit_code, -12345);
    child_end(&c);
    jg_handle_close(event);
    jg_handle_close(p);
}

static volatile uint32_t second_ran;

static void second(void *unused)
{
    (void)unused;
    bump(&second_ran);
    sleep_for_ever(NULL);
}

TEST(death, the_last_thread_ends_its_process_and_exit_ends_all)
{
    struct jg_info_task info;
    uint8_t *stack = map_pages(STACK_BYTES);
    jg_handle_t other;
    struct child c;

    second_ran = 0;
    CHECK(child_make(&c, my_job, second, NULL));
    other = (jg_handle_t)thread_make(c.process, stack, exit_with, (void *)4);
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK(wait_change(&second_ran, 0));
    CHECK_EQ(jg_thread_start(other), JG_OK);
    CHECK(wait_ended(c.process, &info));
    CHECK_EQ(info.state, 2);
    CHECK_EQ(info.exit_code, 4);
    CHECK_EQ(jg_thread_create(c.process, JG_HANDLE_NONE, 0), JG_ERR_BAD_STATE);
    jg_handle_close(other);
    child_end(&c);
    jg_aspace_unmap(JG_HANDLE_NONE, (uintptr_t)stack, STACK_BYTES);
}

TEST(death, a_long_chain_of_servers_dies_without_recursion)
{
    enum { COUNT = 300 };
    static struct child c[COUNT];
    static jg_handle_t p[COUNT + 1];
    struct jg_info_task info;

    /* Each is trapped on a port of which only the one before has a handle. */
    for (unsigned i = 0; i <= COUNT; i++)
        p[i] = (jg_handle_t)jg_port_create();
    for (unsigned i = 0; i < COUNT; i++)
        CHECK(child_make_trapped(&c[i], p[i], 1, trap_once, NULL));
    for (unsigned i = 0; i < COUNT; i++) {
        CHECK(jg_process_give(c[i].process, p[i + 1], JG_RIGHTS_SAME) > 0);
        CHECK_EQ(jg_handle_close(p[i + 1]), JG_OK);
        CHECK_EQ(jg_thread_start(c[i].thread), JG_OK);
    }
    quiet();
    jg_handle_close(p[0]);
    for (unsigned i = 0; i < COUNT; i++) {
        CHECK_EQ(jg_object_info(c[i].process, JG_INFO_TASK, &info, sizeof(info)), sizeof(info));
        CHECK_EQ(info.state, 2);
        child_end(&c[i]);
    }
}
