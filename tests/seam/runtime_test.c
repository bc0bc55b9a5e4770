/*
 * The runtime on the real kernel: this program is started in init's place, logs one line for each
 * case and powers the machine off. run.py reads the log.
 *
 * Proves that locks exclude, signals are not lost, time-outs end, threads give everything back and
 * the heap serves several threads.
 */
#include <jg/rt/heap.h>
#include <jg/rt/log.h>
#include <jg/rt/startup.h>
#include <jg/rt/string.h>
#include <jg/rt/sync.h>
#include <jg/rt/thread.h>
#include <jg/rt/time.h>
#include <jg/stubs.h>

#define MS    1000000ll
#define STACK 16384u
enum { THREADS = 4, ROUNDS = 2000 };

static struct mutex lock = MUTEX_INIT;
static struct condition changed = CONDITION_INIT;
static unsigned ended, counter, turn;
static bool failed;

static void fail_in(const char *file, int line, const char *what)
{
    rt_log("# %s:%d: not so: %s", file, line, what);
    failed = true;
}
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_in(__FILE__, __LINE__, #condition);                                               \
    } while (0)

static void end_one(void)
{
    mutex_lock(&lock);
    ended++;
    condition_broadcast(&changed);
    mutex_unlock(&lock);
}

static void wait_ended(unsigned n)
{
    jg_time_t limit = time_monotonic() + 10000 * MS;

    mutex_lock(&lock);
    while (ended < n)
        if (condition_wait_until(&changed, &lock, limit) == JG_ERR_TIMED_OUT)
            break;
    CHECK(ended == n);
    ended = 0;
    mutex_unlock(&lock);
}

static void start_all(void (*fn)(void *), unsigned n)
{
    for (uintptr_t i = 0; i < n; i++)
        CHECK(rt_thread_start(fn, (void *)i, STACK, JG_PRIORITY_SERVER) == JG_OK);
    wait_ended(n);
}

static void count(void *number)
{
    (void)number;
    for (int i = 0; i < ROUNDS; i++) {
        mutex_lock(&lock);
        unsigned seen = counter;

        if (i % 16 == 0)
            jg_yield();
        counter = seen + 1;
        mutex_unlock(&lock);
    }
    end_one();
}

static void locks_exclude(void)
{
    counter = 0;
    start_all(count, THREADS);
    CHECK(counter == THREADS * ROUNDS);
    CHECK(mutex_trylock(&lock) && !mutex_trylock(&lock));
    mutex_unlock(&lock);
}

static void take_turns(void *number)
{
    unsigned me = (unsigned)(uintptr_t)number;

    for (int i = 0; i < 200; i++) {
        mutex_lock(&lock);
        while (turn % THREADS != me)
            condition_wait(&changed, &lock);
        turn++;
        condition_broadcast(&changed);
        mutex_unlock(&lock);
    }
    end_one();
}

static void signals_are_not_lost(void)
{
    turn = 0;
    start_all(take_turns, THREADS);
    CHECK(turn == THREADS * 200);
}

static void timeouts_end(void)
{
    jg_time_t start = time_monotonic(), wall = time_wall();

    mutex_lock(&lock);
    CHECK(condition_wait_until(&changed, &lock, start + 20 * MS) == JG_ERR_TIMED_OUT);
    mutex_unlock(&lock);
    CHECK(time_monotonic() >= start + 20 * MS && time_monotonic() < start + 2000 * MS);
    CHECK(time_wall() >= wall + 20 * MS && wall > 1500000000ll * 1000 * MS);
}

static uint64_t free_frames(void)
{
    struct jg_info_system s = {0};

    jg_system_quiesce();
    CHECK(jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &s, sizeof s) >= 0);
    return s.free_frames;
}

static void end_at_once(void *number)
{
    (void)number;
    end_one();
}

static void threads_give_everything_back(void)
{
    uint64_t before, after;

    start_all(end_at_once, 16);
    before = free_frames();
    for (int i = 0; i < 20; i++)
        start_all(end_at_once, 16);
    jg_yield();
    after = free_frames();
    CHECK(after + 16 >= before);
    if (after + 16 < before)
        rt_log("# %lu frames before, %lu after 320 threads", before, after);
    CHECK(rt_thread_start(end_at_once, NULL, 1ul << 50, JG_PRIORITY_SERVER) < 0);
}

static void allocate(void *number)
{
    unsigned char *block[32] = {0}, fill = (unsigned char)((uintptr_t)number + 1);
    size_t size[32];
    uint32_t state = fill * 7919u;

    for (int i = 0; i < ROUNDS; i++) {
        unsigned at = (state = state * 1664525u + 1013904223u) >> 27;

        for (size_t j = 0; block[at] && j < size[at]; j++)
            if (block[at][j] != fill)
                CHECK(block[at][j] == fill);
        rt_free(block[at]);
        size[at] = (state >> 8) % 3000;
        block[at] = rt_alloc(size[at]);
        CHECK(block[at]);
        memset(block[at], fill, size[at]);
        if (i % 64 == 0)
            jg_yield();
    }
    for (unsigned i = 0; i < 32; i++)
        rt_free(block[i]);
    end_one();
}

static void heap_serves_threads(void)
{
    struct heap_stats s;

    start_all(allocate, THREADS);
    heap_stats(&s);
    CHECK(s.used_bytes == 0 && s.committed_bytes <= 64 * JG_PAGE_SIZE);
    CHECK(!rt_alloc(1ul << 46));
}

static void heap_says_when_memory_is_gone(void)
{
    enum { PIECE = 4 << 20 };
    void *first = NULL;
    unsigned pieces = 0;

    for (;; pieces++) {
        void **piece = rt_alloc(PIECE);

        if (!piece)
            break;
        *piece = first;
        first = piece;
    }
    CHECK(pieces > 2 && pieces < 256);
    while (first) {
        void *next = *(void **)first;

        rt_free(first);
        first = next;
    }
    first = rt_alloc(PIECE);
    CHECK(first);
    rt_free(first);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    {"locks exclude", locks_exclude},
    {"signals are not lost", signals_are_not_lost},
    {"time-outs end", timeouts_end},
    {"threads give everything back", threads_give_everything_back},
    {"the heap serves threads", heap_serves_threads},
    {"the heap says when memory is gone", heap_says_when_memory_is_gone},
};

int server_main(const struct jg_startup *startup)
{
    jg_handle_t root = startup_handle(startup, "resource");

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        failed = false;
        cases[i].run();
        rt_log("runtime: %s: %s", failed ? "failed" : "passed", cases[i].name);
    }
    rt_log("runtime: end");
    jg_system_power((jg_handle_t)jg_resource_create(root, JG_RESOURCE_POWER, 0, 0), JG_POWER_OFF);
    return 1;
}
