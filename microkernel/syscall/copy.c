/*
 * Small copies: most of what a server moves is a name, a structure or a word, within one page of its client.
 *
 * In:    copy_fast(), window_fast() from kernel_syscall().
 *
 * The client's page is looked up once, in its tables, and must be there with the right that is needed. The server's own
 * side is used through its own addresses, which are loaded. A fault there may run the reaper, which frees
 * nothing that a living address space maps, so the client's page stays; nothing else runs in between.
 */
#include <arch/pte.h>
#include <core/string.h>
#include <object/memory.h>
#include <object/token.h>
#include <syscall/copy.h>
#include <syscall/syscall.h>
#include <vm/aspace.h>

#define CHUNK 128u

typedef uint64_t __attribute__((aligned(1), may_alias)) word_t;

/* How many bytes of `from` (at most `most`) there are up to its first zero byte, which is the last; copies them, and
 * reads each once. *ended: there was one. */
static INLINE uint64_t piece_of(char *piece, const char *from, uint64_t most, bool *ended)
{
    const uint64_t ones = 0x0101010101010101ul;
    uint64_t n = 0;

    for (; n + 8 <= most; n += 8) {
        uint64_t word = *(const word_t *)(from + n), zero = (word - ones) & ~word & ones << 7;

        *(word_t *)(piece + n) = word;
        if (zero) {
            *ended = true;
            return n + (unsigned)__builtin_ctzl(zero) / 8 + 1;
        }
    }
    while (n < most && !*ended) {
        piece[n] = from[n];
        *ended = !piece[n++];
    }
    return n;
}

/* From a client's string, by pieces. -1: not all of the server's buffer is there, or the string goes on behind the page. */
static HOT NOINLINE int64_t string_in(uint64_t buffer, const char *from, uint64_t length)
{
    uint64_t rest = PAGE_SIZE - ((uintptr_t)from & PAGE_MASK), most = MIN(length, rest), done = 0;
    bool ended = false;

    while (done < most && !ended) {
        char piece[CHUNK];
        uint64_t n = piece_of(piece, from + done, MIN(most - done, CHUNK), &ended);

        if (!copy_to_user(buffer + done, piece, n))
            return -1;
        done += n;
    }
    return ended || most == length ? (int64_t)done : -1;
}

HOT int64_t copy_within_page(struct thread *t, struct aspace *as, uint64_t va, uint64_t buffer,
                             uint64_t length, bool read, bool string)
{
    pte_t *entry;
    char *page;

    if (unlikely(va >= JG_USER_TOP || !length || length > PAGE_SIZE ||
                 (!string && (va & PAGE_MASK) + length > PAGE_SIZE)))
        return -1;
    entry = pt_find(&as->pt, va);
    if (unlikely(!entry || !pte_present(*entry) || (!read && !pte_writable(*entry)) ||
                 !frame_is_ram(pte_frame(*entry))))
        return -1;
    page = (char *)frame_virt(pte_frame(*entry)) + (va & PAGE_MASK);
    if (string)
        return string_in(buffer, page, length);
    if (read ? copy_to_user(buffer, page, length) : copy_from_user(page, buffer, length))
        return (int64_t)length;
    return -1;
}

/* Finds the address space behind a handle, and remembers it. */
static bool find_space(struct thread *t, uint64_t h)
{
    struct object *object;

    if (get(t, h, JG_TYPE_ASPACE, JG_RIGHT_READ | JG_RIGHT_WRITE, &object) != JG_OK)
        return false;
    t->space_epoch = handle_epoch;
    t->space_handle = (jg_handle_t)h;
    t->space = memory_of(object)->as;
    return true;
}

HOT struct aspace *space_of(struct thread *t, uint64_t h)
{
    if (unlikely(t->space_epoch != handle_epoch || t->space_handle != h) && !find_space(t, h))
        return NULL;
    return t->space;
}

HOT bool copy_fast(struct thread *t)
{
    uint64_t handle = arch_arg(&t->arch, 0), flags = arch_arg(&t->arch, 1);
    struct aspace *as;
    int64_t n;

    if (unlikely(flags != JG_COPY_READ && flags != JG_COPY_WRITE &&
                 flags != (JG_COPY_READ | JG_COPY_STRING)))
        return false;
    as = space_of(t, handle);
    if (unlikely(!as))
        return false;
    n = copy_within_page(t, as, arch_arg(&t->arch, 2), arch_arg(&t->arch, 3),
                         arch_arg(&t->arch, 4), flags & JG_COPY_READ, flags & JG_COPY_STRING);
    if (unlikely(n < 0))
        return false;
    arch_set_result(&t->arch, n);
    return true;
}

HOT bool window_fast(struct thread *t, bool in)
{
    struct thread *caller = t->serving;
    uint64_t offset = arch_arg(&t->arch, 1), size = arch_arg(&t->arch, 3), window, room;

    if (unlikely(!caller || caller->token != arch_arg(&t->arch, 0) ||
                 caller->kind != JG_KIND_CALL || !caller->extended))
        return false;
    window = in ? caller->extra.in : caller->extra.out;
    room = in ? caller->extra.in_size : caller->extra.out_size;
    if (unlikely(offset > room || size > room - offset ||
                 copy_within_page(t, caller->arch.aspace, window + offset, arch_arg(&t->arch, 2),
                                  size, in, false) < 0))
        return false;
    arch_set_result(&t->arch, JG_OK);
    return true;
}
