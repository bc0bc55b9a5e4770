/*
 * The life of a VMO, its size and its pages.
 *
 * In:    vmo_create() and sisters, vmo_unref(); vmo_page() from faults and transfers.
 * State: bytes of the last page past the size are zero, but for what a mapping wrote there; vmo_clear_tail() sees to those.
 */
#include "internal.h"

#include <core/string.h>
#include <core/time.h>
#include <mm/boot.h>
#include <mm/heap.h>

#define FREE_AT_ONCE 64u /* pages; more go through the reaper */
#define INDEX_END (VMO_SIZE_MAX >> PAGE_SHIFT)

static bool reap_step(struct reap *reap, unsigned budget);

static uint64_t frames_in_use;

uint64_t vmo_frames(void)
{
    return frames_in_use;
}

static uint64_t page_count(uint64_t size)
{
    return (size + PAGE_MASK) >> PAGE_SHIFT;
}

struct vmo *vmo_create(uint64_t size, struct account *account, void (*release)(struct account *))
{
    struct vmo *vmo;

    if (size > VMO_SIZE_MAX)
        return NULL;
    vmo = heap_zalloc(sizeof *vmo);
    if (!vmo)
        return NULL;
    vmo->magic = VMO_MAGIC;
    vmo->refs = 1;
    vmo->size = size;
    vmo->account = account;
    vmo->account_release = release;
    vmo->modified = vmo->accessed = time_wall();
    vmo->reap.step = reap_step;
    list_init(&vmo->mappings);
    return vmo;
}

/* Enters frames that lie one after the other. False: no memory for nodes. */
static bool enter_frames(struct vmo *vmo, paddr_t base, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t *slot = radix_slot(vmo, i, true);

        if (!slot)
            return false;
        *slot = (base + i * PAGE_SIZE) | PAGE_DIRTY;
        vmo->committed++;
        frames_in_use++;
    }
    return true;
}

struct vmo *vmo_create_contiguous(uint64_t size, struct account *account,
                                  void (*release)(struct account *))
{
    uint64_t count = page_count(size);
    struct vmo *vmo;
    paddr_t base;

    if (!count || count > frames_total() || !pages_charge(account, count))
        return NULL;
    vmo = vmo_create(size, account, NULL);
    base = vmo ? frame_alloc_contiguous(count, PAGE_SIZE) : 0;
    if (!base) {
        account_refund(account, count);
        if (vmo)
            vmo_unref(vmo);
        return NULL;
    }
    for (uint64_t i = 0; i < count; i++)
        page_zero(frame_virt(base + i * PAGE_SIZE));
    vmo->kind = VMO_CONTIGUOUS;
    vmo->base = base;
    if (!enter_frames(vmo, base, count)) {
        for (uint64_t i = vmo->committed; i < count; i++)
            frame_free(base + i * PAGE_SIZE);
        account_refund(account, count - vmo->committed);
        vmo_unref(vmo);
        return NULL;
    }
    vmo->account_release = release;
    return vmo;
}

struct vmo *vmo_create_physical(paddr_t base, uint64_t size)
{
    struct vmo *vmo = vmo_create(size, NULL, NULL);

    if (!vmo)
        return NULL;
    vmo->kind = VMO_PHYSICAL;
    vmo->base = base;
    return vmo;
}

struct vmo *vmo_from_kernel_page(paddr_t page)
{
    struct vmo *vmo = vmo_create_physical(page, PAGE_SIZE);

    if (vmo)
        vmo->plain = true;
    return vmo;
}

struct vmo *vmo_from_frames(paddr_t base, uint64_t size)
{
    struct vmo *vmo = vmo_create(size, NULL, NULL);
    uint64_t count = page_count(size);

    if (!vmo)
        return NULL;
    frames_adopt(base, base + count * PAGE_SIZE);
    if (!enter_frames(vmo, base, count)) {
        for (uint64_t i = vmo->committed; i < count; i++)
            frame_free(base + i * PAGE_SIZE);
        vmo_unref(vmo);
        return NULL;
    }
    if (size & PAGE_MASK)
        memset((char *)frame_virt(base) + size, 0, PAGE_SIZE - (size & PAGE_MASK));
    return vmo;
}

