/*
 * Filling a tree from a JGROOT image (abi/jg/image.h).
 */
#pragma once

#include "mount.h"

/* Where the image is: `size` bytes at `offset` of a memory that nobody else changes. */
struct unpack_source {
    jg_handle_t pages;
    uint64_t offset, size;
};

/*
 * Makes all files of the image in the empty tree. The pages of files are moved, not copied: the
 * image is of no use afterwards. Trusts nothing in it.
 *
 * Returns 0; BADIMAGE with the reason in `problem`, a clause without a full stop; NOMEM or NOSPC;
 * BUSY when the tree is not empty. After an error it is empty.
 */
int32_t unpack(struct tree *tree, const struct unpack_source *source, char *problem,
               size_t problem_size);
