/* Traps: levels, pass, see-result, birth, faults, state. */
#include "test.h"

static volatile uint64_t result;
static volatile uint32_t done;
static jg_handle_t port;

/* What a trapped program does: raw system calls, as any system would have them. */
static int64_t raw(uint64_t nr, uint64_t a, uint64_t b)
{
    return jg_syscall6((unsigned)nr, a, b, 3, 4, 5, 6);
}

#define EXIT 60

static void one_call(void *unused)
{
    (void)unused;
    result = (uint64_t)raw(39, 1, 2);
    raw(EXIT, 0, 0);
}

TEST(trap, a_system_call_arrives_with_number_and_arguments)
{
    struct jg_received r;
    struct child c;

    port = (jg_handle_t)jg_port_create();
    CHECK(child_make_trapped(&c, port, 0xc00c1e, one_call, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(JG_INFO_KIND(r.info), JG_KIND_TRAP);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_SYSCALL);
    CHECK_EQ(r.key, 0xc00c1e);
    for (unsigned i = 0; i < 6; i++)
        CHECK_EQ(r.word[i], i + 1);
    CHECK_EQ(r.word[6], 39);
    CHECK_EQ(r.word[7], 0);
    CHECK_EQ(reply_word(r.token, (uint64_t)-38), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(r.word[6], EXIT);
    CHECK_EQ(result, (uint64_t)-38);
    child_end(&c);
    CHECK_EQ(reply_word(r.token, 0), JG_ERR_CALLER_GONE);
    jg_handle_close(port);
}

/* A worker that answers every system call with its number plus one, and notes the exit. */
static void plus_one_server(void *arg)
{
    struct jg_message reply = {0};
    struct jg_received r = {0};

    while (jg_reply_wait((jg_handle_t)(uintptr_t)arg, r.token, &reply, &r) == JG_OK) {
        if (r.word[6] == EXIT) {
            r.token = JG_TOKEN_NONE;
            bump(&done);
            continue;
        }
        reply.word[0] = r.word[6] + 1;
    }
}

static volatile uint32_t wrong;

static void many_calls(void *unused)
{
    (void)unused;
    for (uint64_t i = 1000; i < 11000; i++)
        if (raw(i, 0, 0) != (int64_t)i + 1)
            wrong++;
    raw(EXIT, 0, 0);
}

TEST(trap, ten_thousand_through_a_parked_server)
{
    struct child c[2];

    port = (jg_handle_t)jg_port_create();
    done = wrong = 0;
    jg_handle_close((jg_handle_t)thread_run(plus_one_server, (void *)(uintptr_t)port));
    for (unsigned i = 0; i < 2; i++) {
        CHECK(child_make_trapped(&c[i], port, i, many_calls, NULL));
        CHECK_EQ(jg_thread_start(c[i].thread), JG_OK);
    }
    CHECK(wait_change(&done, 0));
    CHECK(wait_change(&done, 1));
    CHECK_EQ(wrong, 0);
    child_end(&c[0]);
    child_end(&c[1]);
    jg_handle_close(port);
}

static void compat_call(void *unused)
{
    uint64_t rax = 20;

    (void)unused;
    __asm__ volatile("int $0x80" : "+a"(rax) : "b"(7) : "memory");
    result = rax;
    raw(EXIT, 0, 0);
}

TEST(trap, int_0x80_says_so)
{
    struct jg_received r;
    struct child c;

    port = (jg_handle_t)jg_port_create();
    CHECK(child_make_trapped(&c, port, 1, compat_call, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_SYSCALL);
    CHECK_EQ(r.word[6], 20);
    CHECK_EQ(r.word[7], 1);
    CHECK_EQ(reply_word(r.token, (uint64_t)-38), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(result, (uint64_t)-38);
    child_end(&c);
    jg_handle_close(port);
}

static void bad_read(void *arg)
{
    result = *(volatile uint64_t *)arg;
    raw(EXIT, 0, 0);
}

TEST(trap, a_fault_can_be_repaired_and_retried)
{
    struct jg_map m = {
        .va = 0x500000000, .length = 4096, .prot = 3, .max_prot = 3, .flags = JG_MAP_PRIVATE};
    struct jg_received r;
    struct child c;

    port = (jg_handle_t)jg_port_create();
    result = 1;
    CHECK(child_make_trapped(&c, port, 1, bad_read, (void *)0x500000010));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_FAULT);
    CHECK_EQ(r.word[0], 0x500000010);
    CHECK_EQ(r.word[1] & (JG_FAULT_WRITE | JG_FAULT_EXECUTE), 0);
    CHECK_EQ((int64_t)r.word[2], JG_ERR_BAD_ADDRESS);
    CHECK(r.word[3] >= (uintptr_t)bad_read && r.word[3] < (uintptr_t)bad_read + 64);
    CHECK_EQ(jg_aspace_map(JG_HANDLE_NONE, &m), JG_OK);
    CHECK_EQ(reply_flags(r.token, JG_REPLY_RESUME), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(r.word[6], EXIT);
    CHECK_EQ(result, 0);
    child_end(&c);
    CHECK_EQ(jg_aspace_unmap(JG_HANDLE_NONE, 0x500000000, 4096), JG_OK);
    jg_handle_close(port);
}

static const uint32_t constant = 5;

static void bad_write(void *arg)
{
    *(volatile uint32_t *)arg = 1;
}

static void illegal(void *unused)
{
    (void)unused;
    __asm__ volatile("ud2");
}

static void divide(void *zero)
{
    __asm__ volatile("xor %%edx, %%edx; mov $1, %%eax; div %0" : : "r"(zero) : "rax", "rdx");
}

static void privileged(void *unused)
{
    (void)unused;
    __asm__ volatile("cli");
}

/* Runs a function in a trapped child until its first trap, which must have this reason. */
static bool traps_with(void (*fn)(void *), void *arg, unsigned reason, struct jg_received *r)
{
    struct child c;

    port = (jg_handle_t)jg_port_create();
    TRY(child_make_trapped(&c, port, 1, fn, arg));
    TRY(jg_thread_start(c.thread) == JG_OK);
    TRY(receive(port, r) == JG_OK);
    TRY(JG_INFO_LABEL(r->info) == reason);
    child_end(&c);
    jg_handle_close(port);
    return true;
}

TEST(trap, faults_and_exceptions_say_what_happened)
{
    struct jg_received r;

    CHECK(traps_with(bad_write, (void *)(uintptr_t)&constant, JG_TRAP_FAULT, &r));
    CHECK_EQ(r.word[0], (uintptr_t)&constant);
    CHECK(r.word[1] & JG_FAULT_WRITE);
    CHECK_EQ((int64_t)r.word[2], JG_ERR_PROTECTED);
    CHECK(traps_with((void (*)(void *))0x600000000, NULL, JG_TRAP_FAULT, &r));
    CHECK(r.word[1] & JG_FAULT_EXECUTE);
    CHECK_EQ(r.word[3], 0x600000000);
    CHECK(traps_with(bad_read, (void *)0xffffffff80000000, JG_TRAP_FAULT, &r));
    CHECK_EQ(r.word[0], 0xffffffff80000000);
    CHECK(traps_with(illegal, NULL, JG_TRAP_EXCEPTION, &r));
    CHECK_EQ(r.word[0], 6);
    CHECK_EQ(r.word[3] - (uintptr_t)illegal < 16, 1);
    CHECK(traps_with(divide, NULL, JG_TRAP_EXCEPTION, &r));
    CHECK_EQ(r.word[0], 0);
    CHECK(traps_with(privileged, NULL, JG_TRAP_EXCEPTION, &r));
    CHECK_EQ(r.word[0], 13);
    CHECK(traps_with(bad_read, (void *)0x8000000000000000, JG_TRAP_EXCEPTION, &r));
    CHECK_EQ(r.word[0], 13);
}

TEST(trap, state_of_a_held_thread_is_read_and_written)
{
    struct jg_received r;
    struct jg_regs regs;
    struct child c;

    port = (jg_handle_t)jg_port_create();
    CHECK(child_make_trapped(&c, port, 1, one_call, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_REGS, &regs, 8), JG_ERR_TOO_BIG);
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_REGS, (void *)8, 4096), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_thread_read_state(c.thread, 99, &regs, sizeof(regs)), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_REGS, &regs, sizeof(regs)), sizeof(regs));
    CHECK_EQ(regs.rdi, 1);
    CHECK_EQ(regs.entry_rax, 39);
    /* Values that would hurt the kernel are refused or dropped. */
    regs.rip = 0xffff800000000000;
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_REGS, &regs, sizeof(regs)),
             JG_ERR_INVALID_ARGS);
    regs.rip = 0x800000000000;
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_REGS, &regs, sizeof(regs)),
             JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_REGS, &regs, sizeof(regs)), sizeof(regs));
    regs.fs_base = 0xffff800000000000;
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_REGS, &regs, sizeof(regs)),
             JG_ERR_INVALID_ARGS);
    regs.fs_base = 0x1234000;
    regs.rflags = ~0ull;
    regs.rax = 4242;
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_REGS, &regs, sizeof(regs)), JG_OK);
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_REGS, &regs, sizeof(regs)), sizeof(regs));
    CHECK_EQ(regs.rflags & (3u << 12 | 1u << 14 | 1u << 17), 0);
    CHECK(regs.rflags & 0x200);
    CHECK_EQ(regs.fs_base, 0x1234000);
    regs.rflags = 0x202;
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_REGS, &regs, sizeof(regs)), JG_OK);
    CHECK_EQ(reply_flags(r.token, JG_REPLY_RESUME), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(result, 4242);
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_REGS, &regs, sizeof(regs)), sizeof(regs));
    CHECK_EQ(regs.fs_base, 0x1234000);
    child_end(&c);
    jg_handle_close(port);
}

