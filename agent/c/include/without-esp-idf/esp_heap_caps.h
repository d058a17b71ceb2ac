/* What ESP-IDF's header of this name has for heap tracing: two kinds of memory, and the hooks that an allocator calls. */
#ifndef HEAPBEACON_ESP_HEAP_CAPS_H
#define HEAPBEACON_ESP_HEAP_CAPS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MALLOC_CAP_SPIRAM (1u << 10)
#define MALLOC_CAP_INTERNAL (1u << 11)

/* An allocator calls this behind each allocation, with NULL for one that has failed. `caps` is not looked at. */
void esp_heap_trace_alloc_hook(void *ptr, size_t size, uint32_t caps);

/* An allocator calls this before each free: behind it, another thread may have the block already. */
void esp_heap_trace_free_hook(void *ptr);

#ifdef __cplusplus
}
#endif

#endif
