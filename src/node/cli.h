/*
 * cli: the command line: subcommands, their options and their help.
 */
#ifndef SEBEZ_NODE_CLI_H
#define SEBEZ_NODE_CLI_H

/* Returns the exit status: 0 good, 1 failed, 2 not understood. */
int cli_main(int argc, char **argv);

#endif
