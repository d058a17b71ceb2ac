/* What a firmware brings for HeapBeacon to run on it. `ports` has these functions for Linux and for ESP-IDF.
 *
 * All but heapbeacon_port_putchar() are called from inside the allocator: they may run in an interrupt, and must neither allocate
 * nor wait.
 */
#ifndef HEAPBEACON_PORT_H
#define HEAPBEACON_PORT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Addresses from `start` to before `end`; none if both are 0. */
typedef struct {
    uintptr_t start;
    uintptr_t end;
} heapbeacon_range_t;

/* Where call stacks may lead. */
typedef struct {
    heapbeacon_range_t stack;   /* The stack that runs: all of it can be read. */
    heapbeacon_range_t code[2]; /* Code with frame pointers (-fno-omit-frame-pointer), such as in flash and in RAM. */
    uintptr_t load_address;     /* What is added to addresses of the ELF; 0 in firmware. */
} heapbeacon_bounds_t;

/* Keeps threads, cores and interrupts out until heapbeacon_port_unlock() gets what this returns. Calls are never nested. */
uintptr_t heapbeacon_port_lock(void);
void heapbeacon_port_unlock(uintptr_t state);

/* Returns the microseconds since boot. */
uint64_t heapbeacon_port_time_us(void);

/* Returns the number of the core that runs this. */
uint8_t heapbeacon_port_core(void);

/* Sets where the call stack that runs may lead; it is all 0 before. */
void heapbeacon_port_bounds(heapbeacon_bounds_t *bounds);

/* Returns whether a return address lies in the allocator's own functions, which heap_trace_get() leaves out. */
bool heapbeacon_port_is_allocator(uintptr_t return_address);

/* Returns whether a block lies in external memory (PSRAM). */
bool heapbeacon_port_is_external(uintptr_t address);

/* Prints a character of a dump. */
void heapbeacon_port_putchar(char character);

#ifdef __cplusplus
}
#endif

#endif
