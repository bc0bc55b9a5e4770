/*
 * sandbox: a policy says which calls programs may make; what is denied is reported, and gets an error.
 *
 * Options: policy=FILE (of the user's tree, read once), o=FILE for the reports.
 * Policy: lines of words; what is behind # is ignored. The last line that names a call, or a class of it (linux.h),
 *         decides:
 *             allow NAME...           these may be made
 *             deny [ERRNO] NAME...    these get the error, EPERM if none is named
 *             kill NAME...            the program ends at these, by SIGKILL
 *         A call that no line names is denied. exit, exit_group, rt_sigreturn and restart_syscall are always allowed: a program
 *         that can neither go on nor end helps nobody.
 */
#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/stubs.h>

#include "linux.h"
#include "overlay.h"
#include "report.h"

enum { ALLOWED = 0, EPERM_ = 1, KILLED = -1, SIGKILL_ = 9 };

static int16_t rule[CALLS_MAX]; /* ALLOWED, an errno, or KILLED */
static bool has_policy;

/* The next word of a line, terminated. NULL: there is none. */
static char *next_word(char **at)
{
    char *word = *at, *end;

    while (*word == ' ' || *word == '\t')
        word++;
    for (end = word; *end && *end != ' ' && *end != '\t'; end++)
        continue;
    *at = *end ? end + 1 : end;
    *end = 0;
    return *word ? word : NULL;
}

/* Gives the calls that `word` means this rule. False: it means none. */
static bool set_rule(const char *word, int16_t what)
{
    bool known = false;

    for (unsigned n = 0; n < CALLS_MAX; n++)
        if (linux_call(n) && linux_call_is(linux_call(n), word)) {
            rule[n] = what;
            known = true;
        }
    return known;
}

static bool take_line(char *line, const char *file, unsigned number)
{
    char *verb = next_word(&line), *word = verb ? next_word(&line) : NULL;
    int16_t what = ALLOWED;

    if (!verb)
        return true;
    if (!strcmp(verb, "deny")) {
        what = word ? (int16_t)linux_errno(word) : 0;
        if (what)
            word = next_word(&line);
        else
            what = EPERM_;
    } else if (!strcmp(verb, "kill")) {
        what = KILLED;
    } else if (strcmp(verb, "allow")) {
        return overlay_problem("sandbox: %s:%u: \"%s\" is none of allow, deny, kill", file, number, verb);
    }
    for (; word; word = next_word(&line))
        if (!set_rule(word, what))
            return overlay_problem("sandbox: %s:%u: \"%s\" is no system call and no class of them", file,
                                   number, word);
    return true;
}

static bool read_policy(const char *file)
{
    size_t size;
    char *text = report_read_file(file, &size), *at = text;
    bool good = true;

    if (!text)
        return overlay_problem("sandbox: the policy \"%s\" cannot be read", file);
    for (unsigned number = 1; good && at < text + size; number++) {
        char *end = memchr(at, '\n', (size_t)(text + size - at)), *comment;

        end = end ? end : text + size;
        *end = 0;
        comment = memchr(at, '#', (size_t)(end - at));
        if (comment)
            *comment = 0;
        good = take_line(at, file, number);
        at = end + 1;
    }
    rt_free(text);
    return good;
}

static bool option(char *key, char *value)
{
    if (strcmp(key, "policy") || !value)
        return false;
    for (unsigned n = 0; n < CALLS_MAX; n++)
        rule[n] = EPERM_;
    has_policy = read_policy(value);
    set_rule("exit", ALLOWED);
    set_rule("exit_group", ALLOWED);
    set_rule("rt_sigreturn", ALLOWED);
    set_rule("restart_syscall", ALLOWED);
    return has_policy;
}

static bool ready(void)
{
    return has_policy || overlay_problem("sandbox: which calls are allowed? Say policy=FILE");
}

static enum overlay_answer call(struct overlay_thread *t, int64_t *value)
{
    const struct linux_call *c = linux_call(t->call[6]);
    int what = t->call[7] || !c ? EPERM_ : rule[t->call[6]];

    if (what == ALLOWED)
        return OVERLAY_PASS;
    if (what == KILLED && t->pid <= 0)
        what = EPERM_; /* its ids are not known: nobody else must be hit */
    report_line("sandbox: %d: %s%s: %s", t->tid, c ? c->name : "an unknown call",
                t->call[7] ? " by int 0x80" : "",
                what == KILLED ? "killed" : linux_errno_name(what));
    if (what != KILLED) {
        *value = -what;
        return OVERLAY_RESULT;
    }
    t->call[0] = (uint64_t)t->pid;
    t->call[1] = SIGKILL_;
    t->call[6] = (uint64_t)linux_call_number("kill");
    return OVERLAY_PASS;
}

int server_main(const struct jg_startup *startup)
{
    static const struct overlay_ops ops = {.name = "sandbox",
                                           .record = sizeof(struct overlay_thread),
                                           .option = option,
                                           .ready = ready,
                                           .call = call};

    return overlay_main(startup, &ops);
}
