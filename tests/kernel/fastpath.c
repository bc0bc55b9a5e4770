/*
 * The checks of the fast paths, each made to fire after the common case has been through: what a thread remembers of a
 * handle, of whom it serves and of an address space must not outlive it. (Kicks, bands and slices are in refusals.c, the rest of
 * the traps' checks in trap.c and kick.c.)
 */
#include "test.h"

static jg_handle_t port, other, end[2];
static volatile uint32_t done, answered;
static struct jg_message m;

struct echo {
    jg_handle_t port;
    uint64_t add;
};

static void echo(void *arg)
{
    const struct echo *e = arg;
    struct jg_message reply = {0};
    struct jg_received r = {0};

    while (jg_reply_wait(e->port, r.token, &reply, &r) == JG_OK)
        reply.word[0] = r.word[0] + e->add;
    bump(&done);
}

static struct echo first, second;

/* A channel with an echo behind it that has answered thrice. */
static bool begin(void)
{
    port = (jg_handle_t)jg_port_create();
    done = 0;
    first = (struct echo){port, 1};
    TRY(jg_channel_create(end) == JG_OK);
    TRY(jg_channel_bind(end[1], port, 1) == JG_OK);
    TRY(thread_run(echo, &first) > 0);
    sleep_ms(1);
    for (uint64_t i = 0; i < 3; i++) {
        m = (struct jg_message){.word = {i}};
        TRY(jg_channel_call(end[0], &m, NULL) == JG_OK && m.word[0] == i + 1);
    }
    return true;
}

static void finish(void)
{
    jg_handle_close(end[0]);
    jg_handle_close(end[1]);
    jg_handle_close(port);
}

TEST(fastpath, a_closed_handle_leads_nowhere)
{
    CHECK(begin());
    CHECK_EQ(jg_handle_close(end[0]), JG_OK);
    CHECK_EQ(jg_channel_call(end[0], &m, NULL), JG_ERR_BAD_HANDLE);
    finish();
}

TEST(fastpath, a_new_handle_in_the_old_slot_is_another)
{
    jg_handle_t next[2];

    CHECK(begin());
    CHECK_EQ(jg_handle_close(end[0]), JG_OK);
    CHECK_EQ(jg_channel_create(next), JG_OK);
    CHECK_EQ(jg_channel_call(end[0], &m, NULL), JG_ERR_BAD_HANDLE);
    CHECK_EQ(jg_channel_call(next[0], &m, NULL), JG_ERR_BAD_STATE); /* not bound */
    jg_handle_close(next[0]);
    jg_handle_close(next[1]);
    finish();
}

TEST(fastpath, a_peer_that_closed_is_seen)
{
    CHECK(begin());
    CHECK_EQ(jg_handle_close(end[1]), JG_OK);
    CHECK_EQ(jg_channel_call(end[0], &m, NULL), JG_ERR_PEER_CLOSED);
    finish();
}

TEST(fastpath, a_port_that_closed_is_seen)
{
    CHECK(begin());
    CHECK_EQ(jg_handle_close(port), JG_OK);
    CHECK(wait_change(&done, 0));
    CHECK_EQ(jg_channel_call(end[0], &m, NULL), JG_ERR_PEER_CLOSED);
    finish();
}

TEST(fastpath, a_channel_bound_anew_arrives_there)
{
    CHECK(begin());
    other = (jg_handle_t)jg_port_create();
    second = (struct echo){other, 100};
    CHECK(thread_run(echo, &second) > 0);
    sleep_ms(1);
    for (uint64_t i = 0; i < 6; i++) {
        CHECK_EQ(jg_channel_bind(end[1], i % 2 ? port : other, 1), JG_OK);
        for (unsigned k = 0; k < 3; k++) {
            m = (struct jg_message){.word = {i}};
            CHECK_EQ(jg_channel_call(end[0], &m, NULL), JG_OK);
            CHECK_EQ(m.word[0], i + (i % 2 ? 1 : 100));
        }
    }
    jg_handle_close(other);
    finish();
}

TEST(fastpath, two_channels_in_turn_arrive_each_at_its_own)
{
    jg_handle_t next[2];

    CHECK(begin());
    other = (jg_handle_t)jg_port_create();
    second = (struct echo){other, 100};
    CHECK_EQ(jg_channel_create(next), JG_OK);
    CHECK_EQ(jg_channel_bind(next[1], other, 2), JG_OK);
    CHECK(thread_run(echo, &second) > 0);
    sleep_ms(1);
    for (uint64_t i = 0; i < 10; i++) {
        m = (struct jg_message){.word = {i}};
        CHECK_EQ(jg_channel_call(i % 2 ? end[0] : next[0], &m, NULL), JG_OK);
        CHECK_EQ(m.word[0], i + (i % 2 ? 1 : 100));
    }
    jg_handle_close(next[0]);
    jg_handle_close(next[1]);
    jg_handle_close(other);
    finish();
}

