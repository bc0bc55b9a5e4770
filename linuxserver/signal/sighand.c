/*
 * Signal actions, and siginfo's simplest forms. Guarded by tasks_lock, but for creation.
 */
#include <signal.h>

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <linux/signal.h>

struct sighand *sighand_create(void)
{
    struct sighand *s = rt_zalloc(sizeof *s);

    if (s)
        s->refs = 1;
    return s;
}

struct sighand *sighand_clone(struct sighand *from)
{
    struct sighand *s = rt_alloc(sizeof *s);

    if (!s)
        return NULL;
    mutex_lock(&tasks_lock);
    *s = *from;
    mutex_unlock(&tasks_lock);
    s->refs = 1;
    return s;
}

struct sighand *sighand_get(struct sighand *s)
{
    __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
    return s;
}

void sighand_put(struct sighand *s)
{
    if (s && !__atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL))
        rt_free(s);
}

void sighand_reset(struct sighand *s)
{
    for (int i = 0; i < SIGNALS; i++) {
        if (s->action[i].handler != (uint64_t)SIG_IGN)
            s->action[i].handler = (uint64_t)SIG_DFL;
        s->action[i].flags = s->action[i].mask = s->action[i].restorer = 0;
    }
}

bool signal_default_ignored(int sig)
{
    return sig == SIGCHLD || sig == SIGURG || sig == SIGWINCH || sig == SIGCONT;
}

bool signal_handler_ignored(uint64_t handler, int sig)
{
    return handler == (uint64_t)SIG_IGN ||
           (handler == (uint64_t)SIG_DFL && signal_default_ignored(sig));
}

bool signal_default_stops(int sig)
{
    return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

void siginfo_kernel(siginfo_t *info, int sig)
{
    memset(info, 0, sizeof *info);
    info->si_signo = sig;
    info->si_code = SI_KERNEL;
}

void siginfo_user(siginfo_t *info, int sig, int code, struct task *from)
{
    memset(info, 0, sizeof *info);
    info->si_signo = sig;
    info->si_code = code;
    info->si_pid = from->process->pid;
    info->si_uid = from->cred.uid;
}
