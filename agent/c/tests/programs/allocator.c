/* The C library's allocator with the hooks of ESP-IDF's: the linker's --wrap makes its callers call these. */
#include <malloc.h>
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

ALLOCATOR void *__wrap_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return NULL;
    }
    void *block = __wrap_malloc(bytes);
    if (block != NULL) {
        memset(block, 0, bytes);
    }
    return block;
}

/* It always moves: so each hook is called where it belongs, the one of the free before that. */
ALLOCATOR void *__wrap_realloc(void *old, size_t size)
{
    void *block = __wrap_malloc(size);
    if (old != NULL && block != NULL) {
        const size_t held = malloc_usable_size(old);
        memcpy(block, old, held < size ? held : size);
        __wrap_free(old);
    }
    __asm__ volatile("");
    return block;
}
