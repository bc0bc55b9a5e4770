/*
 * Address spaces against a table of pages: map, unmap, protect, move, fork, drop, truncate, read and write at random
 * in a small window, with planted failures. What a call refuses must have changed nothing; at the end nothing is left.
 */
#include "host.h"

#include <vm/aspace.h>
#include <vm/vmo.h>

#define BASE 0x7f00001f0000ul /* the window crosses two leaf tables */
#define PAGES 64u
#define SPACES 6u
#define VMOS 3u
#define VMO_PAGES 40u
#define ROUNDS 120000u

struct page {
    bool mapped, private, copied;
    uint8_t prot, max_prot, inherit;
    int8_t vmo; /* -1: zeros */
    uint32_t index;
    uint64_t value;
};

struct space {
    struct aspace *as;
    struct page page[PAGES];
};

struct file {
    struct vmo *vmo;
    uint64_t pages;
    uint64_t value[VMO_PAGES];
};

static struct space spaces[SPACES];
static struct file files[VMOS];
static struct account account = {.quota = 3000};

static uintptr_t va_of(unsigned page)
{
    return BASE + page * PAGE_SIZE;
}

static uint64_t expected(const struct page *p)
{
    if (p->copied)
        return p->value;
    return p->vmo >= 0 ? files[p->vmo].value[p->index] : 0;
}

static bool beyond(const struct page *p)
{
    return !p->copied && p->vmo >= 0 && p->index >= files[p->vmo].pages;
}

static void read_page(struct space *s, unsigned i)
{
    struct page *p = &s->page[i];
    uint64_t value = 0;
    int64_t n = aspace_read(s->as, va_of(i) + 8, &value, sizeof value, 0);

    if (!p->mapped)
        CHECK(n == JG_ERR_BAD_ADDRESS);
    else if (!p->prot)
        CHECK(n == JG_ERR_PROTECTED);
    else if (beyond(p))
        CHECK(n == JG_ERR_BEYOND_SIZE);
    else if (n != JG_ERR_NO_MEMORY || !host_fail_rate)
        CHECK(n == 8 && value == expected(p));
}

static void write_page(struct space *s, unsigned i)
{
    struct page *p = &s->page[i];
    uint64_t value = pick(1u << 30);
    int64_t n = aspace_write(s->as, va_of(i) + 8, &value, sizeof value, 0);

    if (!p->mapped)
        CHECK(n == JG_ERR_BAD_ADDRESS);
    else if (!(p->prot & JG_PROT_WRITE))
        CHECK(n == JG_ERR_PROTECTED);
    else if (beyond(p))
        CHECK(n == JG_ERR_BEYOND_SIZE);
    else if (n != JG_ERR_NO_MEMORY || !host_fail_rate) {
        CHECK(n == 8);
        if (p->private) {
            p->copied = true;
            p->value = value;
        } else {
            files[p->vmo].value[p->index] = value;
        }
    }
}

static bool any_mapped(const struct space *s, unsigned first, unsigned n)
{
    for (unsigned i = first; i < first + n; i++)
        if (s->page[i].mapped)
            return true;
    return false;
}

static bool all_mapped(const struct space *s, unsigned first, unsigned n)
{
    for (unsigned i = first; i < first + n; i++)
        if (!s->page[i].mapped)
            return false;
    return true;
}

static void map_some(struct space *s, unsigned first, unsigned n)
{
    static const uint8_t prots[] = {0, 1, 3, 3, 3, 5, 7};
    int vmo = (int)pick(VMOS + 2) - 2;
    bool private = vmo < 0 || pick(2);
    unsigned offset = vmo < 0 ? 0 : pick(VMO_PAGES - PAGES / 4);
    struct jg_map m = {
        .va = va_of(first),
        .length = n * PAGE_SIZE,
        .offset = offset * PAGE_SIZE,
        .prot = prots[pick(ARRAY_SIZE(prots))],
        .max_prot = 7,
        .flags = private ? JG_MAP_PRIVATE : 0,
    };
    bool replace = pick(2);
    jg_status_t status;

    if (replace)
        m.flags |= JG_MAP_REPLACE;
    if (vmo < 0 && !pick(8))
        m.flags |= JG_INHERIT_ZERO << JG_MAP_INHERIT_SHIFT;
    vmo = MAX(vmo, -1);
    status = aspace_map(s->as, vmo < 0 ? NULL : files[vmo].vmo, &m);
    if (!replace && any_mapped(s, first, n)) {
        CHECK(status == JG_ERR_EXISTS);
        return;
    }
    if (status == JG_ERR_NO_MEMORY && host_fail_rate)
        return;
    CHECK(status == JG_OK);
    for (unsigned i = 0; i < n; i++)
        s->page[first + i] = (struct page){
            .mapped = true,
            .private = private,
            .prot = (uint8_t)m.prot,
            .max_prot = 7,
            .inherit = m.flags >> JG_MAP_INHERIT_SHIFT & 3,
            .vmo = (int8_t)vmo,
            .index = offset + i,
        };
}

