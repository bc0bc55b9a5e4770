/*
 * What the tests share: children, threads, waiting with a limit.
 */
#include "test.h"
#include <jg/rt/time.h>

void *map_pages(size_t bytes)
{
    struct jg_map m = {
        .length = bytes,
        .prot = JG_PROT_READ | JG_PROT_WRITE,
        .max_prot = JG_PROT_READ | JG_PROT_WRITE,
        .flags = JG_MAP_PRIVATE | JG_MAP_ANYWHERE,
    };

    return jg_aspace_map(JG_HANDLE_NONE, &m) == JG_OK ? (void *)(uintptr_t)m.va : NULL;
}

static void unmap(void *va, size_t bytes)
{
    jg_aspace_unmap(JG_HANDLE_NONE, (uintptr_t)va, bytes);
}

static void returned(void)
{
    jg_thread_exit();
}

static int64_t set_entry(jg_handle_t thread, uint8_t *stack, void (*fn)(void *), void *arg)
{
    struct jg_regs regs;
    uintptr_t *sp = (uintptr_t *)(stack + STACK_BYTES) - 1;

    memset(&regs, 0, sizeof(regs));
    *--sp = (uintptr_t)returned;
    regs.rip = (uintptr_t)fn;
    regs.rdi = (uintptr_t)arg;
    regs.rsp = (uintptr_t)sp;
    regs.rflags = 0x202;
    regs.entry_rax = (uint64_t)-1;
    return jg_thread_write_state(thread, JG_STATE_REGS, &regs, sizeof(regs));
}

int64_t thread_make_as(jg_handle_t process, uint32_t flags, uint8_t *stack, void (*fn)(void *), void *arg)
{
    int64_t thread = jg_thread_create(process, JG_HANDLE_NONE, flags);
    int64_t status = thread < 0 ? thread : set_entry((jg_handle_t)thread, stack, fn, arg);

    return status < 0 ? status : thread;
}

int64_t thread_make(jg_handle_t process, uint8_t *stack, void (*fn)(void *), void *arg)
{
    return thread_make_as(process, 0, stack, fn, arg);
}

int64_t thread_run_as(uint32_t flags, void (*fn)(void *), void *arg)
{
    uint8_t *stack = map_pages(STACK_BYTES);
    int64_t thread = stack ? thread_make_as(my_process, flags, stack, fn, arg) : JG_ERR_NO_MEMORY;

    if (thread > 0)
        jg_thread_start((jg_handle_t)thread);
    return thread;
}

int64_t thread_run(void (*fn)(void *), void *arg)
{
    return thread_run_as(0, fn, arg);
}

bool child_make(struct child *c, jg_handle_t job, void (*fn)(void *), void *arg)
{
    int64_t process = jg_process_create(job, my_aspace, "child"), thread;

    TRY(process > 0);
    c->process = (jg_handle_t)process;
    c->stack = map_pages(STACK_BYTES);
    TRY(c->stack);
    thread = thread_make(c->process, c->stack, fn, arg);
    TRY(thread > 0);
    c->thread = (jg_handle_t)thread;
    return true;
}

bool child_make_trapped(struct child *c, jg_handle_t port, uint64_t cookie, void (*fn)(void *),
                        void *arg)
{
    TRY(child_make(c, my_job, fn, arg));
    TRY(jg_thread_set_level(c->thread, port, cookie) == JG_OK);
    return true;
}

void child_end(struct child *c)
{
    jg_task_kill(c->process, 0);
    jg_handle_close(c->thread);
    jg_handle_close(c->process);
    unmap(c->stack, STACK_BYTES);
}

jg_time_t now(void)
{
    return time_monotonic();
}

void sleep_ms(unsigned ms)
{
    uint32_t word = 0;

    jg_futex_wait(&word, 0, now() + (jg_time_t)ms * 1000000);
}

static uint64_t idle_ns(void)
{
    struct jg_info_system info;

    jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof(info));
    return info.idle_ns;
}

void quiet(void)
{
    uint64_t before = idle_ns();

    for (unsigned i = 0; i < 200 && idle_ns() == before; i++)
        sleep_ms(1);
}

bool wait_run(const volatile uint32_t *counter)
{
    uint32_t before = *counter;

    for (unsigned i = 0; i < 1000 && *counter == before; i++)
        sleep_ms(5);
    return *counter != before;
}

bool wait_change(const volatile uint32_t *word, uint32_t value)
{
    jg_time_t limit = now() + 5000000000;

    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value) {
        if (jg_futex_wait((const uint32_t *)word, value, limit) == JG_ERR_TIMED_OUT)
            return false;
    }
    return true;
}

bool wait_ended(jg_handle_t task, struct jg_info_task *info)
{
    for (unsigned i = 0; i < 2500; i++) {
        if (jg_object_info(task, JG_INFO_TASK, info, sizeof(*info)) != sizeof(*info))
            return false;
        if (info->state == 2)
            return true;
        sleep_ms(2);
    }
    return false;
}

void bump(volatile uint32_t *word)
{
    __atomic_add_fetch(word, 1, __ATOMIC_RELEASE);
    jg_futex_wake((const uint32_t *)word, UINT32_MAX);
}

jg_status_t poll_port(jg_handle_t port, struct jg_received *r)
{
    struct jg_message none = {.info = JG_REPLY_POLL};

    return jg_reply_wait(port, JG_TOKEN_NONE, &none, r);
}

#define LIMIT_KEY 0x4c494d4954u

jg_status_t receive(jg_handle_t port, struct jg_received *r)
{
    struct jg_message none = {0};
    jg_handle_t timer = (jg_handle_t)jg_timer_create(port, LIMIT_KEY);
    jg_status_t status;

    jg_timer_set(timer, now() + 5000000000);
    status = jg_reply_wait(port, JG_TOKEN_NONE, &none, r);
    if (status == JG_OK && JG_INFO_KIND(r->info) == JG_KIND_TIMER && r->key == LIMIT_KEY)
        status = JG_ERR_TIMED_OUT;
    jg_handle_close(timer);
    return status;
}

jg_status_t reply_word(jg_token_t token, uint64_t word)
{
    struct jg_message m = {.word = {word}};

    return jg_reply(token, &m);
}

jg_status_t reply_flags(jg_token_t token, uint64_t flags)
{
    struct jg_message m = {.info = flags};

    return jg_reply(token, &m);
}

uint64_t free_frames(void)
{
    struct jg_info_system info;

    jg_system_quiesce();
    jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof(info));
    return info.free_frames;
}

void job_use(struct jg_info_job *info)
{
    struct jg_info_task task;

    /* Threads of the test before are ending: all but this one and the watchdog. */
    for (unsigned i = 0; i < 500; i++) {
        jg_object_info(my_process, JG_INFO_TASK, &task, sizeof(task));
        if (task.threads <= 2)
            break;
        sleep_ms(2);
    }
    jg_system_quiesce();
    jg_object_info(root_job, JG_INFO_JOB, info, sizeof(*info));
}

uint32_t handle_type(jg_handle_t h)
{
    struct jg_info_handle info;

    return jg_object_info(h, JG_INFO_HANDLE, &info, sizeof(info)) < 0 ? 0 : info.type;
}
