/*
 * Loading ELF programs: segments, interpreter, stack, auxiliary vector. Source: elf(5),
 * getauxval(3), the x86-64 psABI.
 *
 * A file is not trusted: every number is checked before it is used, and what does not fit is
 * ENOEXEC.
 */
#include "exec.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <arch/x86_64/cpu.h>
#include <fs/inode.h>
#include <fs/path.h>
#include <linux/auxvec.h>
#include <linux/elf.h>
#include <mm.h>
#include <signal.h>
#include <vdso/vdso.h>

#define PHDRS_MAX   64u
#define PIE_BASE    0x555555554000ull
#define STACK_TOP   JG_USER_TOP
#define STACK_FIRST (32 * PAGE_SIZE)

struct program {
    Elf64_Ehdr head;
    Elf64_Phdr phdr[PHDRS_MAX];
    uint64_t bias;      /* added to every address */
    uint64_t low, high; /* page-aligned span of the segments, unbiased */
    uint64_t bss_end;   /* biased end of the last segment */
    uint64_t phdr_va;
    const struct mm_limits *limits; /* the process': a program may be too large for them */
};

int64_t exec_read(struct file *f, void *buf, size_t size, uint64_t offset)
{
    jg_handle_t vmo;
    int err = inode_vmo(f->inode, &vmo);

    return err ? err
               : mm_transfer(NULL, vmo, JG_TRANSFER_READ, (uintptr_t)buf, size, &offset,
                             UINT64_MAX);
}

static int64_t read_program(struct file *f, struct program *p)
{
    Elf64_Ehdr *h = &p->head;
    int64_t n = exec_read(f, h, sizeof *h, 0);

    if (n < 0)
        return n;
    if (n != sizeof *h || memcmp(h->e_ident, ELFMAG, SELFMAG) ||
        h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB ||
        h->e_machine != EM_X86_64 || (h->e_type != ET_EXEC && h->e_type != ET_DYN) ||
        h->e_phentsize != sizeof(Elf64_Phdr) || !h->e_phnum || h->e_phnum > PHDRS_MAX)
        return -ENOEXEC;
    n = exec_read(f, p->phdr, h->e_phnum * sizeof(Elf64_Phdr), h->e_phoff);
    if (n < 0)
        return n;
    if ((size_t)n != h->e_phnum * sizeof(Elf64_Phdr))
        return -ENOEXEC;
    p->low = UINT64_MAX;
    p->high = 0;
    for (unsigned i = 0; i < h->e_phnum; i++) {
        const Elf64_Phdr *s = &p->phdr[i];

        if (s->p_type != PT_LOAD)
            continue;
        if (s->p_filesz > s->p_memsz || s->p_vaddr + s->p_memsz < s->p_vaddr ||
            s->p_vaddr + s->p_memsz > JG_USER_TOP || (s->p_vaddr ^ s->p_offset) % PAGE_SIZE ||
            s->p_offset + s->p_filesz < s->p_offset)
            return -ENOEXEC;
        if (page_down(s->p_vaddr) < p->low)
            p->low = page_down(s->p_vaddr);
        if (page_up(s->p_vaddr + s->p_memsz) > p->high)
            p->high = page_up(s->p_vaddr + s->p_memsz);
    }
    return p->high > p->low ? 0 : -ENOEXEC;
}

static uint32_t prot_of(const Elf64_Phdr *s)
{
    return (s->p_flags & PF_R ? JG_PROT_READ : 0) | (s->p_flags & PF_W ? JG_PROT_WRITE : 0) |
           (s->p_flags & PF_X ? JG_PROT_EXECUTE : 0);
}

static int64_t map_file_part(struct mm *mm, struct backing *b, const struct program *p,
                             const Elf64_Phdr *s)
{
    uint64_t start = page_down(s->p_vaddr + p->bias), end = s->p_vaddr + s->p_filesz + p->bias;
    struct mm_map map = {.hint = start,
                         .length = end - start,
                         .prot = prot_of(s),
                         .max_prot = 7,
                         .options = MM_FIXED,
                         .backing = b,
                         .offset = page_down(s->p_offset)};
    int64_t r = mm_map(mm, &map, p->limits);

    return r < 0 ? r : 0;
}

