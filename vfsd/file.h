/*
 * Regular files: the one place that keeps an inode and its memory in step.
 */
#pragma once

#include "inode.h"

/*
 * Brings size, use and times up to date with the pages, which change without our doing once they
 * were handed out. For inodes of any type; cheap for those that have no such pages.
 */
void file_refresh(struct inode *inode);

/*
 * Makes the pages if there are none, and lends their handle. Returns 0, NOMEM or NOSPC.
 */
int32_t file_pages(struct inode *inode, jg_handle_t *out);

/* Sets the size and both times. Returns 0, FBIG, NOMEM or NOSPC. */
int32_t file_resize(struct inode *inode, uint64_t size);

/*
 * Gives an empty file `size` bytes by moving the pages of `image` at `offset` in, zeroing what is
 * behind them in the last one; times stay. Returns 0, NOMEM or NOSPC, and then the file is still
 * empty.
 */
int32_t file_fill(struct inode *inode, jg_handle_t image, uint64_t offset, uint64_t size);

/* Makes this interface's error of a JG_ERR_*. */
int32_t file_error(int32_t status);
