/* What calls carry beyond registers: windows and handles. */
#include "test.h"

static jg_handle_t port, end[2];
static volatile uint32_t done;
static struct jg_call_ext ext;
static struct jg_message message;
static volatile jg_status_t status;
static char in_data[10000], out_data[10000], scratch[10000];

static void caller(void *unused)
{
    (void)unused;
    status = jg_channel_call(end[0], &message, &ext);
    bump(&done);
}

/* Makes the call on another thread and receives it. */
static bool begin(struct jg_received *r)
{
    port = (jg_handle_t)jg_port_create();
    TRY(jg_channel_create(end) == JG_OK);
    TRY(jg_channel_bind(end[1], port, 1) == JG_OK);
    done = 0;
    message = (struct jg_message){.info = 5};
    jg_handle_close((jg_handle_t)thread_run(caller, NULL));
    TRY(receive(port, r) == JG_OK);
    return true;
}

/* Answers it and closes everything. */
static bool finish(struct jg_received *r)
{
    TRY(reply_word(r->token, 0) == JG_OK);
    TRY(wait_change(&done, 0));
    jg_handle_close(end[0]);
    jg_handle_close(end[1]);
    jg_handle_close(port);
    return true;
}

TEST(message, windows_are_read_and_written)
{
    struct jg_received r;

    for (unsigned i = 0; i < sizeof(in_data); i++)
        in_data[i] = (char)(i * 7);
    memset(out_data, 0, sizeof(out_data));
    ext = (struct jg_call_ext){(uintptr_t)in_data, sizeof(in_data), (uintptr_t)out_data,
                               sizeof(out_data)};
    CHECK(begin(&r));
    CHECK(r.info & JG_CALL_EXTENDED);
    CHECK(!(r.info & JG_CALL_EXT_HANDLES));
    CHECK_EQ(jg_call_read(r.token, 0, scratch, sizeof(scratch)), JG_OK);
    CHECK_EQ(memcmp(scratch, in_data, sizeof(scratch)), 0);
    CHECK_EQ(jg_call_read(r.token, 4095, scratch, 3), JG_OK);
    CHECK_EQ(memcmp(scratch, in_data + 4095, 3), 0);
    CHECK_EQ(jg_call_write(r.token, 1, in_data, sizeof(out_data) - 1), JG_OK);
    CHECK_EQ(memcmp(out_data + 1, in_data, sizeof(out_data) - 1), 0);
    CHECK_EQ(out_data[0], 0);
    CHECK(finish(&r));
    CHECK_EQ(status, JG_OK);
}

TEST(message, windows_have_bounds)
{
    struct jg_received r;

    ext = (struct jg_call_ext){(uintptr_t)in_data, 100, (uintptr_t)out_data, 50};
    CHECK(begin(&r));
    CHECK_EQ(jg_call_read(r.token, 0, scratch, 101), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_call_read(r.token, 100, scratch, 1), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_call_read(r.token, 100, scratch, 0), JG_OK);
    CHECK_EQ(jg_call_read(r.token, ~0ull, scratch, 2), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_call_read(r.token, 2, scratch, ~0ull), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_call_write(r.token, 0, scratch, 51), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_call_write(r.token, 0, scratch, 50), JG_OK);
    CHECK_EQ(jg_call_read(r.token, 0, (void *)64, 8), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_call_read(r.token, 0, (void *)0xffff800000001000, 8), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_call_write(r.token, 0, (void *)64, 8), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_call_read(r.token + (1 << 20), 0, scratch, 1), JG_ERR_BAD_TOKEN);
    CHECK(finish(&r));
    CHECK(jg_call_read(r.token, 0, scratch, 1) != JG_OK);
}

TEST(message, a_window_into_nothing_is_the_callers_fault)
{
    struct jg_received r;

    ext = (struct jg_call_ext){4096, 100, 4096, 100};
    CHECK(begin(&r));
    CHECK_EQ(jg_call_read(r.token, 0, scratch, 10), JG_ERR_PEER_CLOSED);
    CHECK_EQ(jg_call_write(r.token, 0, scratch, 10), JG_ERR_PEER_CLOSED);
    CHECK(finish(&r));
    /* Windows over the end of user space, or around it. */
    ext = (struct jg_call_ext){JG_USER_TOP - 8, 100, 0xffff800000000000, 100};
    CHECK(begin(&r));
    CHECK_EQ(jg_call_read(r.token, 0, scratch, 100), JG_ERR_PEER_CLOSED);
    CHECK_EQ(jg_call_write(r.token, 0, scratch, 10), JG_ERR_PEER_CLOSED);
    CHECK(finish(&r));
}

TEST(message, a_call_without_windows_has_none)
{
    struct jg_received r;

    ext = (struct jg_call_ext){0};
    CHECK(begin(&r));
    CHECK_EQ(jg_call_read(r.token, 0, scratch, 0), JG_OK);
    CHECK_EQ(jg_call_read(r.token, 0, scratch, 1), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_call_write(r.token, 0, scratch, 1), JG_ERR_OUT_OF_RANGE);
    CHECK(finish(&r));
}

