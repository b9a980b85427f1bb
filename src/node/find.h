/*
 * find: the data folder that a command works with. SEBEZ_DATA names it, or it is ./var where there
 * is one. A command that is called elsewhere looks for the folder that `make run` made beside the
 * program and then for the server that this user runs, and says which one it takes.
 *
 * Only `sebez serve` and `sebez migrate` make a data folder.
 */
#ifndef SEBEZ_NODE_FIND_H
#define SEBEZ_NODE_FIND_H

#include "node/config.h"

enum find_what {
	FIND_NOTHING, /* it is what the configuration says, made or not */
	FIND_MADE,    /* one that was made */
	FIND_RUNNING, /* one whose server runs */
};

/* Sets config->data. When there is none (-ENOENT), or several would do (-EEXIST), it says so. */
int find_data(struct config *config, enum find_what what) __attribute__((warn_unused_result));

#endif
