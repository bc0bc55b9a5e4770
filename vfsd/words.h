/*
 * Words: what the answers that sessions keep rest on.
 *
 * A page of sequence words is mapped, read-only, by every session. Each inode has one of them (several
 * may share one), and word 0 stands for the table of mounts. Whatever changes what a lookup() would
 * answer sets the word to the next number before it is answered itself; an answer names its words
 * and the last number then given. So it holds for as long as none of its words is above that
 * number: numbers only rise, and a word that is still low now was low all the time.
 */
#pragma once

#include "inode.h"

struct vfs_basis;

#define WORD_MOUNTS 0u /* mounts, and whatever concerns more than a few inodes */

/* Returns the number of an inode's word. */
unsigned words_of(const struct inode *inode);

/* The inode's attributes, or names in it, are about to be others, or were just made so. */
void words_changed(const struct inode *inode);

/* Somebody began or ended to watch. */
void words_watches_changed(void);

/* The last number that was given. */
uint64_t words_last(void);

/* The same of everything. */
void words_all_changed(void);

/*
 * Tells what an answer rests on that concerns nothing but `inode`; file_refresh() was called for it. With NULL: that
 * there is no such file, which alone rests on nothing (count 0).
 */
void basis_of(const struct inode *inode, struct vfs_basis *out);

/*
 * From now on the words lie at `page`, VFS_WORDS of them that are zero. Before, and in tests, they lie in
 * memory of our own, where nobody sees them.
 */
void words_publish(uint64_t *page);

/* The words themselves, for tests. */
const uint64_t *words_page(void);
