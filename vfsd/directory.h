/*
 * The table of entries in one directory; used by entry.c and by whoever looks up or lists names.
 */
#pragma once

#include "inode.h"

/* Finds a name by its hash (entry_hash()). Returns NULL when it is not there. No allocation. */
struct entry *directory_find(const struct directory *dir, const char *name, size_t length,
                             uint32_t hash);

/* Makes sure that the next directory_add() works. Returns 0 or NOMEM. */
int32_t directory_reserve(struct directory *dir);

/* Adds an entry, whose name, hash are set and not there yet, as the newest. Cannot fail. */
void directory_add(struct directory *dir, struct entry *entry);

/* Takes an entry out. Cannot fail. */
void directory_take(struct directory *dir, struct entry *entry);

/* Tells the table that `entry`, found under `old_hash` till now, carries another name and hash. */
void directory_rehash(struct directory *dir, struct entry *entry, uint32_t old_hash);

/*
 * Returns the position in the table behind the newest entry that is older than `id` (0: than any to
 * come). It holds until the directory changes.
 *
 * Listing goes from new to old so that it ends: what is added meanwhile is newer and never met.
 */
uint32_t directory_position(const struct directory *dir, uint64_t id);

/* Returns the entry before `*position` and moves there, or NULL at the end. */
struct entry *directory_previous(const struct directory *dir, uint32_t *position);

/* Frees the table of an empty directory. */
void directory_free(struct directory *dir);
