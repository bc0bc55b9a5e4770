/*
 * Texts of procfs about the system.
 */
#include "proc_text.h"

#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>
#include <jg/stubs.h>

#include <arch/x86_64/cpu.h>
#include <stdarg.h>
#include <system.h>
#include <task.h>

static bool room_for(struct text *out, size_t more)
{
    size_t room = out->room ? out->room : 512;
    char *data;

    if (out->failed)
        return false;
    if (out->used + more <= out->room)
        return true;
    while (room < out->used + more)
        room *= 2;
    data = rt_realloc(out->data, room);
    out->failed = !data;
    if (!data)
        return false;
    out->data = data;
    out->room = room;
    return true;
}

void text_add_bytes(struct text *out, const void *bytes, size_t size)
{
    if (!room_for(out, size))
        return;
    memcpy(out->data + out->used, bytes, size);
    out->used += size;
}

void text_add(struct text *out, const char *format, ...)
{
    char line[512];
    va_list args;
    int n;

    va_start(args, format);
    n = (int)rt_vformat(line, sizeof line, format, args);
    va_end(args);
    text_add_bytes(out, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

static void cpu_brand(char brand[49])
{
    for (uint32_t i = 0; i < 3; i++) {
        struct cpuid part = cpuid(0x80000002u + i);

        memcpy(brand + i * 16, &part, 16);
    }
    brand[48] = 0;
}

int64_t proc_cpuinfo(struct task *reader, struct proc_node at, struct text *out)
{
    char brand[49], vendor[13] = {0};
    struct cpuid maker = cpuid(0);
    struct cpuid features = cpuid(1);
    uint32_t a = features.a, c = features.c;

    (void)reader, (void)at;
    memcpy(vendor, (uint32_t[]){maker.b, maker.d, maker.c}, 12);
    cpu_brand(brand);
    text_add(out,
             "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: "
             "%s\nstepping\t: %u\n",
             vendor, a >> 8 & 15, (a >> 4 & 15) | (a >> 12 & 0xf0), brand, a & 15);
    text_add(out,
             "physical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\nfpu\t\t: yes\n");
    text_add(out,
             "flags\t\t: fpu tsc msr pae cx8 apic sep cmov mmx fxsr sse sse2 syscall nx lm%s%s%s\n",
             c & 1 ? " pni" : "", c >> 28 & 1 ? " avx" : "", c >> 30 & 1 ? " rdrand" : "");
    text_add(out, "bogomips\t: 2000.00\nclflush size\t: 64\ncache_alignment\t: 64\n\n");
    return 0;
}

int64_t proc_meminfo(struct task *reader, struct proc_node at, struct text *out)
{
    struct jg_info_system info;
    uint64_t total, free;

    (void)reader, (void)at;
    if (jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info) < 0)
        return -EIO;
    total = info.total_frames * 4;
    free = info.free_frames * 4;
    text_add(out, "MemTotal:       %8lu kB\nMemFree:        %8lu kB\nMemAvailable:   %8lu kB\n",
             total, free, free);
    text_add(out, "Buffers:        %8u kB\nCached:         %8u kB\nSwapCached:     %8u kB\n", 0, 0,
             0);
    text_add(out,
             "Active:         %8u kB\nInactive:       %8u kB\nSwapTotal:      %8u kB\nSwapFree:    "
             "   %8u kB\n",
             0, 0, 0, 0);
    text_add(out, "Dirty:          %8u kB\nWriteback:      %8u kB\nShmem:          %8u kB\n", 0, 0,
             0);
    text_add(out, "Slab:           %8lu kB\n", info.kernel_frames * 4);
    return 0;
}

/* Time since boot, split into busy and idle, in USER_HZ. */
static void cpu_ticks(uint64_t *busy, uint64_t *idle)
{
    struct jg_info_system info;
    uint64_t tick = NS_PER_SEC / HZ_USER, now = (uint64_t)time_monotonic();

    memset(&info, 0, sizeof info);
    jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info);
    *idle = info.idle_ns / tick;
    *busy = now > info.idle_ns ? (now - info.idle_ns) / tick : 0;
}

