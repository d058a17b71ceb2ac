/* What the programs of these tests say. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>

/* Ends the program unless a condition holds. */
#define CHECK(condition)                                                   \
    do {                                                                   \
        if (!(condition)) {                                                \
            printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                       \
        }                                                                  \
    } while (0)

/* Ends the program unless a call returns a code. */
#define RETURNS(code, call)                                                                 \
    do {                                                                                    \
        const esp_err_t returned = (call);                                                  \
        if (returned != (code)) {                                                           \
            printf("%s:%d: %s: 0x%x\n", __FILE__, __LINE__, #call, (unsigned)returned);     \
            exit(1);                                                                        \
        }                                                                                   \
    } while (0)

#endif