TEST(trap, vector_state_is_read_and_written)
{
    static uint8_t area[16384] __attribute__((aligned(64)));
    struct jg_info_system info;
    struct jg_received r;
    struct child c;

    CHECK_EQ(jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof(info)), sizeof(info));
    CHECK(info.vector_size >= 576 && info.vector_size <= sizeof(area));
    port = (jg_handle_t)jg_port_create();
    CHECK(child_make_trapped(&c, port, 1, one_call, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_VECTOR, area, 64), JG_ERR_TOO_BIG);
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_VECTOR, area, sizeof(area)), info.vector_size);
    CHECK_EQ(*(uint32_t *)(area + 24), 0x1f80);
    area[512] |= 3;   /* XSTATE_BV: x87, SSE */
    area[160] = 0x5a; /* xmm0 */
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_VECTOR, area, info.vector_size), JG_OK);
    memset(area, 0, sizeof(area));
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_VECTOR, area, sizeof(area)), info.vector_size);
    CHECK_EQ(area[160], 0x5a);
    *(uint32_t *)(area + 24) = 0xffffffff;
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_VECTOR, area, info.vector_size),
             JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_VECTOR, area, 64), JG_ERR_INVALID_ARGS);
    /* What was refused left the initial state; no bytes at all ask for it. */
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_VECTOR, area, sizeof(area)), info.vector_size);
    CHECK_EQ(*(uint32_t *)(area + 24), 0x1f80);
    CHECK_EQ(area[160], 0);
    area[512] |= 3;
    area[160] = 0x5a;
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_VECTOR, area, info.vector_size), JG_OK);
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_VECTOR, NULL, 0), JG_OK);
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_VECTOR, area, sizeof(area)), info.vector_size);
    CHECK_EQ(area[160], 0);
    child_end(&c);
    jg_handle_close(port);
}

