/*
 * The types, rights, object kinds and limits that the kernel and user space agree on.
 *
 * Headers only; includes nothing but the compiler's own. Every number here is ABI.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int32_t jg_status_t;   /* JG_OK or one of JG_ERR_*, see errors.def */
typedef uint32_t jg_handle_t;  /* index and generation; 0 is never valid; below 2^31 */
typedef uint32_t jg_rights_t;  /* JG_RIGHT_* */
typedef uint64_t jg_token_t;   /* the right to reply once; 0 is never valid */
typedef int64_t jg_time_t;     /* nanoseconds, monotonic since boot unless it says otherwise */

#define JG_HANDLE_NONE ((jg_handle_t)0)
#define JG_TOKEN_NONE ((jg_token_t)0)
#define JG_TIME_INFINITE INT64_MAX

#define JG_PAGE_SIZE 4096ul
#define JG_NAME_MAX 32u        /* of objects, with the terminating zero */
#define JG_CALL_WORDS 8u       /* words that travel in registers */
#define JG_CALL_HANDLES 4u     /* handles that one call or one reply can carry */
#define JG_LEVELS_MAX 4u       /* personality levels of one thread */
#define JG_USER_TOP 0x00007ffffffff000ull /* first address that user space cannot map */

enum {
    JG_OK = 0,
#define JG_ERROR(name, number, text) JG_ERR_##name = -(number),
#include <jg/errors.def>
#undef JG_ERROR
};

enum jg_object_type {
    JG_TYPE_NONE = 0,
    JG_TYPE_JOB = 1,
    JG_TYPE_PROCESS = 2,
    JG_TYPE_THREAD = 3,
    JG_TYPE_ASPACE = 4,
    JG_TYPE_VMO = 5,
    JG_TYPE_CHANNEL = 6,
    JG_TYPE_PORT = 7,
    JG_TYPE_EVENT = 8,
    JG_TYPE_TIMER = 9,
    JG_TYPE_INTERRUPT = 10,
    JG_TYPE_RESOURCE = 11,
};

#define JG_RIGHT_DUPLICATE 0x001u
#define JG_RIGHT_TRANSFER 0x002u   /* may travel in a call or be given to a new process */
#define JG_RIGHT_READ 0x004u       /* VMO: read bytes; aspace: copy out; thread: read state */
#define JG_RIGHT_WRITE 0x008u      /* VMO: write bytes; aspace: copy in; thread: write state */
#define JG_RIGHT_EXECUTE 0x010u    /* VMO: map executable */
#define JG_RIGHT_MAP 0x020u        /* VMO: may be mapped; aspace: may be changed */
#define JG_RIGHT_INSPECT 0x040u    /* jg_object_info */
#define JG_RIGHT_MANAGE 0x080u     /* job, process, thread: create in, start, kill, kick, quota */
#define JG_RIGHT_SIGNAL 0x100u     /* event: raise; interrupt: acknowledge; timer: set */
#define JG_RIGHT_WAIT 0x200u       /* port: park on it; channel: bind it */
#define JG_RIGHT_CALL 0x400u       /* channel: call */
#define JG_RIGHTS_ALL 0x7ffu
#define JG_RIGHTS_SAME 0x80000000u /* in duplicate: the same rights as the original */
