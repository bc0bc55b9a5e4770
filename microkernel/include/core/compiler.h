/*
 * Words that the compiler understands and C has no name for, and the placement of the hot path.
 *
 * HOT and HOT_DATA gather what a forwarded system call touches in few, contiguous pages: every page
 * costs a TLB miss after each change of address space. WARM is for what servers call most often beside that: native
 * calls that wait, wake, answer and ask.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define HOT __attribute__((section(".text.hot")))
#define WARM __attribute__((section(".text.hot.warm"), noinline))
#define HOT_DATA __attribute__((section(".data.hot")))
#define COLD __attribute__((cold, noinline))
#define INLINE inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define NORETURN __attribute__((noreturn))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define ALIGNED(n) __attribute__((aligned(n)))
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define ROUND_UP(x, to) (((x) + (to)-1) & ~((uint64_t)(to)-1))
#define ROUND_DOWN(x, to) ((x) & ~((uint64_t)(to)-1))

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ul
#define PAGE_MASK (PAGE_SIZE - 1)

typedef uint64_t paddr_t; /* a physical address */