int64_t proc_system_stat(struct task *reader, struct proc_node at, struct text *out)
{
    struct jg_info_system info;
    uint64_t busy, idle;

    (void)reader, (void)at;
    cpu_ticks(&busy, &idle);
    if (jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info) < 0)
        return -EIO;
    for (int i = 0; i < 2; i++)
        text_add(out, "%s %lu 0 0 %lu 0 0 0 0 0 0\n", i ? "cpu0" : "cpu ", busy, idle);
    text_add(out, "intr 0\nctxt %lu\nbtime %ld\nprocesses %lu\nprocs_running 1\nprocs_blocked 0\n",
             info.context_switches, (int64_t)info.boot_wall_ns / NS_PER_SEC, forks_total);
    return 0;
}

int64_t proc_loadavg(struct task *reader, struct proc_node at, struct text *out)
{
    int last = 0;

    (void)reader, (void)at;
    mutex_lock(&tasks_lock);
    LIST_FOR_EACH(it, &all_processes)
    last = LIST_ENTRY(it, struct process, link)->pid;
    text_add(out, "0.00 0.00 0.00 1/%u %d\n", task_total(), last);
    mutex_unlock(&tasks_lock);
    return 0;
}

int64_t proc_uptime(struct task *reader, struct proc_node at, struct text *out)
{
    jg_time_t now = time_monotonic();
    uint64_t busy, idle;

    (void)reader, (void)at;
    cpu_ticks(&busy, &idle);
    text_add(out, "%ld.%02ld %lu.%02lu\n", now / NS_PER_SEC, now / (NS_PER_SEC / 100) % 100,
             idle / 100, idle % 100);
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
    text_add(out, "nodev\ttmpfs\nnodev\tproc\n");
    return 0;
}

int64_t proc_kernel_cmdline(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader, (void)at;
    text_add(out, "\n");
    return 0;
}

static void add_uuid(struct text *out, const uint8_t *b)
{
    text_add(out, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-", b[0], b[1], b[2], b[3], b[4],
             b[5], (b[6] & 15) | 0x40, b[7], (b[8] & 0x3f) | 0x80, b[9]);
    text_add(out, "%02x%02x%02x%02x%02x%02x\n", b[10], b[11], b[12], b[13], b[14], b[15]);
}

int64_t proc_sys_value(struct task *reader, struct proc_node at, struct text *out)
{
    static const struct {
        const char *name, *value;
    } values[] = {
        {"ostype", "Linux"},     {"osrelease", SYSTEM_RELEASE}, {"version", SYSTEM_VERSION},
        {"pid_max", "32768"},    {"threads-max", "4096"},       {"ngroups_max", "32"},
        {"cap_last_cap", "40"},  {"overcommit_memory", "0"},    {"max_map_count", "65530"},
        {"file-max", "1048576"}, {"nr_open", "1048576"},        {"pipe-max-size", "1048576"},
    };
    static uint8_t boot_id[16];
    static bool have_boot_id;
    const char *name = proc_entry_name(at);
    char host[65];
    uint8_t bytes[16];

    (void)reader;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (!strcmp(values[i].name, name)) {
            text_add(out, "%s\n", values[i].value);
            return 0;
        }
    }
    if (!strcmp(name, "hostname")) {
        system_hostname(host, sizeof host);
        text_add(out, "%s\n", host);
        return 0;
    }
    jg_random(bytes, sizeof bytes);
    if (!strcmp(name, "boot_id")) {
        mutex_lock(&tasks_lock);
        if (!have_boot_id)
            memcpy(boot_id, bytes, sizeof boot_id);
        have_boot_id = true;
        memcpy(bytes, boot_id, sizeof bytes);
        mutex_unlock(&tasks_lock);
    }
    add_uuid(out, bytes);
    return 0;
}
