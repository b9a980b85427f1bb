#include "node/cli.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.gen.h"
#include "node/api.h"
#include "node/ask_password.h"
#include "node/check.h"
#include "node/config.h"
#include "node/jobs.h"
#include "node/migrate.h"
#include "node/running.h"
#include "node/say.h"
#include "node/startup.h"
#include "node/supervisor.h"
#include "node/tool.h"
#include "shop/shop.h"

enum { NOT_UNDERSTOOD = 2, FLAGS_MAX = 3, PASSWORD_CHARACTERS_MAX = 256 };

/* What a command was called with. Strings are of argv or the environment. */
struct call {
	struct config config;
	const char *vendor, *file;           /* import */
	const char *email, *role, *password; /* admin create */
	bool data;                           /* check */
	unsigned slot;                       /* api, jobs */
};

static struct call call;

struct flag {
	const char *name;   /* "--vendor" */
	const char **value; /* NULL: a flag without a value */
	bool *given;
};

struct command {
	const char *name;
	const char *arguments;
	const char *prose;
	int (*run)(void);
	struct flag flags[FLAGS_MAX];
	const char **operands[2]; /* what stands without a name, all required */
	bool needs_no_config;
	bool hidden;
};

static int run_serve(void)
{
	return supervise(&call.config);
}

static int run_migrate(void)
{
	static struct services services;
	struct secret secret;
	int rc = services_open(&call.config, SERVICES_TOOL, &services);

	if (rc < 0)
		return 1;
	rc = secret_load(&call.config, services.place.data, &secret);
	if (rc == 0)
		rc = migrate(&call.config, &services, &secret, MIGRATE_FOR_ITSELF);
	services_close(&services);
	if (rc == 0)
		printf("the schema is up to date\n");
	return rc == 0 ? 0 : 1;
}

static int run_demo(void)
{
	return tool_run(&call.config, "demo", shop_demo_load, startup_demo_done);
}

static void import_body(struct task *task)
{
	shop_import(task, call.vendor, call.file);
}

static int run_import(void)
{
	if (call.vendor == NULL) {
		say("import: --vendor SLUG is required");
		return NOT_UNDERSTOOD;
	}
	return tool_run(&call.config, "import", import_body, NULL);
}

static void admin_body(struct task *task)
{
	shop_admin_create(task, call.email, call.role, call.password);
}

static int run_admin_create(void)
{
	static char line[4 * PASSWORD_CHARACTERS_MAX + sizeof("\r\n")];
	const char *role = call.role != NULL ? call.role : "superadmin";
	int rc;

	if (call.email == NULL) {
		say("admin create: --email E is required");
		return NOT_UNDERSTOOD;
	}
	/* Better not an argument: those can be read by every user of the machine. */
	if (call.password == NULL)
		call.password = getenv("SEBEZ_ADMIN_PASSWORD");
	if (call.password == NULL) {
		if (ask_password(line, sizeof(line)) < 0)
			return 1;
		call.password = line;
	}
	rc = tool_run(&call.config, "admin create", admin_body, NULL);
	if (rc == 0)
		printf("%s is an admin: %s\n", call.email, role);
	return rc;
}

static int run_check(void)
{
	return check_main(&call.config, call.data);
}

static int run_reload(void)
{
	return running_reload(&call.config);
}

static int run_stop(void)
{
	return running_stop(&call.config);
}

static int run_status(void)
{
	return running_status(&call.config);
}

static int run_openapi(void)
{
	return fwrite(OPENAPI_JSON, 1, OPENAPI_JSON_LENGTH, stdout) == OPENAPI_JSON_LENGTH ? 0 : 1;
}

static int run_version(void)
{
	printf("sebez %s\n", SEBEZ_VERSION);
	return 0;
}

static int run_api(void)
{
	return api_main(&call.config, call.slot);
}

static int run_jobs(void)
{
	return jobs_main(&call.config, call.slot);
}

static const char *slot_text;