static void unmap_some(struct space *s, unsigned first, unsigned n)
{
    jg_status_t status = aspace_unmap(s->as, va_of(first), n * PAGE_SIZE);

    if (status == JG_ERR_NO_MEMORY && host_fail_rate)
        return;
    CHECK(status == JG_OK);
    memset(&s->page[first], 0, n * sizeof s->page[0]);
}

static void protect_some(struct space *s, unsigned first, unsigned n)
{
    static const uint8_t prots[] = {0, 1, 3, 5, 7};
    uint8_t prot = prots[pick(ARRAY_SIZE(prots))];
    jg_status_t status = aspace_protect(s->as, va_of(first), n * PAGE_SIZE, prot);

    if (!all_mapped(s, first, n)) {
        CHECK(status == JG_ERR_NOT_FOUND);
        return;
    }
    if (status == JG_ERR_NO_MEMORY && host_fail_rate)
        return;
    CHECK(status == JG_OK);
    for (unsigned i = first; i < first + n; i++)
        s->page[i].prot = prot;
}

static void drop_some(struct space *s, unsigned first, unsigned n)
{
    jg_status_t status = aspace_range(s->as, JG_ASPACE_DROP, va_of(first), n * PAGE_SIZE);

    if (!all_mapped(s, first, n)) {
        CHECK(status == JG_ERR_NOT_FOUND);
        return;
    }
    CHECK(status == JG_OK);
    for (unsigned i = first; i < first + n; i++)
        s->page[i].copied = false;
}

static void move_some(struct space *s, unsigned first, unsigned n)
{
    unsigned to = pick(PAGES), new_n = pick(PAGES - to) + 1, moved = MIN(n, new_n);
    struct jg_move r = {va_of(first), n * PAGE_SIZE, va_of(to), new_n * PAGE_SIZE, 0, 0};
    struct page old[PAGES];
    jg_status_t status;

    if (pick(2))
        r.flags |= JG_MAP_REPLACE;
    if (!pick(4))
        r.flags |= JG_MOVE_KEEP;
    if (to == first)
        return;
    status = aspace_move(s->as, &r);
    if (!all_mapped(s, first, n)) {
        CHECK(status == JG_ERR_NOT_FOUND);
        return;
    }
    if (to < first + n && first < to + new_n) {
        CHECK(status == JG_ERR_INVALID_ARGS);
        return;
    }
    if (!(r.flags & JG_MAP_REPLACE) && any_mapped(s, to, new_n)) {
        CHECK(status == JG_ERR_EXISTS);
        return;
    }
    if (status == JG_ERR_NO_MEMORY && host_fail_rate)
        return;
    CHECK(status == JG_OK);
    memcpy(old, s->page, sizeof old);
    for (unsigned i = 0; i < new_n; i++) {
        s->page[to + i] = old[first + MIN(i, moved - 1)];
        if (i >= moved) {
            s->page[to + i].copied = false;
            s->page[to + i].index += i - (moved - 1);
        }
    }
    for (unsigned i = 0; i < n; i++)
        if (!(r.flags & JG_MOVE_KEEP))
            s->page[first + i] = (struct page){0};
        else if (i < moved)
            s->page[first + i].copied = false;
}

static void fork_into(struct space *child, struct space *parent)
{
    struct aspace *as = NULL;
    jg_status_t status = aspace_clone(parent->as, &account, NULL, &as);

    if (status != JG_OK) {
        CHECK((status == JG_ERR_NO_MEMORY && host_fail_rate) || status == JG_ERR_QUOTA);
        return;
    }
    aspace_unref(child->as);
    child->as = as;
    memcpy(child->page, parent->page, sizeof child->page);
    for (unsigned i = 0; i < PAGES; i++)
        if (child->page[i].inherit == JG_INHERIT_ZERO)
            child->page[i].copied = false;
        else if (child->page[i].inherit == JG_INHERIT_NONE)
            child->page[i] = (struct page){0};
}

