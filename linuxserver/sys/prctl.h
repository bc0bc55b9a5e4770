/*
 * What prctl does to capabilities: caps.c. Each is done for the calling task and returns 0 (or the
 * value asked for) or -errno. Source: prctl(2), capabilities(7).
 */
#pragma once

#include <task.h>

/* PR_CAPBSET_READ, or with `drop` PR_CAPBSET_DROP. -EINVAL: no such capability. -EPERM. */
int64_t prctl_bounding(struct task *t, uint64_t cap, bool drop);

/* PR_CAP_AMBIENT with this operation. -EPERM: not permitted and inheritable, or locked. */
int64_t prctl_ambient(struct task *t, uint64_t op, uint64_t cap);

/* PR_SET_KEEPCAPS: 0 or 1, else -EINVAL. -EPERM: locked. */
int64_t prctl_keep_capabilities(struct task *t, uint64_t keep);

/* PR_SET_SECUREBITS. -EPERM: locked, unknown, or without CAP_SETPCAP. */
int64_t prctl_secure_bits(struct task *t, uint64_t bits);