TEST(trap, registers_and_vector_state_in_one_call)
{
    static struct {
        struct jg_regs regs;
        uint8_t vector[16384];
    } all;
    struct jg_info_system info;
    struct jg_received r;
    struct child c;
    int64_t size;

    CHECK_EQ(jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof(info)), sizeof(info));
    size = (int64_t)sizeof(all.regs) + info.vector_size;
    port = (jg_handle_t)jg_port_create();
    CHECK(child_make_trapped(&c, port, 1, one_call, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_ALL, &all, sizeof(all.regs)), JG_ERR_TOO_BIG);
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_ALL, &all, sizeof(all)), size);
    CHECK_EQ(all.regs.entry_rax, 39);
    CHECK_EQ(*(uint32_t *)(all.vector + 24), 0x1f80);
    all.regs.rbx = 77;
    all.vector[512] |= 3;
    all.vector[160] = 0x5a;
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_ALL, &all, (size_t)size), JG_OK);
    /* A refused half leaves the registers alone. */
    all.regs.rbx = 78;
    all.vector[520] = 1;
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_ALL, &all, (size_t)size), JG_ERR_INVALID_ARGS);
    all.vector[520] = 0;
    all.regs.rip = 0xffff800000000000;
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_ALL, &all, (size_t)size), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_ALL, &all, 8), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_ALL, &all, sizeof(all)), size);
    CHECK_EQ(all.regs.rbx, 77);
    CHECK_EQ(all.vector[160], 0);
    child_end(&c);
    jg_handle_close(port);
}

