/* Answers without a server: what the kernel gives from a thread's table, and when it must not. */
#include "test.h"

#define EXIT 60
#define KNOWN 39   /* answered value[0] */
#define OTHER 110  /* answered value[1] */
#define HOLE 50    /* in the table, and not answered */
#define FAR 600    /* beyond */

static volatile uint32_t done, stop;
static volatile int64_t got[8];
static volatile uint32_t counter;
static jg_handle_t port;

static int64_t raw(uint64_t number)
{
    uint64_t rax = number;

    __asm__ volatile("syscall" : "+a"(rax) : "D"(1), "S"(2) : "rcx", "r11", "memory");
    return (int64_t)rax;
}

static int64_t raw80(uint64_t number)
{
    uint64_t rax = number;

    __asm__ volatile("int $0x80" : "+a"(rax) : "b"(1) : "memory");
    return (int64_t)rax;
}

static struct jg_answers table;

static void table_make(void)
{
    memset(&table, 0, sizeof table);
    table.mask = UINT32_MAX;
    table.beyond_from = 512;
    table.beyond = -38;
    table.count = 200;
    table.value[0] = 1234;
    table.value[1] = -5;
    table.which[KNOWN] = 1;
    table.which[OTHER] = 2;
}

/* Each of them once; the server answers number + 1. */
static void some_calls(void *unused)
{
    (void)unused;
    got[0] = raw(KNOWN);
    got[1] = raw(OTHER);
    got[2] = raw(HOLE);
    got[3] = raw(FAR);
    got[4] = raw(300);                    /* past `which`, below beyond_from */
    got[5] = raw(0x100000000ul | KNOWN);  /* the mask takes the upper half away */
    got[6] = raw80(KNOWN);
    got[7] = raw(KNOWN + 64); /* not in the table, though its low bits are */
    raw(EXIT);
}

static void plus_one(void *arg)
{
    struct jg_message reply = {0};
    struct jg_received r = {0};

    while (jg_reply_wait((jg_handle_t)(uintptr_t)arg, r.token, &reply, &r) == JG_OK) {
        if (JG_INFO_KIND(r.info) == JG_KIND_TRAP && r.word[6] == EXIT) {
            r.token = JG_TOKEN_NONE;
            bump(&done);
            continue;
        }
        reply.info = JG_INFO_LABEL(r.info) == JG_TRAP_SYSCALL ? 0 : JG_REPLY_RESUME;
        reply.word[0] = r.word[6] + 1;
    }
}

static bool begin(struct child *c, void (*fn)(void *))
{
    port = (jg_handle_t)jg_port_create();
    done = stop = 0;
    table_make();
    TRY(thread_run(plus_one, (void *)(uintptr_t)port) > 0);
    TRY(child_make_trapped(c, port, 7, fn, NULL));
    return true;
}

static bool run(struct child *c)
{
    TRY(jg_thread_start(c->thread) == JG_OK);
    TRY(wait_change(&done, 0));
    return true;
}

static void end(struct child *c)
{
    child_end(c);
    jg_handle_close(port);
}

TEST(answers, come_from_the_table_and_hits_are_counted)
{
    struct jg_info_answers info;
    struct child c;

    CHECK(begin(&c, some_calls));
    CHECK_EQ(jg_thread_set_answers(c.thread, JG_ENTRY_SYSCALL, &table), JG_OK);
    CHECK(run(&c));
    CHECK_EQ(got[0], 1234);
    CHECK_EQ(got[1], -5);
    CHECK_EQ(got[2], HOLE + 1);
    CHECK_EQ(got[3], -38);
    CHECK_EQ(got[4], 301);
    CHECK_EQ(got[5], 1234);
    CHECK_EQ(got[7], KNOWN + 65);
    CHECK_EQ(got[6], KNOWN + 1); /* int 0x80 has a table of its own */
    CHECK_EQ(jg_object_info(c.thread, JG_INFO_ANSWERS, &info, sizeof info), sizeof info);
    CHECK_EQ(info.hits[JG_ENTRY_SYSCALL][0], 2);
    CHECK_EQ(info.hits[JG_ENTRY_SYSCALL][1], 1);
    CHECK_EQ(info.beyond[JG_ENTRY_SYSCALL], 1);
    CHECK_EQ(info.beyond[JG_ENTRY_INT80], 0);
    end(&c);
}

