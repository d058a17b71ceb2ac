/* Blocks in two kinds of memory, told apart by their addresses, which are those of an ESP32. */
#include "esp_heap_caps.h"
#include "esp_heap_trace.h"

#include "check.h"

static heap_trace_record_t records[20];

int main(void)
{
    RETURNS(ESP_OK, heap_trace_init_standalone(records, 20));
    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_LEAKS));
    esp_heap_trace_alloc_hook((void *)0x3c000100, 111, MALLOC_CAP_SPIRAM);
    esp_heap_trace_alloc_hook((void *)0x3fc80100, 222, MALLOC_CAP_INTERNAL);
    RETURNS(ESP_OK, heap_trace_stop());
    heap_trace_dump_caps(MALLOC_CAP_INTERNAL | MALLOC_CAP_SPIRAM);
    heap_trace_dump_caps(MALLOC_CAP_INTERNAL);
    heap_trace_dump_caps(MALLOC_CAP_SPIRAM);
    return 0;
}
