/*
 * The options of a tmpfs: size=, nr_blocks=, nr_inodes=, mode=, uid=, gid=.
 */
#pragma once

#include <jg/types.h>

struct options {
    uint64_t pages, inodes; /* 0: no limit */
    uint32_t mode, uid, gid;
    bool has_pages, has_inodes, has_mode, has_uid, has_gid;
};

/* The options of devpts: mode=, ptmxmode=, uid=, gid=, max=, newinstance. */
struct devpts_options {
    uint32_t mode, ptmx_mode, uid, gid;
    bool has_uid, has_gid;
};

/*
 * Reads a list as mount(8) gives it. Numbers may end in k, m, g, t, and size= in % of `machine`
 * pages. Returns 0, or INVAL for an unknown option or a malformed value. `out` then holds what came
 * before.
 */
int32_t options_parse(const char *text, uint64_t machine, struct options *out);

/* The same for devpts; what is not said is Linux's: mode=600,ptmxmode=000. Returns 0 or INVAL. */
int32_t options_parse_devpts(const char *text, struct devpts_options *out);
