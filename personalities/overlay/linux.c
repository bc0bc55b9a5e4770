/*
 * Names. See linux.h.
 *
 * Source: the headers of linux-libc-dev 6.1; errors.def and arch/x86_64/calls.def.
 */
#include "linux.h"

#include <jg/rt/string.h>

static const struct linux_call calls[] = {
#define CALL(number, name, args) [number] = {#name, args},
#include "arch/x86_64/calls.def"
#undef CALL
};

static const struct {
    const char *name, *text;
} errors[] = {
#define ERROR(number, name, text) [number] = {name, text},
#include "errors.def"
#undef ERROR
    /* Inside of Linux only: what a tracer sees of a call that a signal interrupted. */
    [512] = {"ERESTARTSYS", "To be restarted if SA_RESTART is set"},
    [513] = {"ERESTARTNOINTR", "To be restarted"},
    [514] = {"ERESTARTNOHAND", "To be restarted if no handler"},
    [516] = {"ERESTART_RESTARTBLOCK", "Interrupted by signal"},
};

static const char *const signals[] = {
    "0",         "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
    "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
    "SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
    "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct linux_call *linux_call(uint64_t number)
{
    return number < COUNT(calls) && calls[number].name ? &calls[number] : NULL;
}

int linux_call_number(const char *name)
{
    for (size_t i = 0; i < COUNT(calls); i++)
        if (calls[i].name && !strcmp(calls[i].name, name))
            return (int)i;
    return -1;
}

static bool has(const struct linux_call *c, char letter)
{
    return memchr(c->args, letter, strlen(c->args));
}

static bool among(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name))
        names++;
    return *names;
}

bool linux_call_is(const struct linux_call *c, const char *word)
{
    static const char *const memory[] = {"brk", "munmap", "mremap", "madvise", NULL};
    static const char *const process[] = {"fork",  "vfork",  "clone",      "clone3", "execve", "execveat",
                                          "exit",  "wait4",  "exit_group", "waitid", NULL};
    static const char *const signal[] = {"rt_sigaction",    "rt_sigprocmask",  "rt_sigreturn",
                                         "rt_sigpending",   "rt_sigtimedwait", "rt_sigqueueinfo",
                                         "rt_sigsuspend",   "sigaltstack",     "pause",
                                         "signalfd",        "signalfd4",       NULL};

    if (!strcmp(word, "file"))
        return has(c, 's') || !strcmp(c->name, "getcwd");
    if (!strcmp(word, "desc"))
        return has(c, 'f') || has(c, 'A') || has(c, 'q');
    if (!strcmp(word, "memory"))
        return has(c, 'P') || among(c->name, memory);
    if (!strcmp(word, "process"))
        return among(c->name, process);
    if (!strcmp(word, "signal"))
        return has(c, 'G') || among(c->name, signal);
    return !strcmp(word, c->name);
}

const char *linux_errno_name(int error)
{
    return error > 0 && (size_t)error < COUNT(errors) ? errors[error].name : NULL;
}

const char *linux_errno_text(int error)
{
    return error > 0 && (size_t)error < COUNT(errors) ? errors[error].text : NULL;
}

int linux_errno(const char *name)
{
    for (int i = 1; i < 512 && (size_t)i < COUNT(errors); i++)
        if (errors[i].name && !strcmp(errors[i].name, name))
            return i;
    return 0;
}

const char *linux_signal_name(unsigned number)
{
    return number < COUNT(signals) ? signals[number] : NULL;
}

unsigned linux_signal(const char *name)
{
    for (unsigned i = 1; i < COUNT(signals); i++)
        if (!strcmp(signals[i], name))
            return i;
    return 0;
}
