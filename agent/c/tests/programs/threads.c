/* Threads allocate and free while others make calls in any order. */
#include <pthread.h>

#include "esp_heap_caps.h"
#include "esp_heap_trace.h"

#include "check.h"

#define THREADS 3
#define CALLERS 2
#define ROUNDS 10000
#define RECORDS 200

static heap_trace_record_t records[2][RECORDS];
static int is_over;

static unsigned next(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

static void *allocates(void *seed)
{
    unsigned state = *(unsigned *)seed;
    void *blocks[16] = {NULL};
    while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
        const unsigned place = next(&state) % 16;
        free(blocks[place]);
        blocks[place] = malloc(1 + next(&state) % 100);
    }
    for (size_t i = 0; i < 16; i++) {
        free(blocks[i]);
    }
    return NULL;
}

static void may_return(esp_err_t returned)
{
    CHECK(returned == ESP_OK || returned == ESP_ERR_INVALID_STATE || returned == ESP_ERR_INVALID_ARG);
}

static void call(unsigned *state)
{
    heap_trace_record_t record;
    heap_trace_summary_t summary;
    switch (next(state) % 8) {
    case 0:
        may_return(heap_trace_init_standalone(records[next(state) % 2], next(state) % (RECORDS + 1)));
        break;
    case 1:
        may_return(heap_trace_start(next(state) % 2 ? HEAP_TRACE_ALL : HEAP_TRACE_LEAKS));
        break;
    case 2:
        may_return(heap_trace_stop());
        break;
    case 3:
        may_return(heap_trace_alloc_pause());
        break;
    case 4:
        may_return(heap_trace_resume());
        break;
    case 5:
        RETURNS(ESP_OK, heap_trace_summary(&summary));
        CHECK(summary.count <= summary.capacity && summary.count <= summary.high_water_mark);
        break;
    default:
        if (heap_trace_get(next(state) % RECORDS, &record) == ESP_OK) {
            CHECK(record.address != NULL && 1 <= record.size && record.size <= 100);
            CHECK(record.freed || record.freed_by[0] == NULL);
        }
    }
}

static void *makes_calls(void *seed)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        call(seed);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS], callers[CALLERS];
    unsigned seeds[THREADS], call_seeds[CALLERS];
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = i;
        CHECK(pthread_create(&threads[i], NULL, allocates, &seeds[i]) == 0);
    }
    for (unsigned i = 0; i < CALLERS; i++) {
        call_seeds[i] = 100 + i;
        CHECK(pthread_create(&callers[i], NULL, makes_calls, &call_seeds[i]) == 0);
    }
    for (unsigned i = 0; i < CALLERS; i++) {
        CHECK(pthread_join(callers[i], NULL) == 0);
    }
    heap_trace_stop();
    RETURNS(ESP_OK, heap_trace_init_standalone(records[0], RECORDS));
    RETURNS(ESP_OK, heap_trace_start(HEAP_TRACE_LEAKS));
    void *leaked = malloc(50);
    __atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    RETURNS(ESP_OK, heap_trace_stop());
    heap_trace_record_t record;
    CHECK(heap_trace_get_count() == 1);
    RETURNS(ESP_OK, heap_trace_get(0, &record));
    CHECK(record.address == leaked);
    puts("all as it should be");
    return 0;
}
