/*
 * The first process: found in the boot image, loaded, given everything.
 *
 * In:    kernel_main(), once.
 * Life:  bin/init runs with a handle to the whole image, to the root job and to the root resource. Its end
 *        is the end of the machine (process.c). A boot image that cannot be used is one sentence in the log and
 *        the end.
 * Locks: the big lock.
 */
#include <core/hooks.h>
#include <core/log.h>
#include <core/string.h>
#include <jg/image.h>
#include <jg/startup.h>
#include <object/elf.h>
#include <object/futex.h>
#include <object/job.h>
#include <object/memory.h>
#include <object/process.h>
#include <object/resource.h>
#include <object/sched.h>
#include <object/thread.h>
#include <object/time_page.h>

#define STACK_SIZE 0x20000ul
#define STACK_BASE (0x00007ffffff00000ul - STACK_SIZE)

/* What init finds, and where the kernel has got to while it writes it. */
struct startup_block {
    struct jg_startup head;
    struct jg_startup_entry entry[8];
};

/* Finds a section. Every field is looked at as if an enemy had written it. */
static void find_section(struct vmo *image, const char *name, uint64_t *offset, uint64_t *size)
{
    struct jg_boot_image head;

    if (vmo_read(image, 0, &head, sizeof(head)) != sizeof(head) ||
        memcmp(head.magic, JG_BOOT_MAGIC, sizeof(head.magic)) != 0)
        panic("the boot image is not one of ours");
    if (head.count > JG_BOOT_SECTIONS_MAX)
        panic("the boot image is corrupt: %u sections", head.count);
    for (uint32_t i = 0; i < head.count; i++) {
        struct jg_boot_section s;

        if (vmo_read(image, sizeof(head) + i * sizeof(s), &s, sizeof(s)) != sizeof(s))
            panic("the boot image is corrupt: it ends in its own head");
        if (strncmp(s.name, name, sizeof(s.name)) != 0)
            continue;
        if (s.offset > image->size || s.size > image->size - s.offset)
            panic("the boot image is corrupt or truncated: %s lies outside it", name);
        *offset = s.offset;
        *size = s.size;
        return;
    }
    panic("the boot image has no %s", name);
}

static void map_stack(struct memory *memory)
{
    struct jg_map map = {
        .va = STACK_BASE,
        .length = STACK_SIZE,
        .prot = JG_PROT_READ | JG_PROT_WRITE,
        .max_prot = JG_PROT_READ | JG_PROT_WRITE,
        .flags = JG_MAP_PRIVATE | JG_MAP_COMMIT,
    };

    if (aspace_map(memory->as, NULL, &map) != JG_OK)
        panic("not enough memory for init's stack");
}

static void grant(struct startup_block *block, struct process *process, const char *name,
                  struct object *object, jg_rights_t rights, uint64_t value)
{
    struct jg_startup_entry *entry = &block->entry[block->head.count++];
    int64_t h = handle_add(&process->handles, object, rights);

    if (h < 0)
        panic("not enough memory for init's handles");
    strlcpy(entry->name, name, sizeof(entry->name));
    entry->handle = (jg_handle_t)h;
    entry->value = value;
}

/* Writes struct jg_startup to the top of the stack. Returns its address, which is the stack pointer too. */
static uintptr_t write_startup(struct process *process, struct vmo *image, uint64_t image_size)
{
    struct startup_block block = {.head = {.stack_base = STACK_BASE, .stack_size = STACK_SIZE}};
    uintptr_t va = ROUND_DOWN(STACK_BASE + STACK_SIZE - sizeof(block), 16);
    struct vmo_object *boot, *time;
    struct resource *resource;

    vmo_ref(image);
    vmo_ref(time_page_vmo());
    if (vmo_object_create(root_job, image, &boot) != JG_OK ||
        vmo_object_create(root_job, time_page_vmo(), &time) != JG_OK ||
        resource_create_root(root_job, &resource) != JG_OK)
        panic("not enough memory for init");
    grant(&block, process, "process", &process->object, JG_RIGHTS_ALL, 0);
    grant(&block, process, "aspace", &process->memory->object, JG_RIGHTS_ALL, 0);
    grant(&block, process, "job", &root_job->object, JG_RIGHTS_ALL, 0);
    grant(&block, process, "resource", &resource->object, JG_RIGHTS_ALL, 0);
    grant(&block, process, "boot", &boot->object, JG_RIGHTS_ALL, image_size);
    grant(&block, process, "time", &time->object,
          JG_RIGHTS_ALL & ~(JG_RIGHT_WRITE | JG_RIGHT_EXECUTE), 0);
    object_unref(&boot->object);
    object_unref(&time->object);
    object_unref(&resource->object);
    if (aspace_write(process->memory->as, va, &block, sizeof(block), 0) != sizeof(block))
        panic("not enough memory for init's start-up block");
    return va;
}

void kernel_main(const struct boot_info *boot)
{
    uint64_t offset = 0, size = 0;
    struct memory *memory;
    struct process *process;
    struct thread *thread;
    struct vmo *image;
    uintptr_t entry, block;

    sched_init();
    futex_init();
    if (!boot->image_size)
        panic("there is no boot image");
    image = vmo_from_frames(boot->image, boot->image_size);
    if (!image || job_create(NULL, &root_job) != JG_OK ||
        memory_create(root_job, &memory) != JG_OK ||
        process_create(root_job, memory, "init", &process) != JG_OK ||
        thread_create(process, NULL, 0, &thread) != JG_OK || !time_page_vmo())
        panic("not enough memory for init");
    find_section(image, "bin/init", &offset, &size);
    entry = elf_load(memory->as, image, offset, size, "bin/init");
    map_stack(memory);
    block = write_startup(process, image, boot->image_size);
    arch_thread_set_entry(&thread->arch, entry, block, block);
    thread->priority = JG_PRIORITY_SERVER;
    process_is_init(process);
    if (thread_start(thread) != JG_OK)
        panic("not enough memory to start init");
    vmo_unref(image);
    object_unref(&thread->object);
    object_unref(&memory->object);
    object_unref(&process->object);
}
