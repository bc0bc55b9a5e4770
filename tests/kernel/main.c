/*
 * The kernel's tests: runs all, prints TAP on the kernel's log, powers off.
 *
 * In:   server_main(), as the first process.
 * A watchdog thread dumps every thread and powers off when one test takes too long.
 */
#include "test.h"
#include <jg/image.h>
#include <jg/rt/log.h>
#include <jg/rt/time.h>

#define TEST_SECONDS 40

extern const struct test __start_kernel_tests[], __stop_kernel_tests[];

jg_handle_t root_job, my_process, my_aspace, my_job, my_resource, my_boot;

static volatile uint32_t test_number;
static bool failed;

void check_failed(const char *file, int line, const char *what, int64_t got, int64_t wanted)
{
    failed = true;
    rt_log("# %s:%d: not so: %s (%ld, %ld)", file, line, what, (long)got, (long)wanted);
}

static _Noreturn void finish(void)
{
    jg_system_power(my_resource, JG_POWER_OFF);
    for (;;)
        ;
}

static void watchdog(void *unused)
{
    uint32_t last = 0, seconds = 0;

    (void)unused;
    for (;;) {
        sleep_ms(1000);
        seconds = test_number == last ? seconds + 1 : 0;
        last = test_number;
        if (seconds < TEST_SECONDS)
            continue;
        jg_debug_dump();
        rt_log("Bail out! test %u takes longer than %u s", last, TEST_SECONDS);
        finish();
    }
}

/* What the driver wants to run: the boot image's section `only`, a family or family.name; else all. */
static void read_only(char *only, size_t room)
{
    static union {
        struct jg_boot_image head;
        char bytes[JG_PAGE_SIZE];
    } image;
    struct jg_transfer t = {
        .op = JG_TRANSFER_READ, .va = (uintptr_t)&image, .length = sizeof(image)};

    if (jg_vmo_transfer(my_boot, &t) != sizeof(image))
        return;
    for (uint32_t i = 0; i < image.head.count; i++) {
        const struct jg_boot_section *s = &image.head.section[i];

        if (strcmp(s->name, "only") != 0 || s->size >= room)
            continue;
        t = (struct jg_transfer){
            .op = JG_TRANSFER_READ, .va = (uintptr_t)only, .length = s->size, .offset = s->offset};
        jg_vmo_transfer(my_boot, &t);
        return;
    }
}

static bool wanted(const struct test *t, const char *only)
{
    size_t n = strlen(t->family);

    if (!only[0])
        return true;
    if (strncmp(only, t->family, n) != 0)
        return false;
    return !only[n] || (only[n] == '.' && strcmp(only + n + 1, t->name) == 0);
}

int server_main(const struct jg_startup *startup)
{
    const struct test *first = __start_kernel_tests, *end = __stop_kernel_tests;
    char only[64] = "";
    uint32_t number = 0;

    my_process = startup_handle(startup, "process");
    my_aspace = startup_handle(startup, "aspace");
    root_job = startup_handle(startup, "job");
    my_resource = startup_handle(startup, "resource");
    my_boot = startup_handle(startup, "boot");
    read_only(only, sizeof(only));
    thread_run(watchdog, NULL);
    rt_log("TAP version 13");
    for (const struct test *t = first; t < end; t++) {
        jg_time_t begin = now();

        if (!wanted(t, only))
            continue;
        failed = false;
        test_number = ++number;
        my_job = (jg_handle_t)jg_job_create(root_job);
        t->run();
        jg_task_kill(my_job, 0); /* what a failed test left running must not disturb the next one */
        jg_handle_close(my_job);
        rt_log("%sok %u - %s.%s # %ld us", failed ? "not " : "", number, t->family, t->name,
               (long)((now() - begin) / 1000));
    }
    rt_log("1..%u", number);
    finish();
}
