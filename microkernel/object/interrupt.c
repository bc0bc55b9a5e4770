/*
 * Interrupts.
 *
 * In:    kernel_interrupt() from the entry code; interrupt_ack() from its call.
 * Life:  unmasked from creation; masked from an arrival to the acknowledgement; given back with the last
 *        reference.
 * Locks: the big lock.
 */
#include <arch/irq.h>
#include <core/hooks.h>
#include <jg/call.h>
#include <mm/heap.h>
#include <object/interrupt.h>
#include <object/port.h>

static struct interrupt *interrupts[ARCH_IRQS];

jg_status_t interrupt_create(struct job *job, struct jg_interrupt *i, struct port *port,
                             uint64_t key, struct interrupt **out)
{
    struct interrupt *interrupt = heap_zalloc(sizeof(*interrupt));
    jg_status_t status;
    int irq;

    if (!interrupt)
        return JG_ERR_NO_MEMORY;
    if (i->flags & JG_INTERRUPT_MESSAGE)
        irq = arch_irq_alloc_message(&i->message_address, &i->message_data);
    else
        irq = arch_irq_alloc_line(i->line, i->flags & JG_INTERRUPT_LEVEL);
    if (irq < 0) {
        heap_free(interrupt);
        return irq;
    }
    status = object_init(&interrupt->object, JG_TYPE_INTERRUPT, job);
    if (status != JG_OK) {
        arch_irq_free((unsigned)irq);
        heap_free(interrupt);
        return status;
    }
    object_ref(&port->object);
    interrupt->port = port;
    interrupt->packet.kind = JG_KIND_INTERRUPT;
    interrupt->packet.key = key;
    interrupt->irq = (unsigned)irq;
    interrupts[irq] = interrupt;
    arch_irq_unmask(interrupt->irq);
    *out = interrupt;
    return JG_OK;
}

void kernel_interrupt(unsigned irq)
{
    struct interrupt *interrupt = irq < ARCH_IRQS ? interrupts[irq] : NULL;

    arch_irq_mask(irq);
    if (interrupt)
        port_raise(interrupt->port, &interrupt->packet);
}

void interrupt_ack(struct interrupt *interrupt)
{
    ASSERT_TYPE(interrupt, JG_TYPE_INTERRUPT);
    arch_irq_unmask(interrupt->irq);
}

static void interrupt_destroy(struct object *object)
{
    struct interrupt *interrupt = interrupt_of(object);

    arch_irq_free(interrupt->irq);
    interrupts[interrupt->irq] = NULL;
    port_cancel(&interrupt->packet);
    object_unref(&interrupt->port->object);
    heap_free(interrupt);
}

const struct object_ops interrupt_ops = {.destroy = interrupt_destroy};
