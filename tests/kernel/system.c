/* The machine: resources, ports, interrupts, log, randomness, time, power. */
#include "test.h"

TEST(resource, only_gets_smaller)
{
    jg_handle_t ports = (jg_handle_t)jg_resource_create(my_resource, JG_RESOURCE_PORTS, 0x70, 2);
    jg_handle_t one, weak;

    CHECK((int32_t)ports > 0);
    one = (jg_handle_t)jg_resource_create(ports, JG_RESOURCE_PORTS, 0x71, 1);
    CHECK((int32_t)one > 0);
    CHECK_EQ(jg_resource_create(one, JG_RESOURCE_PORTS, 0x70, 2), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_resource_create(ports, JG_RESOURCE_PORTS, 0x70, ~0ull), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_resource_create(ports, JG_RESOURCE_LOG, 0, 0), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_resource_create(ports, JG_RESOURCE_ROOT, 0, 0), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_resource_create(my_resource, 99, 0, 0), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_resource_create(my_job, JG_RESOURCE_LOG, 0, 0), JG_ERR_WRONG_TYPE);
    weak = (jg_handle_t)jg_handle_duplicate(ports, JG_RIGHT_INSPECT);
    CHECK_EQ(jg_resource_create(weak, JG_RESOURCE_PORTS, 0x70, 1), JG_ERR_ACCESS_DENIED);
    jg_handle_close(weak);
    jg_handle_close(one);
    jg_handle_close(ports);
}

TEST(port_io, is_checked_before_the_first_access)
{
    jg_handle_t rtc = (jg_handle_t)jg_resource_create(my_resource, JG_RESOURCE_PORTS, 0x70, 2);
    struct jg_port_io v[17] = {{0x70, 1, 1, 10}, {0x71, 1, 0, 0xffff}};

    CHECK_EQ(jg_port_io(rtc, v, 2), JG_OK);
    CHECK(v[1].value <= 0xff);
    v[1].port = 0x72;
    CHECK_EQ(jg_port_io(rtc, v, 2), JG_ERR_OUT_OF_RANGE);
    v[1] = (struct jg_port_io){0x71, 2, 0, 0};
    CHECK_EQ(jg_port_io(rtc, v, 2), JG_ERR_OUT_OF_RANGE);
    v[1] = (struct jg_port_io){0x71, 3, 0, 0};
    CHECK_EQ(jg_port_io(rtc, v, 2), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_port_io(rtc, v, 17), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_port_io(rtc, (void *)8, 2), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_port_io(my_job, v, 1), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_port_io(rtc, v, 0), JG_OK);
    jg_handle_close(rtc);
}

/* The real-time clock's periodic interrupt: line 8, rearmed by reading register C. */
static uint32_t cmos(uint8_t index, int write, uint8_t value)
{
    struct jg_port_io v[2] = {{0x70, 1, 1, index}, {0x71, 1, (uint8_t)write, value}};

    jg_port_io(my_resource, v, 2);
    return v[1].value;
}

TEST(interrupt, is_delivered_once_until_acknowledged)
{
    jg_handle_t port = (jg_handle_t)jg_port_create(), h;
    struct jg_interrupt i = {.line = 8};
    struct jg_received r;
    uint8_t b = (uint8_t)cmos(11, 0, 0);

    h = (jg_handle_t)jg_interrupt_create(my_resource, &i, port, 88);
    CHECK((int32_t)h > 0);
    CHECK_EQ(jg_interrupt_create(my_resource, &i, port, 89), JG_ERR_EXISTS);
    cmos(12, 0, 0);
    cmos(11, 1, b | 0x40);
    for (unsigned n = 0; n < 3; n++) {
        CHECK_EQ(receive(port, &r), JG_OK);
        CHECK_EQ(JG_INFO_KIND(r.info), JG_KIND_INTERRUPT);
        CHECK_EQ(r.key, 88);
        cmos(12, 0, 0);
        sleep_ms(5);
        CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK); /* masked */
        CHECK_EQ(jg_interrupt_ack(h), JG_OK);
        cmos(12, 0, 0);
    }
    cmos(11, 1, b);
    CHECK_EQ(jg_interrupt_ack(port), JG_ERR_WRONG_TYPE);
    jg_handle_close(h);
    h = (jg_handle_t)jg_interrupt_create(my_resource, &i, port, 90); /* given back */
    CHECK((int32_t)h > 0);
    jg_handle_close(h);
    jg_handle_close(port);
}

