/* What is recorded and counted, with arrays of few and of many records. */
#include <string.h>

#include "esp_heap_caps.h"
#include "esp_heap_trace.h"

#include "check.h"

#define MANY 100
#define MOST 65534

static heap_trace_record_t many[MANY];

static heap_trace_summary_t summary(void)
{
    heap_trace_summary_t summary;
    RETURNS(ESP_OK, heap_trace_summary(&summary));
    return summary;
}

static void an_array_has_as_many_records_as_elements(void)
{
    const size_t counts[] = {1, 2, 8, 14, 15, 16, 17, 30, 31, 32, 33, 64, MANY};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        RETURNS(ESP_OK, heap_trace_init_standalone(many, counts[i]));
        RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_LEAKS));
        CHECK(summary().capacity == counts[i]);
        RETURNS(ESP_OK, heap_trace_stop());
    }
    /* At an address that is aligned for a record and no more. */
    heap_trace_record_t *odd = (heap_trace_record_t *)(void *)((char *)many + sizeof(void *));
    RETURNS(ESP_OK, heap_trace_init_standalone(odd, MANY - 1));
    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_LEAKS));
    CHECK(summary().capacity == MANY - 1);
    RETURNS(ESP_OK, heap_trace_stop());
}

static void nothing_is_written_behind_an_array(void)
{
    static unsigned char bytes[sizeof(many)];
    for (size_t count = 1; count < MANY; count++) {
        memset(bytes, 0xa5, sizeof(bytes));
        RETURNS(ESP_OK, heap_trace_init_standalone((heap_trace_record_t *)(void *)bytes, count));
        RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_ALL));
        for (size_t i = 0; i < 2 * MANY; i++) {
            free(malloc(i));
        }
        RETURNS(ESP_OK, heap_trace_stop());
        for (size_t i = count * sizeof(many[0]); i < sizeof(bytes); i++) {
            CHECK(bytes[i] == 0xa5);
        }
    }
    RETURNS(ESP_OK, heap_trace_init_standalone(NULL, 0));
}

static void no_array_is_too_large(void)
{
    heap_trace_record_t *most = malloc((MOST + 1) * sizeof(heap_trace_record_t));
    CHECK(most != NULL);
    RETURNS(ESP_OK, heap_trace_init_standalone(most, MOST + 1));
    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_LEAKS));
    CHECK(summary().capacity == MOST);
    RETURNS(ESP_OK, heap_trace_stop());
    RETURNS(ESP_OK, heap_trace_init_standalone(NULL, 0));
    free(most);
}

static void the_oldest_record_makes_room(void)
{
    heap_trace_record_t two[2], record;
    void *blocks[3];
    RETURNS(ESP_OK, heap_trace_init_standalone(two, 2));
    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_ALL));
    for (size_t i = 0; i < 3; i++) {
        blocks[i] = malloc(100 + i);
    }
    CHECK(summary().count == 2 && summary().total_allocations == 3 && summary().has_overflowed);
    RETURNS(ESP_OK, heap_trace_get(0, &record));
    CHECK(record.address == blocks[1] && record.size == 101);
    for (size_t i = 0; i < 3; i++) {
        free(blocks[i]);
    }
    CHECK(summary().total_frees == 3 && summary().count == 2);
    CHECK(summary().total_hashmap_hits == 2 && summary().total_hashmap_miss == 1);
    RETURNS(ESP_OK, heap_trace_get(1, &record));
    CHECK(record.freed && record.address == blocks[2]);
    RETURNS(ESP_OK, heap_trace_stop());
}

static void a_pause_records_frees_only(void)
{
    void *before = malloc(1);
    RETURNS(ESP_OK, heap_trace_init_standalone(many, MANY));
    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_LEAKS));
    void *first = malloc(10);
    void *second = malloc(20);
    RETURNS(ESP_OK, heap_trace_alloc_pause());
    void *meanwhile = malloc(30);
    CHECK(heap_trace_get_count() == 2);
    free(first);
    CHECK(heap_trace_get_count() == 1);
    free(meanwhile);
    CHECK(heap_trace_get_count() == 1);
    RETURNS(ESP_OK, heap_trace_resume());
    void *third = malloc(40);
    CHECK(heap_trace_get_count() == 2 && summary().high_water_mark == 2);
    free(before);
    free(second);
    free(third);
    free(NULL);
    CHECK(heap_trace_get_count() == 0);
    CHECK(summary().total_allocations == 3 && summary().total_frees == 5);
    RETURNS(ESP_OK, heap_trace_stop());
    free(malloc(50));
    CHECK(summary().total_allocations == 3);
}

static void a_reused_address_is_no_live_block(void)
{
    heap_trace_record_t record;
    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_ALL));
    CHECK(summary().high_water_mark == 0);
    for (size_t i = 0; i < 4; i++) {
        void *volatile block = malloc(50);
        free(block);
    }
    RETURNS(ESP_OK, heap_trace_stop());
    CHECK(heap_trace_get_count() == 4);
    for (size_t i = 0; i < 4; i++) {
        RETURNS(ESP_OK, heap_trace_get(i, &record));
        CHECK(record.freed && record.freed_by[0] != NULL && record.alloced_by[0] != NULL);
    }
}

static void a_failed_allocation_is_no_record(void)
{
    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_LEAKS));
    esp_heap_trace_alloc_hook(NULL, 1 << 20, MALLOC_CAP_INTERNAL);
    CHECK(heap_trace_get_count() == 0 && summary().total_allocations == 0);
    RETURNS(ESP_OK, heap_trace_stop());
}

/* Allocates from as many different call stacks as there are blocks. */
static void from_ever_deeper(void **blocks, size_t count)
{
    if (count > 0) {
        blocks[0] = malloc(10 + count);
        from_ever_deeper(blocks + 1, count - 1);
        __asm__ volatile("");
    }
}

static void a_call_stack_without_room_is_not_known(void)
{
    enum { BLOCKS = 24 };
    heap_trace_record_t few[BLOCKS], record;
    void *blocks[BLOCKS];
    int nameless = 0;
    RETURNS(ESP_OK, heap_trace_init_standalone(few, BLOCKS));
    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_ALL));
    from_ever_deeper(blocks, BLOCKS);
    RETURNS(ESP_OK, heap_trace_stop());
    for (size_t i = 0; i < BLOCKS; i++) {
        RETURNS(ESP_OK, heap_trace_get(i, &record));
        CHECK(record.address == blocks[i]);
        CHECK(i >= BLOCKS / 5 || record.alloced_by[0] != NULL);
        nameless += record.alloced_by[0] == NULL;
        free(blocks[i]);
    }
    CHECK(nameless > 0);
    heap_trace_dump();
    printf("nameless: %d\n", nameless);
}

int main(void)
{
    CHECK(sizeof(heap_trace_record_t) == 16 * sizeof(void *));
    an_array_has_as_many_records_as_elements();
    nothing_is_written_behind_an_array();
    no_array_is_too_large();
    the_oldest_record_makes_room();
    a_pause_records_frees_only();
    a_reused_address_is_no_live_block();
    a_failed_allocation_is_no_record();
    a_call_stack_without_room_is_not_known();
    puts("all as it should be");
    return 0;
}
