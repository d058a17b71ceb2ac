/* The C library's allocator with the hooks of ESP-IDF's: the linker's --wrap makes its callers call these. */
#include <string.h>

#include "esp_heap_caps.h"

#define ALLOCATOR __attribute__((section("heapbeacon_allocator"), noinline))

void *__real_malloc(size_t size);
void __real_free(void *block);

ALLOCATOR void *__wrap_malloc(size_t size)
{
    void *block = __real_malloc(size);
    esp_heap_trace_alloc_hook(block, size, MALLOC_CAP_INTERNAL);
    return block;
}

ALLOCATOR void __wrap_free(void *block)
{
    esp_heap_trace_free_hook(block);
    __real_free(block);
    __asm__ volatile(""); /* Behind the last call, so that it is none that may be a jump. */
}
