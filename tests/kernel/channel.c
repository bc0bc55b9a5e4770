/* Channels: calls, replies, tokens, closing. */
#include "test.h"

static jg_handle_t port, end[2];
static volatile uint32_t done;
static struct jg_message sent;
static volatile jg_status_t status;

static void set_up(uint64_t key)
{
    port = (jg_handle_t)jg_port_create();
    jg_channel_create(end);
    jg_channel_bind(end[1], port, key);
    done = 0;
}

static void tear_down(void)
{
    jg_handle_close(end[0]);
    jg_handle_close(end[1]);
    jg_handle_close(port);
}

static void caller(void *unused)
{
    (void)unused;
    status = jg_channel_call(end[0], &sent, NULL);
    bump(&done);
}

TEST(channel, a_call_carries_label_and_words_both_ways)
{
    struct jg_received r;
    struct jg_message reply = {.info = 77, .word = {10, 11, 12, 13, 14, 15, 16, 17}};
    jg_handle_t thread;

    set_up(0xabcdef0123456789);
    sent = (struct jg_message){.info = 42, .word = {0, 1, 2, 3, 4, 5, 6, ~0ull}};
    thread = (jg_handle_t)thread_run(caller, NULL);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(JG_INFO_KIND(r.info), JG_KIND_CALL);
    CHECK_EQ(JG_INFO_LABEL(r.info), 42);
    CHECK_EQ(r.key, 0xabcdef0123456789);
    CHECK(r.token != JG_TOKEN_NONE);
    for (unsigned i = 0; i < 7; i++)
        CHECK_EQ(r.word[i], i);
    CHECK_EQ(r.word[7], ~0ull);
    CHECK_EQ(done, 0);
    CHECK_EQ(jg_reply(r.token, &reply), JG_OK);
    CHECK(wait_change(&done, 0));
    CHECK_EQ(status, JG_OK);
    CHECK_EQ(sent.info, 77);
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQ(sent.word[i], 10 + i);
    jg_handle_close(thread);
    tear_down();
}

static volatile uint32_t stop_serving;

static void echo_server(void *arg)
{
    struct jg_message reply = {0};
    struct jg_received r = {0};

    while (!stop_serving &&
           jg_reply_wait((jg_handle_t)(uintptr_t)arg, r.token, &reply, &r) == JG_OK)
        for (unsigned i = 0; i < 8; i++)
            reply.word[i] = r.word[i] + 1, reply.info = r.info + 1;
}

TEST(channel, ten_thousand_calls_through_a_parked_server)
{
    jg_handle_t server;
    struct jg_message m = {0};
    jg_time_t begin;

    set_up(1);
    stop_serving = 0;
    server = (jg_handle_t)thread_run(echo_server, (void *)(uintptr_t)port);
    begin = now();
    for (uint64_t i = 0; i < 10000; i++) {
        m.info = i;
        for (unsigned w = 0; w < 8; w++)
            m.word[w] = i * 8 + w;
        CHECK_EQ(jg_channel_call(end[0], &m, NULL), JG_OK);
        CHECK_EQ(m.info, i + 1);
        for (unsigned w = 0; w < 8; w++)
            CHECK_EQ(m.word[w], i * 8 + w + 1);
    }
    CHECK(now() - begin < 5000000000);
    jg_handle_close(server);
    tear_down();
}

TEST(channel, callers_queue_first_in_first_out_when_nobody_is_parked)
{
    struct jg_received r;
    struct child c[4];

    set_up(9);
    sent = (struct jg_message){0};
    for (unsigned i = 0; i < 4; i++) {
        jg_handle_close((jg_handle_t)thread_run(caller, NULL));
        quiet();
    }
    (void)c;
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ(poll_port(port, &r), JG_OK);
        CHECK(r.info & JG_INFO_LAST_WORKER);
        CHECK_EQ(reply_word(r.token, i), JG_OK);
        CHECK(wait_change(&done, i));
    }
    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    tear_down();
}

