/* Stands for ESP-IDF's header: the stack of a process may lie anywhere. */
#pragma once
#include <stdint.h>
#define SOC_DRAM_HIGH UINTPTR_MAX
