/* Kicks: of trapped threads in every state, and of native threads in every wait. */
#include "test.h"

static jg_handle_t port, end[2];
static volatile uint32_t done, spinning;
static volatile int64_t status;
static volatile uint64_t result;

static void spin(void *unused)
{
    (void)unused;
    for (;;)
        spinning++;
}

static void call_then_spin(void *unused)
{
    result = (uint64_t)jg_syscall6(7, 0, 0, 0, 0, 0, 0);
    spin(unused);
}

TEST(kick, a_running_program_traps_with_kick)
{
    struct jg_received r;
    struct child c;
    uint32_t seen;

    port = (jg_handle_t)jg_port_create();
    CHECK(child_make_trapped(&c, port, 5, spin, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK(wait_run(&spinning));
    seen = spinning;
    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    CHECK_EQ(jg_thread_kick(c.thread), JG_OK);
    CHECK_EQ(jg_thread_kick(c.thread), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_KICK);
    CHECK_EQ(r.key, 5);
    /* Two kicks before the delivery were one. */
    CHECK_EQ(reply_flags(r.token, JG_REPLY_RESUME), JG_OK);
    CHECK(wait_run(&spinning));
    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    CHECK(spinning != seen);
    child_end(&c);
    jg_handle_close(port);
}

TEST(kick, a_held_thread_gets_it_right_after_the_reply)
{
    struct jg_received r;
    struct child c;

    port = (jg_handle_t)jg_port_create();
    spinning = 0;
    CHECK(child_make_trapped(&c, port, 5, call_then_spin, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(jg_thread_kick(c.thread), JG_OK);
    CHECK_EQ(reply_word(r.token, 88), JG_OK); /* the system call itself is not aborted */
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_KICK);
    CHECK_EQ(spinning, 0);
    CHECK_EQ(reply_flags(r.token, JG_REPLY_RESUME), JG_OK);
    CHECK(wait_run(&spinning));
    CHECK_EQ(result, 88);
    child_end(&c);
    jg_handle_close(port);
}

TEST(kick, the_reply_of_a_kick_can_redirect_the_thread)
{
    struct jg_received r;
    struct jg_regs regs;
    struct child c;

    port = (jg_handle_t)jg_port_create();
    CHECK(child_make_trapped(&c, port, 5, spin, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(jg_thread_kick(c.thread), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_REGS, &regs, sizeof(regs)), sizeof(regs));
    CHECK_EQ(regs.entry_rax, (uint64_t)-1);
    regs.rip = (uintptr_t)call_then_spin;
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_REGS, &regs, sizeof(regs)), JG_OK);
    CHECK_EQ(reply_flags(r.token, JG_REPLY_RESUME), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_SYSCALL);
    CHECK_EQ(r.word[6], 7);
    child_end(&c);
    CHECK_EQ(jg_thread_kick(c.thread), JG_ERR_BAD_HANDLE);
    jg_handle_close(port);
}

TEST(kick, a_queued_trap_is_delivered_first)
{
    struct jg_received r;
    struct child c;

    port = (jg_handle_t)jg_port_create();
    CHECK(child_make_trapped(&c, port, 5, call_then_spin, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    quiet();
    CHECK_EQ(jg_thread_kick(c.thread), JG_OK);
    CHECK_EQ(poll_port(port, &r), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_SYSCALL);
    CHECK_EQ(reply_word(r.token, 1), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_KICK);
    child_end(&c);
    jg_handle_close(port);
}

TEST(kick, before_the_start_is_delivered_before_the_first_instruction)
{
    struct jg_received r;
    struct child c;

    port = (jg_handle_t)jg_port_create();
    spinning = 0;
    CHECK(child_make_trapped(&c, port, 5, spin, NULL));
    CHECK_EQ(jg_thread_kick(c.thread), JG_OK);
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_KICK);
    CHECK_EQ(spinning, 0);
    child_end(&c);
    jg_handle_close(port);
}

static void wait_on_port(void *unused)
{
    struct jg_message none = {0};
    struct jg_received r;

    (void)unused;
    status = jg_reply_wait(port, JG_TOKEN_NONE, &none, &r);
    bump(&done);
}

static void wait_on_futex(void *unused)
{
    uint32_t word = 1;

    (void)unused;
    status = jg_futex_wait(&word, 1, JG_TIME_INFINITE);
    bump(&done);
}

static void wait_in_call(void *unused)
{
    struct jg_message m = {0};

    (void)unused;
    status = jg_channel_call(end[0], &m, NULL);
    bump(&done);
}

/* Runs fn on a thread, kicks it when it waits, and looks at the result of its wait. */
static bool interrupts(void (*fn)(void *), bool deliver)
{
    struct jg_received r;
    jg_handle_t thread;

    port = (jg_handle_t)jg_port_create();
    jg_channel_create(end);
    jg_channel_bind(end[1], port, 1);
    done = 0;
    thread = (jg_handle_t)thread_run(fn, NULL);
    quiet();
    TRY(done == 0);
    if (deliver)
        TRY(poll_port(port, &r) == JG_OK);
    TRY(jg_thread_kick(thread) == JG_OK);
    TRY(wait_change(&done, 0));
    TRY(status == JG_ERR_INTERRUPTED);
    if (deliver)
        TRY(reply_word(r.token, 0) == JG_ERR_CALLER_GONE);
    TRY(poll_port(port, &r) == JG_ERR_WOULD_BLOCK);
    jg_handle_close(thread);
    jg_handle_close(end[0]);
    jg_handle_close(end[1]);
    jg_handle_close(port);
    return true;
}

TEST(kick, native_waits_are_interrupted)
{
    CHECK(interrupts(wait_on_port, false));
    CHECK(interrupts(wait_on_futex, false));
    CHECK(interrupts(wait_in_call, false));
    CHECK(interrupts(wait_in_call, true));
}

static volatile uint32_t go, waiting;

static void wait_later(void *fn)
{
    while (!go)
        waiting++;
    ((void (*)(void *))fn)(NULL);
}

/* The kick comes while the thread runs: its next wait is interrupted, and only that one. */
static bool interrupts_next(void (*fn)(void *))
{
    jg_handle_t thread;

    port = (jg_handle_t)jg_port_create();
    jg_channel_create(end);
    jg_channel_bind(end[1], port, 1);
    done = go = 0;
    thread = (jg_handle_t)thread_run(wait_later, (void *)fn);
    TRY(wait_run(&waiting));
    TRY(jg_thread_kick(thread) == JG_OK);
    go = 1;
    TRY(wait_change(&done, 0));
    TRY(status == JG_ERR_INTERRUPTED);
    quiet();
    TRY(jg_thread_kick(thread) == JG_OK); /* ended by now: fine */
    jg_handle_close(thread);
    jg_handle_close(end[0]);
    jg_handle_close(end[1]);
    jg_handle_close(port);
    return true;
}

TEST(kick, latches_for_the_next_native_wait)
{
    CHECK(interrupts_next(wait_on_port));
    CHECK(interrupts_next(wait_on_futex));
    CHECK(interrupts_next(wait_in_call));
}

TEST(kick, errors)
{
    struct child c;
    jg_handle_t weak;

    port = (jg_handle_t)jg_port_create();
    CHECK(child_make_trapped(&c, port, 5, spin, NULL));
    weak = (jg_handle_t)jg_handle_duplicate(c.thread, JG_RIGHT_INSPECT);
    CHECK_EQ(jg_thread_kick(weak), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_thread_kick(port), JG_ERR_WRONG_TYPE);
    jg_handle_close(weak);
    child_end(&c);
    jg_handle_close(port);
}

/* Kicks and replies in every order, many times: every kick is followed by a delivery. */
static void calls_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        jg_syscall6(7, 0, 0, 0, 0, 0, 0);
}

TEST(kick, two_thousand_at_any_time_are_all_delivered)
{
    struct jg_message reply = {0};
    struct jg_received r = {0};
    unsigned kicks = 0, delivered = 0;
    struct child c;

    port = (jg_handle_t)jg_port_create();
    CHECK(child_make_trapped(&c, port, 5, calls_for_ever, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    for (unsigned i = 0; delivered < 2000; i++) {
        CHECK(i < 100000);
        CHECK_EQ(jg_reply_wait(port, r.token, &reply, &r), JG_OK);
        if (JG_INFO_LABEL(r.info) == JG_TRAP_KICK) {
            delivered++;
            CHECK_EQ(delivered, kicks);
            reply.info = JG_REPLY_RESUME;
        } else {
            reply.info = 0;
            if (i % 3 == 0 && kicks == delivered) {
                kicks++;
                CHECK_EQ(jg_thread_kick(c.thread), JG_OK);
            }
        }
    }
    child_end(&c);
    jg_handle_close(port);
}
