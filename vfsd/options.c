/*
 * Mount options of tmpfs and devpts.
 *
 * Source: tmpfs(5); Linux 6.1's Documentation/filesystems/devpts.rst.
 */
#include "options.h"

#include <ipc/vfs_server.h>
#include <jg/rt/string.h>

/* Reads digits of a base up to `end`. Returns where they stop, or NULL for none or too many. */
static const char *number(const char *at, const char *end, unsigned base, uint64_t *out)
{
    const char *begin = at;
    uint64_t value = 0;

    *out = 0;
    for (; at < end && *at >= '0' && *at < (char)('0' + base); at++)
        if (__builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
            return NULL;
    *out = value;
    return at == begin ? NULL : at;
}

/* Reads a number that may have a suffix. */
static bool amount(const char *at, const char *end, bool percent, uint64_t machine, uint64_t *out)
{
    static const char suffixes[] = "kmgt";
    const char *suffix;
    unsigned shift;

    at = number(at, end, 10, out);
    if (!at)
        return false;
    if (at == end)
        return true;
    if (at + 1 != end)
        return false;
    if (*at == '%' && percent)
        return !__builtin_mul_overflow(*out, machine * JG_PAGE_SIZE / 100, out);
    suffix = strchr(suffixes, *at | 0x20);
    if (!suffix || !*suffix)
        return false;
    shift = 10 * (unsigned)(suffix - suffixes + 1);
    if (*out > UINT64_MAX >> shift)
        return false;
    *out <<= shift;
    return true;
}

static bool identity(const char *at, const char *end, uint32_t *out)
{
    uint64_t value = 0;

    at = number(at, end, 10, &value);
    *out = (uint32_t)value;
    return at == end && value < UINT32_MAX;
}

/* Tells whether an option is `name`; on true `*value` stands behind it. */
static bool is(const char *option, const char *end, const char *name, const char **value)
{
    size_t length = strlen(name);

    if ((size_t)(end - option) < length || memcmp(option, name, length))
        return false;
    *value = option + length;
    return true;
}

static bool one(const char *at, const char *end, uint64_t machine, struct options *out)
{
    uint64_t value = 0;

    if (at == end || (is(at, end, "inode64", &at) && at == end))
        return true;
    if (is(at, end, "size=", &at)) {
        out->has_pages = amount(at, end, true, machine, &value);
        if (out->has_pages)
            out->pages = value / JG_PAGE_SIZE + !!(value % JG_PAGE_SIZE);
        return out->has_pages;
    }
    if (is(at, end, "nr_blocks=", &at))
        return out->has_pages = amount(at, end, false, 0, &out->pages);
    if (is(at, end, "nr_inodes=", &at))
        return out->has_inodes = amount(at, end, false, 0, &out->inodes);
    if (is(at, end, "uid=", &at))
        return out->has_uid = identity(at, end, &out->uid);
    if (is(at, end, "gid=", &at))
        return out->has_gid = identity(at, end, &out->gid);
    if (!is(at, end, "mode=", &at))
        return false;
    out->has_mode = number(at, end, 8, &value) == end && value <= 07777;
    out->mode = (uint32_t)value;
    return out->has_mode;
}

int32_t options_parse(const char *text, uint64_t machine, struct options *out)
{
    memset(out, 0, sizeof *out);
    for (;;) {
        const char *end = strchr(text, ',');

        if (!end)
            end = text + strlen(text);
        if (!one(text, end, machine, out))
            return VFS_ERROR_INVAL;
        if (!*end)
            return 0;
        text = end + 1;
    }
}

static bool permissions(const char *at, const char *end, uint32_t *out)
{
    uint64_t value = 0;
    bool good = number(at, end, 8, &value) == end;

    *out = (uint32_t)value & 07777;
    return good;
}

static bool one_devpts(const char *at, const char *end, struct devpts_options *out)
{
    uint64_t most;

    if (at == end || (is(at, end, "newinstance", &at) && at == end))
        return true;
    if (is(at, end, "mode=", &at))
        return permissions(at, end, &out->mode);
    if (is(at, end, "ptmxmode=", &at))
        return permissions(at, end, &out->ptmx_mode);
    if (is(at, end, "uid=", &at))
        return out->has_uid = identity(at, end, &out->uid);
    if (is(at, end, "gid=", &at))
        return out->has_gid = identity(at, end, &out->gid);
    return is(at, end, "max=", &at) && number(at, end, 10, &most) == end;
}

int32_t options_parse_devpts(const char *text, struct devpts_options *out)
{
    *out = (struct devpts_options){.mode = 0600};
    for (;;) {
        const char *end = strchr(text, ',');

        if (!end)
            end = text + strlen(text);
        if (!one_devpts(text, end, out))
            return VFS_ERROR_INVAL;
        if (!*end)
            return 0;
        text = end + 1;
    }
}