TEST(trap, state_of_a_running_or_waiting_thread_is_bad_state)
{
    struct jg_regs regs;
    struct child c;

    port = (jg_handle_t)jg_port_create();
    CHECK(child_make_trapped(&c, port, 1, one_call, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(jg_thread_start(c.thread), JG_ERR_BAD_STATE);
    quiet();
    /* Queued, not delivered: nobody holds it. */
    CHECK_EQ(jg_thread_read_state(c.thread, JG_STATE_REGS, &regs, sizeof(regs)), JG_ERR_BAD_STATE);
    CHECK_EQ(jg_thread_write_state(c.thread, JG_STATE_REGS, &regs, sizeof(regs)), JG_ERR_BAD_STATE);
    CHECK_EQ(jg_thread_set_level(c.thread, port, 2), JG_ERR_BAD_STATE);
    child_end(&c);
    jg_handle_close(port);
}

TEST(level, pass_goes_down_with_changed_arguments_and_the_result_comes_back)
{
    jg_handle_t base = (jg_handle_t)jg_port_create(), top = (jg_handle_t)jg_port_create();
    struct jg_message pass = {.info = JG_REPLY_PASS | JG_REPLY_SEE_RESULT,
                              .word = {11, 12, 13, 14, 15, 16, 40}};
    struct jg_received r;
    struct child c;

    CHECK(child_make_trapped(&c, base, 100, one_call, NULL));
    CHECK_EQ(jg_thread_set_level(c.thread, top, 200), JG_OK);
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(top, &r), JG_OK);
    CHECK_EQ(r.key, 200);
    CHECK_EQ(r.word[6], 39);
    CHECK_EQ(jg_reply(r.token, &pass), JG_OK);
    CHECK_EQ(jg_reply(r.token, &pass), JG_ERR_BAD_TOKEN);
    CHECK_EQ(receive(base, &r), JG_OK);
    CHECK_EQ(r.key, 100);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_SYSCALL);
    for (unsigned i = 0; i < 6; i++)
        CHECK_EQ(r.word[i], 11 + i);
    CHECK_EQ(r.word[6], 40);
    CHECK_EQ(jg_reply(r.token, &pass), JG_ERR_BAD_STATE); /* nobody below; still ours */
    CHECK_EQ(reply_word(r.token, 555), JG_OK);
    CHECK_EQ(receive(top, &r), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_RESULT);
    CHECK_EQ(r.key, 200);
    CHECK_EQ(r.word[0], 555);
    CHECK_EQ(r.word[6], 40);
    CHECK_EQ(reply_word(r.token, 556), JG_OK);
    /* The next one, an exit, is answered at the top without the base hearing of it. */
    CHECK_EQ(receive(top, &r), JG_OK);
    CHECK_EQ(r.word[6], EXIT);
    CHECK_EQ(result, 556);
    CHECK_EQ(poll_port(base, &r), JG_ERR_WOULD_BLOCK);
    child_end(&c);
    jg_handle_close(base);
    jg_handle_close(top);
}

