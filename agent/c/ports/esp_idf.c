/* ESP-IDF (5.3 or newer) on a RISC-V chip as a port, with its allocator.
 *
 * It takes the place of CONFIG_HEAP_TRACING and of CONFIG_HEAP_USE_HOOKS, which are off, and wants CONFIG_ESP_SYSTEM_USE_FRAME_POINTER for
 * call stacks. The linker makes callers of the allocator call what is here, by
 *   -Wl,--wrap=heap_caps_malloc_base -Wl,--wrap=heap_caps_calloc_base -Wl,--wrap=heap_caps_aligned_alloc_base
 *   -Wl,--wrap=heap_caps_realloc_base -Wl,--wrap=heap_caps_free
 * as in ESP-IDF's own heap tracing. The hooks of ESP-IDF would not do: they come behind a free, when another core may have the
 * block already, and tell of no block that realloc has moved away.
 */
#include <string.h>

#include "esp_cpu.h"
#include "esp_memory_utils.h"
#include "esp_rom_sys.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "soc/soc.h"

#include "heapbeacon_port.h"

/* What is looked at of a stack, at most: FreeRTOS does not say in an interrupt where one ends. */
#define STACK 16384

/* In RAM, as ESP-IDF's allocator, and behind one another. */
#define ALLOCATOR __attribute__((section(".iram1.heapbeacon"), noinline, no_reorder))

/* Not by ESP-IDF's header, where the hooks are weak: those would take nothing out of a library. */
void esp_heap_trace_alloc_hook(void *ptr, size_t size, uint32_t caps);
void esp_heap_trace_free_hook(void *ptr);
size_t heap_caps_get_allocated_size(void *ptr);

void *__real_heap_caps_malloc_base(size_t size, uint32_t caps);
void *__real_heap_caps_calloc_base(size_t count, size_t size, uint32_t caps);
void *__real_heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps);
void __real_heap_caps_free(void *block);

void *__wrap_heap_caps_malloc_base(size_t size, uint32_t caps);
void *__wrap_heap_caps_calloc_base(size_t count, size_t size, uint32_t caps);
void *__wrap_heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps);
void *__wrap_heap_caps_realloc_base(void *old, size_t size, uint32_t caps);
void __wrap_heap_caps_free(void *block);

/* Of ESP-IDF's linker scripts: code in flash and in RAM. */
extern const char _text_start, _text_end, _iram_text_start, _iram_text_end;

static portMUX_TYPE mux = portMUX_INITIALIZER_UNLOCKED;

ALLOCATOR void *__wrap_heap_caps_malloc_base(size_t size, uint32_t caps)
{
    void *block = __real_heap_caps_malloc_base(size, caps);
    esp_heap_trace_alloc_hook(block, size, caps);
    return block;
}

ALLOCATOR void *__wrap_heap_caps_calloc_base(size_t count, size_t size, uint32_t caps)
{
    size_t bytes;
    void *block = __real_heap_caps_calloc_base(count, size, caps);
    if (__builtin_mul_overflow(count, size, &bytes)) {
        bytes = SIZE_MAX;
    }
    esp_heap_trace_alloc_hook(block, bytes, caps);
    return block;
}

ALLOCATOR void *__wrap_heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps)
{
    void *block = __real_heap_caps_aligned_alloc_base(alignment, size, caps);
    esp_heap_trace_alloc_hook(block, size, caps);
    return block;
}

ALLOCATOR void __wrap_heap_caps_free(void *block)
{
    esp_heap_trace_free_hook(block);
    __real_heap_caps_free(block);
    __asm__ volatile(""); /* Behind the last call, which may not be a jump: the frame is in use. */
}

/* Always moves the block: one that ESP-IDF has moved could be handed out again before its free is recorded. */
ALLOCATOR void *__wrap_heap_caps_realloc_base(void *old, size_t size, uint32_t caps)
{
    if (old != NULL && size == 0) {
        __wrap_heap_caps_free(old);
        return NULL;
    }
    void *block = __wrap_heap_caps_malloc_base(size, caps);
    if (old != NULL && block != NULL) {
        const size_t held = heap_caps_get_allocated_size(old);
        memcpy(block, old, held < size ? held : size);
        __wrap_heap_caps_free(old);
    }
    return block;
}

/* Marks where these functions end. */
ALLOCATOR static void end_of_allocator(void)
{
}

uintptr_t heapbeacon_port_lock(void)
{
    portENTER_CRITICAL_SAFE(&mux);
    return 0;
}

void heapbeacon_port_unlock(uintptr_t state)
{
    (void)state;
    portEXIT_CRITICAL_SAFE(&mux);
}

uint64_t heapbeacon_port_time_us(void)
{
    return (uint64_t)esp_timer_get_time();
}

uint8_t heapbeacon_port_core(void)
{
    return (uint8_t)esp_cpu_get_core_id();
}

void heapbeacon_port_bounds(heapbeacon_bounds_t *bounds)
{
    const uintptr_t start = (uintptr_t)__builtin_frame_address(0);
    /* A stack in PSRAM has no bounds, and so no call stacks. */
    bounds->stack.start = start;
    bounds->stack.end = SOC_DRAM_HIGH - STACK < start ? SOC_DRAM_HIGH : start + STACK;
    bounds->code[0].start = (uintptr_t)&_text_start;
    bounds->code[0].end = (uintptr_t)&_text_end;
    bounds->code[1].start = (uintptr_t)&_iram_text_start;
    bounds->code[1].end = (uintptr_t)&_iram_text_end;
}

bool heapbeacon_port_is_allocator(uintptr_t return_address)
{
    return (uintptr_t)&__wrap_heap_caps_malloc_base < return_address
        && return_address <= (uintptr_t)&end_of_allocator;
}

bool heapbeacon_port_is_external(uintptr_t address)
{
    return esp_ptr_external_ram((const void *)address);
}

void heapbeacon_port_putchar(char character)
{
    esp_rom_printf("%c", character);
}
