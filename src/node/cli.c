#include "node/cli.h"

#include <assert.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "node/commands.h"
#include "node/say.h"

static void print_overview(FILE *out)
{
	fprintf(out, "Usage: sebez COMMAND [ARGUMENTS]\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!COMMANDS[i].hidden)
			fprintf(out, "  %-14s %s\n", COMMANDS[i].name, COMMANDS[i].prose);
	fprintf(out, "\n`sebez COMMAND --help` describes a command, `sebez --version` prints the "
	             "version.\n");
}

static int print_command_help(const struct command *command)
{
	printf("Usage: sebez %s %s\n\n%s\n", command->name,
	       command->arguments != NULL ? command->arguments : "",
	       command->prose != NULL ? command->prose : "");
	if (!command->needs_no_config) {
		printf("\n");
		config_print_help(stdout, command->settings);
	}
	return 0;
}

/* Finds the command named by the first words; *ret_words is the number of words used. */
static const struct command *find_command(int argc, char **argv, int *ret_words)
{
	char two[64] = "";

	assert(argc > 1);
	if (argc > 2)
		snprintf(two, sizeof(two), "%s %s", argv[1], argv[2]);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		bool both = strcmp(COMMANDS[i].name, two) == 0;

		if (both || strcmp(COMMANDS[i].name, argv[1]) == 0) {
			*ret_words = both ? 2 : 1;
			return &COMMANDS[i];
		}
	}
	return NULL;
}

static int refuse(const struct command *command, const char *what, const char *word)
{
	say("%s: %s %s\ntry: sebez %s --help", command->name, what, word, command->name);
	return NOT_UNDERSTOOD;
}

static const struct flag *find_flag(const struct command *command, const char *word)
{
	for (size_t i = 0; i < sizeof(command->flags) / sizeof(command->flags[0]); i++) {
		const struct flag *flag = &command->flags[i];

		if (flag->name != NULL && strcmp(word, flag->name) == 0)
			return flag;
	}
	return NULL;
}

/* Takes the value that follows, if the flag has one; returns how many words it took. -1: it is
 * missing, or one too many. */
static int take_flag(const struct flag *flag, const char *next)
{
	assert((flag->value != NULL) + (flag->given != NULL) + (flag->words != NULL) == 1);
	if (flag->given != NULL) {
		*flag->given = true;
		return 0;
	}
	if (next == NULL || (flag->words != NULL && flag->words->count == WORDS_MAX))
		return -1;
	if (flag->value != NULL)
		*flag->value = next;
	else
		flag->words->items[flag->words->count++] = next;
	return 1;
}

static int take_arguments(const struct command *command, int count, char **words)
{
	size_t operands = 0;

	for (int i = 0; i < count; i++) {
		const struct flag *flag = find_flag(command, words[i]);

		if (flag != NULL) {
			int taken = take_flag(flag, i + 1 < count ? words[i + 1] : NULL);

			if (taken < 0)
				return refuse(command, "missing value for", words[i]);
			i += taken;
		} else if (words[i][0] == '-' && words[i][1] != '\0') {
			return refuse(command, "unknown option", words[i]);
		} else if (operands < OPERANDS_MAX && command->operands[operands] != NULL) {
			*command->operands[operands++] = words[i];
		} else {
			return refuse(command, "unexpected argument", words[i]);
		}
	}
	if (operands < OPERANDS_MAX && command->operands[operands] != NULL)
		return refuse(command, "missing argument:",
		              command->arguments != NULL ? command->arguments : "");
	return 0;
}

static bool asks_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool asks_version(const char *word)
{
	return strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0;
}

static int print_version(void)
{
	printf("sebez %s\n", SEBEZ_VERSION);
	return 0;
}

/* Prints the two-word commands that begin with this word; false when there are none. */
static bool print_group(FILE *out, const char *word)
{
	size_t length = strlen(word);
	bool any = false;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command *command = &COMMANDS[i];

		if (strncmp(command->name, word, length) != 0 || command->name[length] != ' ')
			continue;
		assert(command->arguments != NULL && command->prose != NULL);
		fprintf(out, "Usage: sebez %s %s\n\n%s\n", command->name, command->arguments,
		        command->prose);
		any = true;
	}
	return any;
}

static int run_command(const struct command *command, int count, char **words)
{
	char error[256];
	int rc;

	for (int i = 0; i < count; i++) {
		if (asks_help(words[i]))
			return print_command_help(command);
		if (asks_version(words[i]))
			return print_version();
		/* Used to generate docs/CONFIGURATION.md. */
		if (strcmp(words[i], "--help=markdown") == 0) {
			config_print_markdown(stdout);
			return 0;
		}
	}
	assert(command->run != NULL);
	rc = take_arguments(command, count, words);
	if (rc != 0)
		return rc;
	if (!command->needs_no_config && config_load(&call.config, error, sizeof(error)) < 0) {
		say("%s", error);
		return NOT_UNDERSTOOD;
	}
	if (find_data(&call.config, command->finds) < 0)
		return 1;
	return command->run();
}

/* `sebez help COMMAND` is `sebez COMMAND --help`. */
static int help(int argc, char **argv)
{
	const struct command *command = NULL;
	int words = 0;

	if (argc > 2)
		command = find_command(argc - 1, argv + 1, &words);
	if (command != NULL)
		return print_command_help(command);
	if (argc <= 2 || !print_group(stdout, argv[2]))
		print_overview(stdout);
	return 0;
}

static int not_found(int argc, char **argv)
{
	bool is_asked = argc > 2 && asks_help(argv[2]);

	if (argc > 2 && asks_version(argv[2]))
		return print_version();
	if (print_group(is_asked ? stdout : stderr, argv[1]))
		return is_asked ? 0 : NOT_UNDERSTOOD;
	say("unknown command %s\ntry: sebez --help", argv[1]);
	return NOT_UNDERSTOOD;
}

int cli_main(int argc, char **argv)
{
	const struct command *command;
	int words = 0;

	if (sodium_init() < 0) {
		say("libsodium cannot be initialised");
		return 1;
	}
	if (argc < 2) {
		print_overview(stderr);
		return NOT_UNDERSTOOD;
	}
	if (asks_help(argv[1]) || strcmp(argv[1], "help") == 0)
		return help(argc, argv);
	if (asks_version(argv[1]))
		return print_version();
	command = find_command(argc, argv, &words);
	if (command == NULL)
		return not_found(argc, argv);
	return run_command(command, argc - 1 - words, argv + 1 + words);
}
