/* What ESP-IDF's allocator is called by. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Lets allocations fail. */
extern int is_heap_full;

void *heap_caps_malloc_base(size_t size, uint32_t caps);
void *heap_caps_calloc_base(size_t count, size_t size, uint32_t caps);
void *heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps);
void *heap_caps_realloc_base(void *block, size_t size, uint32_t caps);
void heap_caps_free(void *block);