/* Zeros between the end of the file's bytes and the end of the segment. */
static int64_t map_bss(struct mm *mm, const struct program *p, const Elf64_Phdr *s)
{
    uint64_t file_end = s->p_vaddr + s->p_filesz + p->bias, end = s->p_vaddr + s->p_memsz + p->bias;
    uint64_t start = s->p_filesz ? page_up(file_end) : page_down(s->p_vaddr + p->bias);
    struct mm_map map = {.hint = start, .prot = prot_of(s), .max_prot = 7, .options = MM_FIXED};
    int64_t r;

    if (s->p_filesz && (s->p_flags & PF_W) && file_end % PAGE_SIZE && end > file_end &&
        clear_out(mm, file_end, page_up(file_end) - file_end))
        return -ENOMEM;
    if (page_up(end) <= start)
        return 0;
    map.length = page_up(end) - start;
    r = mm_map(mm, &map, p->limits);
    return r < 0 ? r : 0;
}

static void note_spans(struct mm *mm, const struct program *p, const Elf64_Phdr *s)
{
    uint64_t start = s->p_vaddr + p->bias, end = start + s->p_filesz;

    if (s->p_flags & PF_X) {
        if (!mm->code_start)
            mm->code_start = start;
        mm->code_end = end;
    } else if (s->p_flags & PF_W) {
        if (!mm->data_start)
            mm->data_start = start;
        mm->data_end = end;
    }
}

static int64_t map_segments(struct mm *mm, struct file *f, struct program *p, bool main_program)
{
    struct backing *b;
    int64_t err = f->ops->backing ? f->ops->backing(f, &b) : -EACCES;

    if (err)
        return err;
    if (main_program) {
        if (backing_claim(b, true)) {
            mm->exe = b; /* the reference and the claim go with it */
        } else {
            backing_put(b);
            return -ETXTBSY;
        }
    }
    for (unsigned i = 0; !err && i < p->head.e_phnum; i++) {
        const Elf64_Phdr *s = &p->phdr[i];

        if (s->p_type != PT_LOAD || !s->p_memsz)
            continue;
        if (s->p_filesz)
            err = map_file_part(mm, b, p, s);
        if (!err)
            err = map_bss(mm, p, s);
        if (s->p_vaddr + s->p_memsz + p->bias > p->bss_end)
            p->bss_end = s->p_vaddr + s->p_memsz + p->bias;
        if (s->p_offset <= p->head.e_phoff && p->head.e_phoff < s->p_offset + s->p_filesz)
            p->phdr_va = p->head.e_phoff - s->p_offset + s->p_vaddr + p->bias;
        if (main_program)
            note_spans(mm, p, s);
    }
    if (!main_program)
        backing_put(b);
    return err;
}

/*
 * Where a position-independent program goes: programs at a fixed base, interpreters among the other
 * mappings.
 */
static int64_t place(struct mm *mm, struct program *p, bool main_program)
{
    struct mm_map probe = {.length = p->high - p->low, .options = 0, .max_prot = 7};
    int64_t at;

    p->bias = 0;
    if (p->head.e_type == ET_EXEC)
        return 0;
    if (main_program) {
        p->bias = PIE_BASE - p->low;
        return 0;
    }
    at = mm_map(mm, &probe, p->limits);
    if (at < 0)
        return at;
    p->bias = (uint64_t)at - p->low;
    return mm_unmap(mm, (uint64_t)at, p->high - p->low);
}

static int64_t open_interpreter(struct task *t, struct file *f, const struct program *p,
                                struct file **out)
{
    struct walk *w;
    char path[256];
    int64_t n;

