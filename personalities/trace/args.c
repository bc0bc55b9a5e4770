/*
 * Arguments and results as text.
 *
 * Letters of overlay/arch/x86_64/calls.def. Known before the call: f descriptor, A directory or AT_FDCWD, i int, u unsigned, x hexadecimal,
 * p pointer, s path or string, b buffer whose length is the next argument, m mode, O mode if a file may be made, G
 * signal, S set of signals, D sigaction, V vector of buffers, N timespec, L array of strings, E environment, R rusage, and the names of names.c: o a P M T Z W H F Y X.
 * Known with the result: B and K buffer of that length, C its string, t stat, q two descriptors, w wait status, U
 * utsname, v vector of buffers, h set of signals, d sigaction.
 */
#include <jg/rt/format.h>
#include <jg/rt/string.h>

#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "linux.h"
#include "trace.h"

enum { ARRAY_MAX = 32, ENVIRONMENT_MAX = 10000 };

void line_add(struct line *line, const char *format, ...)
{
    size_t room = LINE_MAX - line->used, n;
    va_list args;

    va_start(args, format);
    n = rt_vformat(line->text + line->used, room, format, args);
    va_end(args);
    line->used += n < room ? n : room - 1;
}

static void add_quoted(struct line *line, const char *text, size_t length, bool more)
{
    line_add(line, "\"");
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        bool digit = i + 1 < length && text[i + 1] >= '0' && text[i + 1] <= '9';

        if (c == '"' || c == '\\')
            line_add(line, "\\%c", c);
        else if (c >= ' ' && c < 127)
            line_add(line, "%c", c);
        else if (c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v')
            line_add(line, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : c == '\r' ? 'r' : c == '\f' ? 'f' : 'v');
        else
            line_add(line, digit ? "\\%03o" : "\\%o", c);
    }
    line_add(line, more ? "\"..." : "\"");
}

static void add_pointer(struct line *line, uint64_t value)
{
    if (value)
        line_add(line, "0x%lx", value);
    else
        line_add(line, "NULL");
}

/* A path is shown whole. */
static void add_string(struct traced *t, uint64_t address, size_t most)
{
    char text[1024];
    bool whole;
    int64_t n = address ? overlay_read_string(&t->thread, address, text, sizeof text, &whole) : -1;

    if (n < 0)
        add_pointer(&t->line, address);
    else if ((size_t)n > most)
        add_quoted(&t->line, text, most, true);
    else
        add_quoted(&t->line, text, (size_t)n, !whole);
}

static void add_buffer(struct traced *t, uint64_t address, uint64_t length)
{
    char text[STRING_MAX];
    size_t n = length < sizeof text ? length : sizeof text;

    if (overlay_read(&t->thread, address, text, n) == n && address)
        add_quoted(&t->line, text, n, length > n);
    else
        add_pointer(&t->line, address);
}

static void add_strings(struct traced *t, uint64_t address)
{
    uint64_t at = 0;

    line_add(&t->line, "[");
    for (unsigned i = 0; overlay_read(&t->thread, address + i * 8ul, &at, 8) == 8 && at; i++) {
        if (i == ARRAY_MAX) {
            line_add(&t->line, ", ...");
            break;
        }
        line_add(&t->line, "%s", i ? ", " : "");
        add_string(t, at, STRING_MAX);
    }
    line_add(&t->line, "]");
}

static void add_environment(struct traced *t, uint64_t address)
{
    unsigned n = 0;
    uint64_t at;

    while (n < ENVIRONMENT_MAX && overlay_read(&t->thread, address + n * 8ul, &at, 8) == 8 && at)
        n++;
    add_pointer(&t->line, address);
    if (address)
        line_add(&t->line, n == 1 ? " /* %u var */" : " /* %u vars */", n);
}

/* Signals are shown without their SIG; a set of more than half of them by what is not in it. */
static void add_set(struct line *line, uint64_t set)
{
    const char *between;
    unsigned members = 0;
    bool inverse;

    for (uint64_t rest = set; rest; rest &= rest - 1)
        members++;
    inverse = members > 32;
    between = inverse ? "~[" : "[";

    set = inverse ? ~set : set;
    line_add(line, set ? "" : "%s", between);
    for (unsigned n = 1; n <= 64; n++) {
        struct line name = {0};

        if (!(set >> (n - 1) & 1))
            continue;
        add_signal(&name, n);
        line_add(line, "%s%s", between, name.text + 3);
        between = " ";
    }
    line_add(line, "]");
}

