/*
 * pages.h, as the kernel gives it.
 */
#include "pages.h"

#include <jg/rt/startup.h>
#include <jg/rt/time.h>
#include <jg/stubs.h>

/* Handles and counts come back as non-negative numbers. */
static int32_t handle_result(int64_t result, jg_handle_t *out)
{
    if (result < 0)
        return (int32_t)result;
    *out = (jg_handle_t)result;
    return JG_OK;
}

int32_t pages_create(uint64_t size, jg_handle_t account, jg_handle_t *out)
{
    return handle_result(jg_vmo_create(size, 0, account), out);
}

int32_t pages_info(jg_handle_t pages, struct pages_info *out)
{
    struct jg_info_vmo info;
    int64_t result = jg_object_info(pages, JG_INFO_VMO, &info, sizeof info);

    if (result < 0)
        return (int32_t)result;
    out->size = info.size;
    out->committed = info.committed_pages;
    out->modified = info.modified;
    out->accessed = info.accessed;
    return JG_OK;
}

int32_t pages_set_size(jg_handle_t pages, uint64_t size)
{
    return (int32_t)jg_vmo_set_size(pages, size);
}

int32_t pages_zero(jg_handle_t pages, uint64_t offset, uint64_t length)
{
    return (int32_t)jg_vmo_range(pages, JG_VMO_DECOMMIT, offset, length);
}

int32_t pages_move(jg_handle_t dst, jg_handle_t src, uint64_t offset, uint64_t length)
{
    return (int32_t)jg_vmo_move(dst, 0, src, offset, length);
}

int32_t pages_read(jg_handle_t pages, uint64_t offset, void *buffer, size_t length)
{
    while (length) {
        struct jg_transfer t = {
            .op = JG_TRANSFER_READ,
            .va = (uintptr_t)buffer,
            .length = length,
            .offset = offset,
            .limit = UINT64_MAX,
        };
        int64_t moved = jg_vmo_transfer(pages, &t);

        if (moved <= 0)
            return moved ? (int32_t)moved : JG_ERR_IO;
        buffer = (char *)buffer + moved;
        offset += (uint64_t)moved;
        length -= (size_t)moved;
    }
    return JG_OK;
}

int32_t pages_share(jg_handle_t pages, bool write, bool execute, jg_handle_t *out)
{
    jg_rights_t rights =
        JG_RIGHT_DUPLICATE | JG_RIGHT_TRANSFER | JG_RIGHT_READ | JG_RIGHT_MAP | JG_RIGHT_INSPECT;

    if (write)
        rights |= JG_RIGHT_WRITE;
    if (execute)
        rights |= JG_RIGHT_EXECUTE;
    return handle_result(jg_handle_duplicate(pages, rights), out);
}

void pages_close(jg_handle_t handle)
{
    if (handle)
        jg_handle_close(handle);
}

int32_t account_create(uint64_t pages, jg_handle_t *out)
{
    int32_t status = handle_result(jg_job_create(startup_handle(startup_list(), "job")), out);

    if (status || pages == UINT64_MAX)
        return status;
    status = account_limit(*out, pages);
    if (status) {
        jg_handle_close(*out);
        *out = JG_HANDLE_NONE;
    }
    return status;
}

int32_t account_limit(jg_handle_t account, uint64_t pages)
{
    return (int32_t)jg_job_set(account, JG_JOB_QUOTA_FRAMES, pages);
}

uint64_t account_used(jg_handle_t account)
{
    struct jg_info_job info;

    return jg_object_info(account, JG_INFO_JOB, &info, sizeof info) < 0 ? 0 : info.frames;
}

void pages_of_machine(uint64_t *total, uint64_t *free)
{
    struct jg_info_system info;

    *total = *free = 0;
    if (jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info) < 0)
        return;
    *total = info.total_frames;
    *free = info.free_frames;
}

int64_t clock_wall(void)
{
    return time_wall();
}
