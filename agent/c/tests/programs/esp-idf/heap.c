/* ESP-IDF's allocator and what else its port asks for, made of the C library's. */
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "heap.h"

#include "esp_cpu.h"
#include "esp_memory_utils.h"
#include "esp_rom_sys.h"
#include "esp_timer.h"

/* Beside the linker's wrappers, which are for programs. */
void *__real_malloc(size_t size);
void __real_free(void *block);

int is_heap_full;

void *heap_caps_malloc_base(size_t size, uint32_t caps)
{
    (void)caps;
    return is_heap_full ? NULL : __real_malloc(size);
}

void *heap_caps_calloc_base(size_t count, size_t size, uint32_t caps)
{
    (void)caps;
    return is_heap_full ? NULL : calloc(count, size);
}

void *heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps)
{
    (void)caps;
    return is_heap_full ? NULL : memalign(alignment, size);
}

void heap_caps_free(void *block)
{
    __real_free(block);
}

size_t heap_caps_get_allocated_size(void *block)
{
    return malloc_usable_size(block);
}

int esp_cpu_get_core_id(void)
{
    return 1;
}

bool esp_ptr_external_ram(const void *p)
{
    return p == NULL;
}

int64_t esp_timer_get_time(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int esp_rom_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int printed = vprintf(format, arguments);
    va_end(arguments);
    return printed;
}
