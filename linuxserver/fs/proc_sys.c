/*
 * procfs: /proc/sys. Values that nothing here can change are read-only.
 */
#include <jg/rt/string.h>
#include <jg/stubs.h>

#include <server.h>
#include <mm/commit.h>
#include <system.h>

#include "epoll.h"
#include "namecache.h"
#include "proc_tree.h"
#include "tty.h"

static void add_uuid(struct text *out, const uint8_t *b)
{
    text_add(out, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-", b[0], b[1], b[2], b[3], b[4],
             b[5], (b[6] & 15) | 0x40, b[7], (b[8] & 0x3f) | 0x80, b[9]);
    text_add(out, "%02x%02x%02x%02x%02x%02x\n", b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* The same for as long as the system runs. */
static void boot_id(uint8_t bytes[16])
{
    static uint8_t id[16];
    static bool made;

    mutex_lock(&tasks_lock);
    if (!made)
        jg_random(id, sizeof id);
    made = true;
    memcpy(bytes, id, sizeof id);
    mutex_unlock(&tasks_lock);
}

static void add_made(const char *name, struct text *out)
{
    uint8_t bytes[16];
    char text[SYSTEM_NAME_MAX + 1];

    if (!strcmp(name, "hostname") || !strcmp(name, "domainname")) {
        system_name(!strcmp(name, "domainname"), text, sizeof text);
        text_add(out, "%s\n", text);
    } else if (!strcmp(name, "file-nr")) {
        text_add(out, "%u\t0\t1048576\n", files_open());
    } else if (!strcmp(name, "boot_id")) {
        boot_id(bytes);
        add_uuid(out, bytes);
    } else if (!strcmp(name, "uuid")) {
        jg_random(bytes, sizeof bytes);
        add_uuid(out, bytes);
    }
}

int64_t proc_sys_value(struct task *reader, struct proc_node at, struct text *out)
{
    static const struct {
        const char *name, *value;
    } values[] = {
        {"ostype", "Linux"},        {"osrelease", SYSTEM_RELEASE}, {"version", SYSTEM_VERSION},
        {"arch", "x86_64"},         {"pid_max", "32768"},          {"threads-max", "4096"},
        {"ngroups_max", "32"},      {"cap_last_cap", "40"},        {"overflowuid", "65534"},
        {"overflowgid", "65534"},   {"entropy_avail", "256"},      {"poolsize", "256"},
        {"max_map_count", "65530"}, {"mmap_min_addr", "65536"},
        {"queues_max", "256"},      {"msg_max", "10"},             {"msgsize_max", "8192"},
        {"msg_default", "10"},      {"msgsize_default", "8192"},
        {"sem", "32000\t1024000000\t500\t32000"},
        {"msgmax", "8192"},         {"msgmnb", "16384"},           {"msgmni", "32000"},
        {"file-max", "1048576"},    {"nr_open", "1048576"},        {"pipe-max-size", "1048576"},
    };
    const char *name = proc_entry_name(at);

    (void)reader;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (!strcmp(values[i].name, name)) {
            text_add(out, "%s\n", values[i].value);
            return 0;
        }
    }
    add_made(name, out);
    return 0;
}

/* A name ends with the line. */
int64_t proc_sys_set(struct task *writer, struct proc_node at, char *value, size_t size)
{
    char *newline = memchr(value, '\n', size);

    (void)writer;
    if (newline)
        *newline = 0;
    system_set_name(!strcmp(proc_entry_name(at), "domainname"), value);
    return 0;
}

int64_t proc_overcommit(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader, (void)at;
    text_add(out, "%u\n", commit_mode());
    return 0;
}

int64_t proc_set_overcommit(struct task *writer, struct proc_node at, char *value, size_t size)
{
    unsigned mode = (unsigned)(size ? value[0] : 0) - '0';

    (void)writer, (void)at;
    if (mode > COMMIT_NEVER || (size > 1 && value[1] && value[1] != '\n' && value[1] != ' '))
        return -EINVAL;
    commit_set_mode(mode);
    return 0;
}

int64_t proc_pty_limit(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader, (void)at;
    text_add(out, "%u\n", pty_limit());
    return 0;
}

/* A decimal number of at most 18 digits; -1: it is none. */
static int64_t number_in(const char *value, size_t size)
{
    int64_t n = 0;
    size_t i = 0;

    while (i < size && value[i] >= '0' && value[i] <= '9' && i < 18)
        n = n * 10 + value[i++] - '0';
    if (!i || (i < size && value[i] && value[i] != '\n' && value[i] != ' '))
        return -1;
    return n;
}

int64_t proc_set_pty_limit(struct task *writer, struct proc_node at, char *value, size_t size)
{
    int64_t n = number_in(value, size);

    (void)writer, (void)at;
    return n < 0 || n > UINT32_MAX ? -EINVAL : pty_set_limit((unsigned)n);
}

/*
 * Names that are kept (2) can go; files are nowhere but in memory, so that nothing else of what Linux would drop
 * is there. 4 only silences Linux's message. Source: proc(5), sysctl/vm.rst.
 */
int64_t proc_drop_caches(struct task *writer, struct proc_node at, char *value, size_t size)
{
    int64_t n = number_in(value, size);

    (void)writer, (void)at;
    if (n < 1 || n > 4)
        return -EINVAL;
    if (n & 2)
        namecache_shrink(true);
    return 0;
}

int64_t proc_watch_limit(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader, (void)at;
    text_add(out, "%llu\n", (unsigned long long)epoll_watch_limit());
    return 0;
}

int64_t proc_set_watch_limit(struct task *writer, struct proc_node at, char *value, size_t size)
{
    int64_t n = number_in(value, size);

    (void)writer, (void)at;
    if (n < 0)
        return -EINVAL;
    epoll_set_watch_limit((uint64_t)n);
    return 0;
}

int64_t proc_pty_count(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader, (void)at;
    text_add(out, "%u\n", pty_count());
    return 0;
}