TEST(message, handles_travel_with_a_call)
{
    struct jg_received r;
    struct jg_handle_received got[4];
    jg_handle_t vmo = (jg_handle_t)jg_vmo_create(123, 0, 0), p = (jg_handle_t)jg_port_create();

    ext = (struct jg_call_ext){
        .send = {{vmo, JG_RIGHT_READ | JG_RIGHT_TRANSFER}, {p, JG_RIGHTS_SAME}}, .send_count = 2};
    CHECK(begin(&r));
    CHECK(r.info & JG_CALL_EXT_HANDLES);
    CHECK_EQ(handle_type(vmo), 0);
    CHECK_EQ(handle_type(p), 0);
    CHECK_EQ(jg_call_take(r.token, (void *)8, 4), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_call_take(r.token, got, 1), 1);
    CHECK_EQ(got[0].type, JG_TYPE_VMO);
    CHECK_EQ(got[0].rights, JG_RIGHT_READ | JG_RIGHT_TRANSFER);
    CHECK_EQ(jg_vmo_set_size(got[0].handle, 0), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_call_take(r.token, got + 1, 4), 1);
    CHECK_EQ(got[1].type, JG_TYPE_PORT);
    CHECK_EQ(jg_call_take(r.token, got + 2, 4), 0);
    CHECK(finish(&r));
    CHECK_EQ(jg_handle_close(got[0].handle), JG_OK);
    CHECK_EQ(jg_handle_close(got[1].handle), JG_OK);
    CHECK(jg_call_take(r.token, got, 1) < 0);
}

TEST(message, handles_that_nobody_takes_are_closed)
{
    struct jg_received r, closed;
    jg_handle_t e[2], p = (jg_handle_t)jg_port_create();

    jg_channel_create(e);
    jg_channel_bind(e[1], p, 3);
    ext = (struct jg_call_ext){.send = {{e[0], JG_RIGHTS_SAME}}, .send_count = 1};
    CHECK(begin(&r));
    CHECK_EQ(poll_port(p, &closed), JG_ERR_WOULD_BLOCK);
    CHECK(finish(&r));
    CHECK_EQ(poll_port(p, &closed), JG_OK);
    CHECK_EQ(JG_INFO_KIND(closed.info), JG_KIND_CLOSED);
    jg_handle_close(e[1]);
    jg_handle_close(p);
}

/* A call that fails on the spot, with a handle in it: the handle is closed all the same. */
static bool fails_with(jg_status_t wanted, struct jg_handle_send send)
{
    struct jg_call_ext x = {.send = {send}, .send_count = 1};
    struct jg_message m = {0};
    jg_handle_t e[2], p = (jg_handle_t)jg_port_create();

    TRY(jg_channel_create(e) == JG_OK);
    if (wanted != JG_ERR_BAD_STATE)
        TRY(jg_channel_bind(e[1], p, 1) == JG_OK);
    if (wanted == JG_ERR_PEER_CLOSED)
        jg_handle_close(e[1]);
    TRY(jg_channel_call(e[0], &m, &x) == wanted);
    TRY(handle_type(send.handle) == 0);
    jg_handle_close(e[0]);
    jg_handle_close(e[1]);
    jg_handle_close(p);
    return true;
}

TEST(message, a_failed_call_closes_what_it_was_to_send)
{
    jg_handle_t p = (jg_handle_t)jg_port_create();
    jg_handle_t kept = (jg_handle_t)jg_handle_duplicate(p, JG_RIGHT_WAIT);
    struct jg_message m = {0};
    struct jg_call_ext x = {.send_count = 5};

    CHECK(fails_with(JG_ERR_BAD_STATE, (struct jg_handle_send){p, JG_RIGHTS_SAME}));
    p = (jg_handle_t)jg_port_create();
    CHECK(fails_with(JG_ERR_PEER_CLOSED, (struct jg_handle_send){p, JG_RIGHTS_SAME}));
    CHECK(fails_with(JG_ERR_ACCESS_DENIED, (struct jg_handle_send){kept, JG_RIGHTS_SAME}));
    p = (jg_handle_t)jg_port_create();
    CHECK(fails_with(JG_ERR_ACCESS_DENIED, (struct jg_handle_send){p, JG_RIGHT_CALL}));
    CHECK(fails_with(JG_ERR_BAD_HANDLE, (struct jg_handle_send){p, JG_RIGHTS_SAME}));
    CHECK_EQ(jg_channel_call(1, &m, &x), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_channel_call(1, &m, (struct jg_call_ext *)64), JG_ERR_BAD_ADDRESS);
}

