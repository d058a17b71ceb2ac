/* Stands for ESP-IDF's header: a lock of nobody, for one thread. */
#pragma once
#include <stddef.h>
#include <stdint.h>
typedef int portMUX_TYPE;
#define portMUX_INITIALIZER_UNLOCKED 0
#define portENTER_CRITICAL_SAFE(mux) ((void)(mux))
#define portEXIT_CRITICAL_SAFE(mux) ((void)(mux))
