/*
 * Counts what each leg of a call touches: a plugin of the emulator (TCG), loaded by run.py.
 *
 * A leg is what is executed from one load of cr3 to the next. For each one between two marks (a nop of a form
 * that no compiler makes: mark.h) it writes "leg USER KERNEL USER_CODE KERNEL_CODE USER_DATA KERNEL_DATA LOOKUPS" (instructions, then pages, then
 * blocks) and the pages and blocks, or, for the whole stretch, "calls INSTRUCTIONS CR3". Pages are those of 4 KiB, as the emulator looks them up.
 *
 * The emulator goes from one translated block to another by a patched jump where the target is fixed and in the same page.
 * Else it looks the block up, and a load of cr3 has it forget what it had found: each block that is the target of another
 * transfer counts once in each leg.
 *
 * Way in: qemu_plugin_install(). The plugin interface's header is not packaged everywhere; the few functions of it
 * that are used are declared here as its documentation gives them (docs/devel/tcg-plugins, version 1).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { NO_REGISTERS = 0, READS_AND_WRITES = 3 };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
                                           void (*)(plugin_id, struct qemu_plugin_tb *));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned, void *), int,
                                          void *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *,
                                            void (*)(unsigned, void *), int, void *);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *,
                                      void (*)(unsigned, uint32_t, uint64_t, void *), int, int,
                                      void *);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;
__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info,
                                                               int argc, char **argv);

enum kind { USER_CODE, KERNEL_CODE, USER_DATA, KERNEL_DATA, BLOCKS, KINDS };
enum { PAGES_MAX = 512 };

struct pages { /* or the addresses of blocks */
    unsigned count;
    uint64_t page[PAGES_MAX];
};

struct block {
    uint64_t va;
    bool looks_up; /* its end is no jump to a fixed place */
};

static FILE *out;
static bool counting;    /* between the marks */
static bool whole;       /* a leg began with a load of cr3 */
static unsigned long instructions, in_user, all, loads;
static struct pages pages[KINDS];
static const struct block *last_block;

static void note(enum kind kind, uint64_t page)
{
    struct pages *p = &pages[kind];

    for (unsigned i = p->count; i-- > 0;)
        if (p->page[i] == page)
            return;
    if (p->count < PAGES_MAX)
        p->page[p->count++] = page;
}

static void leg_begin(void)
{
    instructions = in_user = 0;
    for (int k = 0; k < KINDS; k++)
        pages[k].count = 0;
}

static void leg_end(void)
{
    static const char *const names[] = {"uc", "kc", "ud", "kd", "tb"};

    fprintf(out, "leg %lu %lu", in_user, instructions - in_user);
    for (int k = 0; k < KINDS; k++)
        fprintf(out, " %u", pages[k].count);
    for (int k = 0; k < KINDS; k++)
        for (unsigned i = 0; i < pages[k].count; i++)
            fprintf(out, " %s:%" PRIx64, names[k], pages[k].page[i] << (k == BLOCKS ? 0 : 12));
    fprintf(out, "\n");
}

static void on_instruction(unsigned cpu, void *va)
{
    (void)cpu;
    if (!counting)
        return;
    instructions++;
    in_user += (intptr_t)va > 0;
    all++;
    note((int64_t)(intptr_t)va < 0 ? KERNEL_CODE : USER_CODE, (uint64_t)(uintptr_t)va >> 12);
}

static void on_access(unsigned cpu, uint32_t info, uint64_t va, void *unused)
{
    (void)cpu, (void)info, (void)unused;
    if (counting)
        note((int64_t)va < 0 ? KERNEL_DATA : USER_DATA, va >> 12);
}

static void on_block(unsigned cpu, void *data)
{
    const struct block *block = data;

    (void)cpu;
    if (counting && (!last_block || last_block->looks_up || last_block->va >> 12 != block->va >> 12))
        note(BLOCKS, block->va);
    last_block = block;
}

static void on_cr3(unsigned cpu, void *unused)
{
    (void)cpu, (void)unused;
    if (!counting)
        return;
    loads++;
    if (whole)
        leg_end();
    whole = true;
    leg_begin();
}

static void on_mark(unsigned cpu, void *value)
{
    (void)cpu;
    counting = (uintptr_t)value == MARK_BEGIN;
    if (counting) {
        all = loads = 0;
        whole = false;
        leg_begin();
    } else {
        fprintf(out, "calls %lu %lu\n", all, loads);
        fflush(out);
    }
}

/* Is this, at the end of a block, something else than a jump to a fixed place or what goes on behind it? */
static bool looks_up(const uint8_t *b, size_t size)
{
    while (size > 1 && (b[0] == 0xf3 || b[0] == 0xf2 || b[0] == 0x66 || (b[0] & 0xf0) == 0x40))
        b++, size--; /* prefixes */
    switch (b[0]) {
    case 0xc2: /* ret */
    case 0xc3:
    case 0xcf: /* iret */
    case 0x9d: /* popf */
    case 0xfb: /* sti */
        return true;
    case 0xff: /* call and jmp through a register or memory */
        return size > 1 && (b[1] >> 3 & 7) >= 2 && (b[1] >> 3 & 7) <= 5;
    case 0x0f: /* syscall, clts, sysret, mov to a control register, wrmsr */
        return size > 1 && (b[1] == 0x05 || b[1] == 0x06 || b[1] == 0x07 || b[1] == 0x22 || b[1] == 0x30);
    default:
        return false;
    }
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *tb)
{
    struct block *block = malloc(sizeof *block); /* as long as the block, that is for ever */

    (void)id;
    if (!block)
        abort();
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint8_t *b = qemu_plugin_insn_data(insn);
        size_t size = qemu_plugin_insn_size(insn);
        uint32_t value;

        if (i == 0) {
            block->va = qemu_plugin_insn_vaddr(insn);
            qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, NO_REGISTERS, block);
        }
        block->looks_up = looks_up(b, size);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_instruction, NO_REGISTERS,
                                               (void *)(uintptr_t)qemu_plugin_insn_vaddr(insn));
        qemu_plugin_register_vcpu_mem_cb(insn, on_access, NO_REGISTERS, READS_AND_WRITES, NULL);
        if (size == 3 && b[0] == 0x0f && b[1] == 0x22 && (b[2] & 0xf8) == 0xd8)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_cr3, NO_REGISTERS, NULL);
        if (size == 7 && b[0] == 0x0f && b[1] == 0x1f && b[2] == 0x80) {
            memcpy(&value, b + 3, 4);
            if (value == MARK_BEGIN || value == MARK_END)
                qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, NO_REGISTERS,
                                                       (void *)(uintptr_t)value);
        }
    }
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0)
        return -1;
    out = fopen(argv[0] + 4, "w");
    if (!out)
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return 0;
}
