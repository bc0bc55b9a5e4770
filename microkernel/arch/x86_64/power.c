/*
 * The console of the early log, device ports, the idle wait, and the ends of the machine.
 */
#include "x86.h"

#define DEBUGCON 0xe9u
#define ACPI_CONTROL 0x604u
#define ACPI_SLEEP 0x2000u

void arch_console_write(const char *text, size_t length)
{
    __asm__ volatile("rep outsb" : "+S"(text), "+c"(length) : "d"((uint16_t)DEBUGCON) : "memory");
}

void arch_wait_for_interrupt(void)
{
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}

void arch_power_off(void)
{
    outw(ACPI_CONTROL, ACPI_SLEEP);
    for (;;)
        __asm__ volatile("cli; hlt");
}

void arch_restart(void)
{
    outb(0xcf9, 0x06);
    outb(0x64, 0xfe);
    for (;;)
        __asm__ volatile("cli; hlt");
}

uint32_t arch_port_read(uint16_t port, unsigned width)
{
    if (width == 1)
        return inb(port);
    return width == 2 ? inw(port) : inl(port);
}

void arch_port_write(uint16_t port, unsigned width, uint32_t value)
{
    if (width == 1)
        outb(port, (uint8_t)value);
    else if (width == 2)
        outw(port, (uint16_t)value);
    else
        outl(port, value);
}
