/*
 * What must keep a call or a reply off its fast path: a kick that came before, a thread of a higher band that became ready
 * meanwhile, a slice that is over. Each time the common case has been through before.
 */
#include "test.h"

#define EXIT 60
#define SERVER (JG_PRIORITY_SERVER << JG_THREAD_PRIORITY_SHIFT)

static jg_handle_t port, end[2];
static volatile uint32_t done, go, waiting, sequence, word;
static volatile jg_status_t statuses[3];

/* --- a kick that came before the call, or before the wait of a server --- */

static void echo(void *arg)
{
    struct jg_message reply = {0};
    struct jg_received r = {0};

    while (jg_reply_wait((jg_handle_t)(uintptr_t)arg, r.token, &reply, &r) == JG_OK)
        reply.word[0] = r.word[0] + 1;
}

static void spin_until_go(void)
{
    go = 0;
    while (!go)
        waiting++;
}

static void call_after_a_kick(void *unused)
{
    struct jg_message m = {0};

    (void)unused;
    for (unsigned i = 0; i < 3; i++)
        jg_channel_call(end[0], &m, NULL);
    spin_until_go();
    for (unsigned i = 0; i < 3; i++) {
        m = (struct jg_message){.word = {i}};
        statuses[i] = jg_channel_call(end[0], &m, NULL);
    }
    bump(&done);
}

TEST(fastpath, the_call_after_a_kick_is_interrupted_and_the_next_is_not)
{
    int64_t thread;

    done = 0;
    port = (jg_handle_t)jg_port_create();
    CHECK_EQ(jg_channel_create(end), JG_OK);
    CHECK_EQ(jg_channel_bind(end[1], port, 1), JG_OK);
    CHECK(thread_run(echo, (void *)(uintptr_t)port) > 0);
    sleep_ms(1);
    thread = thread_run(call_after_a_kick, NULL);
    CHECK(thread > 0);
    CHECK(wait_run(&waiting));
    CHECK_EQ(jg_thread_kick((jg_handle_t)thread), JG_OK);
    go = 1;
    CHECK(wait_change(&done, 0));
    CHECK_EQ(statuses[0], JG_ERR_INTERRUPTED);
    CHECK_EQ(statuses[1], JG_OK);
    CHECK_EQ(statuses[2], JG_OK);
    jg_handle_close((jg_handle_t)thread);
    jg_handle_close(end[0]);
    jg_handle_close(end[1]);
    jg_handle_close(port);
}

/* Serves three calls, spins in the fourth, and waits with the answer to it. */
static void serve_and_spin(void *unused)
{
    struct jg_message reply = {.word = {7}};
    struct jg_received r = {0};

    (void)unused;
    for (unsigned i = 0; i < 4; i++)
        jg_reply_wait(port, r.token, &reply, &r);
    spin_until_go();
    statuses[0] = jg_reply_wait(port, r.token, &reply, &r);
    bump(&done);
}

static void call_four_times(void *unused)
{
    struct jg_message m;

    (void)unused;
    for (unsigned i = 0; i < 4; i++) {
        m = (struct jg_message){0};
        statuses[1] = jg_channel_call(end[0], &m, NULL);
        statuses[2] = (jg_status_t)m.word[0];
    }
    bump(&done);
}

TEST(fastpath, a_server_that_was_kicked_answers_and_does_not_wait)
{
    int64_t thread;

    done = 0;
    port = (jg_handle_t)jg_port_create();
    CHECK_EQ(jg_channel_create(end), JG_OK);
    CHECK_EQ(jg_channel_bind(end[1], port, 1), JG_OK);
    thread = thread_run(serve_and_spin, NULL);
    CHECK(thread > 0);
    sleep_ms(1);
    CHECK(thread_run(call_four_times, NULL) > 0);
    CHECK(wait_run(&waiting));
    CHECK_EQ(jg_thread_kick((jg_handle_t)thread), JG_OK);
    statuses[1] = statuses[2] = 0;
    go = 1;
    CHECK(wait_change(&done, 0));
    CHECK(wait_change(&done, 1));
    CHECK_EQ(statuses[0], JG_ERR_INTERRUPTED);
    CHECK_EQ(statuses[1], JG_OK);
    CHECK_EQ(statuses[2], 7);
    jg_handle_close((jg_handle_t)thread);
    jg_handle_close(end[0]);
    jg_handle_close(end[1]);
    jg_handle_close(port);
}

