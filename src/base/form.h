/* form: application/x-www-form-urlencoded. */
#ifndef SEBEZ_BASE_FORM_H
#define SEBEZ_BASE_FORM_H

#include "base/buf.h"

/* Adds text as a name or value. */
void form_add(struct buf *form, const char *text);
/* Adds name=value, after & if it is not the first. */
void form_put(struct buf *form, const char *name, const char *value);

#endif
