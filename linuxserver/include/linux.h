/*
 * Linux's own numbers and layouts, from its exported headers.
 *
 * They are the reference for every errno, flag and struct that crosses to a program; what they
 * leave out (restart codes, kernel-only constants) is below. What differs between processors is in
 * arch/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/time.h>
#include <linux/times.h>
#include <linux/uio.h>
#include <linux/utsname.h>
#include <linux/wait.h>

/*
 * What an interrupted call returns inside the server; never seen by a program. Delivery turns them
 * into EINTR or a restart (signal(7), "Interruption of system calls").
 */
#define ERESTARTSYS           512 /* restart if the handler has SA_RESTART or there is none */
#define ERESTARTNOINTR        513 /* always restart */
#define ERESTARTNOHAND        514 /* restart only if no handler runs */
#define ERESTART_RESTARTBLOCK 516 /* as NOHAND, but through restart_syscall(2) */

#define PAGE_SIZE  4096ul
#define PAGE_MASK  (~(PAGE_SIZE - 1))
#define PATH_LIMIT 4096 /* of a path with its zero */
#define SIGNALS    64   /* 1 to 64; the exported NSIG is 32 */

#define UTIME_NOW  ((1l << 30) - 1l) /* utimensat(2); not in the exported headers */
#define UTIME_OMIT ((1l << 30) - 2l)

#define NS_PER_SEC 1000000000l
#define HZ_USER    100 /* clock_t ticks that programs see */

static inline uint64_t page_up(uint64_t x)
{
    return (x + PAGE_SIZE - 1) & PAGE_MASK;
}

static inline uint64_t page_down(uint64_t x)
{
    return x & PAGE_MASK;
}
