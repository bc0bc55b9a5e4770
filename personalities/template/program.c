/*
 * Loading a static program: its file from a tree, its memory, its stack, its thread.
 */
#include "program.h"

#include <ipc/vfs_client.h>
#include <jg/rt/load.h>
#include <jg/rt/string.h>

#include "arch/x86_64/arch.h"

#define STACK_BYTES (64ul * 1024)
#define STACK_TOP   0x00007ffff0000000ull
#define BLOCK_WORDS 2048u /* of the stack, written by us */

enum { AT_NULL, AT_PHDR = 3, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_ENTRY = 9, AT_RANDOM = 25 };

/* The System V ABI's initial stack: argc, argv, envp, auxiliary vector, strings, random bytes. */
static bool build_stack(jg_handle_t aspace, const struct elf_image *elf, const char *strings,
                        size_t size, uint32_t argc, uint32_t envc, uint64_t *stack)
{
    static uint64_t block[BLOCK_WORDS];
    uint64_t random_at = STACK_TOP - 16, at = (random_at - size) & ~15ull, *w = block;
    const uint64_t aux[] = {AT_PHDR,           elf->headers_va, AT_PHENT,     56,       AT_PHNUM,
                            elf->header_count, AT_PAGESZ,       JG_PAGE_SIZE, AT_ENTRY, elf->entry,
                            AT_RANDOM,         random_at,       AT_NULL,      0};
    uint64_t words = 3ull + argc + envc + sizeof aux / 8;

    if (size + words * 8 + 64 > sizeof block)
        return false;
    memset(block, 0, sizeof block);
    *stack = (at - words * 8) & ~15ull;
    memcpy((char *)block + (at - *stack), strings, size);
    jg_random((char *)block + (random_at - *stack), 16);
    *w++ = argc;
    for (uint32_t i = 0; i < argc + envc;
         i++, at += strlen(strings) + 1, strings += strlen(strings) + 1) {
        w += i == argc; /* over the NULL that ends argv */
        *w++ = at;
    }
    w += envc ? 1 : 2;
    memcpy(w, aux, sizeof aux);
    return load_zeros(aspace, STACK_TOP - STACK_BYTES, STACK_BYTES, 0) >= 0 &&
           load_bytes(aspace, *stack, block, STACK_TOP - *stack) >= 0;
}

/* Opens a file of a tree, whose root is node 1 of its session, for as long as we run. */
static bool open_file(jg_handle_t tree, const char *path, jg_handle_t *file, uint64_t *size)
{
    static const struct vfs_place root = {1, 1};
    static const struct vfs_cred who;
    static char rest[VFS_PATH_MAX + 1];
    struct vfs_attr found;
    size_t length;

    if (vfs_open(tree, &root, path, strlen(path), VFS_WALK_READ | VFS_WALK_EXECUTE, 0, &who, &found,
                 rest, sizeof rest, &length))
        return false;
    *size = found.size;
    return vfs_vmo(tree, found.node, file) == 0;
}

static bool set(jg_handle_t *handle, int64_t result)
{
    *handle = result > 0 ? (jg_handle_t)result : JG_HANDLE_NONE;
    return result > 0;
}

const char *program_start(struct program *p, const jg_handle_t tree[2], const char *path,
                          jg_handle_t job, jg_handle_t port, uint64_t cookie, const char *strings,
                          size_t size, uint32_t argc, uint32_t envc)
{
    struct elf_image elf;
    struct jg_regs regs;
    jg_handle_t file;
    uint64_t file_size, stack;

    if (!open_file(tree[0], path, &file, &file_size) &&
        !open_file(tree[1], path, &file, &file_size))
        return "there is no such program";
    if (!set(&p->aspace, jg_aspace_create(job)) || load_elf(p->aspace, file, 0, file_size, &elf) < 0)
        return "it is no static executable, or there is no memory for it";
    if (!build_stack(p->aspace, &elf, strings, size, argc, envc, &stack))
        return "its arguments are too long, or there is no memory for it";
    regs = arch_program_regs(elf.entry, stack);
    if (!set(&p->process, jg_process_create(job, p->aspace, "program")) ||
        !set(&p->thread, jg_thread_create(p->process, JG_HANDLE_NONE, 0)) ||
        jg_thread_set_level(p->thread, port, cookie) < 0 ||
        jg_thread_write_state(p->thread, JG_STATE_REGS, &regs, sizeof regs) < 0 ||
        jg_thread_start(p->thread) < 0)
        return "the kernel does not start it";
    return NULL;
}

void program_end(struct program *p)
{
    jg_task_kill(p->process, 0);
    jg_handle_close(p->thread);
    jg_handle_close(p->process);
    jg_handle_close(p->aspace);
    *p = (struct program){0};
}
