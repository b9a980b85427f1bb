/*
 * commands: the table of commands. cli.c parses the command line into `call`.
 */
#ifndef SEBEZ_NODE_COMMANDS_H
#define SEBEZ_NODE_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "node/backup.h"
#include "node/config.h"
#include "node/find.h"
#include "node/nginx_conf.h"
#include "node/probe.h"
#include "node/words.h"

enum { NOT_UNDERSTOOD = 2, FLAGS_MAX = 13, OPERANDS_MAX = 2 };

/* The parsed command line. Strings point into argv or the environment. */
struct call {
	struct config config;
	const char *vendor, *file;           /* import */
	bool dry_run;                        /* import */
	const char *email, *role, *password; /* admin create, admin reset-factors */
	const char *phone;                   /* admin reset-factors */
	bool data;                           /* check */
	const char *to;                      /* media move, mail test */
	bool delete_unknown;                 /* media verify */
	bool once;                           /* top */
	struct probe_options probe;
	struct backup_call restore;
	bool ends_sessions;              /* restored */
	const char *wal_path, *wal_name; /* wal-put, wal-get */
	struct nginx_options nginx;      /* nginx-conf */
	const char *slot;                /* api, jobs */
};

extern struct call call;

/* One of the three says what it sets. */
struct flag {
	const char *name; /* "--vendor" */
	const char **value;
	bool *given; /* a flag without a value */
	struct words *words;
};

struct command {
	const char *name;
	const char *arguments;
	const char *prose;
	int (*run)(void);
	struct flag flags[FLAGS_MAX];
	const char **operands[OPERANDS_MAX]; /* positional arguments, all required */
	enum find_what finds;                /* the data folder it needs */
	const char *const *settings;         /* names of the settings it uses; NULL: all of them */
	bool needs_no_config;
	bool hidden;
};

extern const struct command COMMANDS[];
extern const size_t COMMAND_COUNT;

#endif