static const struct command COMMANDS[] = {
    {.name = "serve",
     .prose = "Starts the server: its services unless DATABASE_URL and REDIS_URL name others, its "
              "schema, its processes.",
     .run = run_serve},
    {.name = "reload",
     .prose = "Makes a running server replace its processes without losing a request.",
     .run = run_reload},
    {.name = "stop",
     .prose = "Stops the running server, and waits until it has ended.",
     .run = run_stop},
    {.name = "status",
     .prose =
         "Says where the server runs, its process, its version and since when; fails when none "
         "does.",
     .run = run_status},
    {.name = "migrate",
     .prose = "Brings the database's schema up to date, and sets the passwords of its roles.",
     .run = run_migrate},
    {.name = "demo",
     .prose = "Fills an empty database with the demo marketplace.",
     .run = run_demo},
    {.name = "import",
     .arguments = "--vendor SLUG FILE.csv",
     .prose = "Imports a Shopify product CSV into a vendor's catalogue.",
     .run = run_import,
     .flags = {{"--vendor", &call.vendor, NULL}},
     .operands = {&call.file}},
    {.name = "admin create",
     .arguments = "--email E [--role ROLE] [--password P]",
     .prose =
         "Makes an admin account, or an existing account an admin with this role and password. "
         "ROLE is superadmin, if none is given, operations, finance, support or moderator. "
         "Without --password it is read from SEBEZ_ADMIN_PASSWORD or from standard input.",
     .run = run_admin_create,
     .flags = {{"--email", &call.email, NULL},
               {"--role", &call.role, NULL},
               {"--password", &call.password, NULL}}},
    {.name = "check",
     .arguments = "[--data]",
     .prose =
         "Checks configuration, services, schema and statements; with --data the invariants of "
         "the rows, too.",
     .run = run_check,
     .flags = {{"--data", NULL, &call.data}}},
    {.name = "openapi",
     .prose = "Prints the contract (OpenAPI 3.1).",
     .run = run_openapi,
     .needs_no_config = true},
    {.name = "version",
     .prose = "Prints the version.",
     .run = run_version,
     .needs_no_config = true},
    {.name = "api", .run = run_api, .operands = {&slot_text}, .hidden = true},
    {.name = "jobs", .run = run_jobs, .operands = {&slot_text}, .hidden = true},
};

enum { COMMAND_COUNT = sizeof(COMMANDS) / sizeof(COMMANDS[0]) };

static void print_overview(FILE *out)
{
	fprintf(out, "Usage: sebez COMMAND [ARGUMENTS]\n\n");
	for (int i = 0; i < COMMAND_COUNT; i++)
		if (!COMMANDS[i].hidden)
			fprintf(out, "  %-14s %s\n", COMMANDS[i].name, COMMANDS[i].prose);
	fprintf(out, "\n`sebez COMMAND --help` says more.\n");
}

static int print_command_help(const struct command *command)
{
	printf("Usage: sebez %s %s\n\n%s\n", command->name,
	       command->arguments != NULL ? command->arguments : "",
	       command->prose != NULL ? command->prose : "");
	if (!command->needs_no_config) {
		printf("\n");
		config_print_help(stdout);
	}
	return 0;
}

/* The command named by the first words, and how many words that took. */
static const struct command *find_command(int argc, char **argv, int *ret_words)
{
	char two[64] = "";

	if (argc > 2)
		snprintf(two, sizeof(two), "%s %s", argv[1], argv[2]);
	for (int i = 0; i < COMMAND_COUNT; i++) {
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

static int take_arguments(const struct command *command, int count, char **words)
{
	size_t operands = 0;

	for (int i = 0; i < count; i++) {
		const struct flag *flag = find_flag(command, words[i]);

		if (flag != NULL) {
			if (flag->value == NULL)
				*flag->given = true;
			else if (i + 1 >= count)
				return refuse(command, "a value is missing after", words[i]);
			else
				*flag->value = words[++i];
		} else if (words[i][0] == '-' && words[i][1] != '\0') {
			return refuse(command, "there is no option", words[i]);
		} else if (operands < 2 && command->operands[operands] != NULL) {
			*command->operands[operands++] = words[i];
		} else {
			return refuse(command, "it does not take", words[i]);
		}
	}
	if (operands < 2 && command->operands[operands] != NULL)
		return refuse(command, "an argument is missing:",
		              command->arguments != NULL ? command->arguments : "");
	return 0;
}

static bool asks_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int run_command(const struct command *command, int count, char **words)
{
	char error[256];
	int rc;

	for (int i = 0; i < count; i++) {
		if (asks_help(words[i]))
			return print_command_help(command);
		/* How docs/CONFIGURATION.md is made. */
		if (strcmp(words[i], "--help=markdown") == 0) {
			config_print_markdown(stdout);
			return 0;
		}
	}
	rc = take_arguments(command, count, words);
	if (rc != 0)
		return rc;
	if (slot_text != NULL)
		call.slot = (unsigned)strtoul(slot_text, NULL, 10);
	if (!command->needs_no_config && config_load(&call.config, error, sizeof(error)) < 0) {
		say("%s", error);
		return NOT_UNDERSTOOD;
	}
	return command->run();
}

int cli_main(int argc, char **argv)
{
	const struct command *command;
	int words = 0;

	if (sodium_init() < 0) {
		say("libsodium cannot be initialised");
		return 1;
	}
	if (argc < 2 || asks_help(argv[1]) || strcmp(argv[1], "help") == 0) {
		print_overview(argc < 2 ? stderr : stdout);
		return argc < 2 ? NOT_UNDERSTOOD : 0;
	}
	command = find_command(argc, argv, &words);
	if (command == NULL) {
		say("there is no command %s\ntry: sebez --help", argv[1]);
		return NOT_UNDERSTOOD;
	}
	return run_command(command, argc - 1 - words, argv + 1 + words);
}
