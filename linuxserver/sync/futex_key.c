/*
 * Futexes: what a word is called, and how it is read and changed.
 */
#include "futex_queue.h"

#include <task.h>

/*
 * What a shared futex is called depends on what is mapped there. Private memory that can be written is
 * the process' own; where it can only be read it shows the file, or will never change.
 */
static int64_t name_shared(struct mm *mm, uint64_t va, bool write, struct futex_key *key)
{
    uint32_t need = write ? PROT_WRITE : PROT_READ;
    struct region *r;
    int64_t err = 0;

    mutex_lock(&mm->lock);
    r = mm_find(mm, va);
    if (!r || !(r->prot & need) || (va < r->start && !(r->flags & REGION_STACK))) {
        err = -EFAULT;
    } else if (va >= r->start && (r->flags & REGION_SHARED || !(r->prot & PROT_WRITE))) {
        if (!r->backing) {
            err = -EFAULT;
            goto unlock;
        }
        backing_get(r->backing);
        key->held = r->backing;
        key->object = (uintptr_t)r->backing;
        key->offset = r->offset + (va - r->start);
    }
unlock:
    mutex_unlock(&mm->lock);
    return err;
}

int64_t futex_key_get(struct mm *mm, uint64_t va, bool shared, bool write, struct futex_key *key)
{
    if (va % sizeof(uint32_t))
        return -EINVAL;
    if (va >= JG_USER_TOP)
        return -EFAULT;
    key->object = (uintptr_t)mm;
    key->offset = va + shared;
    key->held = NULL;
    return shared ? name_shared(mm, va, write, key) : 0;
}

void futex_key_put(struct futex_key *key)
{
    if (key->held)
        backing_put(key->held);
    key->held = NULL;
}

int64_t futex_read(struct mm *mm, uint64_t va, uint32_t *word)
{
    int64_t n = jg_aspace_cas(mm->aspace, va, 0, 0);

    if (n < 0)
        return copy_in(mm, word, va, sizeof *word); /* read-only, or a stack that must grow */
    *word = (uint32_t)n;
    return 0;
}

int64_t futex_touch(struct mm *mm, uint64_t va, uint32_t *word)
{
    int64_t n = jg_aspace_cas(mm->aspace, va, 0, 0);
    int code;

    if (n < 0 && !mm_fault(mm, va, JG_FAULT_WRITE, JG_ERR_BAD_ADDRESS, &code))
        n = jg_aspace_cas(mm->aspace, va, 0, 0);
    if (n < 0)
        return -EFAULT;
    *word = (uint32_t)n;
    return 0;
}

int64_t futex_cas(struct mm *mm, uint64_t va, uint32_t *word, uint32_t new)
{
    int64_t seen = jg_aspace_cas(mm->aspace, va, *word, new);

    if (seen < 0)
        return -EFAULT;
    if ((uint32_t)seen == *word)
        return 1;
    *word = (uint32_t)seen;
    return 0;
}
