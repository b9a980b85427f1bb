/*
 * find: selects the data folder of a command: SEBEZ_DATA, or ./var if it exists. Otherwise looks
 * for the folder that `make run` created next to the program, then for a server that this user
 * runs, and prints which one it uses.
 *
 * Only `sebez serve` and `sebez migrate` create a data folder.
 */
#ifndef SEBEZ_NODE_FIND_H
#define SEBEZ_NODE_FIND_H

#include "node/config.h"

enum find_what {
	FIND_NOTHING, /* the configured folder, whether it exists or not */
	FIND_MADE,    /* an existing folder */
	FIND_RUNNING, /* a folder whose server is running */
};

/* Sets config->data. Prints the error when there is none (-ENOENT) or more than one candidate
 * (-EEXIST). */
int find_data(struct config *config, enum find_what what) __attribute__((warn_unused_result));

#endif
