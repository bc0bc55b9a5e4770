/*
 * The name cache as a client of vfsd's uses it, without linuxserver's headers, which do not go with vfsd's.
 */
#pragma once

#include <ipc/vfs_client.h>

/* Starts the cache on session 1. */
void client_start(void);

/* stat() and open() by path from the session's root, for `who`. As namecache_stat(), namecache_open(). */
int32_t client_stat(const char *path, uint32_t how, const struct vfs_cred *who,
                    struct vfs_attr *found);
int32_t client_open(const char *path, uint32_t how, const struct vfs_cred *who, void **inode);

/* fstat() of what client_open() gave, its pages, and its end. */
int32_t client_attr(void *inode, struct vfs_attr *found);
jg_handle_t client_pages(void *inode);
void client_close(void *inode);

/* As namecache_gone() and namecache_shrink(). */
void client_gone(uint32_t word);
void client_shrink(bool all);

/* How many inodes the client holds. */
unsigned client_inodes(void);
