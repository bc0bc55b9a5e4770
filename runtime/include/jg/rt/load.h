/*
 * Filling a new address space from an executable.
 */
#pragma once

#include <jg/rt/elf.h>

/*
 * Maps `length` bytes of zeros at `va`, readable and writable, and committed; what they may be
 * protected to later is `max_prot` beside that. Returns JG_OK or what jg_aspace_map says.
 */
int64_t load_zeros(jg_handle_t aspace, uint64_t va, uint64_t length, uint32_t max_prot);

/* Writes all of `size` bytes into another address space. Returns JG_OK or an error. */
int64_t load_bytes(jg_handle_t aspace, uint64_t va, const void *bytes, uint64_t size);

/*
 * Loads a static executable into `aspace`: private committed memory with the protections that the
 * file asks for, of which none is both writable and executable.
 *
 * The file are `size` bytes at `offset` of the VMO `file`. Tells in `elf` what was loaded.
 * Returns JG_OK; JG_ERR_BAD_FORMAT or JG_ERR_NOT_SUPPORTED (the file); JG_ERR_NO_MEMORY and others
 * from the kernel. After an error, the address space is only good for closing.
 */
int64_t load_elf(jg_handle_t aspace, jg_handle_t file, uint64_t offset, uint64_t size,
                 struct elf_image *elf);
