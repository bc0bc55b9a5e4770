/*
 * Address spaces: life, fork, faults.
 */
#include <mm.h>

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <linux/signal.h>

#include "limits.h"

void backing_put(struct backing *b)
{
    if (!__atomic_sub_fetch(&b->refs, 1, __ATOMIC_ACQ_REL))
        b->release(b);
}

bool backing_claim(struct backing *b, bool deny)
{
    int32_t old = __atomic_load_n(&b->writers, __ATOMIC_RELAXED);

    do {
        if (deny ? old > 0 : old < 0)
            return false;
    } while (!__atomic_compare_exchange_n(&b->writers, &old, old + (deny ? -1 : 1), false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return true;
}

void backing_unclaim(struct backing *b, bool deny)
{
    __atomic_add_fetch(&b->writers, deny ? 1 : -1, __ATOMIC_SEQ_CST);
}

struct mm *mm_create(void)
{
    struct mm *m = rt_zalloc(sizeof *m);
    int64_t h;

    if (!m)
        return NULL;
    h = jg_aspace_create(JG_HANDLE_NONE);
    if (h < 0) {
        rt_free(m);
        return NULL;
    }
    m->aspace = (jg_handle_t)h;
    m->refs = 1;
    m->dumpable = true;
    return m;
}

void mm_put(struct mm *m)
{
    if (!m || __atomic_sub_fetch(&m->refs, 1, __ATOMIC_ACQ_REL))
        return;
    jg_handle_close(m->aspace);
    for (unsigned i = 0; i < m->count; i++)
        region_let_go(&m->regions[i]);
    m->accounted = 0;
    commit_settle(m);
    if (m->exe) {
        backing_unclaim(m->exe, true);
        backing_put(m->exe);
    }
    region_free_all(m);
    rt_free(m);
}

static void copy_regions(struct mm *to, const struct mm *from)
{
    for (unsigned i = 0; i < from->count; i++) {
        const struct region *r = &from->regions[i];

        if (r->flags & REGION_DONTFORK) {
            to->mapped -= r->end - r->start;
            to->data_bytes -= region_data(r);
            to->accounted -= region_accounted(r);
            continue;
        }
        to->regions[to->count] = *r;
        to->regions[to->count].flags &= ~REGION_LOCKED;
        to->count++;
        region_hold(r);
    }
}

struct mm *mm_clone(struct mm *m)
{
    struct mm *child = rt_alloc(sizeof *child);
    int64_t h = JG_ERR_NO_MEMORY;

    if (!child)
        return NULL;
    mutex_lock(&m->lock);
    *child = *m;
    child->lock = (struct mutex)MUTEX_INIT;
    child->refs = 1;
    child->lock_future = MM_UNLOCKED;
    child->mapped_peak = 0;
    child->accounted_known = 0;
    child->count = 0;
    child->front = 0;
    child->gap_length = 0;
    child->room = m->count + 8;
    child->regions = rt_alloc(child->room * sizeof *child->regions);
    if (child->regions && (commit_mode() != COMMIT_NEVER || commit_allows(m->accounted)))
        h = jg_aspace_clone(m->aspace);
    if (h >= 0) {
        child->aspace = (jg_handle_t)h;
        copy_regions(child, m);
        commit_settle(child);
        if (child->exe) {
            backing_get(child->exe);
            backing_claim(child->exe,
                          true); /* the parent's claim keeps writers out: it cannot fail */
        }
    }
    mutex_unlock(&m->lock);
    if (h < 0) {
        rt_free(child->regions);
        rt_free(child);
        return NULL;
    }
    return child;
}

struct region *mm_find(struct mm *m, uint64_t va)
{
    unsigned i = region_index(m, va);

    return i < m->count ? &m->regions[i] : NULL;
}

/*
 * Extends a region that grows downwards to hold va, unless that leaves less than STACK_GAP to what can be
 * touched below it. Source: Linux 6.1's expand_downwards().
 */
static bool grow_stack(struct mm *m, struct region *r, uint64_t va)
{
    uint64_t start = page_down(va), length = r->start - start;
    unsigned i = (unsigned)(r - m->regions);
    struct jg_map map = {.va = start,
                         .length = length,
                         .prot = r->prot,
                         .max_prot = 7,
                         .flags = JG_MAP_PRIVATE | inherit_of(r->flags)};

    if (r->end - start > m->stack_limit || start < LOW_LIMIT)
        return false;
    if (i && m->regions[i - 1].end + STACK_GAP > start && m->regions[i - 1].prot &&
        !(m->regions[i - 1].flags & REGION_STACK))
        return false;
    if (!commit_allows(length) || jg_aspace_map(m->aspace, &map) < 0)
        return false;
    r->start = start;
    m->mapped += length;
    m->accounted += r->flags & REGION_ACCOUNT ? length : 0;
    return true;
}

int mm_fault(struct mm *m, uint64_t va, uint32_t fault_flags, jg_status_t why, int *code)
{
    struct region *r;
    int sig = SIGSEGV;

    mutex_lock(&m->lock);
    r = mm_find(m, va);
    *code = SEGV_MAPERR;
    if (r && r->start <= va) {
        *code = SEGV_ACCERR;
        if (why == JG_ERR_BEYOND_SIZE) {
            sig = SIGBUS;
            *code = BUS_ADRERR;
        }
    } else if (r && (r->flags & REGION_STACK) && !(fault_flags & JG_FAULT_PRESENT) &&
               grow_stack(m, r, va)) {
        sig = 0;
    }
    settle_and_unlock(m);
    return sig;
}
