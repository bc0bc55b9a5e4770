/* What a level above the base one can see and do: memory, the thread, its cookie, calls of its own. */
#include "test.h"

#define EXIT 60

static volatile int64_t result;
static char text[] = "told to the kernel";
static char large[3 * 4096];

static int64_t raw(uint64_t nr, const void *a)
{
    return jg_syscall6((unsigned)nr, (uint64_t)(uintptr_t)a, 2, 3, 4, 5, 6);
}

static void tell(void *what)
{
    result = raw(39, what);
    raw(EXIT, 0);
}

/* A thread with two levels, at its first system call, which its upper level has got. */
struct traced {
    struct child child;
    jg_handle_t base, top;
    struct jg_received trap;
};

static bool trace(struct traced *t, void (*what)(void *), void *arg)
{
    t->base = (jg_handle_t)jg_port_create();
    t->top = (jg_handle_t)jg_port_create();
    return child_make_trapped(&t->child, t->base, 100, what, arg) &&
           jg_thread_set_level(t->child.thread, t->top, 200) == JG_OK &&
           jg_thread_start(t->child.thread) == JG_OK && receive(t->top, &t->trap) == JG_OK;
}

static void trace_end(struct traced *t)
{
    child_end(&t->child);
    jg_handle_close(t->base);
    jg_handle_close(t->top);
}

/* Passes the trap in `r` on, with its own words and `number`, and asks for the result. */
static int64_t pass(const struct jg_received *r, uint64_t number)
{
    struct jg_message m = {.info = JG_REPLY_PASS | JG_REPLY_SEE_RESULT};

    memcpy(m.word, r->word, sizeof(m.word));
    m.word[6] = number;
    return jg_reply(r->token, &m);
}