    *out = NULL;
    for (unsigned i = 0; i < p->head.e_phnum; i++) {
        const Elf64_Phdr *s = &p->phdr[i];

        if (s->p_type != PT_INTERP)
            continue;
        if (s->p_filesz < 2 || s->p_filesz > sizeof path)
            return -ENOEXEC;
        n = exec_read(f, path, s->p_filesz, s->p_offset);
        if (n < 0)
            return n;
        if ((uint64_t)n != s->p_filesz || path[n - 1])
            return -ENOEXEC;
        n = path_begin_kernel(t, path, &w);
        if (n)
            return n;
        n = exec_open(w, true, out);
        path_end(w);
        return n;
    }
    return 0;
}

/* The initial stack, built downwards in a buffer that is copied out in one piece. */
struct stack {
    uint64_t top, at; /* program addresses */
    uint8_t *buffer;  /* shows [top - size, top) */
    size_t size;
};

static void push(struct stack *s, const void *data, size_t size)
{
    s->at -= size;
    memcpy(s->buffer + s->size - (s->top - s->at), data, size);
}

static uint64_t hwcap2(void)
{
    const uint64_t fsgsbase = 2; /* the kernel lets programs use what the processor has */

    return cpuid(7).b & 1 ? fsgsbase : 0;
}

static uint64_t vector_caps(void)
{
    return cpuid(1).d;
}

static unsigned fill_auxv(uint64_t *v, const struct program *p, const struct program *interp,
                          uint64_t base, uint64_t random, uint64_t execfn, uint64_t platform,
                          uint64_t vdso, const struct cred *c, bool secure)
{
    const uint64_t pairs[][2] = {
        {AT_HWCAP, vector_caps()},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_CLKTCK, HZ_USER},
        {AT_PHDR, p->phdr_va},
        {AT_PHENT, sizeof(Elf64_Phdr)},
        {AT_PHNUM, p->head.e_phnum},
        {AT_BASE, interp ? base : 0},
        {AT_FLAGS, 0},
        {AT_ENTRY, p->head.e_entry + p->bias},
        {AT_UID, c->uid},
        {AT_EUID, c->euid},
        {AT_GID, c->gid},
        {AT_EGID, c->egid},
        {AT_SECURE, secure},
        {AT_RANDOM, random},
        {AT_HWCAP2, hwcap2()},
        {AT_EXECFN, execfn},
        {AT_PLATFORM, platform},
        {AT_MINSIGSTKSZ, frame_size_max()},
        {vdso ? AT_SYSINFO_EHDR : AT_IGNORE, vdso},
        {AT_NULL, 0},
    };

    memcpy(v, pairs, sizeof pairs);
    return sizeof pairs / sizeof(uint64_t);
}

static int64_t map_stack(struct mm *mm, const struct program *p, size_t bytes)
{
    uint64_t size = page_up(bytes + STACK_FIRST);
    struct mm_map map = {.hint = STACK_TOP - size,
                         .length = size,
                         .prot = 3,
                         .max_prot = 7,
                         .options = MM_FIXED,
                         .region_flags = REGION_STACK};
    int64_t r = mm_map(mm, &map, p->limits);

    return r < 0 ? r : 0;
}

