/* Stands for ESP-IDF's header. */
#pragma once
#include <stdbool.h>
bool esp_ptr_external_ram(const void *p);
