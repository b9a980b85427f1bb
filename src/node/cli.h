/*
 * cli: the command line: subcommands, their options and their help.
 */
#ifndef SEBEZ_NODE_CLI_H
#define SEBEZ_NODE_CLI_H

/* Returns the exit status: 0 success, 1 failure, 2 usage error. */
int cli_main(int argc, char **argv);

#endif
