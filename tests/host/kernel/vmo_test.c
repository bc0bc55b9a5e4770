/* VMOs against plain arrays: sizes, holes, writes, moves, under planted failures; nothing is left at the end. */
#include "host.h"

#include <vm/vmo.h>

#define VMOS 4u
#define SPAN (96u * 4096u) /* two levels of nodes */
#define FAR 0x123456000ul  /* a page far away is written at times: a high tree */
#define ROUNDS 30000u

struct model {
    struct vmo *vmo;
    uint64_t size;
    unsigned char bytes[SPAN];
    bool page[SPAN / 4096];
};

static struct model models[VMOS];
static struct account account = {.quota = 250};
static unsigned char buffer[SPAN];

static void write_some(struct model *m)
{
    uint64_t offset = pick(SPAN), length = pick(pick(8) ? 6000 : 60000) + 1;
    jg_status_t status;

    length = MIN(length, SPAN - offset);
    for (uint64_t i = 0; i < length; i++)
        buffer[i] = (unsigned char)pick(256);
    status = vmo_write(m->vmo, offset, buffer, length);
    if (status != JG_OK) {
        /* Part of it may be there, and the size with it: read back how it is. */
        CHECK(status == JG_ERR_NO_SPACE || status == JG_ERR_NO_MEMORY);
        m->size = m->vmo->size;
        CHECK(m->size <= SPAN && vmo_read(m->vmo, 0, m->bytes, SPAN) == m->size);
        for (uint64_t i = offset / 4096; i <= (offset + length - 1) / 4096; i++)
            m->page[i] = vmo_next_data(m->vmo, i * 4096) == (int64_t)(i * 4096);
        return;
    }
    memcpy(m->bytes + offset, buffer, length);
    for (uint64_t i = offset / 4096; i <= (offset + length - 1) / 4096; i++)
        m->page[i] = true;
    m->size = MAX(m->size, offset + length);
}

static void resize(struct model *m)
{
    uint64_t size = pick(SPAN);

    CHECK(vmo_set_size(m->vmo, size) == JG_OK);
    if (size < m->size)
        memset(m->bytes + size, 0, SPAN - size);
    for (uint64_t i = (size + 4095) / 4096; i < SPAN / 4096; i++)
        m->page[i] = false;
    m->size = size;
}

static void punch(struct model *m)
{
    uint64_t offset = pick(SPAN), length = pick(40000), end = MIN(offset + length, m->size);

    if (offset > m->size) {
        CHECK(vmo_decommit(m->vmo, offset, 1) == JG_ERR_OUT_OF_RANGE);
        return;
    }
    CHECK(vmo_decommit(m->vmo, offset, end - offset) == JG_OK);
    memset(m->bytes + offset, 0, end - offset);
    uint64_t whole_end = end == m->size ? ROUND_UP(end, 4096) : end;
    for (uint64_t i = (offset + 4095) / 4096; (i + 1) * 4096 <= whole_end; i++)
        m->page[i] = false;
}

static void move_pages(struct model *to, struct model *from)
{
    uint64_t n = pick(20), t = pick(90), f = pick(90);
    jg_status_t status = vmo_move(to->vmo, t * 4096, from->vmo, f * 4096, n * 4096);

    if (ROUND_UP(to->size, 4096) < (t + n) * 4096 || ROUND_UP(from->size, 4096) < (f + n) * 4096) {
        CHECK(status == JG_ERR_OUT_OF_RANGE);
        return;
    }
    CHECK(status == JG_OK);
    for (uint64_t i = 0; i < n; i++) {
        memcpy(to->bytes + (t + i) * 4096, from->bytes + (f + i) * 4096, 4096);
        memset(from->bytes + (f + i) * 4096, 0, 4096);
        to->page[t + i] = from->page[f + i];
        from->page[f + i] = false;
    }
    memset(to->bytes + to->size, 0, SPAN - to->size);
}

static void compare(struct model *m)
{
    uint64_t committed = 0, data = UINT64_MAX, hole = UINT64_MAX, at = pick(SPAN);

    CHECK(m->vmo->size == m->size);
    CHECK(vmo_read(m->vmo, 0, buffer, SPAN) == m->size);
    CHECK(!memcmp(buffer, m->bytes, m->size));
    for (uint64_t i = 0; i < SPAN / 4096; i++) {
        committed += m->page[i];
        if ((i + 1) * 4096 <= at || at >= m->size || i * 4096 >= m->size)
            continue;
        if (m->page[i])
            data = MIN(data, MAX(at, i * 4096));
        else
            hole = MIN(hole, MAX(at, i * 4096));
    }
    CHECK(m->vmo->committed == committed);
    CHECK(vmo_next_data(m->vmo, at) == (data == UINT64_MAX ? JG_ERR_NOT_FOUND : (int64_t)data));
    if (at >= m->size)
        CHECK(vmo_next_hole(m->vmo, at) == JG_ERR_NOT_FOUND);
    else
        CHECK(vmo_next_hole(m->vmo, at) == (int64_t)MIN(hole, m->size));
}

static void far_page(void)
{
    struct vmo *v = vmo_create(0, &account, NULL);
    unsigned char byte = 7;

    CHECK(vmo_write(v, FAR, &byte, 1) == JG_OK && v->size == FAR + 1 && v->committed == 1);
    CHECK(vmo_next_data(v, 0) == (int64_t)FAR && vmo_next_hole(v, 0) == 0);
    CHECK(vmo_set_size(v, 10) == JG_OK && v->committed == 0 && !v->root);
    vmo_unref(v);
}

int main(void)
{
    uint64_t before;

    host_start(1024);
    before = frames_free();
    far_page();
    for (unsigned i = 0; i < VMOS; i++)
        models[i].vmo = vmo_create(0, &account, NULL);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct model *m = &models[pick(VMOS)], *other = &models[pick(VMOS)];

        host_fail_rate = pick(2) ? 0 : 12;
        switch (pick(6)) {
        case 0:
        case 1:
            write_some(m);
            break;
        case 2:
            if (!pick(3))
                resize(m);
            break;
        case 3:
            punch(m);
            break;
        case 4:
            host_fail_rate = 0;
            if (m != other)
                move_pages(m, other);
            break;
        default:
            compare(m);
        }
        CHECK(account.frames <= account.quota);
    }
    for (unsigned i = 0; i < VMOS; i++) {
        compare(&models[i]);
        vmo_unref(models[i].vmo);
    }
    reaper_quiesce();
    CHECK(account.frames == 0 && host_blocks == 0 && frames_free() == before);
    return 0;
}
