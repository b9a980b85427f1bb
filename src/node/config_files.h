/*
 * config_files: a setting as a file, the way containers and systemd hand over secrets: NAME_FILE is
 * the path of a file whose content is the value of NAME.
 */
#ifndef SEBEZ_NODE_CONFIG_FILES_H
#define SEBEZ_NODE_CONFIG_FILES_H

#include <stddef.h>

/* Reads these files and sets NAME in the environment instead of NAME_FILE. So all that follows,
 * child processes too, sees values of one kind, and a file that changes later changes nothing. On
 * failure returns -EINVAL and writes a sentence to error that names the setting and never contains
 * the content of a file. */
int config_take_files(char *error, size_t error_size) __attribute__((warn_unused_result));

#endif