TEST(interrupt, errors_and_messages)
{
    jg_handle_t port = (jg_handle_t)jg_port_create(), h;
    jg_handle_t irq4 = (jg_handle_t)jg_resource_create(my_resource, JG_RESOURCE_IRQ, 4, 1);
    jg_handle_t messages = (jg_handle_t)jg_resource_create(my_resource, JG_RESOURCE_IRQ, 0, 0);
    struct jg_interrupt i = {.line = 5};

    CHECK_EQ(jg_interrupt_create(irq4, &i, port, 1), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_interrupt_create(messages, &i, port, 1), JG_ERR_OUT_OF_RANGE);
    i.line = 100000;
    CHECK_EQ(jg_interrupt_create(my_resource, &i, port, 1), JG_ERR_NOT_FOUND);
    CHECK_EQ(jg_interrupt_create(my_resource, &i, my_job, 1), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_interrupt_create(my_resource, (void *)8, port, 1), JG_ERR_BAD_ADDRESS);
    i = (struct jg_interrupt){.flags = 0x80};
    CHECK_EQ(jg_interrupt_create(my_resource, &i, port, 1), JG_ERR_INVALID_ARGS);
    i = (struct jg_interrupt){.flags = JG_INTERRUPT_MESSAGE};
    h = (jg_handle_t)jg_interrupt_create(messages, &i, port, 1);
    CHECK((int32_t)h > 0);
    CHECK(i.message_address != 0);
    CHECK_EQ(jg_interrupt_ack(h), JG_OK);
    jg_handle_close(h);
    jg_handle_close(messages);
    jg_handle_close(irq4);
    jg_handle_close(port);
}

static bool contains(const char *text, size_t size, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i + n <= size; i++)
        if (memcmp(text + i, word, n) == 0)
            return true;
    return false;
}

TEST(log, what_is_written_can_be_read_from_a_cursor)
{
    static char text[65536];
    jg_handle_t log = (jg_handle_t)jg_resource_create(my_resource, JG_RESOURCE_LOG, 0, 0);
    uint64_t cursor = 0;
    int64_t n;

    while ((n = jg_log_read(log, &cursor, text, sizeof(text))) > 0)
        ;
    CHECK_EQ(n, 0);
    CHECK_EQ(jg_log_write("# a line for the log", 20), JG_OK);
    n = jg_log_read(log, &cursor, text, sizeof(text));
    CHECK(n > 20);
    CHECK(contains(text, (size_t)n, "init: # a line for the log\n"));
    CHECK_EQ(jg_log_read(log, &cursor, text, sizeof(text)), 0);
    CHECK_EQ(jg_log_write((char *)8, 10), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_log_read(log, (uint64_t *)8, text, 10), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_log_read(my_job, &cursor, text, 10), JG_ERR_WRONG_TYPE);
    cursor = 0;
    CHECK_EQ(jg_log_read(log, &cursor, (char *)8, 10), JG_ERR_BAD_ADDRESS);
    cursor = ~0ull; /* from nowhere: jumps to the oldest byte */
    CHECK(jg_log_read(log, &cursor, text, 10) == 10);
    jg_handle_close(log);
}

TEST(random, fills_and_differs)
{
    uint8_t a[256] = {0}, b[256] = {0};

    CHECK_EQ(jg_random(a, 256), JG_OK);
    CHECK_EQ(jg_random(b, 256), JG_OK);
    CHECK(memcmp(a, b, 256) != 0);
    CHECK_EQ(jg_random(a, 257), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_random((void *)8, 8), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_random(a, 0), JG_OK);
}

