/*
 * procfs: texts about the system. Source: proc(5), Linux 6.1's formats.
 */
#include <jg/rt/format.h>
#include <jg/rt/time.h>
#include <jg/stubs.h>

#include <mm/commit.h>
#include <system.h>
#include <task.h>
#include <task/load.h>

#include "proc_text.h"

#define TICK_NS (NS_PER_SEC / HZ_USER)

static int64_t system_info(struct jg_info_system *info)
{
    return jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, info, sizeof *info) < 0 ? -EIO : 0;
}

static void add_kb(struct text *out, const char *name, uint64_t frames)
{
    text_add(out, "%-16s%8lu kB\n", name, frames * (PAGE_SIZE / 1024));
}

/* All files are in memory, so the page cache is what Linux calls Shmem. */
int64_t proc_meminfo(struct task *reader, struct proc_node at, struct text *out)
{
    struct jg_info_system i;
    uint64_t used, anonymous;

    (void)reader, (void)at;
    if (system_info(&i))
        return -EIO;
    used = i.total_frames - i.free_frames;
    anonymous = used > i.kernel_frames + i.vmo_frames ? used - i.kernel_frames - i.vmo_frames : 0;
    const struct {
        const char *name;
        uint64_t frames;
    } rows[] = {
        {"MemTotal:", i.total_frames},
        {"MemFree:", i.free_frames},
        {"MemAvailable:", i.free_frames},
        {"Buffers:", 0},
        {"Cached:", i.vmo_frames},
        {"SwapCached:", 0},
        {"Active:", anonymous},
        {"Inactive:", i.vmo_frames},
        {"Active(anon):", anonymous},
        {"Inactive(anon):", i.vmo_frames},
        {"Active(file):", 0},
        {"Inactive(file):", 0},
        {"Unevictable:", 0},
        {"Mlocked:", 0},
        {"SwapTotal:", 0},
        {"SwapFree:", 0},
        {"Dirty:", 0},
        {"Writeback:", 0},
        {"AnonPages:", anonymous},
        {"Shmem:", i.vmo_frames},
        {"KReclaimable:", 0},
        {"Slab:", i.kernel_frames},
        {"SReclaimable:", 0},
        {"SUnreclaim:", i.kernel_frames},
        {"CommitLimit:", commit_limit() / PAGE_SIZE},
        {"Committed_AS:", commit_promised() / PAGE_SIZE},
    };

    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        add_kb(out, rows[k].name, rows[k].frames);
    return 0;
}

int64_t proc_vmstat(struct task *reader, struct proc_node at, struct text *out)
{
    struct jg_info_system i;
    uint64_t faults = 0;

    (void)reader, (void)at;
    if (system_info(&i))
        return -EIO;
    mutex_lock(&tasks_lock);
    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);
        struct usage usage;

        process_usage(p, &usage);
        faults += usage.faults + p->child_min_faults;
    }
    mutex_unlock(&tasks_lock);
    text_add(out, "nr_free_pages %lu\nnr_file_pages %lu\nnr_shmem %lu\npgfault %lu\n",
             i.free_frames, i.vmo_frames, i.vmo_frames, faults);
    return 0;
}

/* Time in programs, idle time, and all that is left: the kernel and its servers. In ticks. */
static void cpu_ticks(const struct jg_info_system *info, uint64_t ticks[3])
{
    uint64_t now = (uint64_t)time_monotonic(), user, system, used;

    mutex_lock(&tasks_lock);
    user = user_ns_ended;
    LIST_FOR_EACH(it, &all_processes)
    {
        LIST_FOR_EACH(at, &LIST_ENTRY(it, struct process, link)->tasks)
        {
            task_times(LIST_ENTRY(at, struct task, link), &used, &system);
            user += used;
        }
    }
    mutex_unlock(&tasks_lock);
    ticks[0] = user / TICK_NS;
    ticks[1] = now > info->idle_ns + user ? (now - info->idle_ns - user) / TICK_NS : 0;
    ticks[2] = info->idle_ns / TICK_NS;
}

int64_t proc_system_stat(struct task *reader, struct proc_node at, struct text *out)
{
    struct jg_info_system info;
    uint64_t ticks[3];
    unsigned running;

    (void)reader, (void)at;
    if (system_info(&info))
        return -EIO;
    cpu_ticks(&info, ticks);
    for (int i = 0; i < 2; i++)
        text_add(out, "%s %lu 0 %lu %lu 0 0 0 0 0 0\n", i ? "cpu0" : "cpu ", ticks[0], ticks[1],
                 ticks[2]);
    mutex_lock(&tasks_lock);
    running = load_running();
    text_add(out, "intr 0\nctxt %lu\nbtime %ld\nprocesses %lu\nprocs_running %u\nprocs_blocked 0\n",
             info.context_switches, (int64_t)info.boot_wall_ns / NS_PER_SEC, forks_total,
             running ? running : 1);
    mutex_unlock(&tasks_lock);
    return 0;
}

int64_t proc_loadavg(struct task *reader, struct proc_node at, struct text *out)
{
    uint64_t loads[3];
    unsigned running;
    int last = 0;

    (void)reader, (void)at;
    mutex_lock(&tasks_lock);
    load_averages(loads);
    running = load_running();
    LIST_FOR_EACH(it, &all_processes)
    last = LIST_ENTRY(it, struct process, link)->pid;
    for (int i = 0; i < 3; i++) {
        uint64_t hundredths = (loads[i] * 100 + (1 << LOAD_SHIFT) / 2) >> LOAD_SHIFT;

        text_add(out, "%lu.%02lu ", hundredths / 100, hundredths % 100);
    }
    text_add(out, "%u/%u %d\n", running ? running : 1, task_total(), last);
    mutex_unlock(&tasks_lock);
    return 0;
}

int64_t proc_uptime(struct task *reader, struct proc_node at, struct text *out)
{
    jg_time_t now = time_monotonic();
    struct jg_info_system info;

    (void)reader, (void)at;
    if (system_info(&info))
        return -EIO;
    text_add(out, "%ld.%02ld %lu.%02lu\n", now / NS_PER_SEC, now / (NS_PER_SEC / 100) % 100,
             info.idle_ns / NS_PER_SEC, info.idle_ns / (NS_PER_SEC / 100) % 100);
    return 0;
}

int64_t proc_version(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader, (void)at;
    text_add(out, "Linux version " SYSTEM_RELEASE " (jargoon) " SYSTEM_VERSION "\n");
    return 0;
}

int64_t proc_filesystems(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader, (void)at;
    text_add(out, "nodev\ttmpfs\nnodev\tproc\nnodev\tdevpts\nnodev\tdevtmpfs\nnodev\tramfs\n");
    return 0;
}

/* What open() knows of device numbers (fs/device.c, fs/tty.c). */
int64_t proc_devices(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader, (void)at;
    text_add(out, "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n"
                  "128 ptm\n136 pts\n"
                  "\nBlock devices:\n");
    return 0;
}

int64_t proc_swaps(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader, (void)at;
    text_add(out, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    return 0;
}

int64_t proc_empty(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader, (void)at, (void)out;
    return 0;
}

int64_t proc_kernel_cmdline(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader, (void)at;
    text_add(out, "\n");
    return 0;
}
