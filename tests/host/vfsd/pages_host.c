/*
 * pages.h and the runtime's heap, format and panic, in a host process.
 */
#include "pages_host.h"

#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/log.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECTS 4096u
#define PAGES   1024u /* of the largest memory that a test fills */

struct object {
    unsigned handles;
    bool account;
    uint64_t size, used, limit; /* used: pages, of a memory or charged to an account */
    uint64_t top;               /* no page from here on was ever there */
    int64_t modified, accessed;
    struct object *payer;
    char **page;
};

static struct object *handle[OBJECTS];
static unsigned blocks, fail_after = UINT_MAX;
int64_t host_now = 1700000000000000000;

int64_t clock_wall(void)
{
    return host_now += 1000;
}

static jg_handle_t handle_new(struct object *o)
{
    for (unsigned i = 1; i < OBJECTS; i++)
        if (!handle[i]) {
            handle[i] = o;
            o->handles++;
            return i;
        }
    abort();
}

static struct object *get(jg_handle_t h)
{
    if (!h || h >= OBJECTS || !handle[h])
        abort();
    return handle[h];
}

unsigned host_handles(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < OBJECTS; i++)
        count += !!handle[i];
    return count;
}

static bool commit(struct object *o, uint64_t page)
{
    if (o->page[page])
        return true;
    if (o->payer && o->payer->used >= o->payer->limit)
        return false;
    o->page[page] = calloc(1, JG_PAGE_SIZE);
    if (o->top <= page)
        o->top = page + 1;
    o->used++;
    if (o->payer)
        o->payer->used++;
    return true;
}

static void uncommit(struct object *o, uint64_t page)
{
    if (!o->page[page])
        return;
    free(o->page[page]);
    o->page[page] = NULL;
    o->used--;
    if (o->payer)
        o->payer->used--;
}

int32_t pages_create(uint64_t size, jg_handle_t account, jg_handle_t *out)
{
    struct object *o = calloc(1, sizeof *o);

    o->page = calloc(PAGES, sizeof *o->page);
    o->size = size;
    o->modified = o->accessed = clock_wall();
    if (account) {
        o->payer = get(account);
        o->payer->handles++;
    }
    *out = handle_new(o);
    return JG_OK;
}

static void object_drop(struct object *o)
{
    if (--o->handles)
        return;
    if (!o->account) {
        for (uint64_t i = 0; i < o->top; i++)
            uncommit(o, i);
        free(o->page);
        if (o->payer)
            object_drop(o->payer);
    }
    free(o);
}

void pages_close(jg_handle_t h)
{
    if (!h)
        return;
    object_drop(get(h));
    handle[h] = NULL;
}

int32_t pages_info(jg_handle_t pages, struct pages_info *out)
{
    struct object *o = get(pages);

    *out = (struct pages_info){o->size, o->used, o->modified, o->accessed};
    return JG_OK;
}

int32_t pages_zero(jg_handle_t pages, uint64_t offset, uint64_t length)
{
    struct object *o = get(pages);

    for (uint64_t at = offset; at < offset + length; at++) {
        if (at % JG_PAGE_SIZE == 0 && offset + length - at >= JG_PAGE_SIZE) {
            uncommit(o, at / JG_PAGE_SIZE);
            at += JG_PAGE_SIZE - 1;
        } else if (o->page[at / JG_PAGE_SIZE]) {
            o->page[at / JG_PAGE_SIZE][at % JG_PAGE_SIZE] = 0;
        }
    }
    return JG_OK;
}

int32_t pages_set_size(jg_handle_t pages, uint64_t size)
{
    struct object *o = get(pages);
    uint64_t top = PAGES * JG_PAGE_SIZE;

    if (size < o->size && size < top)
        pages_zero(
            pages, size,
            (o->size < top ? (o->size + JG_PAGE_SIZE - 1) / JG_PAGE_SIZE * JG_PAGE_SIZE : top) -
                size);
    o->size = size;
    o->modified = clock_wall();
    return JG_OK;
}

