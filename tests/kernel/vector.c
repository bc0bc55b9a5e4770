/*
 * Vector registers over calls and traps: nobody sees or spoils another's, and a server that promised to use none
 * (JG_THREAD_NO_VECTOR) is held to it. This program itself is compiled to use none.
 */
#include "test.h"

enum { LOOK = 1, EXIT = 60, ROUNDS = 5000 };

static volatile uint32_t done, wrong;
static volatile uint64_t seen;
static jg_handle_t port;

static inline void unit_write(uint64_t value)
{
    __asm__ volatile("movq %0, %%xmm3" : : "r"(value));
}

static inline uint64_t unit_read(void)
{
    uint64_t value;

    __asm__ volatile("movq %%xmm3, %0" : "=r"(value));
    return value;
}

/* A trapped program: keeps a value of its own in a register over system calls. */
static void keep(void *value)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        unit_write((uintptr_t)value + i);
        jg_syscall6(LOOK, 0, 0, 0, 0, 0, 0);
        if (unit_read() != (uintptr_t)value + i)
            wrong++;
    }
    jg_syscall6(EXIT, 0, 0, 0, 0, 0, 0);
}

/* Answers all; with `look` it uses the register itself. */
static void serve(bool look)
{
    struct jg_message reply = {0};
    struct jg_received r = {0};
    const jg_handle_t from = port;
    uint64_t mine = 77;

    if (look)
        unit_write(mine);
    while (jg_reply_wait(from, r.token, &reply, &r) == JG_OK) {
        if (look && unit_read() != mine)
            seen = unit_read();
        if (look)
            unit_write(++mine);
        if (r.word[6] == EXIT) {
            r.token = JG_TOKEN_NONE;
            bump(&done);
        }
    }
}

static void serve_plainly(void *unused)
{
    (void)unused;
    serve(false);
}

static void serve_and_look(void *unused)
{
    (void)unused;
    serve(true);
}

static bool begin(void (*server)(void *), uint32_t flags)
{
    port = (jg_handle_t)jg_port_create();
    done = wrong = 0;
    seen = 0;
    TRY(thread_run_as(flags, server, NULL) > 0);
    sleep_ms(1);
    return true;
}

/* Runs `count` programs at once, with different values. */
static bool programs(unsigned count)
{
    struct child c[3];

    for (unsigned i = 0; i < count; i++) {
        TRY(child_make_trapped(&c[i], port, i, keep, (void *)((i + 1) * 100000ul)));
        TRY(jg_thread_start(c[i].thread) == JG_OK);
    }
    for (unsigned i = 0; i < count; i++)
        TRY(wait_change(&done, i));
    for (unsigned i = 0; i < count; i++)
        child_end(&c[i]);
    jg_handle_close(port);
    return true;
}

TEST(vector, a_server_that_uses_the_registers_has_its_own)
{
    CHECK(begin(serve_and_look, 0));
    CHECK(programs(1));
    CHECK_EQ(wrong, 0);
    CHECK_EQ(seen, 0);
}

TEST(vector, programs_keep_theirs_over_a_server_that_uses_none)
{
    CHECK(begin(serve_plainly, JG_THREAD_NO_VECTOR));
    CHECK(programs(1));
    CHECK_EQ(wrong, 0);
}

/* Each takes the unit from the other; the server answers the one while the unit is the other's. */
TEST(vector, programs_in_turn_keep_theirs)
{
    CHECK(begin(serve_plainly, JG_THREAD_NO_VECTOR));
    CHECK(programs(3));
    CHECK_EQ(wrong, 0);
    CHECK(begin(serve_and_look, 0));
    CHECK(programs(3));
    CHECK_EQ(wrong, 0);
    CHECK_EQ(seen, 0);
}

/* Answers one request, and looks at the next one. */
static void serve_then_look(void *arg)
{
    struct jg_message reply = {0};
    struct jg_received r = {0};

    jg_reply_wait((jg_handle_t)(uintptr_t)arg, JG_TOKEN_NONE, &reply, &r);
    if (JG_INFO_KIND(r.info) == JG_KIND_TRAP)
        jg_reply_wait((jg_handle_t)(uintptr_t)arg, r.token, &reply, &r);
    seen = unit_read();
    jg_reply(r.token, &reply);
}

static void trap_once(void *use)
{
    if (use)
        unit_write(3);
    jg_syscall6(LOOK, 0, 0, 0, 0, 0, 0);
    for (;;)
        done++; /* no more calls: the next request is not to be ours */
}

/* A process whose thread has promised, and breaks it. */
static bool breaker_make(struct child *c)
{
    int64_t given, thread;

    port = (jg_handle_t)jg_port_create();
    done = 0;
    seen = 0;
    TRY(child_make(c, my_job, NULL, NULL));
    given = jg_process_give(c->process, port, JG_RIGHTS_SAME);
    TRY(given > 0);
    thread = thread_make_as(c->process, JG_THREAD_NO_VECTOR, c->stack, serve_then_look, (void *)given);
    TRY(thread > 0);
    jg_handle_close(c->thread);
    c->thread = (jg_handle_t)thread;
    return jg_thread_start(c->thread) == JG_OK;
}

static bool breaker_has_ended(struct child *c)
{
    struct jg_info_task info;

    TRY(wait_ended(c->process, &info));
    TRY(info.exit_code == JG_ERR_BAD_ADDRESS);
    TRY(seen == 0);
    TRY(unit_read() == 5);
    child_end(c);
    jg_handle_close(port);
    return true;
}

/* What is in the unit is ours; the thread answers a call of ours, or a trap of one who does not own the unit. */
TEST(vector, a_broken_promise_ends_the_process)
{
    struct jg_message m = {0};
    jg_handle_t end[2];
    struct child c, program;

    CHECK(breaker_make(&c));
    CHECK_EQ(jg_channel_create(end), JG_OK);
    CHECK_EQ(jg_channel_bind(end[1], port, 1), JG_OK);
    sleep_ms(1);
    unit_write(5);
    CHECK_EQ(jg_channel_call(end[0], &m, NULL), JG_ERR_PEER_CLOSED);
    CHECK(breaker_has_ended(&c));

    /* It has answered a trap before, of one who used the unit, or of one who did not. */
    for (uintptr_t use = 0; use < 2; use++) {
        CHECK(breaker_make(&c));
        CHECK_EQ(jg_channel_bind(end[1], port, 1), JG_OK);
        CHECK(child_make_trapped(&program, port, 1, trap_once, (void *)use));
        CHECK_EQ(jg_thread_start(program.thread), JG_OK);
        CHECK(wait_run(&done));
        child_end(&program);
        if (use)
            unit_write(5);
        CHECK_EQ(jg_channel_call(end[0], &m, NULL), JG_ERR_PEER_CLOSED);
        CHECK(breaker_has_ended(&c));
    }
    jg_handle_close(end[0]);
    jg_handle_close(end[1]);
}