static void vmo_end(struct vmo *vmo)
{
    radix_clear(vmo, 0, UINT64_MAX, NULL); /* empty nodes, of insertions that failed half-way */
    if (vmo->account_release)
        vmo->account_release(vmo->account);
    heap_free(vmo);
}

static void clear_pages(struct vmo *vmo, uint64_t first, uint64_t end)
{
    uint64_t n = radix_clear(vmo, first, end, frame_unref);

    vmo->committed -= n;
    frames_in_use -= n;
    account_refund(vmo->account, n);
}

static bool reap_step(struct reap *reap, unsigned budget)
{
    struct vmo *vmo = container_of(reap, struct vmo, reap);
    uint64_t first = radix_next(vmo, 0);

    if (first != UINT64_MAX)
        clear_pages(vmo, first, first + ROUND_UP(budget, 64));
    if (vmo->committed)
        return false;
    vmo_end(vmo);
    return true;
}

void vmo_unref(struct vmo *vmo)
{
    ASSERT_OBJECT(vmo, VMO_MAGIC);
    if (--vmo->refs)
        return;
    vmo->magic = 0;
    if (vmo->committed > FREE_AT_ONCE) {
        reaper_add(&vmo->reap);
        return;
    }
    clear_pages(vmo, 0, INDEX_END);
    vmo_end(vmo);
}

jg_status_t vmo_page(struct vmo *vmo, uint64_t index, bool make, bool whole, paddr_t *frame)
{
    uint64_t *slot;

    *frame = 0;
    if (unlikely(vmo->kind == VMO_PHYSICAL)) {
        *frame = vmo->base + (index << PAGE_SHIFT);
        return JG_OK;
    }
    slot = radix_slot(vmo, index, make);
    if (likely(slot && *slot)) {
        *frame = entry_frame(*slot);
        return JG_OK;
    }
    if (!make)
        return JG_OK;
    if (!slot)
        return JG_ERR_NO_MEMORY;
    if (!pages_charge(vmo->account, 1))
        return JG_ERR_NO_SPACE;
    *frame = frame_alloc_user(vmo->account);
    if (!*frame) {
        account_refund(vmo->account, 1);
        return JG_ERR_NO_MEMORY;
    }
    if (!whole)
        page_zero(frame_virt(*frame));
    *slot = *frame | PAGE_DIRTY;
    vmo->committed++;
    frames_in_use++;
    return JG_OK;
}

void vmo_unmap(struct vmo *vmo, uint64_t first, uint64_t end, bool private_too)
{
    list_for_each (node, &vmo->mappings) {
        struct mapping *m = list_entry(node, struct mapping, vmo_link);
        uint64_t base = m->offset >> PAGE_SHIFT;
        uint64_t from = MAX(first, base);
        uint64_t to = MIN(end, base + ((m->end - m->start) >> PAGE_SHIFT));

        if (from < to)
            pages_drop(m->aspace, m->start + ((from - base) << PAGE_SHIFT),
                       m->start + ((to - base) << PAGE_SHIFT), private_too);
    }
}

/* Zeroes [offset, end) of one page, if it is there. */
static void zero_in_page(struct vmo *vmo, uint64_t offset, uint64_t end)
{
    paddr_t frame;

    vmo_page(vmo, offset >> PAGE_SHIFT, false, false, &frame);
    if (frame && offset < end)
        memset((char *)frame_virt(frame) + (offset & PAGE_MASK), 0, end - offset);
}

void vmo_clear_tail(struct vmo *vmo)
{
    if ((vmo->size & PAGE_MASK) && vmo->mapping_count)
        zero_in_page(vmo, vmo->size, ROUND_UP(vmo->size, PAGE_SIZE));
}

