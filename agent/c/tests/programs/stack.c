/* How much of a stack the calls take. */
#include <string.h>

#include "esp_heap_caps.h"
#include "esp_heap_trace.h"

#include "check.h"

#define PAINTED 16384
#define PAINT 0xa5

static heap_trace_record_t records[100];

/* Paints memory that calls from here may take, and says how much of it was painted over by the last one. */
__attribute__((noinline)) static size_t painted_over(int is_painting)
{
    volatile unsigned char memory[PAINTED];
    size_t kept = 0;
    if (is_painting) {
        for (size_t i = 0; i < PAINTED; i++) {
            memory[i] = PAINT;
        }
    }
    while (kept < PAINTED && memory[kept] == PAINT) {
        kept++;
    }
    return PAINTED - kept;
}

#define STACK_OF(name, call)                                         \
    do {                                                             \
        painted_over(1);                                             \
        call;                                                        \
        const size_t bytes = painted_over(0);                        \
        CHECK(0 < bytes && bytes < PAINTED);                         \
        printf("%s: %u\n", name, (unsigned)bytes);                   \
    } while (0)

int main(void)
{
    heap_trace_record_t record;
    heap_trace_summary_t summary;
    RETURNS(ESP_OK, heap_trace_init_standalone(records, 100));
    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_ALL));
    void *block = malloc(10);
    STACK_OF("alloc hook", esp_heap_trace_alloc_hook(block, 10, 0));
    STACK_OF("free hook", esp_heap_trace_free_hook(block));
    STACK_OF("heap_trace_get", heap_trace_get(0, &record));
    STACK_OF("heap_trace_summary", heap_trace_summary(&summary));
    STACK_OF("heap_trace_dump", heap_trace_dump());
    return 0;
}