static void add_signals(struct traced *t, uint64_t address)
{
    uint64_t set;

    if (address && overlay_read(&t->thread, address, &set, sizeof set) == sizeof set)
        add_set(&t->line, set);
    else
        add_pointer(&t->line, address);
}

static void add_action(struct traced *t, uint64_t address)
{
    struct {
        uint64_t handler, flags, restorer, mask;
    } a;

    if (!address || overlay_read(&t->thread, address, &a, sizeof a) != sizeof a) {
        add_pointer(&t->line, address);
        return;
    }
    if (a.handler < 2)
        line_add(&t->line, "{sa_handler=%s, sa_mask=", a.handler ? "SIG_IGN" : "SIG_DFL");
    else
        line_add(&t->line, "{sa_handler=0x%lx, sa_mask=", a.handler);
    add_set(&t->line, a.mask);
    line_add(&t->line, ", sa_flags=");
    add_flags(&t->line, 'g', a.flags);
    if (a.flags & 0x04000000)
        line_add(&t->line, ", sa_restorer=0x%lx", a.restorer);
    line_add(&t->line, "}");
}

static void add_vector(struct traced *t, uint64_t address, uint64_t count, uint64_t most)
{
    uint64_t part[2];

    line_add(&t->line, "[");
    for (uint64_t i = 0; i < count && i < ARRAY_MAX; i++) {
        if (overlay_read(&t->thread, address + i * sizeof part, part, sizeof part) != sizeof part)
            break;
        line_add(&t->line, "%s{iov_base=", i ? ", " : "");
        add_buffer(t, part[0], part[1] < most ? part[1] : most);
        line_add(&t->line, ", iov_len=%lu}", part[1]);
        most -= part[1] < most ? part[1] : most;
    }
    line_add(&t->line, "]");
}

static void add_timespec(struct traced *t, uint64_t address)
{
    int64_t when[2];

    if (address && overlay_read(&t->thread, address, when, sizeof when) == sizeof when)
        line_add(&t->line, "{tv_sec=%ld, tv_nsec=%ld}", when[0], when[1]);
    else
        add_pointer(&t->line, address);
}

static void add_stat(struct traced *t, uint64_t address)
{
    static const char *const kinds[16] = {
        [1] = "S_IFIFO", [2] = "S_IFCHR", [4] = "S_IFDIR",  [6] = "S_IFBLK",
        [8] = "S_IFREG", [10] = "S_IFLNK", [12] = "S_IFSOCK"};
    struct stat s;
    const char *kind;

    if (overlay_read(&t->thread, address, &s, sizeof s) != sizeof s) {
        add_pointer(&t->line, address);
        return;
    }
    kind = kinds[s.st_mode >> 12 & 15];
    line_add(&t->line, "{st_mode=%s|%s%s%s0%03o, ", kind ? kind : "0",
             s.st_mode & 04000 ? "S_ISUID|" : "", s.st_mode & 02000 ? "S_ISGID|" : "",
             s.st_mode & 01000 ? "S_ISVTX|" : "", s.st_mode & 0777);
    if (S_ISCHR(s.st_mode) || S_ISBLK(s.st_mode))
        line_add(&t->line, "st_rdev=makedev(0x%lx, 0x%lx), ...}", s.st_rdev >> 8 & 0xfff,
                 (s.st_rdev & 0xff) | (s.st_rdev >> 12 & 0xfff00));
    else
        line_add(&t->line, "st_size=%ld, ...}", s.st_size);
}

static void add_wait_status(struct traced *t, uint64_t address)
{
    int s;

    if (!address || overlay_read(&t->thread, address, &s, sizeof s) != sizeof s) {
        add_pointer(&t->line, address);
        return;
    }
    line_add(&t->line, "[{");
    if ((s & 0x7f) == 0) {
        line_add(&t->line, "WIFEXITED(s) && WEXITSTATUS(s) == %d", s >> 8 & 0xff);
    } else if ((s & 0xff) == 0x7f) {
        line_add(&t->line, "WIFSTOPPED(s) && WSTOPSIG(s) == ");
        add_signal(&t->line, (uint64_t)(s >> 8 & 0xff));
    } else if (s == 0xffff) {
        line_add(&t->line, "WIFCONTINUED(s)");
    } else {
        line_add(&t->line, "WIFSIGNALED(s) && WTERMSIG(s) == ");
        add_signal(&t->line, (uint64_t)(s & 0x7f));
    }
    line_add(&t->line, "}]");
}

