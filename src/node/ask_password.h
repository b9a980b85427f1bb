/*
 * ask_password: reads a password from standard input without echo.
 */
#ifndef SEBEZ_NODE_ASK_PASSWORD_H
#define SEBEZ_NODE_ASK_PASSWORD_H

#include <stddef.h>

/* Prompts and turns echo off if standard input is a terminal. Strips the line end. Prints the error
 * and returns -errno when there is no line or it does not fit. */
int ask_password(char *ret, size_t size) __attribute__((warn_unused_result));

#endif
