/*
 * Interrupts: the local APIC, the IOAPIC's lines, message-signalled ones; the old PICs are silenced.
 *
 * In:    arch_irq_*() of arch/irq.h; irq_deliver() from the trap code.
 * State: each irq is FREE, a LINE (masked in the IOAPIC) or a MESSAGE (masked here, one remembered).
 */
#include "x86.h"
#include <arch/irq.h>
#include <arch/pte.h>
#include <core/log.h>
#include <jg/types.h>

#define LAPIC_ID 0x20u
#define LAPIC_TPR 0x80u
#define LAPIC_EOI 0xb0u
#define LAPIC_SPURIOUS 0xf0u
#define LAPIC_LVT_TIMER 0x320u
#define LAPIC_LVT_LINT0 0x350u
#define LAPIC_TIMER_INITIAL 0x380u
#define LAPIC_TIMER_CURRENT 0x390u
#define LAPIC_TIMER_DIVIDE 0x3e0u
#define LVT_MASKED 0x10000u
#define IOAPIC_BASE 0xfec00000ul
#define REDIRECT_LEVEL_LOW 0xa000u
#define REDIRECT_MASKED 0x10000u

struct irq {
    uint8_t state;
    bool masked, missed;
    uint8_t gsi;
    uint32_t flags;
};
enum { IRQ_FREE, IRQ_LINE, IRQ_MESSAGE };

static volatile uint8_t *lapic HOT_DATA;
static volatile uint32_t *ioapic;
static unsigned lines;
static struct irq irqs[ARCH_IRQS];

static void lapic_write(unsigned reg, uint32_t value)
{
    *(volatile uint32_t *)(lapic + reg) = value;
}

static uint32_t lapic_read(unsigned reg)
{
    return *(volatile uint32_t *)(lapic + reg);
}

static void ioapic_write(unsigned reg, uint32_t value)
{
    ioapic[0] = reg;
    ioapic[4] = value;
}

static uint32_t ioapic_read(unsigned reg)
{
    ioapic[0] = reg;
    return ioapic[4];
}

static void pic_silence(void)
{
    static const uint8_t master[] = {0x11, 0x20, 0x04, 0x01, 0xff};
    static const uint8_t slave[] = {0x11, 0x28, 0x02, 0x01, 0xff};

    outb(0x20, master[0]);
    outb(0xa0, slave[0]);
    for (unsigned i = 1; i < 5; i++) {
        outb(0x21, master[i]);
        outb(0xa1, slave[i]);
    }
}

void apic_init(void)
{
    lapic = arch_map_device(rdmsr(MSR_APIC_BASE) & 0xffffff000ul, PAGE_SIZE);
    ioapic = arch_map_device(IOAPIC_BASE, PAGE_SIZE);
    if (!lapic || !ioapic)
        panic("no memory for the interrupt controllers");
    pic_silence();
    lapic_write(LAPIC_TPR, 0);
    lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
    lapic_write(LAPIC_TIMER_DIVIDE, 0x3); /* by 16 */
    lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER);
    lapic_write(LAPIC_SPURIOUS, 0x100u | VECTOR_SPURIOUS);
    lines = ((ioapic_read(1) >> 16) & 0xff) + 1;
    for (unsigned i = 0; i < lines; i++)
        ioapic_write(0x10 + 2 * i, REDIRECT_MASKED);
}

void apic_eoi(void)
{
    lapic_write(LAPIC_EOI, 0);
}

void apic_timer_start(uint32_t count)
{
    lapic_write(LAPIC_TIMER_INITIAL, count);
}

uint32_t apic_timer_count(void)
{
    return lapic_read(LAPIC_TIMER_CURRENT);
}

static int irq_take(uint8_t state)
{
    for (unsigned i = 0; i < ARCH_IRQS; i++)
        if (irqs[i].state == IRQ_FREE && i + VECTOR_IRQ_FIRST != VECTOR_SYSCALL32) {
            irqs[i] = (struct irq){.state = state, .masked = true};
            return (int)i;
        }
    return JG_ERR_NO_MEMORY;
}

static void line_write(const struct irq *q)
{
    uint32_t vector = (uint32_t)(q - irqs) + VECTOR_IRQ_FIRST;

    ioapic_write(0x11 + 2 * q->gsi, lapic_read(LAPIC_ID) & 0xff000000u);
    ioapic_write(0x10 + 2 * q->gsi, vector | q->flags | (q->masked ? REDIRECT_MASKED : 0));
}

int arch_irq_alloc_line(unsigned gsi, bool level)
{
    int n;

    if (gsi >= lines)
        return JG_ERR_NOT_FOUND;
    for (unsigned i = 0; i < ARCH_IRQS; i++)
        if (irqs[i].state == IRQ_LINE && irqs[i].gsi == gsi)
            return JG_ERR_EXISTS;
    n = irq_take(IRQ_LINE);
    if (n < 0)
        return n;
    irqs[n].gsi = (uint8_t)gsi;
    irqs[n].flags = level ? REDIRECT_LEVEL_LOW : 0;
    line_write(&irqs[n]);
    return n;
}

int arch_irq_alloc_message(uint64_t *address, uint32_t *data)
{
    int n = irq_take(IRQ_MESSAGE);

    if (n < 0)
        return n;
    *address = 0xfee00000u | (lapic_read(LAPIC_ID) >> 24) << 12;
    *data = (uint32_t)n + VECTOR_IRQ_FIRST;
    return n;
}

void arch_irq_free(unsigned n)
{
    arch_irq_mask(n);
    irqs[n].state = IRQ_FREE;
}

void arch_irq_mask(unsigned n)
{
    struct irq *q = &irqs[n];

    if (q->masked)
        return;
    q->masked = true;
    if (q->state == IRQ_LINE)
        line_write(q);
}

void arch_irq_unmask(unsigned n)
{
    struct irq *q = &irqs[n];

    if (!q->masked)
        return;
    q->masked = false;
    if (q->state == IRQ_LINE)
        line_write(q);
    if (q->missed) {
        q->missed = false;
        kernel_interrupt(n);
    }
}

void irq_deliver(unsigned n)
{
    if (n >= ARCH_IRQS || irqs[n].state == IRQ_FREE)
        return;
    if (irqs[n].masked)
        irqs[n].missed = irqs[n].state == IRQ_MESSAGE;
    else
        kernel_interrupt(n);
}