static void inherit_some(struct space *s, unsigned first, unsigned n)
{
    unsigned inherit = pick(3);
    bool file = false;
    jg_status_t status =
        aspace_range(s->as, JG_ASPACE_INHERIT_COPY + inherit, va_of(first), n * PAGE_SIZE);

    if (!all_mapped(s, first, n)) {
        CHECK(status == JG_ERR_NOT_FOUND);
        return;
    }
    for (unsigned i = first; i < first + n; i++)
        file |= s->page[i].vmo >= 0;
    if (inherit == JG_INHERIT_ZERO && file) {
        CHECK(status == JG_ERR_INVALID_ARGS);
        return;
    }
    if (status == JG_ERR_NO_MEMORY && host_fail_rate)
        return;
    CHECK(status == JG_OK);
    for (unsigned i = first; i < first + n; i++)
        s->page[i].inherit = (uint8_t)inherit;
}

static void truncate_file(void)
{
    unsigned f = pick(VMOS);
    uint64_t pages = pick(VMO_PAGES) + 1;

    CHECK(vmo_set_size(files[f].vmo, pages * PAGE_SIZE) == JG_OK);
    for (uint64_t i = pages; i < files[f].pages; i++)
        files[f].value[i] = 0;
    for (unsigned s = 0; s < SPACES; s++)
        for (unsigned i = 0; i < PAGES; i++) {
            struct page *p = &spaces[s].page[i];

            if (p->mapped && p->vmo == (int)f && p->index >= pages)
                p->copied = false;
        }
    files[f].pages = pages;
}

static void write_file(void)
{
    struct file *f = &files[pick(VMOS)];
    unsigned i = pick((uint32_t)f->pages);
    uint64_t value = pick(1u << 30);

    if (vmo_write(f->vmo, i * PAGE_SIZE + 8, &value, sizeof value) == JG_OK)
        f->value[i] = value;
}

static void step(void)
{
    struct space *s = &spaces[pick(SPACES)], *other = &spaces[pick(SPACES)];
    unsigned first = pick(PAGES), n = pick(MIN(PAGES - first, PAGES / 4)) + 1;

    switch (pick(20)) {
    case 0:
    case 1:
        map_some(s, first, n);
        break;
    case 2:
        unmap_some(s, first, n);
        break;
    case 3:
        protect_some(s, first, n);
        break;
    case 4:
        drop_some(s, first, n);
        break;
    case 5:
    case 6:
        move_some(s, first, n);
        break;
    case 7:
        if (s != other)
            fork_into(other, s);
        break;
    case 8:
        if (!pick(4))
            truncate_file();
        break;
    case 9:
        write_file();
        break;
    case 10:
        if (!pick(4))
            inherit_some(s, first, n);
        break;
    case 11:
        reaper_run(pick(20));
        break;
    case 12:
    case 13:
    case 14:
        write_page(s, first);
        break;
    default:
        read_page(s, first);
    }
}

static void check_counts(const struct space *s)
{
    struct jg_info_aspace info;
    unsigned private = 0, mapped = 0;

    aspace_info(s->as, &info);
    for (unsigned i = 0; i < PAGES; i++) {
        private += s->page[i].copied;
        mapped += s->page[i].mapped;
    }
    CHECK(info.private_pages == private);
    CHECK(info.mapped_bytes == mapped * PAGE_SIZE);
}

int main(void)
{
    uint64_t before;

    host_start(8192);
    before = frames_free();
    for (unsigned i = 0; i < VMOS; i++) {
        files[i].vmo = vmo_create(VMO_PAGES * PAGE_SIZE, &account, NULL);
        files[i].pages = VMO_PAGES;
    }
    for (unsigned i = 0; i < SPACES; i++)
        spaces[i].as = aspace_create(&account, NULL);
    for (unsigned round = 0; round < ROUNDS; round++) {
        host_fail_rate = pick(3) ? 0 : 6;
        step();
        if (!(round % 64))
            check_counts(&spaces[pick(SPACES)]);
    }
    host_fail_rate = 0;
    for (unsigned s = 0; s < SPACES; s++) {
        for (unsigned i = 0; i < PAGES; i++)
            read_page(&spaces[s], i);
        aspace_unref(spaces[s].as);
    }
    reaper_quiesce();
    for (unsigned i = 0; i < VMOS; i++) {
        CHECK(files[i].vmo->refs == 1 && files[i].vmo->mapping_count == 0);
        vmo_unref(files[i].vmo);
    }
    reaper_quiesce();
    CHECK(account.frames == 0 && host_blocks == 0);
    CHECK(frames_free() >= before - 1); /* the page of zeros stays */
    return 0;
}
