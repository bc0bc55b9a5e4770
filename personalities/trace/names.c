/*
 * Names of numbers and flags.
 *
 * Source: the headers of linux-libc-dev 6.1.
 */
#include <jg/rt/string.h>

#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/wait.h>

#include "linux.h"
#include "trace.h"

struct name {
    uint64_t value;
    const char *name;
};

#define NAME(x) {x, #x}

void add_signal(struct line *line, uint64_t number)
{
    const char *name = number < 65 ? linux_signal_name((unsigned)number) : NULL;

    if (name)
        line_add(line, "%s", name);
    else if (number < 65)
        line_add(line, number == 32 ? "SIGRTMIN" : "SIGRT_%lu", number - 32);
    else
        line_add(line, "%ld", (long)number);
}

static const struct name open_flags[] = {
    NAME(O_CREAT), NAME(O_EXCL), NAME(O_NOCTTY), NAME(O_TRUNC), NAME(O_APPEND), NAME(O_NONBLOCK),
    NAME(O_SYNC), NAME(O_DSYNC), NAME(O_DIRECT), NAME(O_LARGEFILE), {__O_TMPFILE | O_DIRECTORY, "O_TMPFILE"},
    NAME(O_DIRECTORY), NAME(O_NOFOLLOW), NAME(O_NOATIME), NAME(O_CLOEXEC), NAME(O_PATH), {0, NULL}};
static const struct name access_flags[] = {{4, "R_OK"}, {2, "W_OK"}, {1, "X_OK"}, {0, NULL}};
static const struct name prot_flags[] = {NAME(PROT_READ),      NAME(PROT_WRITE),
                                         NAME(PROT_EXEC),      NAME(PROT_GROWSDOWN),
                                         NAME(PROT_GROWSUP),   {0, NULL}};
static const struct name map_flags[] = {
    NAME(MAP_FIXED),    NAME(MAP_ANONYMOUS), NAME(MAP_32BIT),    NAME(MAP_GROWSDOWN),
    NAME(MAP_LOCKED),   NAME(MAP_NORESERVE), NAME(MAP_POPULATE), NAME(MAP_NONBLOCK),
    NAME(MAP_STACK),    NAME(MAP_HUGETLB),   {MAP_FIXED_NOREPLACE, "MAP_FIXED_NOREPLACE"},
    NAME(MAP_DENYWRITE), NAME(MAP_EXECUTABLE), {0, NULL}};
static const struct name at_flags[] = {NAME(AT_SYMLINK_NOFOLLOW), NAME(AT_REMOVEDIR),
                                       NAME(AT_SYMLINK_FOLLOW),   NAME(AT_NO_AUTOMOUNT),
                                       NAME(AT_EMPTY_PATH),       {0, NULL}};
static const struct name action_flags[] = {{0x04000000, "SA_RESTORER"}, {0x08000000, "SA_ONSTACK"},
                                           {0x10000000, "SA_RESTART"},  {0x40000000, "SA_NODEFER"},
                                           {0x80000000, "SA_RESETHAND"}, {4, "SA_SIGINFO"},
                                           {1, "SA_NOCLDSTOP"},         {2, "SA_NOCLDWAIT"},
                                           {0, NULL}};
static const struct name wait_flags[] = {NAME(WNOHANG), NAME(WUNTRACED), NAME(WCONTINUED),
                                         {0, NULL}};

static bool add_set(struct line *line, const struct name *names, uint64_t value, const char *before)
{
    for (; names->name; names++) {
        if (!names->value || (value & names->value) != names->value)
            continue;
        line_add(line, "%s%s", before, names->name);
        before = "|";
        value &= ~names->value;
    }
    if (value)
        line_add(line, "%s0x%lx", before, value);
    return value || before[0] == '|';
}

static void add_one(struct line *line, const char *const *names, size_t count, uint64_t value,
                    const char *unknown)
{
    if (value < count && names[value])
        line_add(line, "%s", names[value]);
    else
        line_add(line, "0x%lx /* %s */", value, unknown);
}

#define ADD_ONE(line, value, unknown, ...)                                                         \
    do {                                                                                           \
        static const char *const names_[] = {__VA_ARGS__};                                         \
        add_one(line, names_, sizeof names_ / sizeof *names_, value, unknown);                     \
    } while (0)

static void add_ioctl(struct line *line, uint64_t value)
{
    static const struct name names[] = {
        {0x5401, "TCGETS"},     {0x5402, "TCSETS"},     {0x5403, "TCSETSW"},    {0x5404, "TCSETSF"},
        {0x540e, "TIOCSCTTY"},  {0x540f, "TIOCGPGRP"},  {0x5410, "TIOCSPGRP"},  {0x5413, "TIOCGWINSZ"},
        {0x5414, "TIOCSWINSZ"}, {0x541b, "FIONREAD"},   {0x5421, "FIONBIO"},    {0x5450, "FIONCLEX"},
        {0x5451, "FIOCLEX"},    {0x80045430, "TIOCGPTN"}, {0x40045431, "TIOCSPTLCK"}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].value == value) {
            line_add(line, "%s", names[i].name);
            return;
        }
    line_add(line, "0x%lx", value);
}

void add_flags(struct line *line, char kind, uint64_t value)
{
    switch (kind) {
    case 'o':
        ADD_ONE(line, value & 3, "O_???", "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE");
        add_set(line, open_flags, value & 0xfffffffcu, "|");
        break;
    case 'a':
        if (!value || !add_set(line, access_flags, value, ""))
            line_add(line, "F_OK");
        break;
    case 'P':
        if (!value || !add_set(line, prot_flags, value, ""))
            line_add(line, "PROT_NONE");
        break;
    case 'M':
        ADD_ONE(line, value & 3, "MAP_???", "MAP_FILE", "MAP_SHARED", "MAP_PRIVATE",
                "MAP_SHARED_VALIDATE");
        add_set(line, map_flags, value & ~3ul, "|");
        break;
    case 'T':
        if (!value || !add_set(line, at_flags, value, ""))
            line_add(line, "0");
        break;
    case 'g':
        if (!value || !add_set(line, action_flags, value, ""))
            line_add(line, "0");
        break;
    case 'Z':
        if (!value || !add_set(line, wait_flags, value, ""))
            line_add(line, "0");
        break;
    case 'W':
        ADD_ONE(line, value, "SEEK_???", "SEEK_SET", "SEEK_CUR", "SEEK_END", "SEEK_DATA",
                "SEEK_HOLE");
        break;
    case 'H':
        ADD_ONE(line, value, "SIG_???", "SIG_BLOCK", "SIG_UNBLOCK", "SIG_SETMASK");
        break;
    case 'F':
        ADD_ONE(line, value, "F_???", "F_DUPFD", "F_GETFD", "F_SETFD", "F_GETFL", "F_SETFL",
                "F_GETLK", "F_SETLK", "F_SETLKW", "F_SETOWN", "F_GETOWN");
        break;
    case 'Y':
        ADD_ONE(line, value - 0x1001, "ARCH_???", "ARCH_SET_GS", "ARCH_SET_FS", "ARCH_GET_FS",
                "ARCH_GET_GS");
        break;
    case 'X':
        add_ioctl(line, value & 0xffffffffu);
        break;
    }
}
