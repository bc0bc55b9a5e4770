/*
 * The smallest complete personality: it runs one static Linux program that writes and exits.
 *
 * In:    init's calls (personality.idl), the program's traps and consoled's events, all on one
 *        port.
 * Life:  one thread. A write that finds the console full keeps the program's token, and is made
 *        again when the console's event comes; nothing here ever waits for anything but the port.
 * Needs: "control", "control_event", "events", "system", "vfs", "console", "job".
 */
#include <ipc/console_client.h>
#include <ipc/personality_server.h>
#include <jg/rt/format.h>
#include <jg/rt/startup.h>
#include <jg/rt/string.h>

#include "arch/x86_64/arch.h"
#include "program.h"

enum { KEY_CONTROL = 16, KEY_PROGRAM = 17 };
enum { ENOENT = 2, EBADF = 9, EFAULT = 14, EINVAL = 22, EPIPE = 32, ENOSYS = 38 };
enum { SIGKILL = 9, SIGSEGV = 11 };
enum { LATER = INT32_MIN, NEVER, CHUNK = 16384, IOV_MAX = 1024 };

static struct {
    jg_handle_t port, control_event, tree[2], console, job;
    struct personality_standard io;
    struct program program;
    struct jg_received waiting; /* its trap, while the console is full: token not 0 */
    uint32_t state, code;
} self;

static int32_t op_launch(struct personality_call *call, const struct personality_standard *io,
                         uint32_t argc, uint32_t envc, struct jg_window text, char *problem,
                         size_t problem_size, size_t *problem_length)
{
    static char path[PERSONALITY_TEXT_MAX + 1]; /* and behind it the other strings */
    const char *strings, *at, *end = path + text.size, *clause;

    (void)call;
    if (self.program.process)
        return PERSONALITY_ERROR_BUSY;
    if (jg_window_read(&text, 0, path, text.size))
        return PERSONALITY_ERROR_INVAL;
    path[text.size] = 0;
    at = strings = path + strlen(path) + 1;
    for (uint64_t n = (uint64_t)argc + envc; n && at < end; n--)
        at += strlen(at) + 1;
    if (at >= end) /* the working directory comes last, and means nothing here */
        return PERSONALITY_ERROR_INVAL;
    self.io = *io;
    clause = program_start(&self.program, self.tree, path, self.job, self.port, KEY_PROGRAM,
                           strings, (size_t)(at - strings), argc, envc);
    self.state = PERSONALITY_STATE_RUNNING;
    if (!clause)
        return 0;
    program_end(&self.program);
    *problem_length = rt_format(problem, problem_size, "%.180s cannot be run: %s", path, clause);
    return PERSONALITY_ERROR_NO_PROGRAM;
}

static int32_t op_status(struct personality_call *call, uint32_t *what, uint32_t *code,
                         char *problem, size_t problem_size, size_t *problem_length)
{
    (void)call, (void)problem, (void)problem_size;
    *what = self.state;
    *code = self.code;
    *problem_length = 0;
    return 0;
}

static const struct personality_ops ops = {.launch = op_launch, .status = op_status};

static int64_t finish(uint32_t state, uint32_t code)
{
    program_end(&self.program); /* and with it the token of its trap */
    self.state = state;
    self.code = code;
    jg_event_raise(self.control_event, PERSONALITY_EVENT_CHANGED);
    return NEVER;
}

/* Writes once. Returns a count, a negative errno, or LATER when the console is full. */
static int64_t write_out(uint64_t fd, uint64_t va, uint64_t length)
{
    static char chunk[CHUNK];
    uint32_t how = fd == 1 ? self.io.output : self.io.error, count = 0;
    struct jg_copy c = {self.program.aspace, JG_COPY_READ, va, (uintptr_t)chunk,
                        length < CHUNK ? length : CHUNK};
    int64_t n = length ? jg_aspace_copy(&c) : 0;
    int32_t error;

    if (fd != 1 && fd != 2)
        return -EBADF;
    if (n <= 0 || how == PERSONALITY_STDIO_NONE)
        return n < 0 ? -EFAULT : n;
    if (how == PERSONALITY_STDIO_TTY)
        error = console_tty_write(self.console, 0, chunk, (size_t)n, &count);
    else
        error = console_stream_write(self.console, (uint32_t)fd, chunk, (size_t)n, &count);
    return !error ? (int64_t)count : error == CONSOLE_ERROR_WOULD_BLOCK ? LATER : -EPIPE;
}

