/* The kernel's own loader, for the first process only. */
#pragma once

#include <vm/aspace.h>
#include <vm/vmo.h>

/*
 * Loads a static ELF64 executable, which lies at `offset` in `image`, into an empty address space: each
 * PT_LOAD as private memory of its own, copied. Returns the entry point.
 *
 * Panics with a sentence that has `name` in it if the file is damaged or memory is short: without a first
 * process there is nothing to return to.
 */
uintptr_t elf_load(struct aspace *as, struct vmo *image, uint64_t offset, uint64_t size,
                   const char *name);
