/*
 * Accounts: who pays for frames. What a job uses within its reserve was charged to its parent when the reserve
 * was made; only the excess travels up.
 */
#include <core/assert.h>
#include <mm/frame.h>

/* What a account's parent is charged when the account uses `frames`. */
static uint64_t upward(const struct account *a, uint64_t frames)
{
    return frames > a->reserve ? frames : a->reserve;
}

bool account_charge(struct account *a, uint64_t frames)
{
    uint64_t n = frames;

    for (struct account *at = a; at && n; at = at->parent) {
        uint64_t before = upward(at, at->frames), after;

        if (at->frames + n > at->quota) {
            /* Undo below: recompute the same steps downwards. */
            struct account *stop = at;
            uint64_t back = frames;

            for (at = a; at != stop; at = at->parent) {
                after = upward(at, at->frames);
                at->frames -= back;
                back = after - upward(at, at->frames);
            }
            return false;
        }
        at->frames += n;
        after = upward(at, at->frames);
        n = after - before;
    }
    return true;
}

void account_refund(struct account *a, uint64_t frames)
{
    for (struct account *at = a; at && frames; at = at->parent) {
        uint64_t before = upward(at, at->frames);

        ASSERT(at->frames >= frames);
        at->frames -= frames;
        frames = before - upward(at, at->frames);
    }
}

bool account_reserve(struct account *a, uint64_t frames)
{
    uint64_t before = upward(a, a->frames), old = a->reserve, after;

    a->reserve = frames;
    after = upward(a, a->frames);
    if (after > before && a->parent && !account_charge(a->parent, after - before)) {
        a->reserve = old;
        return false;
    }
    if (after < before)
        account_refund(a->parent, before - after);
    return true;
}
