/*
 * Bytes between address spaces and the kernel, a page at a time.
 *
 * In:    aspace_copy(), aspace_read(), aspace_write(), aspace_cas().
 *
 * A page that is there and allows the access is found from its leaf entry alone; only a miss looks at mappings. The
 * address is used at once, before anything else can run: no look-up outlives a page. (When copying runs without the
 * big lock, page_address() is where both frames get a reference.)
 */
#include "internal.h"

#include <core/string.h>

/* A private mapping that forbids writing, written all the same (ptrace): copied, and left unwritable. */
static jg_status_t force_write(struct aspace *as, struct mapping *m, uintptr_t va, pte_t **entry)
{
    unsigned prot = m->prot;
    jg_status_t status;

    if (!m->private)
        return JG_ERR_PROTECTED;
    m->prot |= JG_PROT_WRITE;
    status = fault_page(as, m, va & ~PAGE_MASK, true);
    m->prot = (uint8_t)prot;
    if (status != JG_OK)
        return status;
    pages_protect(as, m, va & ~PAGE_MASK, (va & ~PAGE_MASK) + PAGE_SIZE);
    *entry = pt_find(&as->pt, va);
    return JG_OK;
}

/* Why NOWAIT stops at a page that is not there. */
static jg_status_t absent_reason(struct aspace *as, uintptr_t va, bool write)
{
    struct mapping *m = mapping_find(as, va);

    if (!m)
        return JG_ERR_BAD_ADDRESS;
    if (write ? !(m->prot & JG_PROT_WRITE) : !m->prot)
        return JG_ERR_PROTECTED;
    if (m->vmo && ROUND_DOWN(va, PAGE_SIZE) - m->start + m->offset >= m->vmo->size)
        return JG_ERR_BEYOND_SIZE;
    return JG_ERR_ABSENT;
}

static COLD jg_status_t miss(struct aspace *as, uintptr_t va, bool write, unsigned flags, pte_t **entry)
{
    jg_status_t status;

    if (va >= JG_USER_TOP)
        return JG_ERR_BAD_ADDRESS;
    if (flags & JG_COPY_NOWAIT)
        return absent_reason(as, va, write);
    status = aspace_fault(as, va, write ? JG_FAULT_WRITE : 0);
    if (status == JG_ERR_PROTECTED && (flags & JG_COPY_FORCE)) {
        struct mapping *m = mapping_find(as, va);

        if (write)
            return force_write(as, m, va, entry);
        *entry = pt_find(&as->pt, va);
        return *entry && pte_private(**entry) ? JG_OK : status; /* hidden, but there */
    }
    *entry = status == JG_OK ? pt_find(&as->pt, va) : NULL;
    return status;
}

jg_status_t page_address(struct aspace *as, uintptr_t va, bool write, unsigned flags, void **out)
{
    pte_t *entry = va < JG_USER_TOP ? pt_find(&as->pt, va) : NULL;
    jg_status_t status;

    if (unlikely(!entry || !pte_present(*entry) || (write && !pte_writable(*entry)))) {
        status = miss(as, va, write, flags, &entry);
        if (status != JG_OK)
            return status;
    }
    if (unlikely(!frame_is_ram(pte_frame(*entry))))
        return JG_ERR_BAD_ADDRESS; /* device registers are not memory */
    *out = (char *)frame_virt(pte_frame(*entry)) + (va & PAGE_MASK);
    return JG_OK;
}

static inline size_t page_rest(uintptr_t va)
{
    return PAGE_SIZE - (va & PAGE_MASK);
}

/* With STRING: shortens n to end with the first zero byte; says whether there was one. */
static bool string_ends(const void *from, size_t *n)
{
    const char *zero = memchr(from, 0, *n);

    if (!zero)
        return false;
    *n = (size_t)(zero - (const char *)from) + 1;
    return true;
}

int64_t aspace_copy(struct aspace *dst, uintptr_t dst_va, struct aspace *src, uintptr_t src_va,
                    size_t length, unsigned flags)
{
    size_t done = 0;
    jg_status_t status = JG_OK;
    bool ended = false;

    while (done < length && !ended) {
        size_t n = MIN(length - done, MIN(page_rest(dst_va + done), page_rest(src_va + done)));
        void *from, *to;

        /* The destination first: making it present may change what the source's page is, not the reverse. */
        status = page_address(dst, dst_va + done, true, flags, &to);
        if (status == JG_OK)
            status = page_address(src, src_va + done, false, flags, &from);
        if (status != JG_OK)
            break;
        memmove(to, from, n); /* they may be the same page */
        if (flags & JG_COPY_STRING)
            ended = string_ends(to, &n);
        done += n;
    }
    return done ? (int64_t)done : status;
}

int64_t aspace_read(struct aspace *as, uintptr_t va, void *dst, size_t length, unsigned flags)
{
    size_t done = 0;
    jg_status_t status = JG_OK;
    bool ended = false;

    while (done < length && !ended) {
        size_t n = MIN(length - done, page_rest(va + done));
        void *from;

        status = page_address(as, va + done, false, flags, &from);
        if (status != JG_OK)
            break;
        memcpy((char *)dst + done, from, n);
        if (flags & JG_COPY_STRING)
            ended = string_ends((char *)dst + done, &n);
        done += n;
    }
    return done ? (int64_t)done : status;
}

int64_t aspace_write(struct aspace *as, uintptr_t va, const void *src, size_t length, unsigned flags)
{
    size_t done = 0;
    jg_status_t status = JG_OK;

    while (done < length) {
        size_t n = MIN(length - done, page_rest(va + done));
        void *to;

        status = page_address(as, va + done, true, flags, &to);
        if (status != JG_OK)
            break;
        memcpy(to, (const char *)src + done, n);
        done += n;
    }
    return done ? (int64_t)done : status;
}

int64_t aspace_cas(struct aspace *as, uintptr_t va, uint32_t expected, uint32_t desired)
{
    jg_status_t status;
    void *at;

    if (va & 3)
        return JG_ERR_INVALID_ARGS;
    status = page_address(as, va, expected != desired, 0, &at);
    if (status != JG_OK)
        return status == JG_ERR_NO_MEMORY ? status : JG_ERR_BAD_ADDRESS;
    if (expected == desired)
        return __atomic_load_n((uint32_t *)at, __ATOMIC_SEQ_CST);
    __atomic_compare_exchange_n((uint32_t *)at, &expected, desired, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    return expected;
}
