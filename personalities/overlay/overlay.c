/*
 * The frame of a level. See overlay.h.
 *
 * In:    overlay_main(), from each personality's server_main().
 * Life:  a record begins with JG_TRAP_BIRTH, whose answer makes its address the thread's cookie here, and ends when the
 *        kernel says that threads have ended (JG_KIND_GONE) and this is one of them. Before a thread's first call is
 *        shown, two calls in its name ask Linux for its ids. With the last record the server ends.
 * Locks: none: one thread.
 */
#include "overlay.h"

#include <ipc/level_server.h>
#include <jg/info.h>
#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/stubs.h>

#include "arch/x86_64/arch.h"
#include "report.h"

enum { KEY_CONTROL = 1, PAGE = 4096 };

/* Where a thread is between its birth and its calls. */
enum phase { PHASE_NEW, PHASE_TID, PHASE_PID, PHASE_OWN };

static struct {
    const struct overlay_ops *ops;
    jg_handle_t port;
    struct list threads;
    char *problem; /* of the configure() under way */
    size_t problem_size;
    bool used; /* a thread has been here */
} self = {.threads = LIST_INIT(self.threads)};

bool overlay_problem(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    rt_vformat(self.problem, self.problem_size, format, args);
    va_end(args);
    return false;
}

/* o=FILE, emptied first, and report=FILE are options of all. */
static bool take_option(char *key, char *value)
{
    bool output = !strcmp(key, "o"), more = !strcmp(key, "report");

    if (!output && !more)
        return self.ops->option(key, value);
    return (value && *value && report_to(value, output)) ||
           overlay_problem("%s cannot write to \"%s\"", self.ops->name, value ? value : "");
}

/* Cuts "a=1,b,c=2" into its options. */
static bool take_options(char *text)
{
    while (*text) {
        char *comma = memchr(text, ',', strlen(text)), *equals;

        if (comma)
            *comma = 0;
        equals = memchr(text, '=', strlen(text));
        if (equals)
            *equals = 0;
        if (*text && !take_option(text, equals ? equals + 1 : NULL)) {
            if (!*self.problem)
                overlay_problem("%s has no option \"%s\"", self.ops->name, text);
            return false;
        }
        if (!comma)
            return true;
        text = comma + 1;
    }
    return true;
}

static int32_t op_configure(struct level_call *call, const char *options, size_t options_len,
                            char *problem, size_t problem_size, size_t *problem_len)
{
    static char copy[LEVEL_OPTIONS_MAX + 1];

    (void)call;
    memcpy(copy, options, options_len);
    copy[options_len] = 0;
    problem[0] = 0;
    self.problem = problem;
    self.problem_size = problem_size;
    if (take_options(copy) && (!self.ops->ready || self.ops->ready()))
        return 0;
    *problem_len = strnlen(problem, problem_size);
    return LEVEL_ERROR_INVAL;
}

static int32_t op_ping(struct level_call *call)
{
    (void)call;
    return 0;
}

static const struct level_ops calls = {.configure = op_configure, .ping = op_ping};

static int64_t answer(struct overlay_thread *t, uint64_t info, const uint64_t *words)
{
    struct jg_message m = {.info = info};

    if (words)
        memcpy(m.word, words, sizeof m.word);
    return jg_reply(t->token, &m);
}

/* Makes a call in the thread's name; its result comes here. */
static void make_own_call(struct overlay_thread *t, uint64_t number, int phase)
{
    uint64_t words[JG_CALL_WORDS];

    /* The program keeps its arguments: Linux's registers survive a call. */
    memcpy(words, t->call, sizeof words);
    words[6] = number;
    t->phase = phase;
    answer(t, JG_REPLY_PASS | JG_REPLY_SEE_RESULT, words);
}

static void give(struct overlay_thread *t, enum overlay_answer what, int64_t value)
{
    const uint64_t result[JG_CALL_WORDS] = {(uint64_t)value};

    switch (what) {
    case OVERLAY_PASS:
        answer(t, JG_REPLY_PASS, t->call);
        break;
    case OVERLAY_SEE:
    case OVERLAY_AGAIN:
        answer(t, JG_REPLY_PASS | JG_REPLY_SEE_RESULT, t->call);
        break;
    case OVERLAY_RESULT:
        answer(t, 0, result);
        break;
    }
}

static void show_call(struct overlay_thread *t)
{
    int64_t value = 0;
    enum overlay_answer what = self.ops->call(t, &value);

    give(t, what, value);
}

static void on_call(struct overlay_thread *t, const struct jg_received *in)
{
    memcpy(t->call, in->word, sizeof t->call);
    t->call[6] = (uint32_t)t->call[6]; /* as Linux does */
    /* A call by int 0x80 would make ours one, too: the ids are asked for at the next one. */
    if (t->phase == PHASE_NEW && !t->call[7])
        make_own_call(t, NR_gettid, PHASE_TID);
    else
        show_call(t);
}