static int64_t build_stack(struct task *t, const struct exec_request *r, struct image *image,
                           const struct program *p, const struct program *interp, uint64_t base,
                           const struct cred *cred, bool secure)
{
    const struct exec_strings *str = &r->strings;
    size_t name_len = strlen(r->path) + 1, pointers = (str->argc + str->envc + 3ul) * 8;
    struct mm *mm = image->mm;
    struct stack s = {.top = STACK_TOP, .at = STACK_TOP};
    uint64_t execfn, strings, platform, random, zero = 0, word;
    uint8_t bytes[16];
    const char *c;
    int64_t err;

    (void)t;
    s.size = str->used + name_len + pointers + sizeof mm->auxv + 256;
    err = map_stack(mm, p, s.size);
    if (err)
        return err;
    s.buffer = rt_zalloc(s.size);
    if (!s.buffer)
        return -ENOMEM;
    push(&s, &zero, 8);
    push(&s, r->path, name_len);
    execfn = s.at;
    push(&s, str->data, str->used);
    strings = s.at;
    s.at &= ~15ull;
    push(&s, "x86_64", 7);
    platform = s.at;
    jg_random(bytes, sizeof bytes);
    s.at &= ~15ull;
    push(&s, bytes, sizeof bytes);
    random = s.at;
    mm->auxv_words =
        fill_auxv(mm->auxv, p, interp, base, random, execfn, platform, image->vdso, cred, secure);
    /* argc must end up 16-aligned. */
    s.at -= (s.at - mm->auxv_words * 8 - pointers) & 15;
    push(&s, mm->auxv, mm->auxv_words * 8);
    s.at -= pointers;
    image->stack_pointer = s.at;
    uint64_t *out = (uint64_t *)(s.buffer + s.size - (s.top - s.at));
    word = strings;
    *out++ = str->argc;
    c = str->data;
    for (unsigned i = 0; i < str->argc + str->envc; i++) {
        size_t n = strlen(c) + 1;

        if (i == str->argc)
            *out++ = 0;
        *out++ = word;
        word += n;
        c += n;
        if (i + 1 == str->argc)
            mm->arg_end = word;
    }
    mm->arg_start = strings;
    if (!str->argc)
        mm->arg_end = strings;
    mm->env_start = mm->arg_end;
    mm->env_end = word;
    mm->stack_start = image->stack_pointer;
    err = copy_out(mm, s.at, s.buffer + s.size - (s.top - s.at), s.top - s.at) ? -ENOMEM : 0;
    rt_free(s.buffer);
    return err;
}

static int64_t load_interpreter(struct task *t, struct file *f, struct program *p,
                                struct image *image, struct program *interp, bool *has)
{
    struct file *file;
    int64_t err = open_interpreter(t, f, p, &file);

    *has = file != NULL;
    if (err || !file)
        return err;
    err = read_program(file, interp);
    if (err == -ENOEXEC)
        err = -ELIBBAD;
    if (!err)
        err = place(image->mm, interp, false);
    if (!err)
        err = map_segments(image->mm, file, interp, false);
    file_put(file);
    return err;
}

int64_t elf_load(struct task *t, const struct exec_request *request, const struct cred *cred,
                 bool secure, struct image *image)
{
    const struct rlimit64 *l = t->process->limits.limit;
    const struct mm_limits limits = {l[RLIMIT_AS].rlim_cur, l[RLIMIT_DATA].rlim_cur, UINT64_MAX,
                                     UINT64_MAX, false};
    struct program *p = rt_zalloc(2 * sizeof *p), *interp = p + 1;
    bool has_interp = false;
    int64_t err;

    if (!p)
        return -ENOMEM;
    p->limits = interp->limits = &limits;
    image->mm = NULL;
    err = read_program(request->file, p);
    if (err)
        goto out;
    image->mm = mm_create();
    err = image->mm ? 0 : -ENOMEM;
    if (!err)
        image->mm->stack_limit = t->process->limits.limit[RLIMIT_STACK].rlim_cur;
    if (!err)
        err = place(image->mm, p, true);
    if (!err)
        err = map_segments(image->mm, request->file, p, true);
    if (!err)
        err = load_interpreter(t, request->file, p, image, interp, &has_interp);
    if (!err) {
        int64_t at = vdso_map(image->mm);

        image->vdso = at > 0 ? (uint64_t)at : 0;
        err = at < 0 ? at : 0;
    }
    if (!err)
        err = build_stack(t, request, image, p, has_interp ? interp : NULL,
                          interp->bias + interp->low, cred, secure);
    if (!err) {
        image->mm->brk_start = image->mm->brk = page_up(p->bss_end);
        image->entry = has_interp ? interp->head.e_entry + interp->bias : p->head.e_entry + p->bias;
        if (image->entry >= JG_USER_TOP)
            err = -ENOEXEC;
    }
    if (err) {
        mm_put(image->mm);
        image->mm = NULL;
    }
out:
    rt_free(p);
    return err;
}
