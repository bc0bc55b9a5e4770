/*
 * Virtqueues and the pipes on them, against a device that is played by this file on the same rings.
 */
#include <stdlib.h>

#include "pipe_in.h"
#include "pipe_out.h"

#include "tap.h"

#define SLOTS 4u
#define SLOT 8u

/* Physical addresses are offsets into `memory`, plus this. */
#define PHYSICAL 0x100000000ull

static _Alignas(16) uint8_t rings[4096];
static uint8_t memory[SLOTS * SLOT];
static uint16_t doorbell;
static struct virtq q;
static struct pipe_in in;
static struct pipe_out out;
static uint16_t seen; /* the device: entries of the avail ring that it has taken */

static void begin(void)
{
    memset(rings, 0, sizeof rings);
    memset(memory, 0, sizeof memory);
    virtq_init(&q, rings, SLOTS);
    doorbell = 0;
    q.doorbell = &doorbell;
    q.number = 7;
    seen = 0;
}

/* The device: how many buffers it has been given and has not taken. */
static unsigned waiting(void)
{
    return (uint16_t)(q.avail->index - seen);
}

static unsigned next_slot(void)
{
    return q.avail->ring[seen++ % SLOTS];
}

static void finish(unsigned slot, uint32_t length)
{
    q.used->ring[q.used->index % SLOTS].slot = slot;
    q.used->ring[q.used->index % SLOTS].length = length;
    q.used->index++;
}

/* The device writes text into the next buffer. */
static void device_sends(const char *text)
{
    unsigned slot = next_slot();

    memcpy(memory + (q.descriptor[slot].address - PHYSICAL), text, strlen(text));
    finish(slot, (uint32_t)strlen(text));
}

/* The device reads the next buffer, and compares. */
static bool device_gets(const char *text)
{
    unsigned slot = next_slot();
    bool same = q.descriptor[slot].length == strlen(text) &&
                memcmp(memory + (q.descriptor[slot].address - PHYSICAL), text, strlen(text)) == 0;

    finish(slot, 0);
    return same;
}

static bool peeks(const char *text)
{
    const uint8_t *bytes = NULL;
    uint32_t n = pipe_in_peek(&in, &bytes);

    return n == strlen(text) && (n == 0 || memcmp(bytes, text, n) == 0);
}

/* Writes as ops_stream.c does. Returns how many bytes were taken. */
static size_t put(const char *text)
{
    size_t done = 0, n = strlen(text);
    uint32_t room;
    uint8_t *at;

    while (done < n && (room = pipe_out_room(&out, &at)) != 0) {
        uint32_t piece = room < n - done ? room : (uint32_t)(n - done);

        memcpy(at, text + done, piece);
        pipe_out_done(&out, piece);
        done += piece;
    }
    if (done)
        pipe_out_send(&out);
    return done;
}

TEST(rings_do_not_overlap_and_are_aligned)
{
    begin();
    CHECK_EQ((uintptr_t)q.descriptor % 16, 0);
    CHECK_EQ((uintptr_t)q.avail % 2, 0);
    CHECK_EQ((uintptr_t)q.used % 4, 0);
    CHECK((uint8_t *)q.avail >= (uint8_t *)(q.descriptor + SLOTS));
    CHECK((uint8_t *)q.used >= (uint8_t *)&q.avail->ring[SLOTS + 1]);
    CHECK((uint8_t *)&q.used->ring[SLOTS] <= rings + VIRTQ_BYTES(SLOTS));
}

TEST(input_is_read_in_order_and_in_any_pieces)
{
    begin();
    pipe_in_init(&in, &q, memory, PHYSICAL, SLOTS, SLOT);
    CHECK_EQ(doorbell, 7);
    CHECK_EQ(waiting(), SLOTS);
    CHECK(peeks(""));
    device_sends("abcdef");
    device_sends("gh");
    CHECK(peeks("abcdef"));
    pipe_in_done(&in, 2);
    CHECK(peeks("cdef"));
    pipe_in_done(&in, 4);
    CHECK(peeks("gh"));
    pipe_in_done(&in, 2);
    CHECK(peeks(""));
    CHECK_EQ(waiting(), SLOTS);
}

TEST(input_goes_round_many_times)
{
    char text[8];

    begin();
    pipe_in_init(&in, &q, memory, PHYSICAL, SLOTS, SLOT);
    for (unsigned i = 0; i < 70000; i++) {
        snprintf(text, sizeof text, "%u", i);
        device_sends(text);
        CHECK(peeks(text));
        pipe_in_done(&in, (uint32_t)strlen(text));
    }
}

TEST(an_empty_buffer_is_no_end)
{
    begin();
    pipe_in_init(&in, &q, memory, PHYSICAL, SLOTS, SLOT);
    finish(next_slot(), 0);
    device_sends("x");
    CHECK(peeks("x"));
    CHECK_EQ(waiting(), SLOTS - 1);
}

