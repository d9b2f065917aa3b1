/* SPDX-License-Identifier: MIT */
/* Puts values into a JSON object, under a key; what is not known is null. */
#ifndef SYSCOST_PUT_H
#define SYSCOST_PUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Any bytes; NULL: null. */
void put_text(json_t *object, const char *key, const char *text);
void put_count(json_t *object, const char *key, uint64_t value);
/* NAN and infinity: null, since JSON knows neither. */
void put_real(json_t *object, const char *key, double value);
void put_bool(json_t *object, const char *key, bool value);

#endif