TEST(channel, errors_of_call_and_bind)
{
    struct jg_message m = {0};
    jg_handle_t p = (jg_handle_t)jg_port_create(), e[2], weak;

    CHECK_EQ(jg_channel_create((jg_handle_t *)16), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_channel_create(e), JG_OK);
    CHECK_EQ(jg_channel_call(e[0], &m, NULL), JG_ERR_BAD_STATE);
    CHECK_EQ(jg_channel_call(e[1], &m, NULL), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_channel_call(p, &m, NULL), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_channel_call(54321, &m, NULL), JG_ERR_BAD_HANDLE);
    CHECK_EQ(jg_channel_bind(e[0], p, 1), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_channel_bind(e[1], e[1], 1), JG_ERR_WRONG_TYPE);
    weak = (jg_handle_t)jg_handle_duplicate(p, JG_RIGHT_INSPECT);
    CHECK_EQ(jg_channel_bind(e[1], weak, 1), JG_ERR_ACCESS_DENIED);
    jg_handle_close(weak);
    CHECK_EQ(jg_channel_bind(e[1], p, 1), JG_OK);
    jg_handle_close(p);
    CHECK_EQ(jg_channel_call(e[0], &m, NULL), JG_ERR_PEER_CLOSED);
    jg_handle_close(e[1]);
    CHECK_EQ(jg_channel_call(e[0], &m, NULL), JG_ERR_PEER_CLOSED);
    jg_handle_close(e[0]);
}

TEST(channel, the_port_hears_when_the_calling_end_closes)
{
    struct jg_received r;
    jg_handle_t copy;

    set_up(31);
    copy = (jg_handle_t)jg_handle_duplicate(end[0], JG_RIGHTS_SAME);
    jg_handle_close(end[0]);
    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    jg_handle_close(copy);
    CHECK_EQ(poll_port(port, &r), JG_OK);
    CHECK_EQ(JG_INFO_KIND(r.info), JG_KIND_CLOSED);
    CHECK_EQ(r.key, 31);
    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    CHECK_EQ(jg_channel_bind(end[1], port, 5), JG_ERR_PEER_CLOSED);
    tear_down();
}

TEST(channel, queued_callers_fail_when_the_bound_end_closes)
{
    set_up(1);
    jg_handle_close((jg_handle_t)thread_run(caller, NULL));
    quiet();
    CHECK_EQ(done, 0);
    jg_handle_close(end[1]);
    CHECK(wait_change(&done, 0));
    CHECK_EQ(status, JG_ERR_PEER_CLOSED);
    tear_down();
}

TEST(channel, queued_callers_fail_when_the_port_closes)
{
    set_up(1);
    jg_handle_close((jg_handle_t)thread_run(caller, NULL));
    quiet();
    jg_handle_close(port);
    CHECK(wait_change(&done, 0));
    CHECK_EQ(status, JG_ERR_PEER_CLOSED);
    tear_down();
}

TEST(channel, a_delivered_call_is_answered_after_its_channel_is_gone)
{
    struct jg_received r;

    set_up(1);
    jg_handle_close((jg_handle_t)thread_run(caller, NULL));
    CHECK_EQ(receive(port, &r), JG_OK);
    jg_handle_close(end[0]);
    jg_handle_close(end[1]);
    CHECK_EQ(reply_word(r.token, 4), JG_OK);
    CHECK(wait_change(&done, 0));
    CHECK_EQ(status, JG_OK);
    jg_handle_close(port);
}

TEST(channel, binding_again_moves_queued_callers)
{
    jg_handle_t second;
    struct jg_received r;

    set_up(1);
    second = (jg_handle_t)jg_port_create();
    jg_handle_close((jg_handle_t)thread_run(caller, NULL));
    quiet();
    CHECK_EQ(jg_channel_bind(end[1], second, 2), JG_OK);
    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    CHECK_EQ(poll_port(second, &r), JG_OK);
    CHECK_EQ(r.key, 2);
    CHECK_EQ(reply_word(r.token, 0), JG_OK);
    CHECK(wait_change(&done, 0));
    jg_handle_close(second);
    tear_down();
}

TEST(token, is_good_once)
{
    struct jg_received r, more;
    struct jg_message none = {.info = JG_REPLY_POLL};

    set_up(1);
    CHECK_EQ(reply_word(1, 0), JG_ERR_BAD_TOKEN);
    CHECK_EQ(reply_word(~0ull, 0), JG_ERR_BAD_TOKEN);
    CHECK_EQ(reply_word(0x7fffffff00000001, 0), JG_ERR_BAD_TOKEN);
    CHECK_EQ(reply_word(JG_TOKEN_NONE, 0), JG_ERR_BAD_TOKEN);
    jg_handle_close((jg_handle_t)thread_run(caller, NULL));
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(reply_word(r.token + (1 << 20), 0), JG_ERR_BAD_TOKEN);
    CHECK_EQ(reply_word(r.token, 0), JG_OK);
    CHECK_EQ(reply_word(r.token, 0), JG_ERR_BAD_TOKEN);
    CHECK(wait_change(&done, 0));
    CHECK(reply_word(r.token, 0) != JG_OK);
    /* In reply_wait a bad token receives nothing, not even what is waiting. */
    jg_handle_close((jg_handle_t)thread_run(caller, NULL));
    quiet();
    CHECK_EQ(jg_reply_wait(port, ~0ull, &none, &more), JG_ERR_BAD_TOKEN);
    CHECK_EQ(poll_port(port, &more), JG_OK);
    CHECK_EQ(reply_word(more.token, 0), JG_OK);
    CHECK(wait_change(&done, 1));
    tear_down();
}

