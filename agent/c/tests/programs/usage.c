/* Heap tracing as projects for ESP-IDF do it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp_heap_caps.h"
#include "esp_heap_trace.h"

#define NUM_RECORDS 100
static heap_trace_record_t trace_record[NUM_RECORDS];

static char *kept;

static void suspect(void)
{
    kept = heap_caps_malloc(64, MALLOC_CAP_8BIT);
    strcpy(kept, "forgotten");
    free(malloc(32));
}

void app_main(void)
{
    ESP_ERROR_CHECK(heap_trace_init_standalone(trace_record, NUM_RECORDS));

    ESP_ERROR_CHECK(heap_trace_start(HEAP_TRACE_LEAKS));
    suspect();
    ESP_ERROR_CHECK_WITHOUT_ABORT(heap_trace_stop());
    heap_trace_dump();

    for (size_t i = 0; i < heap_trace_get_count(); i++) {
        heap_trace_record_t rec;
        ESP_ERROR_CHECK(heap_trace_get(i, &rec));
        printf("leak of %u bytes\n", (unsigned)rec.size);
    }
    printf("stopped before: %s\n", esp_err_to_name(heap_trace_stop()));
}

int main(void)
{
    app_main();
    return 0;
}
