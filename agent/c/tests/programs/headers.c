/* Names everything that the headers have: as C and as C++. */
#include "esp_heap_caps.h"
#include "esp_heap_trace.h"
#include "heapbeacon_port.h"

static heap_trace_record_t records[10];

esp_err_t everything(heap_trace_summary_t *summary, heapbeacon_bounds_t *bounds);

esp_err_t everything(heap_trace_summary_t *summary, heapbeacon_bounds_t *bounds)
{
    heap_trace_record_t record;
    struct heap_trace_record_t *same = &record;
    ESP_ERROR_CHECK(heap_trace_init_standalone(records, 10));
    ESP_ERROR_CHECK(heap_trace_init_tohost());
    ESP_ERROR_CHECK(heap_trace_start(HEAP_TRACE_LEAKS));
    ESP_ERROR_CHECK(heap_trace_alloc_pause());
    ESP_ERROR_CHECK(heap_trace_resume());
    esp_heap_trace_alloc_hook(&record, sizeof(record), MALLOC_CAP_INTERNAL | MALLOC_CAP_SPIRAM);
    esp_heap_trace_free_hook(&record);
    ESP_ERROR_CHECK(heap_trace_stop());
    heap_trace_dump();
    heap_trace_dump_caps(MALLOC_CAP_SPIRAM);
    for (size_t i = 0; i < heap_trace_get_count(); i++) {
        ESP_ERROR_CHECK(heap_trace_get(i, same));
        for (size_t j = 0; j + 1 < CONFIG_HEAP_TRACING_STACK_DEPTH + 1u; j++) {
            record.alloced_by[j] = record.freed_by[j];
        }
    }
    heapbeacon_port_bounds(bounds);
    heapbeacon_port_unlock(heapbeacon_port_lock());
    heapbeacon_port_putchar(heapbeacon_port_is_allocator(bounds->code[0].start) ? 'a' : 'b');
    heapbeacon_port_putchar(heapbeacon_port_is_external(bounds->stack.end) ? 'a' : 'b');
    return heapbeacon_port_time_us() > heapbeacon_port_core() ? heap_trace_summary(summary) : ESP_FAIL;
}
