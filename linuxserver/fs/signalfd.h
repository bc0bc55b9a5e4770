/* Signalfds. Source: signalfd(2). */
#pragma once

#include <file.h>

/* A new one that takes the signals of `mask` (bit n - 1); flags are SFD_*. NULL: no memory. */
struct file *signalfd_create(uint64_t mask, uint32_t flags);

/* Gives it another mask; who reads looks again. -EINVAL: the file is none. */
int64_t signalfd_set(struct task *t, struct file *f, uint64_t mask);