TEST(fastpath, rights_and_types_of_another_handle_are_looked_at)
{
    int64_t weak;

    CHECK(begin());
    weak = jg_handle_duplicate(end[0], JG_RIGHT_INSPECT);
    CHECK(weak > 0);
    CHECK_EQ(jg_channel_call((jg_handle_t)weak, &m, NULL), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_channel_call(port, &m, NULL), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_channel_call(0, &m, NULL), JG_ERR_BAD_HANDLE);
    m = (struct jg_message){.word = {5}};
    CHECK_EQ(jg_channel_call(end[0], &m, NULL), JG_OK);
    CHECK_EQ(m.word[0], 6);
    jg_handle_close((jg_handle_t)weak);
    finish();
}

TEST(fastpath, a_bad_extension_is_an_error_and_the_next_call_is_good)
{
    struct jg_call_ext x = {.in = 64, .in_size = UINT64_MAX};

    CHECK(begin());
    CHECK_EQ(jg_channel_call(end[0], &m, (struct jg_call_ext *)64), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_channel_call(end[0], &m, &x), JG_ERR_INVALID_ARGS);
    x = (struct jg_call_ext){.send_count = JG_CALL_HANDLES + 1};
    CHECK_EQ(jg_channel_call(end[0], &m, &x), JG_ERR_INVALID_ARGS);
    x = (struct jg_call_ext){.in = (uintptr_t)&x, .in_size = 8};
    m = (struct jg_message){.word = {7}};
    CHECK_EQ(jg_channel_call(end[0], &m, &x), JG_OK);
    CHECK_EQ(m.word[0], 8);
    finish();
}

static void call_once(void *value)
{
    struct jg_message mine = {.word = {(uintptr_t)value}};

    if (jg_channel_call(end[0], &mine, NULL) == JG_OK && mine.word[0] == (uintptr_t)value + 50)
        bump(&answered);
}

/* Nobody is parked: callers queue, and a reply takes the next of them rather than park. */
TEST(fastpath, with_nobody_parked_callers_queue_and_are_served_in_turn)
{
    struct jg_message reply = {0};
    struct jg_received r = {0};

    port = (jg_handle_t)jg_port_create();
    answered = 0;
    CHECK_EQ(jg_channel_create(end), JG_OK);
    CHECK_EQ(jg_channel_bind(end[1], port, 1), JG_OK);
    for (uintptr_t i = 1; i <= 3; i++)
        CHECK(thread_run(call_once, (void *)i) > 0);
    sleep_ms(2);
    for (uint64_t i = 1; i <= 3; i++) {
        CHECK_EQ(jg_reply_wait(port, r.token, &reply, &r), JG_OK);
        CHECK_EQ(r.word[0], i);
        reply.word[0] = i + 50;
    }
    reply.info = JG_REPLY_POLL;
    CHECK_EQ(jg_reply_wait(port, r.token, &reply, &r), JG_ERR_WOULD_BLOCK);
    sleep_ms(2);
    CHECK_EQ(answered, 3);
    finish();
}

/* One whose reply_wait has a handle that is no port, is closed or lacks a right makes no reply. */
TEST(fastpath, a_wait_on_a_bad_handle_does_not_reply)
{
    struct jg_message reply = {.word = {51}};
    struct jg_received r = {0};
    int64_t weak;

    port = (jg_handle_t)jg_port_create();
    answered = 0;
    CHECK_EQ(jg_channel_create(end), JG_OK);
    CHECK_EQ(jg_channel_bind(end[1], port, 1), JG_OK);
    CHECK(thread_run(call_once, (void *)1) > 0);
    CHECK_EQ(jg_reply_wait(port, 0, &reply, &r), JG_OK);
    jg_token_t token = r.token;
    weak = jg_handle_duplicate(port, JG_RIGHT_INSPECT);
    CHECK_EQ(jg_reply_wait((jg_handle_t)weak, token, &reply, &r), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_reply_wait(end[0], token, &reply, &r), JG_ERR_WRONG_TYPE);
    jg_handle_close((jg_handle_t)weak);
    CHECK_EQ(jg_reply_wait((jg_handle_t)weak, token, &reply, &r), JG_ERR_BAD_HANDLE);
    CHECK_EQ(answered, 0);
    CHECK_EQ(jg_reply_wait(port, token + (1ul << 20), &reply, &r), JG_ERR_BAD_TOKEN);
    CHECK_EQ(jg_reply(token, &reply), JG_OK);
    CHECK(wait_change(&answered, 0));
    CHECK_EQ(jg_reply(token, &reply), JG_ERR_BAD_TOKEN);
    finish();
}