/* Writes the first part that is not empty: a short count is a right answer. */
static int64_t write_vector(uint64_t fd, uint64_t va, uint64_t count)
{
    uint64_t part[2] = {0, 0};

    for (uint64_t i = 0; i < count && i < IOV_MAX && !part[1]; i++) {
        struct jg_copy c = {self.program.aspace, JG_COPY_READ, va + i * sizeof part,
                            (uintptr_t)part, sizeof part};

        if (jg_aspace_copy(&c) != sizeof part)
            return -EFAULT;
    }
    return write_out(fd, part[0], part[1]);
}

static int64_t arch_prctl(uint64_t what, uint64_t value)
{
    jg_handle_t thread = self.program.thread;
    struct jg_regs regs;

    if (what != ARCH_SET_FS || jg_thread_read_state(thread, JG_STATE_REGS, &regs, sizeof regs) < 0)
        return -EINVAL;
    regs.fs_base = value;
    return jg_thread_write_state(thread, JG_STATE_REGS, &regs, sizeof regs) < 0 ? -EINVAL : 0;
}

/* Returns a call's result, LATER (again after the console's event) or NEVER (it is gone). */
static int64_t syscall(const uint64_t *w)
{
    switch (w[7] ? UINT64_MAX : w[6]) {
    case NR_write:
        return write_out(w[0], w[1], w[2]);
    case NR_writev:
        return write_vector(w[0], w[1], w[2]);
    case NR_arch_prctl:
        return arch_prctl(w[0], w[1]);
    case NR_set_tid_address:
        return 1;
    case NR_exit:
    case NR_exit_group:
        return finish(PERSONALITY_STATE_EXITED, w[0] & 0xff);
    }
    return -ENOSYS;
}

static void trap(const struct jg_received *in)
{
    struct jg_message reply = {0};
    int64_t result;

    switch (JG_INFO_LABEL(in->info)) {
    case JG_TRAP_SYSCALL:
        result = syscall(in->word);
        break;
    case JG_TRAP_FAULT:
        result = finish(PERSONALITY_STATE_KILLED, SIGSEGV);
        break;
    case JG_TRAP_EXCEPTION:
        result = finish(PERSONALITY_STATE_KILLED, arch_signal(in->word[0]));
        break;
    case JG_TRAP_NO_MEMORY:
        result = finish(PERSONALITY_STATE_KILLED, SIGKILL);
        break;
    default:
        result = 0;
        reply.info = JG_REPLY_RESUME;
    }
    self.waiting = result == LATER ? *in : (struct jg_received){0};
    reply.word[0] = (uint64_t)result;
    if (result != LATER && result != NEVER)
        jg_reply(in->token, &reply);
}

int server_main(const struct jg_startup *startup)
{
    struct jg_message reply = {0};
    struct jg_received in;

    self.port = startup_handle(startup, "events");
    self.control_event = startup_handle(startup, "control_event");
    self.tree[0] = startup_handle(startup, "system");
    self.tree[1] = startup_handle(startup, "vfs");
    self.console = startup_handle(startup, "console");
    self.job = startup_handle(startup, "job");
    if (jg_channel_bind(startup_handle(startup, "control"), self.port, KEY_CONTROL) < 0)
        return 1;
    while (jg_reply_wait(self.port, JG_TOKEN_NONE, &reply, &in) >= 0) {
        if (JG_INFO_KIND(in.info) == JG_KIND_TRAP) {
            trap(&in);
        } else if (in.key == JG_EVENTS_CONSOLE && self.waiting.token) {
            in = self.waiting;
            trap(&in);
        } else if (JG_INFO_KIND(in.info) == JG_KIND_CALL) {
            personality_dispatch(&ops, NULL, &in, &reply);
            jg_reply(in.token, &reply);
            reply = (struct jg_message){0};
        }
    }
    return 0;
}
