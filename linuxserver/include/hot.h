/*
 * Where hot code and data lie. What most traps run stands together, in few pages: each costs after a change of address
 * space. So does what they read and write all the time.
 *
 * The TRAP_PAGE holds what every trap runs: a worker's loop, the table of handlers, and handlers that do next to nothing.
 * The linker puts sections of these names in their order.
 */
#pragma once

#define TRAP_PAGE_LOOP     __attribute__((section(".text.sorted.1"), aligned(4096)))
#define TRAP_PAGE_HANDLERS __attribute__((section(".text.sorted.2")))
#define TRAP_PAGE_CALL     __attribute__((section(".text.sorted.3")))
#define HOT_IO             __attribute__((section(".text.sorted.4"))) /* reading, writing, waiting */
#define HOT_PATH           __attribute__((section(".text.sorted.5"))) /* names, and what they stand for */
#define HOT_SOCKET         __attribute__((section(".text.sorted.6")))
#define HOT_DATA           __attribute__((section(".data.hot")))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