TEST(answers, int_0x80_has_a_table_of_its_own)
{
    struct jg_info_answers info;
    struct child c;

    CHECK(begin(&c, some_calls));
    CHECK_EQ(jg_thread_set_answers(c.thread, JG_ENTRY_INT80, &table), JG_OK);
    CHECK(run(&c));
    CHECK_EQ(got[0], KNOWN + 1);
    CHECK_EQ(got[6], 1234);
    CHECK_EQ(jg_object_info(c.thread, JG_INFO_ANSWERS, &info, sizeof info), sizeof info);
    CHECK_EQ(info.hits[JG_ENTRY_INT80][0], 1);
    CHECK_EQ(info.hits[JG_ENTRY_SYSCALL][0], 0);
    end(&c);
}

TEST(answers, are_ignored_while_two_levels_are_there)
{
    struct jg_info_answers info;
    struct child c;

    CHECK(begin(&c, some_calls));
    CHECK_EQ(jg_thread_set_answers(c.thread, JG_ENTRY_SYSCALL, &table), JG_OK);
    CHECK_EQ(jg_thread_set_level(c.thread, port, 8), JG_OK);
    CHECK(run(&c));
    CHECK_EQ(got[0], KNOWN + 1);
    CHECK_EQ(got[3], FAR + 1);
    CHECK_EQ(jg_object_info(c.thread, JG_INFO_ANSWERS, &info, sizeof info), sizeof info);
    CHECK_EQ(info.hits[JG_ENTRY_SYSCALL][0], 0);
    end(&c);
}

TEST(answers, are_not_inherited)
{
    struct child c, d;
    struct jg_received r;
    int64_t thread;

    port = (jg_handle_t)jg_port_create();
    table_make();
    CHECK(child_make_trapped(&c, port, 7, some_calls, NULL));
    table.which[KNOWN] = 0; /* so that the first call arrives */
    CHECK_EQ(jg_thread_set_answers(c.thread, JG_ENTRY_SYSCALL, &table), JG_OK);
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(r.word[6], KNOWN);
    thread = jg_thread_create(c.process, c.thread, JG_THREAD_COPY_STATE);
    CHECK(thread > 0);
    CHECK_EQ(jg_thread_set_answer((jg_handle_t)thread, JG_ENTRY_SYSCALL, 0, 1), JG_ERR_NOT_FOUND);
    jg_handle_close((jg_handle_t)thread);
    child_end(&c);
    CHECK(child_make(&d, my_job, some_calls, NULL));
    CHECK_EQ(jg_thread_set_answer(d.thread, JG_ENTRY_SYSCALL, 0, 1), JG_ERR_NOT_FOUND);
    child_end(&d);
    jg_handle_close(port);
}

/* Counts what it is told, until told -1; notes whether a value ever came back. */
static void watcher(void *unused)
{
    int64_t last = 0;

    (void)unused;
    for (;;) {
        int64_t now_ = raw(KNOWN);

        counter++;
        if (now_ < 0)
            break;
        if (now_ < last)
            got[0]++;
        last = now_;
    }
    raw(EXIT);
}

TEST(answers, a_changed_value_is_seen_by_a_running_thread)
{
    struct child c;

    got[0] = 0;
    CHECK(begin(&c, watcher));
    CHECK_EQ(jg_thread_set_answers(c.thread, JG_ENTRY_SYSCALL, &table), JG_OK);
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    for (int64_t i = 2000; i < 2020; i++) {
        CHECK(wait_run(&counter));
        CHECK_EQ(jg_thread_set_answer(c.thread, JG_ENTRY_SYSCALL, 0, i), JG_OK);
    }
    CHECK_EQ(jg_thread_set_answer(c.thread, JG_ENTRY_SYSCALL, 0, -1), JG_OK);
    CHECK(wait_change(&done, 0));
    CHECK_EQ(got[0], 0);
    end(&c);
}

static void spin(void *unused)
{
    (void)unused;
    while (!stop) {
        if (raw(KNOWN) != 1234)
            got[0]++;
        counter++;
    }
    raw(EXIT);
}

/* Kicks that come while it makes answered calls only: each is delivered, and no answer is lost. */
TEST(answers, a_kick_is_delivered_on_the_way_out)
{
    struct jg_received r;
    struct child c;

    port = (jg_handle_t)jg_port_create();
    done = stop = 0;
    got[0] = 0;
    table_make();
    CHECK(child_make_trapped(&c, port, 7, spin, NULL));
    CHECK_EQ(jg_thread_set_answers(c.thread, JG_ENTRY_SYSCALL, &table), JG_OK);
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    for (unsigned i = 0; i < 100; i++) {
        if (i % 10 == 0)
            CHECK(wait_run(&counter));
        CHECK_EQ(jg_thread_kick(c.thread), JG_OK);
        CHECK_EQ(receive(port, &r), JG_OK);
        CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_KICK);
        CHECK_EQ(reply_flags(r.token, JG_REPLY_RESUME), JG_OK);
    }
    stop = 1;
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(r.word[6], EXIT);
    CHECK_EQ(got[0], 0);
    end(&c);
}