static void add_utsname(struct traced *t, uint64_t address)
{
    char name[2][65];

    if (overlay_read(&t->thread, address, name, sizeof name) != sizeof name) {
        add_pointer(&t->line, address);
        return;
    }
    line_add(&t->line, "{sysname=\"%.64s\", nodename=\"%.64s\", ...}", name[0], name[1]);
}

static void add_pair(struct traced *t, uint64_t address)
{
    int pair[2];

    if (overlay_read(&t->thread, address, pair, sizeof pair) == sizeof pair)
        line_add(&t->line, "[%d, %d]", pair[0], pair[1]);
    else
        add_pointer(&t->line, address);
}

/* What only the result tells. */
static void add_out(struct traced *t, char letter, uint64_t value, uint64_t next, int64_t result)
{
    bool good = result >= 0;

    switch (good ? letter : 'p') {
    case 'B':
    case 'K':
        add_buffer(t, value, (uint64_t)result);
        break;
    case 'C':
        add_string(t, value, 4096);
        break;
    case 'v':
        add_vector(t, value, next, (uint64_t)result);
        break;
    case 'd':
        add_action(t, value);
        break;
    case 'h':
        add_signals(t, value);
        break;
    case 't':
        add_stat(t, value);
        break;
    case 'q':
        add_pair(t, value);
        break;
    case 'w':
        if (result)
            add_wait_status(t, value);
        else
            add_pointer(&t->line, value);
        break;
    case 'U':
        add_utsname(t, value);
        break;
    default:
        add_pointer(&t->line, value);
    }
}

bool args_add(struct traced *t, const struct linux_call *c, unsigned i, const int64_t *result)
{
    uint64_t value = t->thread.call[i];
    struct line *line = &t->line;
    char letter = c->args[i];

    if (letter == 'O' && !(t->thread.call[i - 1] & (O_CREAT | __O_TMPFILE)))
        return true;
    if (i && !t->comma)
        line_add(line, ", ");
    t->comma = false;
    if (memchr("BKCtqwUvdh", letter, 10)) {
        t->comma = !result;
        if (result)
            add_out(t, letter, value, i < 5 ? t->thread.call[i + 1] : 0, *result);
        return result;
    }
    switch (letter) {
    case 'f':
    case 'i':
        line_add(line, "%d", (int)value);
        break;
    case 'A':
        if ((int)value == AT_FDCWD)
            line_add(line, "AT_FDCWD");
        else
            line_add(line, "%d", (int)value);
        break;
    case 'u':
        line_add(line, "%lu", value);
        break;
    case 'x':
        line_add(line, value ? "0x%lx" : "%lx", value);
        break;
    case 's':
        add_string(t, value, 4096);
        break;
    case 'b':
        add_buffer(t, value, t->thread.call[i + 1]);
        break;
    case 'm':
    case 'O':
        line_add(line, "0%lo", value & 0xffff);
        break;
    case 'G':
        add_signal(line, (uint32_t)value);
        break;
    case 'N':
        add_timespec(t, value);
        break;
    case 'S':
        add_signals(t, value);
        break;
    case 'D':
        add_action(t, value);
        break;
    case 'V':
        add_vector(t, value, t->thread.call[i + 1], UINT64_MAX);
        break;
    case 'L':
        add_strings(t, value);
        break;
    case 'E':
        add_environment(t, value);
        break;
    case 'p':
    case 'R':
        add_pointer(line, value);
        break;
    default:
        add_flags(line, letter, value);
    }
    return true;
}

static bool gives_address(const struct linux_call *c)
{
    return !strcmp(c->name, "mmap") || !strcmp(c->name, "brk") || !strcmp(c->name, "mremap") ||
           !strcmp(c->name, "shmat");
}

void args_add_result(struct line *line, const struct linux_call *c, int64_t result)
{
    if (result <= -512 && result > -4096 && linux_errno_name((int)-result))
        line_add(line, " = ? %s (%s)", linux_errno_name((int)-result), linux_errno_text((int)-result));
    else if (result < 0 && result > -4096 && linux_errno_name((int)-result))
        line_add(line, " = -1 %s (%s)", linux_errno_name((int)-result), linux_errno_text((int)-result));
    else if (c && gives_address(c))
        line_add(line, " = 0x%lx", (uint64_t)result);
    else if (c && !strcmp(c->name, "umask"))
        line_add(line, " = 0%lo", (uint64_t)result);
    else
        line_add(line, " = %ld", result);
}
