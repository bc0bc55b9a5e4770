/*
 * Native processes from ELF files in the boot image.
 *
 * In:   loader_start(), from server.c.
 * Life: everything is made from empty: an address space, its segments as private memory filled from
 *       the image and then given their protections (never writable and executable at once), a
 *       committed stack with the start-up list at its top, the process, its handles, its thread.
 *       Until the thread starts, closing the handles undoes it all.
 */
#include "loader.h"

#include <jg/rt/load.h>
#include <jg/rt/string.h>
#include <jg/stubs.h>

#include "arch/x86_64/arch.h"

#define STACK_BYTES (128ul * 1024)
#define STACK_TOP 0x00007fff00000000ull /* below the stack is nothing: that is its guard */
#define OWN_GIFTS 3u

struct list_buffer {
    struct jg_startup head;
    struct jg_startup_entry entry[OWN_GIFTS + LOADER_GIFTS_MAX];
};

static int64_t give(struct list_buffer *list, jg_handle_t process, const struct loader_gift *gift)
{
    struct jg_startup_entry *e = &list->entry[list->head.count++];
    int64_t there = JG_HANDLE_NONE;

    if (gift->handle)
        there = jg_process_give(process, gift->handle, gift->rights);
    if (there < 0)
        return there;
    *e = (struct jg_startup_entry){.handle = (jg_handle_t)there, .value = gift->value};
    memcpy(e->name, gift->name, strnlen(gift->name, JG_STARTUP_NAME_MAX));
    return JG_OK;
}

/* Gives the process its handles and writes the list that names them. */
static int64_t write_list(jg_handle_t process, jg_handle_t aspace,
                          const struct loader_program *program, uint64_t *at)
{
    struct loader_gift own[OWN_GIFTS] = {
        {"process", process, JG_RIGHTS_SAME, 0},
        {"aspace", aspace, JG_RIGHTS_SAME, 0},
        {"job", program->job, JG_RIGHTS_SAME, 0},
    };
    struct list_buffer list = {
        .head = {.stack_base = STACK_TOP - STACK_BYTES, .stack_size = STACK_BYTES},
    };
    int64_t status = JG_OK;

    for (uint32_t i = 0; status >= 0 && i < OWN_GIFTS; i++)
        status = give(&list, process, &own[i]);
    for (uint32_t i = 0; status >= 0 && i < program->gift_count; i++)
        status = give(&list, process, &program->gift[i]);
    if (status < 0)
        return status;
    *at = STACK_TOP - sizeof list;
    return load_bytes(aspace, *at, &list, sizeof list);
}

static int64_t start_thread(jg_handle_t process, uint64_t entry, uint64_t list, unsigned priority)
{
    struct jg_regs regs = arch_first_regs(entry, list);
    int64_t thread =
        jg_thread_create(process, JG_HANDLE_NONE, priority << JG_THREAD_PRIORITY_SHIFT);
    int64_t status;

    if (thread < 0)
        return thread;
    status = jg_thread_write_state((jg_handle_t)thread, JG_STATE_REGS, &regs, sizeof regs);
    if (status >= 0)
        status = jg_thread_start((jg_handle_t)thread);
    jg_handle_close((jg_handle_t)thread);
    return status;
}

static int64_t start_in(jg_handle_t aspace, const struct bootimage *image,
                        const struct loader_program *program)
{
    const struct jg_boot_section *file = program->binary;
    struct elf_image elf;
    int64_t process, status;
    uint64_t list;

    status = load_elf(aspace, image->vmo, file->offset, file->size, &elf);
    if (status >= 0)
        status = load_zeros(aspace, STACK_TOP - STACK_BYTES, STACK_BYTES, 0);
    if (status < 0)
        return status;
    process = jg_process_create(program->job, aspace, program->name);
    if (process < 0)
        return process;
    status = write_list((jg_handle_t)process, aspace, program, &list);
    if (status >= 0)
        status = start_thread((jg_handle_t)process, elf.entry, list, program->priority);
    if (status >= 0)
        return process;
    jg_task_kill((jg_handle_t)process, status);
    jg_handle_close((jg_handle_t)process);
    return status;
}

int64_t loader_start(const struct bootimage *image, const struct loader_program *program)
{
    int64_t aspace = jg_aspace_create(program->job);
    int64_t process;

    if (aspace < 0)
        return aspace;
    process = start_in((jg_handle_t)aspace, image, program);
    jg_handle_close((jg_handle_t)aspace);
    return process;
}
