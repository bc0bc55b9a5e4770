/*
 * What the emulator itself costs: a bare kernel that loads cr3 and touches pages, nothing else.
 *
 * In:   floor_main(), from boot.S, as QEMU's -kernel.
 * Out:  on the debug console, for each loop, "floor NAME ROUNDS NANOSECONDS" by the ACPI timer, whose
 *       port the firmware has set; then "end", and the machine is powered off.
 *
 * A call between two processes has two legs. Each loads the other's page tables, and then touches the pages
 * that this side works on: everything has to be looked up again, the code too. No call can be faster.
 */
#include <stdint.h>

enum { PAGE = 4096, PAGES_MAX = 32, ROUNDS = 400, REPEATS = 150 };
enum { DEBUG_PORT = 0xe9, TIMER_PORT = 0x608, POWER_PORT = 0x604, TIMER_HZ = 3579545 };

#define WINDOW 0x400000ul /* where both page tables map frames of their own */

void floor_main(void);

static uint64_t table[2][4][512] __attribute__((aligned(PAGE)));
static uint8_t frames[2][PAGES_MAX][PAGE] __attribute__((aligned(PAGE)));
static uint64_t low[512] __attribute__((aligned(PAGE)));

static void put(char c)
{
    __asm__ volatile("outb %0, %1" : : "a"(c), "Nd"((uint16_t)DEBUG_PORT));
}

static void say(const char *text)
{
    while (*text)
        put(*text++);
}

static void say_number(uint64_t n)
{
    if (n >= 10)
        say_number(n / 10);
    put((char)('0' + n % 10));
}

/* 24 bits of it: 4.7 seconds. */
static uint32_t timer(void)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"((uint16_t)TIMER_PORT));
    return value & 0xffffff;
}

static void load_root(unsigned which)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"((uint64_t)table[which][0]) : "memory");
}

/* The first 2 MiB, where this program is, in small pages; the window with frames of each table's own. */
static void make_table(unsigned which)
{
    uint64_t (*t)[512] = table[which];

    t[0][0] = (uint64_t)t[1] | 3;
    t[1][0] = (uint64_t)t[2] | 3;
    t[2][0] = (uint64_t)low | 3;
    t[2][WINDOW >> 21] = (uint64_t)t[3] | 3;
    for (unsigned i = 0; i < 512; i++)
        low[i] = (uint64_t)i * PAGE | 3;
    for (unsigned i = 0; i < PAGES_MAX; i++)
        t[3][i] = (uint64_t)frames[which][i] | 3;
}

static void touch(unsigned pages)
{
    for (unsigned i = 0; i < pages; i++)
        *(volatile uint64_t *)(WINDOW + i * PAGE);
}

static void round_trips(unsigned pages, int switching)
{
    for (unsigned n = 0; n < ROUNDS; n++)
        for (unsigned leg = 0; leg < 2; leg++) {
            if (switching)
                load_root(leg ^ 1);
            touch(pages);
        }
}

static void measure(const char *name, unsigned pages, int switching)
{
    uint32_t least = UINT32_MAX;

    for (int i = 0; i < REPEATS; i++) {
        uint32_t begin = timer();
        round_trips(pages, switching);
        uint32_t took = (timer() - begin) & 0xffffff;
        if (took < least)
            least = took;
    }
    say("floor ");
    say(name);
    put(' ');
    say_number(ROUNDS);
    put(' ');
    say_number((uint64_t)least * 1000000000 / TIMER_HZ);
    put('\n');
}

void floor_main(void)
{
    make_table(0);
    make_table(1);
    load_root(0);
    measure("two_tables_1_page", 1, 1);
    measure("two_tables_8_pages", 8, 1);
    measure("two_tables_32_pages", 32, 1);
    measure("no_switch_8_pages", 8, 0);
    say("end\n");
    __asm__ volatile("outw %0, %1" : : "a"((uint16_t)0x2000), "Nd"((uint16_t)POWER_PORT));
}
