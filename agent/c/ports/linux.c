/* A Linux process as a port. */
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "heapbeacon_port.h"

/* Of the linker: where the program begins, with its ELF header, and where its code ends. */
extern const ElfW(Ehdr) __ehdr_start;
extern const char etext;

/* Around the functions of an allocator that are put in this section; 0 without any. */
extern const char __start_heapbeacon_allocator __attribute__((weak));
extern const char __stop_heapbeacon_allocator __attribute__((weak));

static char taken;

uintptr_t heapbeacon_port_lock(void)
{
    while (__atomic_test_and_set(&taken, __ATOMIC_ACQUIRE)) {
        sched_yield();
    }
    return 0;
}

void heapbeacon_port_unlock(uintptr_t state)
{
    (void)state;
    __atomic_clear(&taken, __ATOMIC_RELEASE);
}

static void before_fork(void)
{
    heapbeacon_port_lock();
}

static void after_fork(void)
{
    heapbeacon_port_unlock(0);
}

/* A child has no thread that could give the lock back. */
__attribute__((constructor)) static void follow_forks(void)
{
    pthread_atfork(before_fork, after_fork, after_fork);
}

uint64_t heapbeacon_port_time_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint8_t heapbeacon_port_core(void)
{
    const int core = sched_getcpu();
    return core < 0 ? 0 : (uint8_t)core;
}

static uintptr_t stack_end(void)
{
    static __thread uintptr_t end;
    static __thread bool is_asking; /* It may allocate, which asks again. */
    pthread_attr_t attributes;
    void *start;
    size_t size;
    if (end == 0 && !is_asking) {
        is_asking = true;
        if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
            pthread_attr_getstack(&attributes, &start, &size);
            pthread_attr_destroy(&attributes);
            end = (uintptr_t)start + size;
        }
        is_asking = false;
    }
    return end;
}

void heapbeacon_port_bounds(heapbeacon_bounds_t *bounds)
{
    bounds->stack.start = (uintptr_t)__builtin_frame_address(0);
    bounds->stack.end = stack_end();
    bounds->code[0].start = (uintptr_t)&__ehdr_start;
    bounds->code[0].end = (uintptr_t)&etext;
    bounds->code[1].start = (uintptr_t)&__start_heapbeacon_allocator;
    bounds->code[1].end = (uintptr_t)&__stop_heapbeacon_allocator;
    bounds->load_address = __ehdr_start.e_type == ET_DYN ? (uintptr_t)&__ehdr_start : 0;
}

bool heapbeacon_port_is_allocator(uintptr_t return_address)
{
    return (uintptr_t)&__start_heapbeacon_allocator <= return_address
        && return_address <= (uintptr_t)&__stop_heapbeacon_allocator;
}

bool heapbeacon_port_is_external(uintptr_t address)
{
    (void)address;
    return false;
}

void heapbeacon_port_putchar(char character)
{
    putchar(character);
}