/* A kept token: the thread that was given the call serves another one meanwhile. Both answers arrive where they should. */
TEST(fastpath, a_kept_token_is_answered_after_the_next_call)
{
    struct jg_message reply = {.word = {51}};
    struct jg_received a, b;

    port = (jg_handle_t)jg_port_create();
    answered = 0;
    CHECK_EQ(jg_channel_create(end), JG_OK);
    CHECK_EQ(jg_channel_bind(end[1], port, 1), JG_OK);
    CHECK(thread_run(call_once, (void *)1) > 0);
    CHECK_EQ(jg_reply_wait(port, 0, &reply, &a), JG_OK);
    CHECK(thread_run(call_once, (void *)2) > 0);
    CHECK_EQ(jg_reply_wait(port, 0, &reply, &b), JG_OK);
    reply.info = JG_REPLY_POLL;
    CHECK_EQ(jg_reply_wait(port, a.token, &reply, &a), JG_ERR_WOULD_BLOCK);
    CHECK(wait_change(&answered, 0));
    reply.word[0] = 52;
    CHECK_EQ(jg_reply_wait(port, b.token, &reply, &b), JG_ERR_WOULD_BLOCK);
    CHECK(wait_change(&answered, 1));
    finish();
}

static void killed_caller(void *unused)
{
    struct jg_message mine = {0};

    (void)unused;
    jg_channel_call(end[0], &mine, NULL);
}

/* The caller is killed while it is served: the answer is lost, and the memory of it is not used again. */
TEST(fastpath, a_caller_that_died_is_not_answered)
{
    struct jg_message reply = {.info = JG_REPLY_POLL};
    struct jg_received r;
    struct child c;

    port = (jg_handle_t)jg_port_create();
    CHECK_EQ(jg_channel_create(end), JG_OK);
    CHECK_EQ(jg_channel_bind(end[1], port, 1), JG_OK);
    for (unsigned i = 0; i < 20; i++) {
        jg_handle_t mine = end[0];
        int64_t given;

        CHECK(child_make(&c, my_job, killed_caller, NULL));
        given = jg_process_give(c.process, mine, JG_RIGHTS_SAME);
        CHECK(given > 0);
        end[0] = (jg_handle_t)given;
        CHECK_EQ(jg_thread_start(c.thread), JG_OK);
        CHECK_EQ(receive(port, &r), JG_OK);
        end[0] = mine;
        CHECK_EQ(JG_INFO_KIND(r.info), JG_KIND_CALL);
        child_end(&c);
        jg_system_quiesce();
        if (i % 2)
            CHECK_EQ(jg_reply(r.token, &reply), JG_ERR_CALLER_GONE);
        else
            CHECK_EQ(jg_reply_wait(port, r.token, &reply, &r), JG_ERR_WOULD_BLOCK);
    }
    finish();
}

/* A caller that gave up by a kick is not the one that "no token" answers. */
TEST(fastpath, no_token_answers_nobody)
{
    struct jg_message reply = {.info = JG_REPLY_POLL, .word = {51}};
    struct jg_received r;
    int64_t thread;

    port = (jg_handle_t)jg_port_create();
    answered = 0;
    CHECK_EQ(jg_channel_create(end), JG_OK);
    CHECK_EQ(jg_channel_bind(end[1], port, 1), JG_OK);
    for (unsigned i = 0; i < 10; i++) {
        struct jg_message none = {0};
        jg_handle_t timer = (jg_handle_t)jg_timer_create(port, 5);

        thread = thread_run(call_once, (void *)1);
        CHECK(thread > 0);
        CHECK_EQ(jg_reply_wait(port, 0, &none, &r), JG_OK);
        CHECK_EQ(jg_thread_kick((jg_handle_t)thread), JG_OK);
        CHECK_EQ(jg_timer_set(timer, now() + 1000000), JG_OK);
        CHECK_EQ(jg_reply_wait(port, JG_TOKEN_NONE, &none, &r), JG_OK);
        CHECK_EQ(JG_INFO_KIND(r.info), JG_KIND_TIMER);
        jg_handle_close(timer);
        jg_handle_close((jg_handle_t)thread);
    }
    CHECK_EQ(jg_reply_wait(port, JG_TOKEN_NONE, &reply, &r), JG_ERR_WOULD_BLOCK);
    CHECK_EQ(answered, 0);
    finish();
}

