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

/* Ends the program, and says where, unless a call returns ESP_OK. */
#define ESP_ERROR_CHECK(call)                                                        \
    do {                                                                             \
        const esp_err_t heapbeacon_error = (call);                                   \
        if (heapbeacon_error != ESP_OK) {                                            \
            printf("%s:%d: %s: error 0x%x\n", __FILE__, __LINE__, #call,             \
                   (unsigned)heapbeacon_error);                                      \
            abort();                                                                 \
        }                                                                            \
    } while (0)

#endif
