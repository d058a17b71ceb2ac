/* Stands for ESP-IDF's header. */
#pragma once
int esp_rom_printf(const char *format, ...);
