/*
 * The kernel's tests: one native program that is the first process, one file for each family of calls.
 *
 * TEST(family, what_it_proves) { ... CHECK ... } is all that a new test needs; a new file goes into
 * meson.build. A failed check ends its test and the next one runs, so a test cleans up only what would
 * disturb others. Threads and processes made by helpers share this program's address space.
 */
#pragma once

#include <jg/rt/startup.h>
#include <jg/rt/string.h>
#include <jg/stubs.h>

struct test {
    const char *family, *name;
    void (*run)(void);
};

#define TEST(family_, name_)                                                                       \
    static void test_##family_##_##name_(void);                                                    \
    static const struct test entry_##family_##_##name_                                             \
        __attribute__((used, section("kernel_tests"), aligned(8))) = {#family_, #name_,            \
                                                                      test_##family_##_##name_};   \
    static void test_##family_##_##name_(void)

/* Reports a failed check. Called by the macros only. */
void check_failed(const char *file, int line, const char *what, int64_t got, int64_t wanted);

/* Ends the test when the condition does not hold. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            check_failed(__FILE__, __LINE__, #condition, 0, 1);                                    \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* Ends the test when the two are not equal. */
#define CHECK_EQ(got_, wanted_)                                                                    \
    do {                                                                                           \
        int64_t g_ = (int64_t)(got_), w_ = (int64_t)(wanted_);                                     \
        if (g_ != w_) {                                                                            \
            check_failed(__FILE__, __LINE__, #got_ " == " #wanted_, g_, w_);                       \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* As CHECK and CHECK_EQ, in a helper that returns false. */
#define TRY(condition)                                                                             \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            check_failed(__FILE__, __LINE__, #condition, 0, 1);                                    \
            return false;                                                                          \
        }                                                                                          \
    } while (0)

/* What the kernel gave us. my_job is below the root job, and killed after each test. */
extern jg_handle_t root_job, my_process, my_aspace, my_job, my_resource, my_boot;

#define STACK_BYTES 16384u

/* A process of ours, with one thread, that runs a function of this program in this address space. */
struct child {
    jg_handle_t process, thread;
    uint8_t *stack;
};

/* Makes a process in `job` with a thread that would run fn(arg); not started. False: a check failed. */
bool child_make(struct child *c, jg_handle_t job, void (*fn)(void *), void *arg);

/* Makes a trapped child: its calls arrive at `port` with `cookie`; not started. */
bool child_make_trapped(struct child *c, jg_handle_t port, uint64_t cookie, void (*fn)(void *),
                        void *arg);

/* Kills the child, if it lives, and closes its handles. */
void child_end(struct child *c);

/* Makes another thread in `process`, which runs fn(arg) on `stack`; not started. Negative: an error. */
int64_t thread_make(jg_handle_t process, uint8_t *stack, void (*fn)(void *), void *arg);

/* As thread_make(), with flags of jg_thread_create. */
int64_t thread_make_as(jg_handle_t process, uint32_t flags, uint8_t *stack, void (*fn)(void *), void *arg);

/* Runs fn(arg) on a thread of this process. The handle has all rights; the stack is never given back. */
int64_t thread_run(void (*fn)(void *), void *arg);

/* As thread_run(), with flags of jg_thread_create. */
int64_t thread_run_as(uint32_t flags, void (*fn)(void *), void *arg);

/* Maps zeros; NULL when there is no memory. */
void *map_pages(size_t bytes);

/* Nanoseconds since boot. */
jg_time_t now(void);

/* Lets others run for a while: sleeps. */
void sleep_ms(unsigned ms);

/* Waits until nobody else can run: the processor was idle for a while. At most 200 ms, if somebody spins. */
void quiet(void);

/* Waits until a counter that a spinning thread counts goes on, at most 5 s. Returns whether it does. */
bool wait_run(const volatile uint32_t *counter);

/* Sleeps until *word is not `value` any more, at most 5 s. Returns whether it changed. */
bool wait_change(const volatile uint32_t *word, uint32_t value);

/* Waits until a process or thread has ended, at most 5 s. Returns whether it has, with its state in *info. */
bool wait_ended(jg_handle_t task, struct jg_info_task *info);

/* Adds one to a word and wakes who sleeps on it. */
void bump(volatile uint32_t *word);

/* Receives on a port with a time limit of 5 s (so that a bug fails one test). */
jg_status_t receive(jg_handle_t port, struct jg_received *r);

/* Is anything waiting on the port? Receives it if so. */
jg_status_t poll_port(jg_handle_t port, struct jg_received *r);

/* Answers with a word. */
jg_status_t reply_word(jg_token_t token, uint64_t word);

/* Answers with flags only. */
jg_status_t reply_flags(jg_token_t token, uint64_t flags);

/* Free frames, after the reaper has worked. */
uint64_t free_frames(void);

/* Objects, handles and frames that the root job pays for, when threads that were ending have ended. */
void job_use(struct jg_info_job *info);

/* A handle's type, or 0. */
uint32_t handle_type(jg_handle_t h);
