/* Ports, events and timers. */
#include "test.h"

TEST(port, errors)
{
    struct jg_received r;
    jg_handle_t port = (jg_handle_t)jg_port_create();
    jg_handle_t vmo = (jg_handle_t)jg_vmo_create(0, 0, 0);
    jg_handle_t mute = (jg_handle_t)jg_handle_duplicate(port, JG_RIGHT_INSPECT);

    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    CHECK_EQ(poll_port(vmo, &r), JG_ERR_WRONG_TYPE);
    CHECK_EQ(poll_port(mute, &r), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(poll_port(12345, &r), JG_ERR_BAD_HANDLE);
    CHECK_EQ(jg_event_create(vmo, 1), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_event_create(mute, 1), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_timer_create(mute, 1), JG_ERR_ACCESS_DENIED);
    jg_handle_close(mute);
    jg_handle_close(vmo);
    jg_handle_close(port);
}

TEST(event, bits_coalesce_until_delivered)
{
    jg_handle_t port = (jg_handle_t)jg_port_create();
    jg_handle_t event = (jg_handle_t)jg_event_create(port, 0x1234567890);
    struct jg_received r;

    CHECK((int32_t)event > 0);
    CHECK_EQ(jg_event_raise(event, 0), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_event_raise(event, 1), JG_OK);
    CHECK_EQ(jg_event_raise(event, 4), JG_OK);
    CHECK_EQ(jg_event_raise(event, 1ull << 63), JG_OK);
    CHECK_EQ(poll_port(port, &r), JG_OK);
    CHECK_EQ(JG_INFO_KIND(r.info), JG_KIND_EVENT);
    CHECK_EQ(r.key, 0x1234567890);
    CHECK_EQ(r.token, JG_TOKEN_NONE);
    CHECK_EQ(r.word[0], 5 | 1ull << 63);
    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    CHECK_EQ(jg_event_raise(event, 2), JG_OK);
    CHECK_EQ(poll_port(port, &r), JG_OK);
    CHECK_EQ(r.word[0], 2);
    jg_handle_close(event);
    jg_handle_close(port);
}

TEST(event, arrives_in_order_and_goes_with_its_handle)
{
    jg_handle_t port = (jg_handle_t)jg_port_create(), e[3];
    struct jg_received r;

    for (unsigned i = 0; i < 3; i++)
        e[i] = (jg_handle_t)jg_event_create(port, i);
    jg_event_raise(e[2], 1);
    jg_event_raise(e[0], 1);
    jg_event_raise(e[1], 1);
    jg_event_raise(e[2], 2);
    jg_handle_close(e[0]);
    CHECK_EQ(poll_port(port, &r), JG_OK);
    CHECK_EQ(r.key, 2);
    CHECK_EQ(r.word[0], 3);
    CHECK_EQ(poll_port(port, &r), JG_OK);
    CHECK_EQ(r.key, 1);
    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    jg_handle_close(e[1]);
    jg_handle_close(e[2]);
    jg_handle_close(port);
}

TEST(event, raise_needs_the_right)
{
    jg_handle_t port = (jg_handle_t)jg_port_create();
    jg_handle_t event = (jg_handle_t)jg_event_create(port, 1);
    jg_handle_t weak = (jg_handle_t)jg_handle_duplicate(event, JG_RIGHT_INSPECT);

    CHECK_EQ(jg_event_raise(weak, 1), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_event_raise(port, 1), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_event_raise(999999, 1), JG_ERR_BAD_HANDLE);
    jg_handle_close(weak);
    jg_handle_close(event);
    jg_handle_close(port);
    CHECK_EQ(jg_event_raise(event, 1), JG_ERR_BAD_HANDLE);
}

TEST(event, outlives_its_port)
{
    jg_handle_t port = (jg_handle_t)jg_port_create();
    jg_handle_t event = (jg_handle_t)jg_event_create(port, 1);

    jg_handle_close(port);
    CHECK_EQ(jg_event_raise(event, 1), JG_OK);
    jg_handle_close(event);
}

static jg_handle_t wait_port;
static volatile uint32_t woken;
static struct jg_received got;
static volatile jg_status_t got_status;

static void waiter(void *unused)
{
    struct jg_message none = {0};

    (void)unused;
    got_status = jg_reply_wait(wait_port, JG_TOKEN_NONE, &none, &got);
    bump(&woken);
}

TEST(event, wakes_a_parked_thread)
{
    jg_handle_t thread, event;

    wait_port = (jg_handle_t)jg_port_create();
    event = (jg_handle_t)jg_event_create(wait_port, 55);
    woken = 0;
    thread = (jg_handle_t)thread_run(waiter, NULL);
    quiet();
    CHECK_EQ(woken, 0);
    CHECK_EQ(jg_event_raise(event, 9), JG_OK);
    CHECK(wait_change(&woken, 0));
    CHECK_EQ(got_status, JG_OK);
    CHECK_EQ(got.key, 55);
    CHECK_EQ(got.word[0], 9);
    CHECK(got.info & JG_INFO_LAST_WORKER);
    jg_handle_close(thread);
    jg_handle_close(event);
    jg_handle_close(wait_port);
}

TEST(port, its_last_handle_wakes_who_is_parked)
{
    jg_handle_t thread;

    wait_port = (jg_handle_t)jg_port_create();
    woken = 0;
    thread = (jg_handle_t)thread_run(waiter, NULL);
    quiet();
    jg_handle_close(wait_port);
    CHECK(wait_change(&woken, 0));
    CHECK_EQ(got_status, JG_ERR_PEER_CLOSED);
    jg_handle_close(thread);
}

static volatile uint32_t order[3];
static volatile uint32_t ordered;

static void parked(void *arg)
{
    struct jg_received r;

    receive(wait_port, &r);
    order[ordered] = (uint32_t)(uintptr_t)arg;
    bump(&ordered);
}

TEST(port, receivers_park_last_in_first_out)
{
    jg_handle_t event;

    wait_port = (jg_handle_t)jg_port_create();
    ordered = 0;
    for (uintptr_t i = 1; i <= 3; i++) {
        jg_handle_close((jg_handle_t)thread_run(parked, (void *)i));
        quiet();
    }
    for (unsigned i = 0; i < 3; i++) {
        event = (jg_handle_t)jg_event_create(wait_port, i);
        jg_event_raise(event, 1);
        CHECK(wait_change(&ordered, i));
        jg_handle_close(event);
    }
    CHECK_EQ(order[0], 3);
    CHECK_EQ(order[1], 2);
    CHECK_EQ(order[2], 1);
    jg_handle_close(wait_port);
}

TEST(timer, arrives_at_its_time)
{
    jg_handle_t port = (jg_handle_t)jg_port_create();
    jg_handle_t timer = (jg_handle_t)jg_timer_create(port, 3);
    jg_time_t begin = now();
    struct jg_received r;

    CHECK((int32_t)timer > 0);
    CHECK_EQ(jg_timer_set(timer, begin + 20000000), JG_OK);
    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(JG_INFO_KIND(r.info), JG_KIND_TIMER);
    CHECK_EQ(r.key, 3);
    CHECK(now() - begin >= 20000000);
    CHECK(now() - begin < 500000000);
    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    jg_handle_close(timer);
    jg_handle_close(port);
}

TEST(timer, a_new_time_replaces_the_old_and_an_arrival)
{
    jg_handle_t port = (jg_handle_t)jg_port_create();
    jg_handle_t timer = (jg_handle_t)jg_timer_create(port, 3);
    struct jg_received r;

    jg_timer_set(timer, 0);
    sleep_ms(5);
    jg_timer_set(timer, now() + 10000000000);
    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    jg_timer_set(timer, 1);
    sleep_ms(5);
    CHECK_EQ(poll_port(port, &r), JG_OK);
    jg_timer_set(timer, now() + 2000000);
    jg_timer_set(timer, JG_TIME_INFINITE);
    sleep_ms(5);
    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    CHECK_EQ(jg_timer_set(port, 0), JG_ERR_WRONG_TYPE);
    jg_timer_set(timer, now() + 2000000);
    jg_handle_close(timer);
    sleep_ms(5);
    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    jg_handle_close(port);
}

TEST(timer, five_hundred_in_any_order_arrive_in_order)
{
    enum { COUNT = 500 };
    static jg_handle_t timer[COUNT];
    jg_handle_t port = (jg_handle_t)jg_port_create();
    jg_time_t base = now() + 20000000, last = 0;
    struct jg_received r;

    for (unsigned i = 0; i < COUNT; i++) {
        uint64_t at = i * 7919 % COUNT;

        timer[i] = (jg_handle_t)jg_timer_create(port, at);
        CHECK_EQ(jg_timer_set(timer[i], base + (jg_time_t)at * 10000), JG_OK);
    }
    for (unsigned i = 0; i < COUNT; i += 3)
        jg_timer_set(timer[i], JG_TIME_INFINITE);
    for (unsigned i = 0; i < COUNT - (COUNT + 2) / 3; i++) {
        CHECK_EQ(receive(port, &r), JG_OK);
        CHECK((jg_time_t)r.key >= last);
        last = (jg_time_t)r.key;
    }
    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    for (unsigned i = 0; i < COUNT; i++)
        jg_handle_close(timer[i]);
    jg_handle_close(port);
}
