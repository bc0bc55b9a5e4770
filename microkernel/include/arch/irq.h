/*
 * Device interrupts. An `irq` is a small number of this kernel's, below ARCH_IRQS.
 *
 * Life: allocated masked; unmask to hear of it; kernel_interrupt(irq) runs with it unmasked, and masks it
 * if more must not come before an acknowledgement. arch/ sends the EOI after the hook.
 */
#pragma once

#include <core/compiler.h>

#define ARCH_IRQS 96u

/*
 * Takes line `gsi`; level: level-triggered active low (PCI), else edge active high (ISA).
 * Returns the irq, JG_ERR_NOT_FOUND (no such line), JG_ERR_EXISTS (taken), JG_ERR_NO_MEMORY (none left).
 */
int arch_irq_alloc_line(unsigned gsi, bool level);

/* Takes a message-signalled interrupt; *address and *data are what the device shall write. As above. */
int arch_irq_alloc_message(uint64_t *address, uint32_t *data);

/* Gives it back, masked. */
void arch_irq_free(unsigned irq);

/*
 * Masks. A message cannot be masked here: it is remembered, at most one, and delivered by unmask.
 */
void arch_irq_mask(unsigned irq);

/* Unmasks; a message that came meanwhile is delivered by a call of kernel_interrupt() from here. */
void arch_irq_unmask(unsigned irq);