TEST(message, handles_travel_with_a_reply)
{
    struct jg_received r;
    jg_handle_t vmo = (jg_handle_t)jg_vmo_create(7, 0, 0), p = (jg_handle_t)jg_port_create();
    struct jg_handle_send send[2] = {{vmo, JG_RIGHT_READ | JG_RIGHT_INSPECT}, {p, JG_RIGHTS_SAME}};

    ext = (struct jg_call_ext){.received_count = 4};
    CHECK(begin(&r));
    CHECK_EQ(jg_call_give(r.token, send, 2), JG_OK);
    CHECK_EQ(handle_type(vmo), 0);
    CHECK(finish(&r));
    CHECK_EQ(status, JG_OK);
    CHECK_EQ(ext.received_count, 2);
    CHECK_EQ(ext.received[0].type, JG_TYPE_VMO);
    CHECK_EQ(ext.received[0].rights, JG_RIGHT_READ | JG_RIGHT_INSPECT);
    CHECK_EQ(handle_type(ext.received[0].handle), JG_TYPE_VMO);
    CHECK_EQ(ext.received[1].type, JG_TYPE_PORT);
    CHECK_EQ(jg_handle_close(ext.received[0].handle), JG_OK);
    CHECK_EQ(jg_handle_close(ext.received[1].handle), JG_OK);
}

TEST(message, a_reply_without_handles_says_none)
{
    struct jg_received r;

    ext = (struct jg_call_ext){.received_count = 3};
    CHECK(begin(&r));
    CHECK(finish(&r));
    CHECK_EQ(status, JG_OK);
    CHECK_EQ(ext.received_count, 0);
}

TEST(message, give_errors_still_take_the_handles)
{
    struct jg_received r;
    struct jg_handle_send send[2];

    ext = (struct jg_call_ext){.received_count = 1};
    CHECK(begin(&r));
    send[0] = (struct jg_handle_send){(jg_handle_t)jg_port_create(), JG_RIGHTS_SAME};
    send[1] = (struct jg_handle_send){(jg_handle_t)jg_port_create(), JG_RIGHTS_SAME};
    CHECK_EQ(jg_call_give(r.token, send, 2), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(handle_type(send[0].handle), 0);
    CHECK_EQ(handle_type(send[1].handle), 0);
    CHECK_EQ(jg_call_give(r.token, send, 1), JG_ERR_BAD_HANDLE);
    CHECK_EQ(jg_call_give(r.token, (void *)8, 1), JG_ERR_BAD_ADDRESS);
    send[0].handle = (jg_handle_t)jg_port_create();
    CHECK_EQ(jg_call_give(r.token + (1 << 20), send, 1), JG_ERR_BAD_TOKEN);
    CHECK_EQ(handle_type(send[0].handle), 0);
    send[0].handle = (jg_handle_t)jg_port_create();
    CHECK_EQ(jg_call_give(r.token, send, 1), JG_OK);
    send[0].handle = (jg_handle_t)jg_port_create();
    CHECK_EQ(jg_call_give(r.token, send, 1), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(handle_type(send[0].handle), 0);
    CHECK(finish(&r));
    CHECK_EQ(ext.received_count, 1);
    jg_handle_close(ext.received[0].handle);
}

TEST(message, a_thousand_round_trips_with_handles_leak_none)
{
    struct jg_info_job before, after;
    struct jg_received r;
    struct jg_handle_received got[4];
    struct jg_handle_send send;

    job_use(&before);
    for (unsigned i = 0; i < 1000; i++) {
        ext = (struct jg_call_ext){.send = {{(jg_handle_t)jg_port_create(), JG_RIGHTS_SAME}},
                                   .send_count = 1,
                                   .received_count = 1};
        port = (jg_handle_t)jg_port_create();
        CHECK_EQ(jg_channel_create(end), JG_OK);
        jg_channel_bind(end[1], port, 1);
        if (i % 50 == 0) { /* the rest goes through this thread alone */
            done = 0;
            jg_handle_t t = (jg_handle_t)thread_run(caller, NULL);
            CHECK_EQ(receive(port, &r), JG_OK);
            CHECK_EQ(jg_call_take(r.token, got, 4), 1);
            send = (struct jg_handle_send){got[0].handle, JG_RIGHTS_SAME};
            CHECK_EQ(jg_call_give(r.token, &send, 1), JG_OK);
            CHECK_EQ(reply_word(r.token, 0), JG_OK);
            CHECK(wait_change(&done, 0));
            CHECK_EQ(jg_handle_close(ext.received[0].handle), JG_OK);
            jg_handle_close(t);
        } else {
            jg_handle_close(end[1]);
            CHECK_EQ(jg_channel_call(end[0], &message, &ext), JG_ERR_PEER_CLOSED);
        }
        jg_handle_close(end[0]);
        jg_handle_close(end[1]);
        jg_handle_close(port);
    }
    quiet();
    job_use(&after);
    CHECK_EQ(after.handles, before.handles);
    CHECK_EQ(after.objects, before.objects);
}