/* --- small copies --- */

static jg_handle_t space;
#define FAR_VA 0x700000000ul

static bool space_make(uint32_t prot)
{
    struct jg_map map = {.va = FAR_VA, .length = 8192, .prot = prot, .max_prot = 7, .flags = JG_MAP_PRIVATE};
    int64_t as = jg_aspace_create(JG_HANDLE_NONE);

    TRY(as > 0);
    space = (jg_handle_t)as;
    TRY(jg_aspace_map(space, &map) == JG_OK);
    return true;
}

static int64_t copy(jg_handle_t as, uint32_t flags, uint64_t va, void *buffer, uint64_t length)
{
    struct jg_copy c = {as, flags, va, (uintptr_t)buffer, length};

    return jg_aspace_copy(&c);
}

TEST(fastpath, copies_of_every_size_around_a_page_end)
{
    static uint8_t out[8192], in[8192];

    CHECK(space_make(3));
    for (unsigned i = 0; i < sizeof out; i++)
        out[i] = (uint8_t)(i * 7 + (i >> 8));
    for (unsigned n = 0; n < 40; n++)
        for (unsigned before = 0; before < 24; before += 3) {
            memset(in, 0xee, 64);
            CHECK_EQ(copy(space, JG_COPY_WRITE, FAR_VA + 4096 - before, out + n, n), n);
            CHECK_EQ(copy(space, JG_COPY_READ, FAR_VA + 4096 - before, in, n), n);
            CHECK(memcmp(in, out + n, n) == 0);
            CHECK_EQ(in[n], 0xee);
        }
    CHECK_EQ(copy(space, JG_COPY_WRITE, FAR_VA, out, 4096), 4096);
    CHECK_EQ(copy(space, JG_COPY_READ, FAR_VA, in, 8192), 8192);
    CHECK(memcmp(in, out, 4096) == 0);
    jg_handle_close(space);
}

