/*
 * Bytes between a VMO and an address space: what read(2) and write(2) of a file are.
 *
 * In:    vmo_transfer().
 *
 * A page at a time: the user's side is faulted in first, then the VMO's page is found or made, then they are copied;
 * the new size is published after the bytes are there. Whole pages that are there on both sides go faster: their
 * entries are walked side by side.
 */
#include "internal.h"

#include <core/string.h>
#include <core/time.h>

struct transfer {
    struct vmo *vmo;
    struct aspace *as;
    uintptr_t va;
    uint64_t offset, length, done;
};

/* How much of the next step lies in one page on both sides. */
static size_t step_size(const struct transfer *t)
{
    uint64_t user = PAGE_SIZE - ((t->va + t->done) & PAGE_MASK);
    uint64_t vmo = PAGE_SIZE - ((t->offset + t->done) & PAGE_MASK);

    return MIN(t->length - t->done, MIN(user, vmo));
}

static inline void copy_bytes(void *to, const void *from, size_t n)
{
    if (n == PAGE_SIZE)
        page_copy(to, from);
    else
        memmove(to, from, n); /* they may be the same page */
}

static jg_status_t read_step(struct transfer *t)
{
    uint64_t at = t->offset + t->done;
    size_t n = step_size(t);
    jg_status_t status;
    paddr_t frame;
    void *to;

    status = page_address(t->as, t->va + t->done, true, 0, &to);
    if (unlikely(status != JG_OK))
        return status;
    vmo_page(t->vmo, at >> PAGE_SHIFT, false, false, &frame);
    if (likely(frame))
        copy_bytes(to, (char *)frame_virt(frame) + (at & PAGE_MASK), n);
    else
        memset(to, 0, n);
    t->done += n;
    return JG_OK;
}

static jg_status_t write_step(struct transfer *t)
{
    uint64_t at = t->offset + t->done;
    size_t n = step_size(t);
    jg_status_t status;
    paddr_t frame;
    void *from;

    status = page_address(t->as, t->va + t->done, false, 0, &from);
    if (unlikely(status != JG_OK))
        return status;
    status = vmo_page(t->vmo, at >> PAGE_SHIFT, true, n == PAGE_SIZE, &frame);
    if (unlikely(status != JG_OK))
        return status;
    if (at + n > t->vmo->size)
        vmo_clear_tail(t->vmo);
    copy_bytes((char *)frame_virt(frame) + (at & PAGE_MASK), from, n);
    if (at + n > t->vmo->size)
        t->vmo->size = at + n;
    t->done += n;
    return JG_OK;
}

/* The entry for the user's next page if nothing is to be done first. `last`: the one before it, or NULL. */
static INLINE pte_t *user_entry(struct transfer *t, pte_t *last, bool write)
{
    uintptr_t va = t->va + t->done;
    pte_t *entry = last ? pte_after(last) : NULL;

    if (unlikely(va >= JG_USER_TOP))
        return NULL;
    if (unlikely(!entry))
        entry = pt_find(&t->as->pt, va);
    if (unlikely(!entry || !pte_present(*entry) || (write && !pte_writable(*entry)) ||
                 !frame_is_ram(pte_frame(*entry))))
        return NULL;
    return entry;
}

/*
 * Copies whole pages as long as both sides' are there, within the VMO's size. Nothing else runs and nothing is made or
 * taken away meanwhile, so that the entry after one is the next page's.
 */
static INLINE void whole_pages(struct transfer *t, bool read)
{
    uint64_t at = t->offset + t->done, index = at >> PAGE_SHIFT, *slot = NULL;
    uint64_t end = MIN(t->offset + t->length, t->vmo->size);
    pte_t *entry = NULL;

    if ((at | (t->va + t->done)) & PAGE_MASK)
        return;
    for (; at + PAGE_SIZE <= end; index++, at += PAGE_SIZE) {
        void *user, *page;

        entry = user_entry(t, entry, read);
        slot = slot ? radix_after(t->vmo, slot, index - 1) : NULL;
        if (unlikely(!slot))
            slot = radix_slot(t->vmo, index, false);
        if (unlikely(!entry || !slot || !*slot))
            return;
        user = frame_virt(pte_frame(*entry));
        page = frame_virt(entry_frame(*slot));
        page_copy(read ? user : page, read ? page : user);
        t->done += PAGE_SIZE;
    }
}

static jg_status_t read_all(struct transfer *t)
{
    while (t->done < t->length) {
        jg_status_t status;

        whole_pages(t, true);
        if (t->done == t->length)
            break;
        status = read_step(t);
        if (status != JG_OK)
            return status;
    }
    return JG_OK;
}

static jg_status_t write_all(struct transfer *t)
{
    while (t->done < t->length) {
        jg_status_t status;

        whole_pages(t, false);
        if (t->done == t->length)
            break;
        status = write_step(t);
        if (status != JG_OK)
            return status;
    }
    return JG_OK;
}

static int64_t result(const struct transfer *t, jg_status_t status)
{
    if (t->done || status == JG_OK)
        return (int64_t)t->done;
    if (status == JG_ERR_PROTECTED || status == JG_ERR_BEYOND_SIZE)
        return JG_ERR_BAD_ADDRESS;
    return status;
}

WARM int64_t vmo_transfer(struct vmo *vmo, unsigned op, struct aspace *as, uintptr_t va, uint64_t length,
                     uint64_t *offset, uint64_t limit)
{
    struct transfer t = {vmo, as, va, *offset, length, 0};
    jg_status_t status;

    ASSERT_OBJECT(vmo, VMO_MAGIC);
    ASSERT_OBJECT(as, ASPACE_MAGIC);
    if (vmo->kind == VMO_PHYSICAL)
        return JG_ERR_NOT_SUPPORTED;
    if (op == JG_TRANSFER_READ || op == JG_TRANSFER_PEEK) {
        if (t.offset >= vmo->size)
            return 0;
        t.length = MIN(length, vmo->size - t.offset);
        status = read_all(&t);
        if (op == JG_TRANSFER_READ)
            vmo->accessed = time_wall();
        return result(&t, status);
    }
    if (op != JG_TRANSFER_WRITE && op != JG_TRANSFER_APPEND)
        return JG_ERR_INVALID_ARGS;
    if (op == JG_TRANSFER_APPEND)
        t.offset = *offset = vmo->size;
    if (!length)
        return 0;
    limit = MIN(limit, vmo->kind == VMO_CONTIGUOUS ? vmo->size : VMO_SIZE_MAX);
    if (t.offset >= limit)
        return JG_ERR_TOO_BIG;
    t.length = MIN(length, limit - t.offset);
    status = write_all(&t);
    if (t.done)
        vmo->modified = time_wall();
    return result(&t, status);
}
