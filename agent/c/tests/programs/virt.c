/* QEMU's RISC-V machine as a port: one core, and no interrupts. The linker's names are those of picolibc. */
#include <stdio.h>

#include "heapbeacon_port.h"

extern const char _start, etext, __stack, __stack_size;
extern const char __start_heapbeacon_allocator, __stop_heapbeacon_allocator;

/* The CLINT's clock, of 10 MHz. */
#define MTIME ((volatile uint32_t *)0x0200bff8)

uintptr_t heapbeacon_port_lock(void)
{
    return 0;
}

void heapbeacon_port_unlock(uintptr_t state)
{
    (void)state;
}

uint64_t heapbeacon_port_time_us(void)
{
    uint32_t high, low;
    do {
        high = MTIME[1];
        low = MTIME[0];
    } while (high != MTIME[1]);
    return ((uint64_t)high << 32 | low) / 10;
}

uint8_t heapbeacon_port_core(void)
{
    return 0;
}

void heapbeacon_port_bounds(heapbeacon_bounds_t *bounds)
{
    bounds->stack.end = (uintptr_t)&__stack;
    bounds->stack.start = bounds->stack.end - (uintptr_t)&__stack_size;
    bounds->code[0].start = (uintptr_t)&_start;
    bounds->code[0].end = (uintptr_t)&etext;
    bounds->code[1].start = (uintptr_t)&__start_heapbeacon_allocator;
    bounds->code[1].end = (uintptr_t)&__stop_heapbeacon_allocator;
}

bool heapbeacon_port_is_allocator(uintptr_t return_address)
{
    return (uintptr_t)&__start_heapbeacon_allocator <= return_address
        && return_address <= (uintptr_t)&__stop_heapbeacon_allocator;
}

/* Where an ESP32 has external memory. This machine has none: programs make such addresses up. */
bool heapbeacon_port_is_external(uintptr_t address)
{
    return 0x3c000000 <= address && address < 0x3e000000;
}

void heapbeacon_port_putchar(char character)
{
    putchar(character);
}
