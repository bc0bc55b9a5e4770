/*
 * Loading a static program: its file from the system tree, its memory, its stack, its thread.
 *
 * In:   program_start(), program_end(), from main.c.
 */
#include "program.h"

#include <jg/rt/load.h>
#include <jg/rt/string.h>

#include "arch/x86_64/arch.h"

#define STACK_BYTES (64ul * 1024)
#define STACK_TOP 0x00007ffff0000000ull
#define STRINGS_MAX 8192u
#define POINTERS_MAX 256u

enum { AT_NULL, AT_PHDR = 3, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_ENTRY = 9, AT_RANDOM = 25 };

/* The initial stack as the System V ABI has it: argc, argv, envp, auxiliary vector, strings. */
static const char *build_stack(jg_handle_t aspace, const struct elf_image *elf,
                               const struct program_text *text, uint64_t *stack)
{
    static uint64_t word[POINTERS_MAX + STRINGS_MAX / 8];
    uint64_t random_at = STACK_TOP - 16, strings_at = (random_at - text->size) & ~15ull, n = 0;
    const uint64_t aux[] = {AT_PHDR, elf->headers_va, AT_PHENT, 56, AT_PHNUM, elf->header_count,
                            AT_PAGESZ, JG_PAGE_SIZE, AT_ENTRY, elf->entry, AT_RANDOM, random_at,
                            AT_NULL, 0};
    size_t words = 1 + text->argc + 1 + text->envc + 1 + sizeof aux / 8, at = 0;

    if (text->size > STRINGS_MAX || words > POINTERS_MAX)
        return "its arguments are too long";
    word[n++] = text->argc;
    for (uint32_t i = 0; i < text->argc + text->envc; i++) {
        if (i == text->argc)
            word[n++] = 0;
        word[n++] = strings_at + at;
        at += strlen(text->strings + at) + 1;
    }
    n += text->envc ? 0 : 1; /* the end of argv, where no environment string wrote it */
    word[n++] = 0;
    memcpy(&word[n], aux, sizeof aux);
    *stack = (strings_at - words * 8) & ~15ull;
    memcpy((char *)word + (strings_at - *stack), text->strings, text->size);
    jg_random((char *)word + (random_at - *stack), 16);
    if (load_zeros(aspace, STACK_TOP - STACK_BYTES, STACK_BYTES, 0) < 0 ||
        load_bytes(aspace, *stack, word, STACK_TOP - *stack) < 0)
        return "there is no memory for it";
    return NULL;
}

static const char *start_thread(struct program *p, jg_handle_t job, jg_handle_t port, uint64_t cookie,
                                const struct jg_regs *regs)
{
    int64_t process = jg_process_create(job, p->aspace, "program"), thread = JG_ERR_NO_MEMORY;

    if (process >= 0) {
        p->process = (jg_handle_t)process;
        thread = jg_thread_create(p->process, JG_HANDLE_NONE, 0);
    }
    if (thread >= 0)
        p->thread = (jg_handle_t)thread;
    if (thread < 0 || jg_thread_set_level(p->thread, port, cookie) < 0 ||
        jg_thread_write_state(p->thread, JG_STATE_REGS, regs, sizeof *regs) < 0 ||
        jg_thread_start(p->thread) < 0)
        return "it cannot be started";
    return NULL;
}

static const char *start_file(struct program *p, jg_handle_t file, uint64_t size, jg_handle_t job,
                              jg_handle_t port, uint64_t cookie, const struct program_text *text)
{
    int64_t aspace = jg_aspace_create();
    struct elf_image elf;
    struct jg_regs regs;
    const char *problem;
    uint64_t stack;

    if (aspace < 0)
        return "there is no memory for it";
    p->aspace = (jg_handle_t)aspace;
    if (load_elf(p->aspace, file, 0, size, &elf) < 0)
        return "it is no static executable, or too big";
    problem = build_stack(p->aspace, &elf, text, &stack);
    if (problem)
        return problem;
    regs = arch_program_regs(elf.entry, stack);
    return start_thread(p, job, port, cookie, &regs);
}

const char *program_start(struct program *p, jg_handle_t tree, jg_handle_t job, jg_handle_t port,
                          uint64_t cookie, const struct program_text *text)
{
    static const struct vfs_place root = {1, 1}; /* a session begins with node 1, its root */
    static const struct vfs_cred who;
    static char rest[VFS_PATH_MAX + 1];
    const char *problem;
    struct vfs_attr found;
    jg_handle_t file;
    size_t length;

    if (vfs_open(tree, &root, text->path, strlen(text->path), VFS_WALK_READ | VFS_WALK_EXECUTE, 0, &who,
                 &found, rest, sizeof rest, &length))
        return "there is no such program";
    if (vfs_vmo(tree, found.node, &file))
        return "it is no file";
    *p = (struct program){0};
    problem = start_file(p, file, found.size, job, port, cookie, text);
    jg_handle_close(file);
    vfs_close(tree, found.node, 1);
    if (problem)
        program_end(p);
    return problem;
}

void program_end(struct program *p)
{
    if (p->process)
        jg_task_kill(p->process, 0);
    jg_handle_close(p->thread);
    jg_handle_close(p->process);
    jg_handle_close(p->aspace);
    *p = (struct program){0};
}