TEST(level, pass_without_see_result_returns_straight)
{
    jg_handle_t base = (jg_handle_t)jg_port_create(), top = (jg_handle_t)jg_port_create();
    struct jg_message pass = {.info = JG_REPLY_PASS};
    struct jg_received r;
    struct child c;

    CHECK(child_make_trapped(&c, base, 1, one_call, NULL));
    CHECK_EQ(jg_thread_set_level(c.thread, top, 2), JG_OK);
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(top, &r), JG_OK);
    memcpy(pass.word, r.word, sizeof(pass.word));
    CHECK_EQ(jg_reply(r.token, &pass), JG_OK);
    CHECK_EQ(receive(base, &r), JG_OK);
    CHECK_EQ(r.word[1], 2);
    CHECK_EQ(reply_word(r.token, 9), JG_OK);
    CHECK_EQ(receive(top, &r), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_SYSCALL);
    CHECK_EQ(result, 9);
    child_end(&c);
    jg_handle_close(base);
    jg_handle_close(top);
}

TEST(level, there_are_four)
{
    struct child c;

    port = (jg_handle_t)jg_port_create();
    CHECK(child_make_trapped(&c, port, 0, one_call, NULL));
    for (unsigned i = 1; i < JG_LEVELS_MAX; i++)
        CHECK_EQ(jg_thread_set_level(c.thread, port, i), JG_OK);
    CHECK_EQ(jg_thread_set_level(c.thread, port, 9), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_thread_set_level(c.thread, c.thread, 9), JG_ERR_WRONG_TYPE);
    child_end(&c);
    jg_handle_close(port);
}

TEST(level, four_levels_pass_and_see_in_order)
{
    struct jg_message pass = {.info = JG_REPLY_PASS | JG_REPLY_SEE_RESULT};
    struct jg_received r;
    struct child c;

    port = (jg_handle_t)jg_port_create();
    CHECK(child_make_trapped(&c, port, 0, one_call, NULL));
    for (unsigned i = 1; i < JG_LEVELS_MAX; i++)
        CHECK_EQ(jg_thread_set_level(c.thread, port, i), JG_OK);
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    for (unsigned i = JG_LEVELS_MAX; i-- > 0;) {
        CHECK_EQ(receive(port, &r), JG_OK);
        CHECK_EQ(r.key, i);
        memcpy(pass.word, r.word, sizeof(pass.word));
        if (i)
            CHECK_EQ(jg_reply(r.token, &pass), JG_OK);
    }
    CHECK_EQ(reply_word(r.token, 100), JG_OK);
    for (unsigned i = 1; i < JG_LEVELS_MAX; i++) {
        CHECK_EQ(receive(port, &r), JG_OK);
        CHECK_EQ(JG_INFO_LABEL(r.info), JG_TRAP_RESULT);
        CHECK_EQ(r.key, i);
        CHECK_EQ(r.word[0], 99 + i);
        CHECK_EQ(reply_word(r.token, r.word[0] + 1), JG_OK);
    }
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(result, 103);
    child_end(&c);
    jg_handle_close(port);
}

static void after_fork(void *unused)
{
    (void)unused;
    result = (uint64_t)raw(57, 0, 0);
    raw(EXIT, result, 0);
}

