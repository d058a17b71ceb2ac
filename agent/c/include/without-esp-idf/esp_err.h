/* The error codes of ESP-IDF that heap tracing has, for code that is built without ESP-IDF. */
#ifndef HEAPBEACON_ESP_ERR_H
#define HEAPBEACON_ESP_ERR_H

#include <stdio.h>
#include <stdlib.h>

typedef int esp_err_t;

#define ESP_OK 0
#define ESP_FAIL -1
#define ESP_ERR_NO_MEM 0x101
#define ESP_ERR_INVALID_ARG 0x102
#define ESP_ERR_INVALID_STATE 0x103
#define ESP_ERR_NOT_SUPPORTED 0x106

/* Returns the name of an error code. */
static inline const char *esp_err_to_name(esp_err_t code) {
    switch (code) {
    case ESP_OK:
        return "ESP_OK";
    case ESP_FAIL:
        return "ESP_FAIL";
    case ESP_ERR_NO_MEM:
        return "ESP_ERR_NO_MEM";
    case ESP_ERR_INVALID_ARG:
        return "ESP_ERR_INVALID_ARG";
    case ESP_ERR_INVALID_STATE:
        return "ESP_ERR_INVALID_STATE";
    case ESP_ERR_NOT_SUPPORTED:
        return "ESP_ERR_NOT_SUPPORTED";
    default:
        return "UNKNOWN ERROR";
    }
}

static inline esp_err_t heapbeacon_checked(esp_err_t code, const char *file, int line, const char *call) {
    if (code != ESP_OK) {
        printf("%s:%d: %s: %s (0x%x)\n", file, line, call, esp_err_to_name(code), (unsigned)code);
    }
    return code;
}

/* Says where a call does not return ESP_OK; returns what it does. */
#define ESP_ERROR_CHECK_WITHOUT_ABORT(call) heapbeacon_checked((call), __FILE__, __LINE__, #call)

/* Says the same, and ends the program. */
#define ESP_ERROR_CHECK(call)                                   \
    do {                                                        \
        if (ESP_ERROR_CHECK_WITHOUT_ABORT(call) != ESP_OK) {    \
            abort();                                            \
        }                                                       \
    } while (0)

#endif