int32_t pages_move(jg_handle_t dst, jg_handle_t src, uint64_t offset, uint64_t length)
{
    struct object *to = get(dst), *from = get(src);

    if (offset % JG_PAGE_SIZE || length % JG_PAGE_SIZE || length > to->size ||
        offset + length > (from->size + JG_PAGE_SIZE - 1) / JG_PAGE_SIZE * JG_PAGE_SIZE)
        return JG_ERR_OUT_OF_RANGE;
    for (uint64_t i = 0; i < length / JG_PAGE_SIZE; i++) {
        uint64_t there = offset / JG_PAGE_SIZE + i;

        uncommit(to, i);
        if (!from->page[there])
            continue;
        if (!commit(to, i))
            return JG_ERR_NO_SPACE;
        memcpy(to->page[i], from->page[there], JG_PAGE_SIZE);
        uncommit(from, there);
    }
    to->modified = clock_wall();
    return JG_OK;
}

int32_t host_write(jg_handle_t pages, uint64_t offset, const void *data, size_t length)
{
    struct object *o = get(pages);

    for (size_t done = 0, part; done < length; done += part) {
        uint64_t at = offset + done;

        part = JG_PAGE_SIZE - at % JG_PAGE_SIZE;
        if (part > length - done)
            part = length - done;
        if (!commit(o, at / JG_PAGE_SIZE))
            return JG_ERR_NO_SPACE;
        memcpy(o->page[at / JG_PAGE_SIZE] + at % JG_PAGE_SIZE, (const char *)data + done, part);
        if (o->size < at + part)
            o->size = at + part;
    }
    o->modified = clock_wall();
    return JG_OK;
}

int32_t host_read(jg_handle_t pages, uint64_t offset, void *data, size_t length)
{
    struct object *o = get(pages);

    o->accessed = clock_wall();
    return pages_read(pages, offset, data, length);
}

int32_t pages_read(jg_handle_t pages, uint64_t offset, void *buffer, size_t length)
{
    struct object *o = get(pages);

    if (offset > o->size || length > o->size - offset)
        return JG_ERR_IO;
    for (size_t i = 0; i < length; i++) {
        const char *page = o->page[(offset + i) / JG_PAGE_SIZE];

        ((char *)buffer)[i] = page ? page[(offset + i) % JG_PAGE_SIZE] : 0;
    }
    return JG_OK;
}

int32_t pages_share(jg_handle_t pages, bool write, bool execute, jg_handle_t *out)
{
    (void)write, (void)execute;
    *out = handle_new(get(pages));
    return JG_OK;
}

int32_t account_create(uint64_t pages, jg_handle_t *out)
{
    struct object *o = calloc(1, sizeof *o);

    o->account = true;
    o->limit = pages;
    *out = handle_new(o);
    return JG_OK;
}

int32_t account_limit(jg_handle_t account, uint64_t pages)
{
    get(account)->limit = pages;
    return JG_OK;
}

uint64_t account_used(jg_handle_t account)
{
    return get(account)->used;
}

void pages_of_machine(uint64_t *total, uint64_t *free)
{
    *total = 65536;
    *free = 40000;
}

unsigned host_blocks(void)
{
    return blocks;
}

void host_fail_after(unsigned after)
{
    fail_after = after;
}

static bool fails(void)
{
    if (fail_after == UINT_MAX)
        return false;
    if (!fail_after)
        return true;
    fail_after--;
    return false;
}

void *rt_alloc(size_t size)
{
    if (fails())
        return NULL;
    blocks++;
    return malloc(size ? size : 1);
}

void *rt_zalloc(size_t size)
{
    void *block = rt_alloc(size);

    return block ? memset(block, 0, size) : NULL;
}

void *rt_realloc(void *block, size_t size)
{
    if (!block)
        return rt_alloc(size);
    return fails() ? NULL : realloc(block, size);
}

void rt_free(void *block)
{
    blocks -= !!block;
    free(block);
}

size_t rt_format(char *buffer, size_t size, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(buffer, size, format, args);
    va_end(args);
    return (size_t)length;
}

void rt_log(const char *format, ...)
{
    (void)format;
}

_Noreturn void rt_panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    abort();
}
