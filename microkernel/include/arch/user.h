/*
 * Memory of the CURRENT thread's address space, touched through its own addresses. Only syscall/ calls these.
 *
 * An absent page is faulted in on the way; the caller holds the big lock and no reference into page tables.
 */
#pragma once

#include <core/compiler.h>

/* Copies in. Returns true if all of it came; false: a bad address (part may have been copied). */
bool copy_from_user(void *dst, uintptr_t user_src, size_t length);

/* Copies out. As copy_from_user(). */
bool copy_to_user(uintptr_t user_dst, const void *src, size_t length);

/* Reads one aligned 32-bit word. */
bool read_user_u32(uintptr_t va, uint32_t *value);