jg_status_t vmo_set_size(struct vmo *vmo, uint64_t size)
{
    uint64_t keep = page_count(size), had = page_count(vmo->size);

    ASSERT_OBJECT(vmo, VMO_MAGIC);
    if (vmo->kind != VMO_PAGED)
        return JG_ERR_NOT_SUPPORTED;
    if (size > VMO_SIZE_MAX)
        return JG_ERR_OUT_OF_RANGE;
    vmo->modified = time_wall();
    if (size > vmo->size) {
        vmo_clear_tail(vmo);
        vmo->size = size;
        return JG_OK;
    }
    vmo->size = size;
    if (keep < had)
        vmo_unmap(vmo, keep, INDEX_END, true);
    clear_pages(vmo, keep, INDEX_END); /* those that were reserved, too */
    zero_in_page(vmo, size, ROUND_UP(size, PAGE_SIZE));
    return JG_OK;
}

static bool inside(const struct vmo *vmo, uint64_t offset, uint64_t length)
{
    return offset <= vmo->size && length <= vmo->size - offset;
}

jg_status_t vmo_commit(struct vmo *vmo, uint64_t offset, uint64_t length, bool reserve)
{
    bool past = reserve && vmo->kind == VMO_PAGED && offset <= VMO_SIZE_MAX &&
                length <= VMO_SIZE_MAX - offset;

    ASSERT_OBJECT(vmo, VMO_MAGIC);
    if (!past && !inside(vmo, offset, length))
        return JG_ERR_OUT_OF_RANGE;
    for (uint64_t i = offset >> PAGE_SHIFT; i < page_count(offset + length); i++) {
        paddr_t frame;
        jg_status_t status = vmo_page(vmo, i, true, false, &frame);

        if (status != JG_OK)
            return status;
    }
    return JG_OK;
}

jg_status_t vmo_decommit(struct vmo *vmo, uint64_t offset, uint64_t length)
{
    uint64_t end, first, last;

    ASSERT_OBJECT(vmo, VMO_MAGIC);
    if (vmo->kind != VMO_PAGED)
        return JG_ERR_NOT_SUPPORTED;
    if (offset > vmo->size)
        return JG_ERR_OUT_OF_RANGE;
    end = offset + MIN(length, vmo->size - offset);
    vmo->modified = time_wall();
    if (end == vmo->size)
        end = ROUND_UP(end, PAGE_SIZE); /* what is past the size is zero already */
    first = page_count(offset);
    last = end >> PAGE_SHIFT;
    if (first > last) { /* inside one page */
        zero_in_page(vmo, offset, end);
        return JG_OK;
    }
    zero_in_page(vmo, offset, first << PAGE_SHIFT);
    if (end & PAGE_MASK)
        zero_in_page(vmo, last << PAGE_SHIFT, end);
    if (first < last) {
        vmo_unmap(vmo, first, last, false);
        clear_pages(vmo, first, last);
    }
    return JG_OK;
}

int64_t vmo_next_data(struct vmo *vmo, uint64_t offset)
{
    uint64_t index;

    ASSERT_OBJECT(vmo, VMO_MAGIC);
    if (offset >= vmo->size)
        return JG_ERR_NOT_FOUND;
    if (vmo->kind == VMO_PHYSICAL)
        return (int64_t)offset;
    index = radix_next(vmo, offset >> PAGE_SHIFT);
    if (index == UINT64_MAX || index << PAGE_SHIFT >= vmo->size)
        return JG_ERR_NOT_FOUND;
    return (int64_t)MAX(offset, index << PAGE_SHIFT);
}

int64_t vmo_next_hole(struct vmo *vmo, uint64_t offset)
{
    uint64_t index = offset >> PAGE_SHIFT;
    paddr_t frame;

    ASSERT_OBJECT(vmo, VMO_MAGIC);
    if (offset >= vmo->size)
        return JG_ERR_NOT_FOUND;
    for (; index << PAGE_SHIFT < vmo->size; index++) {
        vmo_page(vmo, index, false, false, &frame);
        if (!frame)
            return (int64_t)MAX(offset, index << PAGE_SHIFT);
    }
    return (int64_t)vmo->size;
}

static bool pages_inside(const struct vmo *vmo, uint64_t offset, uint64_t length)
{
    uint64_t size = ROUND_UP(vmo->size, PAGE_SIZE);

    return offset <= size && length <= size - offset;
}