static void on_result(struct overlay_thread *t, const struct jg_received *in)
{
    int64_t value = (int64_t)in->word[0];
    enum overlay_answer what = OVERLAY_PASS;

    if (t->diverting) {
        t->diverting = false;
        self.ops->diverted(t);
        answer(t, JG_REPLY_RESUME, NULL);
        return;
    }
    switch (t->phase) {
    case PHASE_TID:
        t->tid = (int)value;
        make_own_call(t, NR_getpid, PHASE_PID);
        return;
    case PHASE_PID:
        t->pid = (int)value;
        t->phase = PHASE_OWN;
        show_call(t);
        return;
    }
    if (self.ops->result)
        what = self.ops->result(t, &value, in->word[1]);
    if (what == OVERLAY_AGAIN || what == OVERLAY_RESULT)
        give(t, what, value);
    else
        answer(t, JG_REPLY_RESUME, NULL);
}

/* Signals, faults: passed on. Who wants to know sees where they led. */
static void on_other(struct overlay_thread *t, const struct jg_received *in)
{
    t->diverting = self.ops->diverted;
    answer(t, JG_REPLY_PASS | (t->diverting ? JG_REPLY_SEE_RESULT : 0), in->word);
}

static void on_birth(const struct jg_received *in)
{
    struct overlay_thread *parent = (struct overlay_thread *)(uintptr_t)in->key;
    struct overlay_thread *t = rt_zalloc(self.ops->record);
    struct jg_handle_received thread;
    struct jg_message m = {0};

    if (!t || jg_call_take(in->token, &thread, 1) != 1) {
        /* It must not run unseen. */
        rt_free(t);
        if (jg_call_take(in->token, &thread, 1) == 1)
            jg_task_kill(thread.handle, 0);
        report_line("%s: no memory for one thread more, which is ended", self.ops->name);
        return;
    }
    t->thread = thread.handle;
    t->parent = parent ? parent->tid : 0;
    list_add_tail(&self.threads, &t->link);
    self.used = true;
    if (self.ops->born)
        self.ops->born(t);
    m.word[0] = (uintptr_t)t;
    jg_reply(in->token, &m);
}

static void on_trap(const struct jg_received *in)
{
    struct overlay_thread *t = (struct overlay_thread *)(uintptr_t)in->key;

    if (JG_INFO_LABEL(in->info) == JG_TRAP_BIRTH) {
        on_birth(in);
        return;
    }
    t->token = in->token;
    switch (JG_INFO_LABEL(in->info)) {
    case JG_TRAP_SYSCALL:
        on_call(t, in);
        break;
    case JG_TRAP_RESULT:
        on_result(t, in);
        break;
    default:
        on_other(t, in);
    }
}

/* Drops the records of threads that have ended. False: it was the last one. */
static bool bury(void)
{
    LIST_FOR_EACH_SAFE(it, &self.threads)
    {
        struct overlay_thread *t = LIST_ENTRY(it, struct overlay_thread, link);
        struct jg_info_task info;

        if (jg_object_info(t->thread, JG_INFO_TASK, &info, sizeof info) < 0 || info.state != 2)
            continue;
        list_remove(&t->link);
        if (self.ops->ended)
            self.ops->ended(t);
        jg_handle_close(t->thread);
        rt_free(t);
    }
    return !self.used || !list_empty(&self.threads);
}

struct overlay_thread *overlay_find(int tid)
{
    LIST_FOR_EACH(it, &self.threads)
    {
        struct overlay_thread *t = LIST_ENTRY(it, struct overlay_thread, link);

        if (t->tid == tid)
            return t;
    }
    return NULL;
}

size_t overlay_read(const struct overlay_thread *thread, uint64_t address, void *buffer, size_t size)
{
    size_t done = 0;

    while (done < size) {
        size_t n = PAGE - ((address + done) & (PAGE - 1));

        n = n < size - done ? n : size - done;
        if (jg_call_read(thread->token, address + done, (char *)buffer + done, n) != JG_OK)
            break;
        done += n;
    }
    return done;
}

int64_t overlay_read_string(const struct overlay_thread *thread, uint64_t address, char *buffer,
                          size_t size, bool *whole)
{
    size_t n = overlay_read(thread, address, buffer, size - 1);
    char *zero = memchr(buffer, 0, n);

    *whole = zero;
    buffer[n] = 0;
    if (zero)
        return zero - buffer;
    return n ? (int64_t)n : -1;
}

bool overlay_write(const struct overlay_thread *thread, uint64_t address, const void *buffer, size_t size)
{
    return jg_call_write(thread->token, address, buffer, size) == JG_OK;
}

int overlay_main(const struct jg_startup *startup, const struct overlay_ops *ops)
{
    struct jg_message reply = {0};
    struct jg_received in;

    self.ops = ops;
    self.port = startup_handle(startup, "port");
    report_start(startup);
    if (jg_channel_bind(startup_handle(startup, "control"), self.port, KEY_CONTROL) < 0)
        return 1;
    while (jg_reply_wait(self.port, JG_TOKEN_NONE, &reply, &in) >= 0) {
        switch (JG_INFO_KIND(in.info)) {
        case JG_KIND_TRAP:
            on_trap(&in);
            break;
        case JG_KIND_GONE:
            if (!bury())
                return 0;
            break;
        case JG_KIND_CALL:
            level_dispatch(&calls, NULL, &in, &reply);
            jg_reply(in.token, &reply);
            reply = (struct jg_message){0};
        }
    }
    return 1;
}
