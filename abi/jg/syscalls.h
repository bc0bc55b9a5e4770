/* The numbers of the kernel's calls: JG_SYS_<name>, from syscalls.def. */
#pragma once

#define JG_SYSCALL(number, name, ...) JG_SYS_##name = number,
enum {
#include <jg/syscalls.def>
    JG_SYS_COUNT,
};
#undef JG_SYSCALL