static uint64_t objects(void)
{
    struct jg_info_job info = {0};

    jg_object_info(my_job, JG_INFO_JOB, &info, sizeof info);
    return info.objects;
}

TEST(answers, can_be_replaced_and_taken_away_and_cost_one_object)
{
    uint64_t before;
    struct child c;

    CHECK(begin(&c, some_calls));
    before = objects();
    CHECK_EQ(jg_thread_set_answers(c.thread, JG_ENTRY_SYSCALL, &table), JG_OK);
    table.value[0] = 99;
    CHECK_EQ(jg_thread_set_answers(c.thread, JG_ENTRY_SYSCALL, &table), JG_OK);
    CHECK_EQ(objects(), before + 1);
    CHECK_EQ(jg_thread_set_answers(c.thread, JG_ENTRY_SYSCALL, NULL), JG_OK);
    CHECK_EQ(objects(), before);
    CHECK_EQ(jg_thread_set_answers(c.thread, JG_ENTRY_SYSCALL, NULL), JG_OK);
    CHECK_EQ(jg_thread_set_answers(c.thread, JG_ENTRY_SYSCALL, &table), JG_OK);
    CHECK(run(&c));
    CHECK_EQ(got[0], 99);
    end(&c);
    CHECK(objects() < before);
}

TEST(answers, refuse_what_is_wrong_and_keep_what_was)
{
    struct child c;
    int64_t weak;

    CHECK(begin(&c, some_calls));
    CHECK_EQ(jg_thread_set_answers(c.thread, JG_ENTRY_SYSCALL, &table), JG_OK);
    CHECK_EQ(jg_thread_set_answers(c.thread, JG_ENTRIES, &table), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_thread_set_answers(c.thread, 0, (struct jg_answers *)8), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_thread_set_answers(port, 0, &table), JG_ERR_WRONG_TYPE);
    weak = jg_handle_duplicate(c.thread, JG_RIGHT_INSPECT);
    CHECK(weak > 0);
    CHECK_EQ(jg_thread_set_answers((jg_handle_t)weak, 0, &table), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_thread_set_answer((jg_handle_t)weak, 0, 0, 1), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_thread_set_answer(c.thread, 0, JG_ANSWERS_VALUES, 1), JG_ERR_OUT_OF_RANGE);
    table.count = JG_ANSWERS_NUMBERS + 1;
    CHECK_EQ(jg_thread_set_answers(c.thread, 0, &table), JG_ERR_INVALID_ARGS);
    table.count = 200;
    table.which[3] = JG_ANSWERS_VALUES + 1;
    CHECK_EQ(jg_thread_set_answers(c.thread, 0, &table), JG_ERR_INVALID_ARGS);
    table.which[3] = 0;
    table.zero = 1;
    CHECK_EQ(jg_thread_set_answers(c.thread, 0, &table), JG_ERR_INVALID_ARGS);
    CHECK(run(&c));
    CHECK_EQ(got[0], 1234);
    jg_task_kill(c.process, 0);
    table.zero = 0;
    CHECK_EQ(jg_thread_set_answers(c.thread, 0, &table), JG_ERR_BAD_STATE);
    CHECK_EQ(jg_thread_set_answer(c.thread, 0, 0, 1), JG_ERR_NOT_FOUND);
    jg_handle_close((jg_handle_t)weak);
    end(&c);
}

TEST(answers, a_quota_stops_them)
{
    struct jg_info_job use;
    struct child c;

    CHECK(begin(&c, some_calls));
    CHECK_EQ(jg_object_info(my_job, JG_INFO_JOB, &use, sizeof use), sizeof use);
    CHECK_EQ(jg_job_set(my_job, JG_JOB_QUOTA_OBJECTS, use.objects), JG_OK);
    CHECK_EQ(jg_thread_set_answers(c.thread, 0, &table), JG_ERR_QUOTA);
    CHECK_EQ(jg_job_set(my_job, JG_JOB_QUOTA_OBJECTS, use.objects + 1), JG_OK);
    CHECK_EQ(jg_thread_set_answers(c.thread, 0, &table), JG_OK);
    CHECK_EQ(jg_thread_set_answers(c.thread, 0, &table), JG_OK);
    CHECK_EQ(jg_thread_set_answers(c.thread, 1, &table), JG_ERR_QUOTA);
    end(&c);
}
