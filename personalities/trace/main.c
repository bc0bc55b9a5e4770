/*
 * trace: prints the system calls of the programs below it, as strace does.
 *
 * In:    overlay_main()'s frame (overlay/), which shows every call and its result.
 * Options: filter=NAME|NAME..., filter=!NAME..., o=FILE.
 * Life:  a line begins with the call and ends with its result. When another thread says something in between,
 *        the beginning is printed as unfinished, and the end as resumed.
 */
#include <jg/rt/format.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include "arch/x86_64/arch.h"
#include "report.h"
#include "trace.h"

static struct traced *holder; /* whose open line is the last thing that was said */
static unsigned threads;
static bool many; /* there was more than one: lines say whose they are */
static bool hidden[CALLS_MAX];

/* Shows (or, with a "!" in front, hides) what the words name; words are separated by "|" or "+". */
static bool set_filter(char *words)
{
    bool hide = *words == '!';
    char *word = words + hide;

    for (unsigned n = 0; n < CALLS_MAX; n++)
        hidden[n] = !hide;
    while (*word) {
        size_t length = 0;
        bool known = false, last;

        while (word[length] && word[length] != '|' && word[length] != '+')
            length++;
        last = !word[length];
        word[length] = 0;
        for (unsigned n = 0; n < CALLS_MAX; n++)
            if (linux_call(n) && linux_call_is(linux_call(n), word)) {
                hidden[n] = hide;
                known = true;
            }
        if (!known)
            return overlay_problem("trace: \"%s\" is no system call and no class of them (file, desc, "
                                   "memory, process, signal)", word);
        word += length + !last;
    }
    return true;
}

static bool option(char *key, char *value)
{
    return !strcmp(key, "filter") && value && *value && set_filter(value);
}

static void print(const struct traced *t, const char *text, size_t size)
{
    char prefix[24];
    size_t n = many ? rt_format(prefix, sizeof prefix, "[pid %5d] ", t->thread.tid) : 0;

    if (n)
        report(prefix, n);
    report(text, size);
}

/* Another line comes: what is open is cut. */
static void cut_holder(const struct traced *by)
{
    struct traced *t = holder;

    if (!t || t == by)
        return;
    line_add(&t->line, " <unfinished ...>\n");
    print(t, t->line.text, t->line.used);
    t->line.used = 0;
    t->cut = true;
    holder = NULL;
}

static void print_line(struct traced *t, struct line *line)
{
    cut_holder(t);
    line_add(line, "\n");
    print(t, line->text, line->used);
    line->used = 0;
}

static void begin(struct traced *t, const struct linux_call *c, uint64_t number)
{
    cut_holder(NULL);
    t->line.used = 0;
    t->shown = 0;
    t->cut = t->comma = false;
    t->open = true;
    if (c)
        line_add(&t->line, "%s(", c->name);
    else
        line_add(&t->line, "syscall_%#lx(", number);
    while (c && c->args[t->shown] && args_add(t, c, t->shown, NULL))
        t->shown++;
    holder = t;
}

/* Adds what the result tells, and the result. */
static void finish(struct traced *t, const struct linux_call *c, const int64_t *result)
{
    static const int64_t none;

    cut_holder(t);
    if (t->cut)
        line_add(&t->line, "<... %s resumed>", c ? c->name : "call");
    for (; c && c->args[t->shown]; t->shown++)
        args_add(t, c, t->shown, result ? result : &none);
    line_add(&t->line, ")");
    if (result)
        args_add_result(&t->line, c, *result);
    else
        line_add(&t->line, " = ?");
    print_line(t, &t->line);
    t->open = false;
    if (holder == t)
        holder = NULL;
}

static enum overlay_answer on_call(struct overlay_thread *thread, int64_t *value)
{
    struct traced *t = (struct traced *)thread;
    uint64_t number = thread->call[6];
    bool ends = number == NR_exit || number == NR_exit_group;

    (void)value;
    if (number >= CALLS_MAX || !hidden[number]) {
        begin(t, linux_call(number), number);
        if (ends)
            finish(t, linux_call(number), NULL);
    }
    t->code = ends ? (int)(thread->call[0] & 0xff) : -1;
    return ends ? OVERLAY_PASS : OVERLAY_SEE;
}

static void show_signal(struct traced *t)
{
    struct line line = {0};

    if (signal_add(t, &line))
        print_line(t, &line);
}

static enum overlay_answer on_result(struct overlay_thread *thread, int64_t *value, bool replaced)
{
    struct traced *t = (struct traced *)thread;

    if (t->open)
        finish(t, linux_call(thread->call[6]), value);
    if (replaced)
        show_signal(t);
    return OVERLAY_PASS;
}

static void on_diverted(struct overlay_thread *thread)
{
    show_signal((struct traced *)thread);
}

static void on_born(struct overlay_thread *thread)
{
    ((struct traced *)thread)->code = -1;
    many |= threads++ > 0;
}

static void on_ended(struct overlay_thread *thread)
{
    struct traced *t = (struct traced *)thread;
    struct line line = {0};

    if (t->open)
        finish(t, linux_call(thread->call[6]), NULL);
    if (t->code >= 0)
        line_add(&line, "+++ exited with %d +++", t->code);
    else
        line_add(&line, "+++ killed +++");
    print_line(t, &line);
    threads--;
}

int server_main(const struct jg_startup *startup)
{
    static const struct overlay_ops ops = {
        .name = "trace",
        .record = sizeof(struct traced),
        .option = option,
        .born = on_born,
        .call = on_call,
        .result = on_result,
        .diverted = on_diverted,
        .ended = on_ended,
    };

    return overlay_main(startup, &ops);
}