TEST(power, needs_its_resource)
{
    jg_handle_t log = (jg_handle_t)jg_resource_create(my_resource, JG_RESOURCE_LOG, 0, 0);

    CHECK_EQ(jg_system_power(log, JG_POWER_OFF), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_system_power(my_job, JG_POWER_OFF), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_system_power(my_resource, 99), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_system_power(313131, JG_POWER_OFF), JG_ERR_BAD_HANDLE);
    jg_handle_close(log);
}

TEST(time, the_page_goes_forwards_and_is_read_only)
{
    const struct jg_time_page *page = (const void *)JG_TIME_PAGE;
    jg_time_t last = now();
    struct jg_info_system info;

    for (unsigned i = 0; i < 10000; i++) {
        jg_time_t t = now();

        CHECK(t >= last);
        last = t;
    }
    CHECK(page->wall_offset > 1600000000000000000);
    CHECK_EQ(jg_object_info(0, JG_INFO_SYSTEM, &info, sizeof(info)), sizeof(info));
    CHECK_EQ(info.boot_wall_ns, page->wall_offset);
    CHECK_EQ(jg_random((void *)JG_TIME_PAGE, 8), JG_ERR_BAD_ADDRESS);
    CHECK(info.cpus == 1);
    CHECK(info.free_frames < info.total_frames);
    CHECK(info.vmo_frames > 0 && info.vmo_frames < info.total_frames);
}

TEST(system, a_dump_prints_every_thread)
{
    static char text[65536];
    uint64_t cursor = 0;
    int64_t n;

    while (jg_log_read(my_resource, &cursor, text, sizeof(text)) > 0)
        ;
    CHECK_EQ(jg_debug_dump(), JG_OK);
    n = jg_log_read(my_resource, &cursor, text, sizeof(text));
    CHECK(n > 0 && contains(text, (size_t)n, "init thread"));
}

static jg_handle_t dump_port[2]; /* one where somebody is parked, one where traps queue */
static uint32_t never;

static void dump_park(void *unused)
{
    struct jg_message none = {0};
    struct jg_received r;

    (void)unused;
    jg_reply_wait(dump_port[0], JG_TOKEN_NONE, &none, &r);
}

static void dump_sleep(void *unused)
{
    (void)unused;
    jg_futex_wait(&never, 0, JG_TIME_INFINITE);
}

static void dump_trap(void *unused)
{
    (void)unused;
    for (;;)
        jg_syscall6(77, 0xabc, 0, 0, 0, 0, 0);
}

TEST(system, a_dump_tells_what_each_thread_waits_for)
{
    static char text[65536];
    static const char *const words[] = {
        "parked on port", "queued on port", ", key 0x1234", "is held by init", "sleeping on", "until -1", ", trapped, kicked",
        "at level 0, number 77, arguments abc 0 0",
    };
    struct child held, queued;
    struct jg_received r;
    uint64_t cursor = 0;
    int64_t n;

    dump_port[0] = (jg_handle_t)jg_port_create();
    dump_port[1] = (jg_handle_t)jg_port_create();
    CHECK(thread_run(dump_park, NULL) > 0);
    CHECK(thread_run(dump_sleep, NULL) > 0);
    CHECK(child_make_trapped(&held, dump_port[1], 0x1234, dump_trap, NULL));
    CHECK_EQ(jg_thread_start(held.thread), JG_OK);
    CHECK_EQ(receive(dump_port[1], &r), JG_OK);
    CHECK(child_make_trapped(&queued, dump_port[1], 0x1234, dump_trap, NULL));
    CHECK_EQ(jg_thread_start(queued.thread), JG_OK);
    quiet();
    CHECK_EQ(jg_thread_kick(queued.thread), JG_OK);
    while (jg_log_read(my_resource, &cursor, text, sizeof(text)) > 0)
        ;
    CHECK_EQ(jg_debug_dump(), JG_OK);
    n = jg_log_read(my_resource, &cursor, text, sizeof(text));
    CHECK(n > 0);
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        CHECK(contains(text, (size_t)n, words[i]));
    child_end(&held);
    child_end(&queued);
    jg_futex_wake(&never, 1);
    jg_handle_close(dump_port[0]);
    jg_handle_close(dump_port[1]);
}