/* --- who runs after a reply --- */

static volatile uint32_t order[2]; /* when the woken thread ran, and when the answered one did */

static void note_when_woken(void *unused)
{
    (void)unused;
    waiting = 1;
    jg_futex_wait((const uint32_t *)&word, 0, JG_TIME_INFINITE);
    order[0] = ++sequence;
}

/* Its third answer wakes a thread of its own band first. */
static void wake_and_answer(void *unused)
{
    struct jg_message reply = {0};
    struct jg_received r = {0};

    (void)unused;
    for (unsigned i = 0; jg_reply_wait(port, r.token, &reply, &r) == JG_OK; i++) {
        if (i == 2) {
            word = 1;
            jg_futex_wake((const uint32_t *)&word, 1);
        }
        if (r.word[6] == EXIT) {
            r.token = JG_TOKEN_NONE;
            bump(&done);
        }
    }
}

static void three_traps(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < 3; i++)
        jg_syscall6(1, 0, 0, 0, 0, 0, 0);
    order[1] = ++sequence;
    jg_syscall6(EXIT, 0, 0, 0, 0, 0, 0);
}

TEST(fastpath, a_reply_does_not_run_a_program_while_a_server_is_ready)
{
    struct child c;

    port = (jg_handle_t)jg_port_create();
    done = sequence = word = waiting = 0;
    CHECK(thread_run_as(SERVER, note_when_woken, NULL) > 0);
    CHECK(thread_run_as(SERVER, wake_and_answer, NULL) > 0);
    sleep_ms(1);
    CHECK_EQ(waiting, 1);
    CHECK(child_make_trapped(&c, port, 1, three_traps, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK(wait_change(&done, 0));
    CHECK_EQ(order[0], 1);
    CHECK_EQ(order[1], 2);
    child_end(&c);
    jg_handle_close(port);
}

static volatile uint32_t answers;

/* Takes longer for each answer than a slice of 10 ms, and no multiple of it: the slice ends in here. */
static void answer_slowly(void *unused)
{
    struct jg_message reply = {0};
    struct jg_received r = {0};

    (void)unused;
    while (jg_reply_wait(port, r.token, &reply, &r) == JG_OK) {
        jg_time_t until = now() + 17000000;

        while (now() < until)
            ;
        answers++;
    }
}

static void traps_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        jg_syscall6(1, 0, 0, 0, 0, 0, 0);
}

static void count_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        waiting++;
}

/* Whoever waits for a processor gets it at the reply after the slice, though the one who is answered could go on. */
TEST(fastpath, a_slice_that_ended_in_a_server_is_honoured_at_the_reply)
{
    struct child caller, other;

    port = (jg_handle_t)jg_port_create();
    answers = waiting = 0;
    CHECK(thread_run_as(SERVER, answer_slowly, NULL) > 0);
    sleep_ms(1);
    CHECK(child_make_trapped(&caller, port, 1, traps_for_ever, NULL));
    CHECK(child_make(&other, my_job, count_for_ever, NULL));
    CHECK_EQ(jg_thread_start(caller.thread), JG_OK);
    CHECK_EQ(jg_thread_start(other.thread), JG_OK);
    sleep_ms(200); /* in one go: our own waking, in a band above theirs, would let the other one in */
    CHECK(answers >= 2);
    CHECK(waiting > 1000);
    child_end(&caller);
    child_end(&other);
    jg_handle_close(port);
}
