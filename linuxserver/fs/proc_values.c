/*
 * procfs: single values of a process, some of which can be written.
 */
#include <jg/rt/string.h>

#include "proc_task.h"
#include "proc_tree.h"

int64_t proc_comm(struct task *reader, struct proc_node at, struct text *out)
{
    struct snapshot s;
    int64_t err = snapshot_take(reader, at, &s);

    if (err)
        return err;
    text_add(out, "%s\n", s.comm);
    snapshot_drop(&s);
    return 0;
}

/* Only threads of the process itself may name each other. */
int64_t proc_comm_set(struct task *writer, struct proc_node at, char *value, size_t size)
{
    struct task *t;
    int64_t err = -ESRCH;

    (void)size;
    mutex_lock(&tasks_lock);
    t = proc_task(at);
    if (t)
        err = t->process == writer->process ? 0 : -EINVAL;
    if (!err) {
        memset(t->comm, 0, sizeof t->comm);
        memcpy(t->comm, value, strnlen(value, sizeof t->comm - 1));
    }
    mutex_unlock(&tasks_lock);
    return err;
}

static int64_t process_number(struct proc_node at, struct text *out,
                              int (*get)(const struct process *p))
{
    struct process *p;
    int n = 0;

    mutex_lock(&tasks_lock);
    p = proc_process(at);
    if (p)
        n = get(p);
    mutex_unlock(&tasks_lock);
    if (!p)
        return -ESRCH;
    text_add(out, "%d\n", n);
    return 0;
}

static int get_score_adj(const struct process *p)
{
    return p->oom_score_adj;
}

/*
 * A number in the forms of C, between white space. False: it is none, or does not fit an int.
 */
static bool parse(const char *text, int64_t *out)
{
    static const char digits[] = "0123456789abcdef";
    bool minus, any = false;
    int64_t n = 0;
    int base = 10;

    while (*text == ' ' || (*text >= 9 && *text <= 13))
        text++;
    minus = *text == '-';
    text += minus || *text == '+';
    if (*text == '0' && (text[1] | 32) == 'x') {
        base = 16;
        text += 2;
    } else if (*text == '0') {
        base = 8;
    }
    for (; *text; text++, any = true) {
        const char *digit = strchr(digits, *text >= 'A' && *text <= 'F' ? *text | 32 : *text);

        if (!digit || digit - digits >= base || n > INT32_MAX)
            break;
        n = n * base + (digit - digits);
    }
    while (*text == ' ' || (*text >= 9 && *text <= 13))
        text++;
    *out = minus ? -n : n;
    return any && !*text && n <= INT32_MAX;
}

#define NUMBER_MAX 12u /* what Linux looks at of what is written */

/*
 * Who may lower it at will sets how far others may. Source: proc(5); Linux 6.1's __set_oom_adj().
 */
int64_t proc_oom_score_adj_set(struct task *writer, struct proc_node at, char *value, size_t size)
{
    bool power = cred_capable(&writer->cred, CAP_SYS_RESOURCE);
    struct process *p;
    int64_t n, err = 0;

    if (size > NUMBER_MAX)
        value[NUMBER_MAX] = 0;
    if (!parse(value, &n) || n < -1000 || n > 1000)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    p = proc_process(at);
    if (!p)
        err = -ESRCH;
    else if (n < p->oom_score_adj_min && !power)
        err = -EACCES;
    else
        p->oom_score_adj = (int)n;
    if (!err && power)
        p->oom_score_adj_min = (int)n;
    mutex_unlock(&tasks_lock);
    return err;
}

static int get_score(const struct process *p)
{
    return p->zombie ? 0
                     : 666 + p->oom_score_adj * 2 / 3; /* Linux 6.1's scale for a small process */
}

int64_t proc_oom_score_adj(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader;
    return process_number(at, out, get_score_adj);
}

int64_t proc_oom_score(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader;
    return process_number(at, out, get_score);
}

/* What is the same for every process: there is no audit, and no name for where one sleeps. */
int64_t proc_constant(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader;
    if (!proc_exists(at))
        return -ESRCH;
    text_add(out, strcmp(proc_entry_name(at), "wchan") ? "4294967295" : "0");
    return 0;
}

/* The children that this thread made; here they all belong to the first one. */
int64_t proc_children(struct task *reader, struct proc_node at, struct text *out)
{
    struct process *p;

    (void)reader;
    mutex_lock(&tasks_lock);
    p = proc_process(at);
    if (p && at.tid == p->pid) {
        LIST_FOR_EACH(it, &p->children)
        text_add(out, "%d ", LIST_ENTRY(it, struct process, sibling)->pid);
    }
    mutex_unlock(&tasks_lock);
    return p ? 0 : -ESRCH;
}
