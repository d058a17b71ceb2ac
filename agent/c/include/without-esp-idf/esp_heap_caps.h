/* What ESP-IDF's header of this name has that programs which trace their heap ask for: kinds of memory, which are all one here, and the
 * hooks that an allocator calls. */
#ifndef HEAPBEACON_ESP_HEAP_CAPS_H
#define HEAPBEACON_ESP_HEAP_CAPS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MALLOC_CAP_32BIT (1u << 1)
#define MALLOC_CAP_8BIT (1u << 2)
#define MALLOC_CAP_DMA (1u << 3)
#define MALLOC_CAP_SPIRAM (1u << 10)
#define MALLOC_CAP_INTERNAL (1u << 11)
#define MALLOC_CAP_DEFAULT (1u << 12)

#define heap_caps_malloc(size, caps) ((void)(caps), malloc(size))
#define heap_caps_calloc(count, size, caps) ((void)(caps), calloc(count, size))
#define heap_caps_realloc(ptr, size, caps) ((void)(caps), realloc(ptr, size))
#define heap_caps_free(ptr) free(ptr)

/* An allocator calls this behind each allocation, with NULL for one that has failed. `caps` is not looked at. */
void esp_heap_trace_alloc_hook(void *ptr, size_t size, uint32_t caps);

/* An allocator calls this before each free: behind it, another thread may have the block already. */
void esp_heap_trace_free_hook(void *ptr);

#ifdef __cplusplus
}
#endif

#endif