TEST(fastpath, a_copy_looks_at_protection_presence_and_its_own_side)
{
    char text[16] = "abc";

    CHECK(space_make(JG_PROT_READ | JG_PROT_WRITE));
    CHECK_EQ(copy(space, JG_COPY_READ, FAR_VA, text, 8), 8); /* absent: zeros */
    CHECK_EQ(text[0], 0);
    CHECK_EQ(copy(space, JG_COPY_WRITE, FAR_VA, text, 8), 8);
    CHECK_EQ(jg_aspace_protect(space, FAR_VA, 4096, JG_PROT_READ), JG_OK);
    CHECK_EQ(copy(space, JG_COPY_WRITE, FAR_VA, text, 8), JG_ERR_PROTECTED);
    CHECK_EQ(copy(space, JG_COPY_READ, FAR_VA, text, 8), 8);
    CHECK_EQ(jg_aspace_protect(space, FAR_VA, 4096, 0), JG_OK);
    CHECK_EQ(copy(space, JG_COPY_READ, FAR_VA, text, 8), JG_ERR_PROTECTED);
    CHECK_EQ(copy(space, JG_COPY_READ, FAR_VA - 8, text, 8), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(copy(space, JG_COPY_READ, UINT64_MAX - 3, text, 8), JG_ERR_BAD_ADDRESS);
    CHECK(copy(space, JG_COPY_READ, FAR_VA + 4096, (void *)64, 8) < 0);
    CHECK(copy(space, JG_COPY_READ, FAR_VA + 4096, (void *)copy, 8) < 0); /* our text */
    CHECK(copy(space, JG_COPY_WRITE, FAR_VA + 4096, (void *)64, 8) < 0);
    jg_handle_close(space);
}

TEST(fastpath, a_copy_into_a_page_shared_by_a_clone_changes_one_side)
{
    uint64_t value = 1, seen = 0;
    int64_t clone;

    CHECK(space_make(3));
    CHECK_EQ(copy(space, JG_COPY_WRITE, FAR_VA, &value, 8), 8);
    clone = jg_aspace_clone(space);
    CHECK(clone > 0);
    value = 2;
    CHECK_EQ(copy(space, JG_COPY_WRITE, FAR_VA, &value, 8), 8);
    CHECK_EQ(copy((jg_handle_t)clone, JG_COPY_READ, FAR_VA, &seen, 8), 8);
    CHECK_EQ(seen, 1);
    CHECK_EQ(copy(space, JG_COPY_READ, FAR_VA, &seen, 8), 8);
    CHECK_EQ(seen, 2);
    jg_handle_close((jg_handle_t)clone);
    jg_handle_close(space);
}

TEST(fastpath, a_copy_by_a_handle_that_closed_or_is_weaker_fails)
{
    uint64_t value = 3;
    int64_t weak;

    CHECK(space_make(3));
    CHECK_EQ(copy(space, JG_COPY_WRITE, FAR_VA, &value, 8), 8);
    CHECK_EQ(copy(space, JG_COPY_READ, FAR_VA, &value, 8), 8);
    weak = jg_handle_duplicate(space, JG_RIGHT_READ);
    CHECK_EQ(copy((jg_handle_t)weak, JG_COPY_READ, FAR_VA, &value, 8), 8);
    CHECK_EQ(copy((jg_handle_t)weak, JG_COPY_WRITE, FAR_VA, &value, 8), JG_ERR_ACCESS_DENIED);
    jg_handle_close(space);
    CHECK_EQ(copy(space, JG_COPY_READ, FAR_VA, &value, 8), JG_ERR_BAD_HANDLE);
    jg_handle_close((jg_handle_t)weak);
}

static int64_t transfer(uint32_t op, jg_handle_t vmo)
{
    struct jg_transfer t = {.op = op, .aspace = space, .va = FAR_VA, .length = 8, .limit = UINT64_MAX};

    return jg_vmo_transfer(vmo, &t);
}

/* As with copies: what is remembered of both handles ends with them, and does not widen their rights. */
TEST(fastpath, a_transfer_does_not_outlive_the_rights_it_was_found_with)
{
    jg_handle_t vmo = (jg_handle_t)jg_vmo_create(100, 0, JG_HANDLE_NONE);
    int64_t weak = jg_handle_duplicate(vmo, JG_RIGHT_READ);
    uint64_t value = 7;

    CHECK(space_make(3));
    CHECK_EQ(copy(space, JG_COPY_WRITE, FAR_VA, &value, 8), 8);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(transfer(JG_TRANSFER_WRITE, vmo), 8);
        CHECK_EQ(transfer(JG_TRANSFER_READ, vmo), 8);
        CHECK_EQ(transfer(JG_TRANSFER_READ, (jg_handle_t)weak), 8);
        CHECK_EQ(transfer(JG_TRANSFER_WRITE, (jg_handle_t)weak), JG_ERR_ACCESS_DENIED);
    }
    CHECK_EQ(transfer(99, vmo), JG_ERR_INVALID_ARGS);
    jg_handle_close(vmo);
    CHECK_EQ(transfer(JG_TRANSFER_READ, vmo), JG_ERR_BAD_HANDLE);
    CHECK_EQ(transfer(JG_TRANSFER_READ, (jg_handle_t)weak), 8);
    jg_handle_close(space);
    CHECK_EQ(transfer(JG_TRANSFER_READ, (jg_handle_t)weak), JG_ERR_BAD_HANDLE);
    jg_handle_close((jg_handle_t)weak);
}

TEST(fastpath, strings_end_at_their_zero)
{
    char text[300], back[300];

    CHECK(space_make(3));
    for (unsigned n = 0; n < 200; n += 7) {
        memset(text, 'x', sizeof text);
        text[n] = 0;
        CHECK_EQ(copy(space, JG_COPY_WRITE, FAR_VA + 3800, text, 250), 250);
        memset(back, 'y', sizeof back);
        CHECK_EQ(copy(space, JG_COPY_READ | JG_COPY_STRING, FAR_VA + 3800, back, 250), n + 1);
        CHECK(memcmp(back, text, n + 1) == 0);
    }
    text[0] = 'x';
    memset(text, 'x', sizeof text);
    CHECK_EQ(copy(space, JG_COPY_WRITE, FAR_VA + 3800, text, 300), 300);
    CHECK_EQ(copy(space, JG_COPY_READ | JG_COPY_STRING, FAR_VA + 3800, back, 100), 100);
    CHECK_EQ(copy(space, JG_COPY_READ | JG_COPY_STRING, FAR_VA + 3800, back, 300), 300);
    jg_handle_close(space);
}