/* Moves page `i` of src, which is there, to page `index` of dst, where there is none. */
static jg_status_t move_page(struct vmo *dst, uint64_t index, struct vmo *src, uint64_t i)
{
    uint64_t *to = radix_slot(dst, index, true);
    uint64_t *from = radix_slot(src, i, false); /* looked up last: they may be one tree, and it grew */

    if (!to)
        return JG_ERR_NO_MEMORY;
    if (dst->account != src->account) {
        if (!pages_charge(dst->account, 1))
            return JG_ERR_NO_SPACE;
        account_refund(src->account, 1);
    }
    *to = entry_frame(*from) | PAGE_DIRTY;
    *from = 0;
    src->committed--;
    dst->committed++;
    return JG_OK;
}

jg_status_t vmo_move(struct vmo *dst, uint64_t dst_offset, struct vmo *src, uint64_t src_offset,
                     uint64_t length)
{
    uint64_t first = src_offset >> PAGE_SHIFT, count = length >> PAGE_SHIFT;
    uint64_t target = dst_offset >> PAGE_SHIFT;
    jg_status_t status = JG_OK;

    ASSERT_OBJECT(dst, VMO_MAGIC);
    ASSERT_OBJECT(src, VMO_MAGIC);
    if (dst->kind != VMO_PAGED || src->kind != VMO_PAGED)
        return JG_ERR_NOT_SUPPORTED;
    if ((dst_offset | src_offset | length) & PAGE_MASK || !pages_inside(dst, dst_offset, length) ||
        !pages_inside(src, src_offset, length))
        return JG_ERR_OUT_OF_RANGE;
    if (dst == src && dst_offset < src_offset + length && src_offset < dst_offset + length)
        return JG_ERR_OUT_OF_RANGE;

    vmo_unmap(dst, target, target + count, false);
    vmo_unmap(src, first, first + count, false);
    clear_pages(dst, target, target + count);
    for (uint64_t i = radix_next(src, first); i < first + count; i = radix_next(src, i + 1)) {
        status = move_page(dst, target + (i - first), src, i);
        if (status != JG_OK)
            break;
    }
    if (status == JG_OK)
        radix_clear(src, first, first + count, NULL); /* only empty nodes are left there */
    zero_in_page(dst, dst->size, ROUND_UP(dst->size, PAGE_SIZE));
    dst->modified = src->modified = time_wall();
    return status;
}

size_t vmo_read(struct vmo *vmo, uint64_t offset, void *dst, size_t length)
{
    size_t done = 0;

    ASSERT_OBJECT(vmo, VMO_MAGIC);
    if (offset >= vmo->size || (vmo->kind == VMO_PHYSICAL && !vmo->plain))
        return 0;
    length = MIN(length, vmo->size - offset);
    while (done < length) {
        uint64_t at = offset + done;
        size_t n = MIN(length - done, PAGE_SIZE - (at & PAGE_MASK));
        paddr_t frame;

        vmo_page(vmo, at >> PAGE_SHIFT, false, false, &frame);
        if (frame)
            memcpy((char *)dst + done, (char *)frame_virt(frame) + (at & PAGE_MASK), n);
        else
            memset((char *)dst + done, 0, n);
        done += n;
    }
    return done;
}

jg_status_t vmo_write(struct vmo *vmo, uint64_t offset, const void *src, size_t length)
{
    size_t done = 0;

    ASSERT_OBJECT(vmo, VMO_MAGIC);
    if (vmo->kind == VMO_PHYSICAL || length > VMO_SIZE_MAX || offset > VMO_SIZE_MAX - length)
        return JG_ERR_NO_SPACE;
    while (done < length) {
        uint64_t at = offset + done;
        size_t n = MIN(length - done, PAGE_SIZE - (at & PAGE_MASK));
        paddr_t frame;
        jg_status_t status = vmo_page(vmo, at >> PAGE_SHIFT, true, n == PAGE_SIZE, &frame);

        if (status != JG_OK)
            return status;
        if (at + n > vmo->size)
            vmo_clear_tail(vmo);
        memcpy((char *)frame_virt(frame) + (at & PAGE_MASK), (const char *)src + done, n);
        vmo->size = MAX(vmo->size, at + n);
        done += n;
    }
    vmo->modified = time_wall();
    return JG_OK;
}
