/*
 * What a call between two processes costs: 8 words there and back, and a trap's round trip.
 * Each is taken as the least of several runs, for ./jargoon bench ipc.
 */
#include "test.h"
#include "../callpath/mark.h"
#include <jg/rt/log.h>

enum { CALLS = 400, RUNS = 150 };

static jg_handle_t port, end[2];
static struct jg_message m; /* in memory: its words are loaded and stored for each call */

/* Runs in an address space of its own; handles have other numbers in its process. Its reply is what came. */
static void server(void *arg)
{
    static struct {
        uint64_t key;
        jg_token_t token;
        struct jg_message m;
    } r;
    struct jg_received *in = (struct jg_received *)&r;

    _Static_assert(sizeof r == sizeof *in, "the words stand at the same place");
    while (jg_reply_wait((jg_handle_t)(uintptr_t)arg, r.token, &r.m, in) == JG_OK)
        r.m.info = 0;
}

static jg_time_t calls(void)
{
    jg_time_t begin = now();

    m = (struct jg_message){.word = {1, 2, 3, 4, 5, 6, 7, 8}};

    for (unsigned i = 0; i < CALLS; i++)
        if (jg_channel_call(end[0], &m, NULL) != JG_OK)
            return -1;
    return now() - begin;
}

TEST(ipc, eight_words_between_two_processes)
{
    jg_time_t least = INT64_MAX;
    struct child c;
    int64_t as, given;

    port = (jg_handle_t)jg_port_create();
    CHECK_EQ(jg_channel_create(end), JG_OK);
    CHECK_EQ(jg_channel_bind(end[1], port, 1), JG_OK);
    CHECK(child_make(&c, my_job, server, NULL));
    given = jg_process_give(c.process, port, JG_RIGHTS_SAME);
    CHECK(given > 0);
    jg_handle_close(c.thread);
    int64_t thread = thread_make(c.process, c.stack, server, (void *)(uintptr_t)given);
    CHECK(thread > 0);
    c.thread = (jg_handle_t)thread;
    CHECK((as = jg_aspace_clone(my_aspace)) > 0);
    CHECK_EQ(jg_process_set_aspace(c.process, (jg_handle_t)as), JG_OK);
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    sleep_ms(1);
    for (unsigned i = 0; i < RUNS; i++) {
        jg_time_t took = calls();
        CHECK(took >= 0);
        if (took < least)
            least = took;
    }
    /* For tests/callpath, which counts what these touch. */
    MARK(MARK_BEGIN);
    for (unsigned i = 0; i < 8; i++)
        jg_channel_call(end[0], &m, NULL);
    MARK(MARK_END);
    rt_log("# ipc call_8_words %u %lu", CALLS, (unsigned long)least);
    child_end(&c);
    jg_handle_close((jg_handle_t)as);
    jg_handle_close(end[0]);
    jg_handle_close(end[1]);
    jg_handle_close(port);
}
