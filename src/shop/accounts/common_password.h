/*
 * common_password: passwords that very many people have, which are what guessers try first. The
 * list is vendor/common-passwords-….json.gz, of which the build keeps those that are long enough
 * to be a password here (tools/gen_passwords.py). Private to accounts/.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_COMMON_PASSWORD_H
#define SEBEZ_SHOP_ACCOUNTS_COMMON_PASSWORD_H

#include <stdbool.h>

#include "task/task.h"

/* Independent of case and of how letters are composed. */
bool password_is_common(struct arena *arena, const char *password);

/* Ends the task with an error of the field (400, common) when it is. */
void password_refuse_common(struct task *task, const char *field, const char *password);

#endif