static volatile jg_token_t stolen;
static volatile jg_status_t theft;

static void thief(void *unused)
{
    struct jg_message m = {0};

    (void)unused;
    theft = jg_reply(stolen, &m);
    bump(&done);
    jg_thread_exit();
}

TEST(token, belongs_to_the_receiving_process)
{
    struct jg_received r;
    struct child c;

    set_up(1);
    jg_handle_close((jg_handle_t)thread_run(caller, NULL));
    CHECK_EQ(receive(port, &r), JG_OK);
    stolen = r.token;
    CHECK(child_make(&c, my_job, thief, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK(wait_change(&done, 0));
    CHECK_EQ(theft, JG_ERR_BAD_TOKEN);
    CHECK_EQ(reply_word(r.token, 0), JG_OK);
    CHECK(wait_change(&done, 1));
    child_end(&c);
    tear_down();
}

TEST(token, of_a_killed_caller_is_caller_gone)
{
    struct jg_received r, more;
    struct jg_message none = {.info = JG_REPLY_POLL};
    jg_handle_t event;
    struct child c;

    set_up(1);
    CHECK(child_make(&c, my_job, caller, NULL));
    /* The child's handle to the channel has the value that ours has only by luck: give it. */
    int64_t given = jg_process_give(c.process, end[0], JG_RIGHTS_SAME);
    CHECK(given > 0);
    jg_handle_t mine = end[0];
    end[0] = (jg_handle_t)given;
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    end[0] = mine;
    CHECK_EQ(jg_task_kill(c.process, 0), JG_OK);
    CHECK_EQ(jg_call_read(r.token, 0, &more, 1), JG_ERR_CALLER_GONE);
    CHECK_EQ(reply_word(r.token, 0), JG_ERR_CALLER_GONE);
    CHECK_EQ(reply_word(r.token, 0), JG_ERR_CALLER_GONE);
    event = (jg_handle_t)jg_event_create(port, 6);
    jg_event_raise(event, 1);
    CHECK_EQ(jg_reply_wait(port, r.token, &none, &more), JG_OK);
    CHECK(more.info & JG_INFO_REPLY_LOST);
    CHECK_EQ(more.key, 6);
    CHECK_EQ(jg_reply_wait(port, r.token, &none, &more), JG_ERR_WOULD_BLOCK);
    jg_event_raise(event, 1);
    CHECK_EQ(poll_port(port, &more), JG_OK);
    CHECK(!(more.info & JG_INFO_REPLY_LOST));
    child_end(&c);
    jg_handle_close(event);
    tear_down();
}

static volatile uint32_t parked_done;
static struct jg_received parked_got;
static volatile jg_token_t parked_token;

static void reply_and_park(void *unused)
{
    struct jg_message none = {0};

    (void)unused;
    jg_reply_wait(port, parked_token, &none, &parked_got);
    bump(&parked_done);
}

TEST(token, a_lost_reply_still_parks_and_is_told)
{
    struct jg_received r;
    struct child c;
    jg_handle_t event;

    set_up(1);
    parked_done = 0;
    CHECK(child_make(&c, my_job, caller, NULL));
    jg_handle_t mine = end[0];
    end[0] = (jg_handle_t)jg_process_give(c.process, mine, JG_RIGHTS_SAME);
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    end[0] = mine;
    jg_task_kill(c.thread, 0);
    parked_token = r.token;
    jg_handle_close((jg_handle_t)thread_run(reply_and_park, NULL));
    quiet();
    CHECK_EQ(parked_done, 0);
    event = (jg_handle_t)jg_event_create(port, 6);
    jg_event_raise(event, 1);
    CHECK(wait_change(&parked_done, 0));
    CHECK(parked_got.info & JG_INFO_REPLY_LOST);
    child_end(&c);
    jg_handle_close(event);
    tear_down();
}