TEST(level, a_new_thread_inherits_upper_levels_which_hear_of_it_first)
{
    jg_handle_t base = (jg_handle_t)jg_port_create(), top = (jg_handle_t)jg_port_create();
    struct jg_message pass = {.info = JG_REPLY_PASS};
    struct jg_received r, child;
    struct jg_info_handle info;
    struct jg_regs regs;
    jg_handle_t process, thread;
    struct child c;

    CHECK(child_make_trapped(&c, base, 10, after_fork, NULL));
    CHECK_EQ(jg_thread_set_level(c.thread, top, 20), JG_OK);
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(top, &r), JG_OK);
    memcpy(pass.word, r.word, sizeof(pass.word));
    CHECK_EQ(jg_reply(r.token, &pass), JG_OK);
    CHECK_EQ(receive(base, &r), JG_OK);
    CHECK_EQ(r.word[6], 57);
    /* The base forks: a copy of the registers, with another result. */
    process = (jg_handle_t)jg_process_create(my_job, my_aspace, "forked");
    CHECK((int32_t)process > 0);
    thread = (jg_handle_t)jg_thread_create(process, c.thread, JG_THREAD_COPY_STATE);
    CHECK((int32_t)thread > 0);
    CHECK_EQ(jg_thread_start(thread), JG_ERR_BAD_STATE); /* no base level yet */
    CHECK_EQ(jg_thread_set_level(thread, base, 11), JG_OK);
    CHECK_EQ(jg_thread_read_state(thread, JG_STATE_REGS, &regs, sizeof(regs)), sizeof(regs));
    CHECK_EQ(regs.rdx, 3);
    regs.rax = 0;
    CHECK_EQ(jg_thread_write_state(thread, JG_STATE_REGS, &regs, sizeof(regs)), JG_OK);
    CHECK_EQ(jg_object_info(thread, JG_INFO_HANDLE, &info, sizeof(info)), sizeof(info));
    CHECK_EQ(jg_thread_start(thread), JG_OK);
    CHECK_EQ(receive(top, &child), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(child.info), JG_TRAP_BIRTH);
    CHECK_EQ(child.key, 20);
    CHECK_EQ(child.word[0], info.koid);
    CHECK_EQ(reply_flags(child.token, JG_REPLY_RESUME), JG_OK);
    CHECK_EQ(receive(top, &child), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(child.info), JG_TRAP_SYSCALL);
    CHECK_EQ(child.word[6], EXIT);
    CHECK_EQ(child.word[0], 0);
    memcpy(pass.word, child.word, sizeof(pass.word));
    CHECK_EQ(jg_reply(child.token, &pass), JG_OK);
    CHECK_EQ(receive(base, &child), JG_OK);
    CHECK_EQ(child.key, 11);
    jg_task_kill(process, 0);
    CHECK_EQ(receive(top, &child), JG_OK);
    CHECK_EQ(JG_INFO_KIND(child.info), JG_KIND_GONE);
    CHECK_EQ(reply_word(r.token, 4), JG_OK);
    CHECK_EQ(receive(top, &r), JG_OK);
    CHECK_EQ(r.word[0], 4);
    child_end(&c);
    jg_handle_close(thread);
    jg_handle_close(process);
    jg_handle_close(base);
    jg_handle_close(top);
}

TEST(trap, a_trapped_process_makes_no_native_call)
{
    struct jg_received r;
    struct child c;

    port = (jg_handle_t)jg_port_create();
    CHECK(child_make_trapped(&c, port, 1, (void (*)(void *))jg_thread_exit, NULL));
    CHECK_EQ(jg_thread_start(c.thread), JG_OK);
    CHECK_EQ(receive(port, &r), JG_OK);
    CHECK_EQ(r.word[6], JG_SYS_thread_exit);
    child_end(&c);
    jg_handle_close(port);
}
