/* ESP-IDF's heap tracing calls, recorded by HeapBeacon.
 *
 * Names, types and error codes are those of ESP-IDF 5, so code that was written against its `esp_heap_trace.h` compiles
 * unchanged. Put this folder in front of ESP-IDF's own, and leave CONFIG_HEAP_TRACING off: or else there would be two of each call. What your own
 * sources have within #ifdef CONFIG_HEAP_TRACING would then be left out without a word: define it for these sources, and for them only. Without
 * ESP-IDF, `without-esp-idf` has the other headers that are wanted. The allocator calls the two hooks in `esp_heap_caps.h`, and a
 * port has the functions in `heapbeacon_port.h`: with ESP-IDF, `ports/esp_idf.c` does both.
 *
 * Where this differs from ESP-IDF, and why:
 *
 * - A call stack has up to 16 frames, and is kept once however many records have it. A record takes 64 bytes with up to five frames in
 *   `alloced_by` (128 on 64 bits), where ESP-IDF's takes 40 with two: an array has room for as many records as it has elements, 65,534
 *   at most, and for a call stack for every five of them. If there are more different ones, the records of the rest have none, and
 *   heap_trace_dump() counts them. An array of less than 2 KiB (4 KiB on 64 bits) is left alone: its
 *   few records lie in as much memory of the library's own.
 * - What lies in the array is HeapBeacon's own: read it by heap_trace_get().
 * - Freed blocks of HEAP_TRACE_ALL are told by `freed` and never counted as live, however often their address is handed out again.
 * - A failed allocation is no record, and a failed realloc ends none: the hook gets NULL for it.
 * - Code without frame pointers has no call stacks, rather than one address that is none of code.
 * - `total_frees` has all frees, also those of blocks without a record; `high_water_mark` begins anew with heap_trace_start().
 * - heap_trace_init_standalone(NULL, 0) gives the array back, as documented; ESP-IDF refuses it.
 * - heap_trace_start() refuses a mode that there is not. ESP-IDF takes it for HEAP_TRACE_LEAKS.
 * - heap_trace_stop() before the first start, and heap_trace_alloc_pause() of what does not record, are ESP_ERR_INVALID_STATE, as documented.
 *   ESP-IDF accepts them.
 * - heap_trace_get() and heap_trace_resume() without an array are ESP_ERR_INVALID_STATE, as heap_trace_start() is. There
 *   ESP-IDF resumes, and its next record goes to no memory.
 * - heap_trace_init_tohost() is ESP_ERR_NOT_SUPPORTED: HeapBeacon sends to hosts over HTTP, which this library has not.
 * - heap_trace_dump() holds no lock while it prints.
 * - `ccount` is microseconds, not cycles.
 */
#ifndef HEAPBEACON_ESP_HEAP_TRACE_H
#define HEAPBEACON_ESP_HEAP_TRACE_H

#if defined(__has_include)
#if __has_include("sdkconfig.h")
#include "sdkconfig.h"
#endif
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esp_err.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Frames in `alloced_by` and `freed_by`: up to 16 are known, also where these have room for fewer. */
#ifndef CONFIG_HEAP_TRACING_STACK_DEPTH
#define CONFIG_HEAP_TRACING_STACK_DEPTH 2
#endif

/* Words that make a record as large as one of the tracer's with its share of the call stacks. */
#if CONFIG_HEAP_TRACING_STACK_DEPTH < 6
#define HEAPBEACON_ROOM (12 - 2 * CONFIG_HEAP_TRACING_STACK_DEPTH)
#else
#define HEAPBEACON_ROOM 1
#endif

/* Which records are kept. */
typedef enum {
    HEAP_TRACE_ALL,   /* Those of freed blocks, too. */
    HEAP_TRACE_LEAKS, /* Those of live blocks: a free removes the record. */
} heap_trace_mode_t;

/* The library takes it for an int: -fshort-enums would make it something else. */
typedef char heapbeacon_mode_is_int[sizeof(heap_trace_mode_t) == sizeof(int) ? 1 : -1];