TEST(a_device_that_lies_about_length_gets_no_further_than_the_buffer)
{
    const uint8_t *bytes;

    begin();
    pipe_in_init(&in, &q, memory, PHYSICAL, SLOTS, SLOT);
    finish(next_slot(), 4000000000u);
    CHECK_EQ(pipe_in_peek(&in, &bytes), SLOT);
}

TEST(a_device_that_lies_about_slots_is_ignored)
{
    begin();
    pipe_in_init(&in, &q, memory, PHYSICAL, SLOTS, SLOT);
    finish(99, 4);
    finish(2, 1);
    finish(2, 1); /* not in flight any more */
    CHECK_EQ(pipe_in_ready(&in, false), true);
    pipe_in_done(&in, 1);
    CHECK_EQ(waiting(), SLOTS + 1);
}

TEST(input_interrupts_only_when_wanted)
{
    begin();
    pipe_in_init(&in, &q, memory, PHYSICAL, SLOTS, SLOT);
    CHECK(!pipe_in_ready(&in, false));
    CHECK_EQ(q.avail->flags, 1);
    CHECK(!pipe_in_ready(&in, true));
    CHECK_EQ(q.avail->flags, 0);
}

TEST(a_lone_write_leaves_at_once)
{
    begin();
    pipe_out_init(&out, &q, memory, PHYSICAL, 2, SLOT);
    CHECK(pipe_out_idle(&out));
    CHECK_EQ(put("hi"), 2);
    CHECK_EQ(doorbell, 7);
    CHECK_EQ(waiting(), 1);
    CHECK(!pipe_out_idle(&out));
    CHECK(device_gets("hi"));
    pipe_out_poll(&out, false);
    CHECK(pipe_out_idle(&out));
}

TEST(small_writes_are_gathered_while_the_device_is_busy)
{
    begin();
    pipe_out_init(&out, &q, memory, PHYSICAL, 2, SLOT);
    CHECK_EQ(q.avail->flags, 1);
    put("a");
    put("b");
    put("c");
    CHECK_EQ(waiting(), 1);
    CHECK_EQ(q.avail->flags, 0); /* "bc" waits for the end of "a" */
    CHECK(device_gets("a"));
    pipe_out_poll(&out, false);
    CHECK_EQ(waiting(), 1);
    CHECK(device_gets("bc"));
    pipe_out_poll(&out, false);
    CHECK(pipe_out_idle(&out));
    CHECK_EQ(q.avail->flags, 1);
}

TEST(full_buffers_leave_and_no_more_is_taken)
{
    begin();
    pipe_out_init(&out, &q, memory, PHYSICAL, 2, SLOT);
    CHECK_EQ(put("0123456789abcdefXYZ"), 16);
    CHECK_EQ(waiting(), 2);
    CHECK_EQ(put("X"), 0);
    pipe_out_poll(&out, true);
    CHECK_EQ(q.avail->flags, 0);
    CHECK(device_gets("01234567"));
    CHECK_EQ(put("XYZ"), 3);
    CHECK(device_gets("89abcdef"));
    pipe_out_poll(&out, true);
    CHECK(device_gets("XYZ"));
}

TEST(every_byte_arrives_whatever_the_sizes)
{
    static char sent[100000], got[100000];
    size_t n = 0, at = 0;
    unsigned size = 1;

    begin();
    pipe_out_init(&out, &q, memory, PHYSICAL, 3, SLOT);
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (char)('a' + i % 23);
    while (at < sizeof got - 100) {
        char piece[32] = { 0 };

        size = size % 29 + 1;
        memcpy(piece, sent + n, size);
        n += put(piece);
        if (size % 3 == 0 || put("") == 0) {
            while (waiting() && at < sizeof got - 100) {
                unsigned slot = next_slot();

                memcpy(got + at, memory + (q.descriptor[slot].address - PHYSICAL), q.descriptor[slot].length);
                at += q.descriptor[slot].length;
                finish(slot, 0);
            }
            pipe_out_poll(&out, true);
        }
    }
    CHECK(memcmp(sent, got, at) == 0);
}

TEST(a_pipe_without_a_queue_takes_and_gives_nothing)
{
    uint8_t *at;

    memset(&in, 0, sizeof in);
    memset(&out, 0, sizeof out);
    CHECK_EQ(pipe_out_room(&out, &at), 0);
    CHECK(pipe_out_idle(&out));
    pipe_out_poll(&out, true);
    CHECK(peeks(""));
    CHECK(!pipe_in_ready(&in, true));
    pipe_in_kick(&in);
}

int main(void)
{
    return tap_main();
}
