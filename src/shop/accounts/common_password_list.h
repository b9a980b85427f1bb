/* The list of common passwords, as tools/gen_passwords.py makes it. */
#ifndef SEBEZ_SHOP_ACCOUNTS_COMMON_PASSWORD_LIST_H
#define SEBEZ_SHOP_ACCOUNTS_COMMON_PASSWORD_LIST_H

#include <stddef.h>

extern const char COMMON_PASSWORDS[]; /* in lower case, ascending, each ended by a newline */
extern const size_t COMMON_PASSWORDS_LENGTH;

#endif
