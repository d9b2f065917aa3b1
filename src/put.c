// SPDX-License-Identifier: MIT
/* Puts values into a JSON object, under a key; what is not known is null. */
#include "put.h"

#include <math.h>

#include "environment.h"

void put_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, environment_text(text));
}

void put_count(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

void put_real(json_t *object, const char *key, double value)
{
	json_object_set_new(object, key,
			    isfinite(value) ? json_real(value) : json_null());
}

void put_bool(json_t *object, const char *key, bool value)
{
	json_object_set_new(object, key, json_boolean(value));
}
