/* The two marks around the calls that are counted: nops which say something to the emulator's plugin only. */
#pragma once

#define MARK_BEGIN 0x4a470001u
#define MARK_END 0x4a470002u

#define MARK(value) __asm__ volatile("nopl %c0(%%rax)" : : "i"(value) : "memory")