/* A block that was allocated. */
typedef struct heap_trace_record_t {
    uint32_t ccount; /* Microseconds since boot when it was allocated, the low 32 bits; the lowest is the number of the core, the next is 0. */
    void *address;   /* Its first byte. */
    size_t size;     /* Bytes that were asked for. */
    bool freed;      /* Whether it was freed: only with HEAP_TRACE_ALL. */
    /* Who allocated it: return addresses as in the ELF, innermost first, NULL behind the last. */
    __extension__ void *alloced_by[CONFIG_HEAP_TRACING_STACK_DEPTH];
    /* Who freed it; all NULL if nobody did. */
    __extension__ void *freed_by[CONFIG_HEAP_TRACING_STACK_DEPTH];
    void *heapbeacon_room[HEAPBEACON_ROOM]; /* Makes an array large enough for the tracer's tables. */
} heap_trace_record_t;

/* What was counted since heap_trace_start(). */
typedef struct {
    heap_trace_mode_t mode;    /* Which records are kept. */
    size_t total_allocations;  /* Allocations. */
    size_t total_frees;        /* Frees, also those of blocks without a record. */
    size_t count;              /* Records that there are. */
    size_t capacity;           /* Records that there is room for. */
    size_t high_water_mark;    /* The most that there were. */
    size_t has_overflowed;     /* Whether the oldest had to make room. */
    size_t total_hashmap_hits; /* Frees of a block with a record. */
    size_t total_hashmap_miss; /* Frees of a block without one. */
} heap_trace_summary_t;

/* What these calls need to know of a caller's records, whose size its configuration chooses. */
esp_err_t heapbeacon_init(void *records, size_t count, size_t record_bytes);
esp_err_t heapbeacon_get(size_t index, void *record, void **alloced_by, void **freed_by, size_t depth);

/* Lends an array to the tracer: nothing else may use it until another one is lent. NULL and 0 end that.
 *
 * ESP_ERR_INVALID_STATE while recording or paused, or while another task calls this; ESP_ERR_INVALID_ARG with NULL or 0 alone. */
static inline esp_err_t heap_trace_init_standalone(heap_trace_record_t *record_buffer, size_t num_records)
{
    return heapbeacon_init(record_buffer, num_records, sizeof(heap_trace_record_t));
}

/* Returns ESP_ERR_NOT_SUPPORTED. */
esp_err_t heap_trace_init_tohost(void);

/* Forgets what was recorded, and records from now on, also if it records already.
 *
 * ESP_ERR_INVALID_STATE without an array; ESP_ERR_INVALID_ARG with a mode that there is not. */
esp_err_t heap_trace_start(heap_trace_mode_t mode);

/* Stops recording; what was recorded stays. ESP_ERR_INVALID_STATE unless recording or paused. */
esp_err_t heap_trace_stop(void);

/* Records frees only from now on. ESP_ERR_INVALID_STATE unless recording. */
esp_err_t heap_trace_alloc_pause(void);

/* Records again after a stop or a pause, and keeps what there is; with HEAP_TRACE_ALL if nothing was ever started.
 *
 * ESP_ERR_INVALID_STATE if recording already, or without an array. */
esp_err_t heap_trace_resume(void);

/* Returns how many records there are. */
size_t heap_trace_get_count(void);

/* Copies a record, the oldest being 0. Call stacks begin with who called the allocator, as far as the port knows it.
 *
 * ESP_ERR_INVALID_STATE without an array or if `record` is NULL; ESP_ERR_INVALID_ARG if there are not so many. */
static inline esp_err_t heap_trace_get(size_t index, heap_trace_record_t *record)
{
    if (record == NULL) {
        return heapbeacon_get(index, NULL, NULL, NULL, 0);
    }
    return heapbeacon_get(index, record, record->alloced_by, record->freed_by, CONFIG_HEAP_TRACING_STACK_DEPTH);
}

/* Prints all records and the summary, by heapbeacon_port_putchar(). */
void heap_trace_dump(void);

/* Prints the records of MALLOC_CAP_INTERNAL, MALLOC_CAP_SPIRAM or both, and the summary. */
void heap_trace_dump_caps(const uint32_t caps);

/* Copies what was counted. ESP_ERR_INVALID_ARG if `summary` is NULL. */
esp_err_t heap_trace_summary(heap_trace_summary_t *summary);

#ifdef __cplusplus
}
#endif

#endif
