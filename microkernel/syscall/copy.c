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

#define CHUNK 64u

/* From a client's string, by pieces, so that no byte is read twice. */
static HOT NOINLINE int64_t string_in(uint64_t buffer, const char *from, uint64_t length)
{
    uint64_t done = 0;

    while (done < length) {
        char piece[CHUNK];
        uint64_t n = 0, most = MIN(length - done, CHUNK);
        bool ended = false;

        while (n < most && !ended) {
            piece[n] = from[done + n];
            ended = !piece[n++];
        }
        if (!copy_to_user(buffer + done, piece, n))
            return -1;
        done += n;
        if (ended)
            break;
    }
    return (int64_t)done;
}

HOT int64_t copy_within_page(struct thread *t, struct aspace *as, uint64_t va, uint64_t buffer,
                             uint64_t length, bool read, bool string)
{
    pte_t *entry;
    char *page;

    if (unlikely(va >= JG_USER_TOP || (va & PAGE_MASK) + length > PAGE_SIZE || !length ||
                 length > PAGE_SIZE))
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

HOT bool copy_fast(struct thread *t)
{
    uint64_t handle = arch_arg(&t->arch, 0), flags = arch_arg(&t->arch, 1);
    int64_t n;

    if (unlikely(flags != JG_COPY_READ && flags != JG_COPY_WRITE &&
                 flags != (JG_COPY_READ | JG_COPY_STRING)))
        return false;
    if (unlikely(t->space_epoch != handle_epoch || t->space_handle != handle) &&
        !find_space(t, handle))
        return false;
    n = copy_within_page(t, t->space, arch_arg(&t->arch, 2), arch_arg(&t->arch, 3),
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
