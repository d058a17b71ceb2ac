/* A leak, and who made it. */
#define CONFIG_HEAP_TRACING_STACK_DEPTH 4

#include "esp_heap_caps.h"
#include "esp_heap_trace.h"

#include "check.h"

static heap_trace_record_t records[100];

__attribute__((noinline)) static void *leaks_a_block(size_t size)
{
    void *block = malloc(size);
    return block;
}

__attribute__((noinline)) static void gives_back(void *block)
{
    free(block);
    __asm__ volatile("");
}

static void print(const char *what, void *const *callers)
{
    printf("%s:", what);
    for (size_t i = 0; i < CONFIG_HEAP_TRACING_STACK_DEPTH && callers[i] != NULL; i++) {
        printf(" %p", callers[i]);
    }
    printf("\n");
}

int main(void)
{
    heap_trace_record_t record;
    RETURNS(ESP_OK, heap_trace_init_standalone(records, 100));
    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_LEAKS));
    void *leaked = leaks_a_block(321);
    gives_back(malloc(20));
    RETURNS(ESP_OK, heap_trace_stop());
    CHECK(heap_trace_get_count() == 1);
    RETURNS(ESP_OK, heap_trace_get(0, &record));
    CHECK(record.address == leaked && record.size == 321 && !record.freed);
    CHECK(record.freed_by[0] == NULL && record.freed_by[3] == NULL);
    print("leaked by", record.alloced_by);
    heap_trace_dump();
    heap_trace_dump_caps(MALLOC_CAP_SPIRAM);

    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_ALL));
    gives_back(malloc(20));
    free(NULL);
    RETURNS(ESP_OK, heap_trace_stop());
    heap_trace_dump();
    RETURNS(ESP_OK, heap_trace_get(0, &record));
    print("freed by", record.freed_by);
    return 0;
}