TEST(tracer, the_memory_of_a_trapped_thread_is_the_window_of_its_trap)
{
    char copy[sizeof(text)] = "";
    struct traced t;

    CHECK(trace(&t, tell, text));
    CHECK_EQ(jg_call_read(t.trap.token, t.trap.word[0], copy, sizeof(copy)), JG_OK);
    CHECK(!memcmp(copy, text, sizeof(text)));
    CHECK_EQ(jg_call_write(t.trap.token, t.trap.word[0], "TOLD", 4), JG_OK);
    CHECK(!memcmp(text, "TOLD to", 7));
    CHECK_EQ(jg_call_read(t.trap.token, (uintptr_t)large, large, sizeof(large)), JG_OK);
    CHECK_EQ(jg_call_read(t.trap.token, 8, copy, 1), JG_ERR_PEER_CLOSED);
    CHECK_EQ(jg_call_write(t.trap.token, (uintptr_t)&trace, copy, 1), JG_ERR_PEER_CLOSED);
    CHECK_EQ(jg_call_read(t.trap.token, t.trap.word[0], (void *)8, 1), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_call_read(t.trap.token, 1ull << 47, copy, 1), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(jg_call_read(t.trap.token, ~0ull - 3, copy, 8), JG_ERR_OUT_OF_RANGE);
    CHECK_EQ(reply_word(t.trap.token, 1), JG_OK);
    CHECK_EQ(jg_call_read(t.trap.token, t.trap.word[0], copy, 1), JG_ERR_BAD_TOKEN);
    trace_end(&t);
}

TEST(tracer, with_a_trap_comes_the_thread)
{
    struct jg_handle_received got[2] = {{0}};
    struct jg_info_handle mine, theirs;
    struct jg_regs regs;
    struct traced t;

    CHECK(trace(&t, tell, text));
    CHECK_EQ(jg_call_take(t.trap.token, got, 0), 0);
    CHECK_EQ(jg_call_take(t.trap.token, got, 2), 1);
    CHECK_EQ(got[0].type, JG_TYPE_THREAD);
    CHECK_EQ(jg_object_info(t.child.thread, JG_INFO_HANDLE, &mine, sizeof(mine)), sizeof(mine));
    CHECK_EQ(jg_object_info(got[0].handle, JG_INFO_HANDLE, &theirs, sizeof(theirs)),
             sizeof(theirs));
    CHECK_EQ(mine.koid, theirs.koid);
    CHECK_EQ(jg_thread_read_state(got[0].handle, JG_STATE_REGS, &regs, sizeof(regs)),
             sizeof(regs));
    CHECK_EQ(regs.rdi, (uint64_t)(uintptr_t)text);
    CHECK_EQ(jg_handle_close(got[0].handle), JG_OK);
    CHECK_EQ(jg_call_take(t.trap.token, (void *)8, 1), JG_ERR_BAD_ADDRESS);
    trace_end(&t);
    CHECK_EQ(jg_call_take(t.trap.token, got, 1), JG_ERR_CALLER_GONE);
}

TEST(tracer, a_result_can_be_passed_again_as_a_call_of_its_own)
{
    struct jg_received below, seen;
    struct traced t;

    CHECK(trace(&t, tell, text));
    CHECK_EQ(pass(&t.trap, 186), JG_OK);
    for (uint64_t number = 186; number < 1186; number++) {
        CHECK_EQ(receive(t.base, &below), JG_OK);
        CHECK_EQ(JG_INFO_LABEL(below.info), JG_TRAP_SYSCALL);
        CHECK_EQ(below.word[6], number);
        CHECK_EQ(below.word[5], 6);
        CHECK_EQ(reply_word(below.token, number * 2), JG_OK);
        CHECK_EQ(receive(t.top, &seen), JG_OK);
        CHECK_EQ(JG_INFO_LABEL(seen.info), JG_TRAP_RESULT);
        CHECK_EQ(seen.word[0], number * 2);
        CHECK_EQ(seen.word[1], 0);
        CHECK_EQ(seen.word[6], number);
        memcpy(seen.word, t.trap.word, sizeof(seen.word));
        CHECK_EQ(pass(&seen, number + 1), JG_OK);
    }
    CHECK_EQ(receive(t.base, &below), JG_OK);
    CHECK_EQ(reply_word(below.token, 77), JG_OK);
    CHECK_EQ(receive(t.top, &seen), JG_OK);
    CHECK_EQ(reply_flags(seen.token, JG_REPLY_RESUME), JG_OK);
    CHECK_EQ(receive(t.top, &seen), JG_OK);
    CHECK_EQ(seen.word[6], EXIT);
    CHECK_EQ(result, 77);
    trace_end(&t);
}

/* The base writes the registers, as for a signal's handler: the result is told, and is in none of them. */
TEST(tracer, a_result_beside_written_registers_stays_out_of_them)
{
    struct jg_message resume = {.info = JG_REPLY_RESUME, .word = {(uint64_t)-4}};
    struct jg_received below, seen;
    struct jg_regs regs;
    struct traced t;

    CHECK(trace(&t, tell, text));
    CHECK_EQ(pass(&t.trap, 39), JG_OK);
    CHECK_EQ(receive(t.base, &below), JG_OK);
    CHECK_EQ(jg_thread_read_state(t.child.thread, JG_STATE_REGS, &regs, sizeof(regs)),
             sizeof(regs));
    regs.rax = 1234;
    CHECK_EQ(jg_thread_write_state(t.child.thread, JG_STATE_REGS, &regs, sizeof(regs)), JG_OK);
    CHECK_EQ(jg_reply(below.token, &resume), JG_OK);
    CHECK_EQ(receive(t.top, &seen), JG_OK);
    CHECK_EQ(seen.word[0], (uint64_t)-4);
    CHECK_EQ(seen.word[1], 1);
    CHECK_EQ(reply_word(seen.token, 99), JG_OK);
    CHECK_EQ(receive(t.top, &seen), JG_OK);
    CHECK_EQ(result, 1234);
    trace_end(&t);
}

TEST(tracer, the_answer_to_a_kick_can_be_seen)
{
    struct jg_received below, seen;
    struct traced t;

    CHECK(trace(&t, tell, text));
    CHECK_EQ(jg_thread_kick(t.child.thread), JG_OK);
    CHECK_EQ(reply_word(t.trap.token, 5), JG_OK);
    CHECK_EQ(receive(t.top, &seen), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(seen.info), JG_TRAP_KICK);
    CHECK_EQ(pass(&seen, 0), JG_OK);
    CHECK_EQ(receive(t.base, &below), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(below.info), JG_TRAP_KICK);
    CHECK_EQ(reply_flags(below.token, JG_REPLY_RESUME), JG_OK);
    CHECK_EQ(receive(t.top, &seen), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(seen.info), JG_TRAP_RESULT);
    CHECK_EQ(seen.word[1], 1);
    CHECK_EQ(reply_word(seen.token, 6), JG_OK);
    CHECK_EQ(receive(t.top, &seen), JG_OK);
    CHECK_EQ(result, 5);
    trace_end(&t);
}

TEST(tracer, the_answer_to_a_birth_is_the_threads_own_cookie)
{
    struct jg_received below, born;
    jg_handle_t process, thread;
    struct traced t;

    CHECK(trace(&t, tell, text));
    CHECK_EQ(pass(&t.trap, 57), JG_OK);
    CHECK_EQ(receive(t.base, &below), JG_OK);
    process = (jg_handle_t)jg_process_create(my_job, my_aspace, "born");
    thread = (jg_handle_t)jg_thread_create(process, t.child.thread, JG_THREAD_COPY_STATE);
    CHECK((int32_t)thread > 0);
    CHECK_EQ(jg_thread_set_level(thread, t.base, 101), JG_OK);
    CHECK_EQ(jg_thread_start(thread), JG_OK);
    CHECK_EQ(receive(t.top, &born), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(born.info), JG_TRAP_BIRTH);
    CHECK_EQ(born.key, 200);
    CHECK_EQ(reply_word(born.token, 201), JG_OK);
    CHECK_EQ(receive(t.top, &born), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(born.info), JG_TRAP_SYSCALL);
    CHECK_EQ(born.key, 201);
    jg_task_kill(process, 0);
    jg_handle_close(thread);
    jg_handle_close(process);
    trace_end(&t);
}

TEST(tracer, a_level_on_a_held_thread_hears_of_it_before_the_next_instruction)
{
    jg_handle_t upmost = (jg_handle_t)jg_port_create();
    struct jg_received below, born;
    struct traced t;

    result = 0;
    CHECK(trace(&t, tell, text));
    CHECK_EQ(pass(&t.trap, 39), JG_OK);
    CHECK_EQ(receive(t.base, &below), JG_OK);
    CHECK_EQ(jg_thread_set_level(t.child.thread, upmost, 300), JG_OK);
    CHECK_EQ(reply_word(below.token, 11), JG_OK);
    CHECK_EQ(receive(t.top, &below), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(below.info), JG_TRAP_RESULT);
    CHECK_EQ(reply_flags(below.token, JG_REPLY_RESUME), JG_OK);
    CHECK_EQ(receive(upmost, &born), JG_OK);
    CHECK_EQ(JG_INFO_LABEL(born.info), JG_TRAP_BIRTH);
    CHECK_EQ(result, 0);
    CHECK_EQ(reply_word(born.token, 301), JG_OK);
    CHECK_EQ(receive(upmost, &born), JG_OK);
    CHECK_EQ(born.key, 301);
    CHECK_EQ(born.word[6], EXIT);
    CHECK_EQ(result, 11);
    trace_end(&t);
    jg_handle_close(upmost);
}

TEST(tracer, the_end_of_a_thread_is_told_to_its_upper_levels)
{
    struct jg_received gone;
    struct traced t;

    CHECK(trace(&t, tell, text));
    CHECK_EQ(poll_port(t.top, &gone), JG_ERR_WOULD_BLOCK);
    CHECK_EQ(jg_task_kill(t.child.thread, 0), JG_OK);
    CHECK_EQ(receive(t.top, &gone), JG_OK);
    CHECK_EQ(JG_INFO_KIND(gone.info), JG_KIND_GONE);
    CHECK_EQ(poll_port(t.top, &gone), JG_ERR_WOULD_BLOCK);
    CHECK_EQ(poll_port(t.base, &gone), JG_ERR_WOULD_BLOCK);
    trace_end(&t);
}
