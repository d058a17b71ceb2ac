/* ESP-IDF's allocator, wrapped by its port. */
#include <string.h>

#include "esp_heap_trace.h"
#include "heap.h"

#include "check.h"

static heap_trace_record_t records[100];

static heap_trace_record_t latest(void)
{
    heap_trace_record_t record;
    RETURNS(ESP_OK, heap_trace_get(heap_trace_get_count() - 1, &record));
    return record;
}

__attribute__((noinline)) static void *asks_for_a_block(void)
{
    void *block = heap_caps_malloc_base(10, 0);
    __asm__ volatile("");
    return block;
}

static void every_way_to_allocate_is_recorded(void)
{
    void *block = asks_for_a_block();
    CHECK(latest().address == block && latest().size == 10 && (latest().ccount & 3) == 1);
    printf("allocated by: %p %p\n", latest().alloced_by[0], latest().alloced_by[1]);
    void *zeros = heap_caps_calloc_base(3, 7, 0);
    CHECK(latest().address == zeros && latest().size == 21);
    void *aligned = heap_caps_aligned_alloc_base(64, 30, 0);
    CHECK(latest().address == aligned && latest().size == 30);
    CHECK(heap_trace_get_count() == 3);
    heap_caps_free(block);
    heap_caps_free(zeros);
    heap_caps_free(aligned);
    heap_caps_free(NULL);
    CHECK(heap_trace_get_count() == 0);
}

static void a_block_that_changes_its_size_has_one_record(void)
{
    char *block = heap_caps_realloc_base(NULL, 10, 0);
    strcpy(block, "123456789");
    char *larger = heap_caps_realloc_base(block, 1000, 0);
    CHECK(strcmp(larger, "123456789") == 0);
    CHECK(heap_trace_get_count() == 1 && latest().address == larger && latest().size == 1000);
    char *smaller = heap_caps_realloc_base(larger, 5, 0);
    CHECK(memcmp(smaller, "12345", 5) == 0);
    CHECK(heap_trace_get_count() == 1 && latest().size == 5);
    is_heap_full = 1;
    CHECK(heap_caps_realloc_base(smaller, 50, 0) == NULL);
    CHECK(heap_caps_malloc_base(50, 0) == NULL);
    CHECK(heap_caps_calloc_base(SIZE_MAX, 2, 0) == NULL);
    is_heap_full = 0;
    CHECK(heap_trace_get_count() == 1 && latest().address == smaller);
    CHECK(heap_caps_realloc_base(smaller, 0, 0) == NULL);
    CHECK(heap_trace_get_count() == 0);
}

int main(void)
{
    RETURNS(ESP_OK, heap_trace_init_standalone(records, 100));
    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_LEAKS));
    every_way_to_allocate_is_recorded();
    a_block_that_changes_its_size_has_one_record();
    puts("all as it should be");
    return 0;
}
