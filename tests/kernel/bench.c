/* What the kernel's operations cost. Prints nanoseconds; under -icount these are instructions. */
#include "test.h"
#include <jg/rt/log.h>

static volatile uint32_t done;
static uint32_t calls;
#define EXIT 60

static void report(const char *what, jg_time_t begin, uint64_t n)
{
    rt_log("# %s: %lu", what, (unsigned long)((uint64_t)(now() - begin) / n));
}

TEST(bench, native_call)
{
    jg_time_t t = now();
    for (unsigned i = 0; i < 10000; i++)
        jg_handle_close(0);
    report("native call", t, 10000);
    t = now();
    for (unsigned i = 0; i < 10000; i++)
        jg_yield();
    report("yield", t, 10000);
}

static void server(void *arg)
{
    struct jg_message reply = {0};
    struct jg_received r = {0};

    while (jg_reply_wait((jg_handle_t)(uintptr_t)arg, r.token, &reply, &r) == JG_OK) {
        if (r.word[6] == EXIT) {
            r.token = JG_TOKEN_NONE;
            bump(&done);
            continue;
        }
        reply.word[0] = 1;
    }
}

static void caller(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < calls; i++)
        jg_syscall6(100, 0, 0, 0, 0, 0, 0);
    jg_syscall6(EXIT, 0, 0, 0, 0, 0, 0);
}

TEST(bench, trap_and_reply)
{
    jg_handle_t port = (jg_handle_t)jg_port_create();
    struct child c;

    done = 0;
    calls = 20000;
    thread_run(server, (void *)(uintptr_t)port);
    CHECK(child_make_trapped(&c, port, 1, caller, NULL));
    sleep_ms(1);
    jg_time_t t = now();
    jg_thread_start(c.thread);
    CHECK(wait_change(&done, 0));
    report("trap and reply (same space)", t, calls);
    /* In a space of its own. */
    child_end(&c);
    done = 0;
    CHECK(child_make_trapped(&c, port, 1, caller, NULL));
    int64_t as = jg_aspace_clone(my_aspace);
    CHECK(as > 0);
    CHECK_EQ(jg_process_set_aspace(c.process, (jg_handle_t)as), JG_OK);
    t = now();
    jg_thread_start(c.thread);
    CHECK(wait_change(&done, 0));
    report("trap and reply (two spaces)", t, calls);
    child_end(&c);
    jg_handle_close((jg_handle_t)as);
}

TEST(bench, faults)
{
    enum { PAGES = 4096 };
    char *p;
    jg_time_t t = now();
    for (unsigned i = 0; i < 100; i++) {
        p = map_pages(4096);
        *(volatile char *)p = 1;
        jg_aspace_unmap(my_aspace, (uintptr_t)p, 4096);
    }
    report("map touch unmap 4K", t, 100);
    t = now();
    p = map_pages(PAGES * 4096ul);
    for (unsigned i = 0; i < PAGES; i++)
        *(volatile char *)(p + i * 4096ul) = 1;
    report("anon fault", t, PAGES);
    t = now();
    int64_t as = jg_aspace_clone(my_aspace);
    report("clone of 16 MiB, per page", t, PAGES);
    t = now();
    for (unsigned i = 0; i < PAGES; i++)
        *(volatile char *)(p + i * 4096ul) = 2;
    report("cow fault", t, PAGES);
    jg_handle_close((jg_handle_t)as);
    t = now();
    jg_system_quiesce();
    report("reap, per page", t, PAGES);
    t = now();
    jg_aspace_unmap(my_aspace, (uintptr_t)p, PAGES * 4096ul);
    report("unmap, per page", t, PAGES);
}

TEST(bench, fork_small)
{
    struct jg_info_aspace i;
    jg_object_info(my_aspace, JG_INFO_ASPACE, &i, sizeof i);
    rt_log("# private %lu shared %lu tables %lu mappings %u", i.private_pages, i.shared_pages, i.table_pages, i.mappings);
    jg_time_t t = now();
    for (unsigned k = 0; k < 100; k++) {
        int64_t as = jg_aspace_clone(my_aspace);
        jg_handle_close((jg_handle_t)as);
    }
    jg_system_quiesce();
    report("clone and end", t, 100);
}

TEST(bench, transfer)
{
    int64_t v = jg_vmo_create(1 << 20, 0, JG_HANDLE_NONE);
    char *p = map_pages(1 << 20);
    static const unsigned sizes[] = {1, 4096, 65536, 1 << 20};
    struct jg_transfer x = {.op = JG_TRANSFER_WRITE, .va = (uintptr_t)p, .length = 1 << 20, .limit = UINT64_MAX};
    CHECK_EQ(jg_vmo_transfer((jg_handle_t)v, &x), 1 << 20);
    for (unsigned s = 0; s < 4; s++) {
        jg_time_t t = now();
        for (unsigned k = 0; k < 20; k++) {
            x = (struct jg_transfer){.op = JG_TRANSFER_READ, .va = (uintptr_t)p, .length = sizes[s], .limit = UINT64_MAX};
            jg_vmo_transfer((jg_handle_t)v, &x);
        }
        rt_log("# size %u", sizes[s]);
        report("read", t, 20);
    }
    jg_time_t t = now();
    for (unsigned k = 0; k < 100; k++) {
        struct jg_copy c = {.flags = JG_COPY_READ, .va = (uintptr_t)p, .buffer = (uintptr_t)p + 8192, .length = 64};
        jg_aspace_copy(&c);
    }
    report("aspace_copy 64", t, 100);
}
