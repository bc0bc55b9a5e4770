/*
 * What callers write, on its way to whoever takes it. See console.h.
 */
#include "console.h"

int64_t window_feed(const struct jg_window *data, size_t (*take)(void *to, const uint8_t *bytes, size_t n),
                    void *to)
{
    uint8_t bytes[512];
    size_t done = 0, n, taken;

    do {
        int32_t status;

        n = data->size - done < sizeof bytes ? data->size - done : sizeof bytes;
        status = jg_window_read(data, done, bytes, n);
        if (status != JG_OK)
            return done ? (int64_t)done : status;
        taken = take(to, bytes, n);
        done += taken;
    } while (taken == n && done < data->size);
    return (int64_t)done;
}
