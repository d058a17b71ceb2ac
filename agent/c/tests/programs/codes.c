/* Every call in order and out of order, and what it returns. */
#include "esp_heap_caps.h"
#include "esp_heap_trace.h"

#include "check.h"

#define RECORDS 64

static heap_trace_record_t records[RECORDS];
static heap_trace_record_t others[3];

static void nothing_works_without_an_array(void)
{
    heap_trace_record_t record;
    heap_trace_summary_t summary;
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_start(HEAP_TRACE_LEAKS));
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_stop());
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_alloc_pause());
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_resume());
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_get(0, &record));
    RETURNS(ESP_OK, heap_trace_summary(&summary));
    CHECK(summary.capacity == 0 && summary.count == 0 && summary.total_allocations == 0);
    CHECK(heap_trace_get_count() == 0);
    heap_trace_dump();
    free(malloc(10));
    CHECK(heap_trace_get_count() == 0);
}

static void an_array_has_to_be_one(void)
{
    RETURNS(ESP_ERR_INVALID_ARG, heap_trace_init_standalone(NULL, RECORDS));
    RETURNS(ESP_ERR_INVALID_ARG, heap_trace_init_standalone(records, 0));
    RETURNS(ESP_ERR_INVALID_ARG, heap_trace_init_standalone(records, SIZE_MAX));
    RETURNS(ESP_ERR_INVALID_ARG, heap_trace_init_standalone(records, SIZE_MAX / sizeof(records[0])));
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_start(HEAP_TRACE_ALL));
    RETURNS(ESP_ERR_NOT_SUPPORTED, heap_trace_init_tohost());
    RETURNS(ESP_OK, heap_trace_init_standalone(records, RECORDS));
    RETURNS(ESP_OK, heap_trace_init_standalone(records, RECORDS));
}

static void what_is_not_started_does_not_stop(void)
{
    heap_trace_record_t record;
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_stop());
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_alloc_pause());
    RETURNS(ESP_ERR_INVALID_ARG, heap_trace_get(0, &record));
    RETURNS(ESP_ERR_INVALID_ARG, heap_trace_start((heap_trace_mode_t)7));
}

static void a_start_may_follow_a_start(void)
{
    heap_trace_record_t record;
    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_LEAKS));
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_resume());
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_init_standalone(records, RECORDS));
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_init_standalone(NULL, RECORDS));
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_init_standalone(NULL, 0));
    void *block = malloc(10);
    CHECK(heap_trace_get_count() == 1);
    RETURNS(ESP_OK, heap_trace_get(0, &record));
    CHECK(record.address == block && record.size == 10 && !record.freed);
    RETURNS(ESP_ERR_INVALID_ARG, heap_trace_get(1, &record));
    RETURNS(ESP_ERR_INVALID_ARG, heap_trace_get(SIZE_MAX, &record));
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_get(0, NULL));
    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_ALL));
    CHECK(heap_trace_get_count() == 0);
    free(block);
}

static void a_pause_is_resumed_or_stopped(void)
{
    RETURNS(ESP_OK, heap_trace_alloc_pause());
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_alloc_pause());
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_init_standalone(records, RECORDS));
    RETURNS(ESP_OK, heap_trace_resume());
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_resume());
    RETURNS(ESP_OK, heap_trace_alloc_pause());
    RETURNS(ESP_OK, heap_trace_stop());
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_stop());
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_alloc_pause());
}

static void a_stop_is_resumed_in_its_mode(void)
{
    heap_trace_summary_t summary;
    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_LEAKS));
    RETURNS(ESP_OK, heap_trace_stop());
    RETURNS(ESP_OK, heap_trace_resume());
    RETURNS(ESP_OK, heap_trace_summary(&summary));
    CHECK(summary.mode == HEAP_TRACE_LEAKS && summary.capacity == RECORDS);
    RETURNS(ESP_ERR_INVALID_ARG, heap_trace_summary(NULL));
    RETURNS(ESP_OK, heap_trace_stop());
}

static void an_array_may_be_changed_or_taken_back(void)
{
    heap_trace_record_t record;
    heap_trace_summary_t summary;
    RETURNS(ESP_OK, heap_trace_init_standalone(others, 3));
    RETURNS(ESP_OK, heap_trace_resume());
    RETURNS(ESP_OK, heap_trace_summary(&summary));
    CHECK(summary.capacity == 3);
    RETURNS(ESP_OK, heap_trace_stop());
    RETURNS(ESP_OK, heap_trace_init_standalone(NULL, 0));
    RETURNS(ESP_OK, heap_trace_init_standalone(NULL, 0));
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_get(0, &record));
    RETURNS(ESP_ERR_INVALID_STATE, heap_trace_start(HEAP_TRACE_ALL));
}

static void a_resume_needs_no_start(void)
{
    heap_trace_summary_t summary;
    RETURNS(ESP_OK, heap_trace_init_standalone(records, RECORDS));
    RETURNS(ESP_OK, heap_trace_resume());
    free(malloc(10));
    RETURNS(ESP_OK, heap_trace_summary(&summary));
    CHECK(summary.mode == HEAP_TRACE_ALL && summary.count == 1);
    RETURNS(ESP_OK, heap_trace_stop());
    RETURNS(ESP_OK, heap_trace_init_standalone(NULL, 0));
}

int main(void)
{
    nothing_works_without_an_array();
    an_array_has_to_be_one();
    a_resume_needs_no_start();
    RETURNS(ESP_OK, heap_trace_init_standalone(records, RECORDS));
    what_is_not_started_does_not_stop();
    a_start_may_follow_a_start();
    a_pause_is_resumed_or_stopped();
    a_stop_is_resumed_in_its_mode();
    an_array_may_be_changed_or_taken_back();
    puts("all as it should be");
    return 0;
}
