#include "node/commands.h"

#include <assert.h>

#include "node/commands_run.h"

/* Initial settings of a new marketplace. */
#define OF_A_NEW_ONE                                                                               \
	"SEBEZ_PAYMENT_HOURS", "SEBEZ_ACCEPT_HOURS", "SEBEZ_COMPLETE_DAYS",                        \
	    "SEBEZ_SERVICE_FEE_FIXED", "SEBEZ_SERVICE_FEE_BASIS_POINTS",                           \
	    "SEBEZ_COMMISSION_BASIS_POINTS"
/* Settings of the store of images and files. */
#define OF_MEDIA                                                                                   \
	"S3_BUCKET", "S3_ENDPOINT", "S3_REGION", "S3_PUBLIC_URL", "S3_ACCESS_KEY_ID",              \
	    "S3_SECRET_ACCESS_KEY", "S3_PATH_STYLE", "S3_ENCRYPTION", "SEBEZ_MEDIA_STORE",         \
	    "SEBEZ_MEDIA_URL"
/* Settings for access to the database, Redis and the store of images and files. */
#define OF_SERVICES                                                                                \
	"SEBEZ_DATA", "DATABASE_URL", "REDIS_URL", "SEBEZ_SECRET", "SEBEZ_RUN_AS",                 \
	    "SEBEZ_DB_CONNECTIONS", "SEBEZ_DB_LEASED", "SEBEZ_STATEMENT_TIMEOUT_MS",               \
	    "SEBEZ_CURRENCY", OF_MEDIA

static const char *const TOOL_SETTINGS[] = {OF_SERVICES, NULL};
static const char *const MEDIA_SETTINGS[] = {"SEBEZ_DATA", "SEBEZ_SECRET", "SEBEZ_RUN_AS", OF_MEDIA,
                                             NULL};
static const char *const MAIL_SETTINGS[] = {
    "SEBEZ_SMTP_URL",      "SEBEZ_SMTP_TLS",      "SEBEZ_MAIL_FROM", "SEBEZ_MAIL_NAME",
    "SEBEZ_DKIM_SELECTOR", "SEBEZ_DKIM_KEY_FILE", "SEBEZ_CA_FILE",   NULL};
static const char *const SMS_SETTINGS[] = {
    "SMS_ROUTES",           "SMS_FROM",         "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",    "TWILIO_ORIGIN",    "SMS_GATEWAY_URL",
    "SMS_GATEWAY_HEADER",   "SMS_GATEWAY_BODY", "SEBEZ_MAIL_NAME",
    "SMS_GATEWAY_ACCEPTED", "SEBEZ_CA_FILE",    NULL};
static const char *const BACKUP_SETTINGS[] = {OF_SERVICES,
                                              "SEBEZ_BACKUP_FOLDER",
                                              "SEBEZ_BACKUP_URL",
                                              "SEBEZ_BACKUP_KEY",
                                              "SEBEZ_BACKUP_DAYS",
                                              "SEBEZ_BACKUP_HOURS",
                                              "SEBEZ_BACKUP_TOOL",
                                              "SEBEZ_BACKUP_IMAGES_MINUTES",
                                              "BACKUP_S3_ENDPOINT",
                                              "BACKUP_S3_REGION",
                                              "BACKUP_S3_ACCESS_KEY_ID",
                                              "BACKUP_S3_SECRET_ACCESS_KEY",
                                              NULL};
static const char *const BOUNCE_SETTINGS[] = {OF_SERVICES, "SEBEZ_BOUNCE_ADDRESS", NULL};
static const char *const MIGRATE_SETTINGS[] = {OF_SERVICES, OF_A_NEW_ONE, NULL};
static const char *const NGINX_SETTINGS[] = {"SEBEZ_LISTEN", "SEBEZ_DRAIN_MS", NULL};
static const char *const PROBE_SETTINGS[] = {"SEBEZ_PROBE_PASSWORD", "SEBEZ_CA_FILE", NULL};
static const char *const READY_SETTINGS[] = {"SEBEZ_LISTEN", NULL};
static const char *const ASK_SETTINGS[] = {"SEBEZ_DATA", NULL};
static const char *const STOP_SETTINGS[] = {"SEBEZ_DATA", "SEBEZ_DRAIN_MS", NULL};

const struct command COMMANDS[] = {
    {.name = "serve",
     .prose = "Starts the server: PostgreSQL and Redis unless DATABASE_URL and REDIS_URL name "
              "others, the "
              "api, jobs and media processes.",
     .run = run_serve},
    {.name = "reload",
     .prose = "Restarts the processes of a running server without losing a request.",
     .run = run_reload,
     .finds = FIND_RUNNING,
     .settings = ASK_SETTINGS},
    {.name = "stop",
     .prose = "Stops the running server and waits until it has exited.",
     .run = run_stop,
     .finds = FIND_RUNNING,
     .settings = STOP_SETTINGS},
    {.name = "status",
     .prose = "Prints URL, process, version and start time of the running server; fails when none "
              "is running.",
     .run = run_status,
     .finds = FIND_RUNNING,
     .settings = ASK_SETTINGS},
    {.name = "migrate",
     .prose = "Updates the database schema and sets the passwords of its roles.",
     .run = run_migrate,
     .settings = MIGRATE_SETTINGS},
    {.name = "demo",
     .prose = "Fills an empty database with the demo marketplace.",
     .run = run_demo,
     .finds = FIND_MADE,
     .settings = TOOL_SETTINGS},
    {.name = "import",
     .arguments = "--vendor SLUG [--dry-run] FILE.csv",
     .prose = "Imports a product CSV of Shopify or WooCommerce into a vendor's catalogue; with "
              "--dry-run it only reports what would be imported.",
     .run = run_import,
     .finds = FIND_MADE,
     .settings = TOOL_SETTINGS,
     .flags = {{.name = "--vendor", .value = &call.vendor},
               {.name = "--dry-run", .given = &call.dry_run}},
     .operands = {&call.file}},
    {.name = "admin create",
     .arguments = "--email E [--role ROLE] [--password P]",
     .prose =
         "Creates an admin account, or gives an existing account this admin role and password. "
         "ROLE is superadmin (default), operations, finance, support or moderator. "
         "Without --password it is read from SEBEZ_ADMIN_PASSWORD or from standard input.",
     .run = run_admin_create,
     .finds = FIND_MADE,
     .settings = TOOL_SETTINGS,
     .flags = {{.name = "--email", .value = &call.email},
               {.name = "--role", .value = &call.role},
               {.name = "--password", .value = &call.password}}},
    {.name = "admin reset-factors",
     .arguments = "--email E | --phone N",
     .prose = "Takes the second factor of an account away and ends its sessions, for somebody who "
              "lost the authenticator app and the recovery codes. The audit log tells.",
     .run = run_reset_factors,
     .finds = FIND_MADE,
     .settings = TOOL_SETTINGS,
     .flags = {{.name = "--email", .value = &call.email},
               {.name = "--phone", .value = &call.phone}}},
    {.name = "admin clear-networks",
     .arguments = "",
     .prose = "Lets admins act from any network again, for somebody whom the list of the settings "
              "(admin_networks) keeps out. The audit log tells.",
     .run = run_clear_networks,
     .finds = FIND_MADE,
     .settings = TOOL_SETTINGS},
    {.name = "check",
     .arguments = "[--data]",
     .prose = "Checks configuration, services, schema and statements; with --data also the "
              "invariants of "
              "the data.",
     .run = run_check,
     .finds = FIND_MADE,
     .settings = TOOL_SETTINGS,
     .flags = {{.name = "--data", .given = &call.data}}},
    {.name = "secrets rotate",
     .arguments = "",
     .prose = "Replaces SEBEZ_DATA/secret by a new one. A running server takes it over without a "
              "failed request; what was made with the old one stays valid until `sebez secrets "
              "end`. Prints the steps where SEBEZ_SECRET is set.",
     .run = run_secrets_rotate,
     .finds = FIND_MADE,
     .settings = TOOL_SETTINGS},
    {.name = "secrets status",
     .arguments = "",
     .prose = "Prints how old the secret is, whether the previous one is valid, and how many "
              "secrets of authenticator apps are sealed with it; fails when there is any.",
     .run = run_secrets_status,
     .finds = FIND_MADE,
     .settings = TOOL_SETTINGS},
    {.name = "secrets carry",
     .arguments = "",
     .prose = "Sets the passwords of the roles, and seals anew what the previous secret has "
              "sealed. A server that takes over a new secret does it by itself.",
     .run = run_secrets_carry,
     .finds = FIND_MADE,
     .settings = TOOL_SETTINGS},
    {.name = "secrets end",
     .arguments = "",
     .prose = "Ends the time in which the previous secret is valid; refuses while something is "
              "sealed with it.",
     .run = run_secrets_end,
     .finds = FIND_MADE,
     .settings = TOOL_SETTINGS},
    {.name = "backup list",
     .arguments = "",
     .prose = "Prints the backups that there are, the newest last; fails when there is none.",
     .run = run_backup_list,
     .settings = BACKUP_SETTINGS},
    {.name = "backup verify",
     .arguments = "",
     .prose = "Reads all backups, the archived log and the copies of images and files, and prints "
              "what is damaged or missing; fails when there is any.",
     .run = run_backup_verify,
     .settings = BACKUP_SETTINGS},
    {.name = "backup status",
     .arguments = "",
     .prose = "Prints how old the newest backup is, how much of the log waits to be archived, and "
              "the outcome of the last drill; fails when any of it is not as it should be.",
     .run = run_backup_status,
     .settings = BACKUP_SETTINGS},
    {.name = "backup images",
     .arguments = "",
     .prose = "Copies images and files that are new to the folder for backups, without a backup of "
              "the database.",
     .run = run_backup_images,
     .settings = BACKUP_SETTINGS},
    {.name = "backup drill",
     .arguments = "",
     .prose = "Restores the newest backup into SEBEZ_DATA/drill, checks pages, rows and counts "
              "there, writes a report (drill.json in the folder for backups), and removes it; "
              "fails when something is wrong.",
     .run = run_backup_drill,
     .finds = FIND_MADE,
     .settings = BACKUP_SETTINGS},
    {.name = "backup take-over",
     .arguments = "",
     .prose =
         "Makes SEBEZ_BACKUP_FOLDER, which has got its files from the bucket SEBEZ_BACKUP_URL, "
         "the one whose files are taken there. The machine that had it takes nothing there "
         "any more.",
     .run = run_backup_take_over,
     .settings = BACKUP_SETTINGS},
    {.name = "backup",
     .prose =
         "Makes a backup of the embedded PostgreSQL, and of images and files in the folder, in "
         "SEBEZ_BACKUP_FOLDER, or else in SEBEZ_DATA/backup. A running server keeps serving.",
     .run = run_backup,
     .finds = FIND_MADE,
     .settings = BACKUP_SETTINGS},
    {.name = "restore",
     .arguments = "[--to TIME] [--backup LABEL] [--timeline NUMBER]",
     .prose = "Makes the database, images and files of a data folder that has no database, from "
              "the newest backup and the archived log; with --to as they were at that moment "
              "(2026-11-30T09:30:00Z), when all sessions end, too. --backup: from this one of "
              "`sebez backup list`. --timeline: of the log, where it branched at an earlier "
              "restore, if not the one that was in use at that moment. Nothing is archived from it "
              "until `sebez serve` has run with it.",
     .run = run_restore,
     .settings = BACKUP_SETTINGS,
     .flags = {{.name = "--to", .value = &call.restore.to},
               {.name = "--backup", .value = &call.restore.label},
               {.name = "--timeline", .value = &call.restore.timeline}}},
    {.name = "restored",
     .arguments = "[--end-sessions]",
     .prose = "Must follow each restore of a database by other means than `sebez restore`, before "
              "anybody is served: clients then read their state again. --end-sessions: it was "
              "restored to an earlier moment on purpose, so passwords and revoked sessions of "
              "that moment are valid again, and everybody signs in anew.",
     .run = run_restored,
     .finds = FIND_MADE,
     .settings = TOOL_SETTINGS,
     .flags = {{.name = "--end-sessions", .given = &call.ends_sessions}}},
    {.name = "mail test",
     .arguments = "--to ADDRESS",
     .prose = "Sends a mail to an address, as the settings say, and prints what became of it: "
              "accepted, or why not.",
     .run = run_mail_test,
     .settings = MAIL_SETTINGS,
     .flags = {{.name = "--to", .value = &call.to}}},
    {.name = "sms test",
     .arguments = "--to NUMBER",
     .prose = "Sends a text message to a telephone, as the settings say, and prints what became of "
              "it: sent, or why not.",
     .run = run_sms_test,
     .settings = SMS_SETTINGS,
     .flags = {{.name = "--to", .value = &call.to}}},
    {.name = "mail bounce",
     .prose = "Reads a mail that came back from standard input, as a pipe of the mail server gives "
              "it, and sends nothing more to the address that it could not be brought to.",
     .run = run_mail_bounce,
     .finds = FIND_MADE,
     .settings = BOUNCE_SETTINGS},
    {.name = "media move",
     .arguments = "--to s3|folder",
     .prose =
         "Copies images and files from the folder to the bucket or back, while servers run with "
         "SEBEZ_MEDIA_STORE=s3+folder or folder+s3. May be cut off and run again.",
     .run = run_media_move,
     .finds = FIND_MADE,
     .settings = MEDIA_SETTINGS,
     .flags = {{.name = "--to", .value = &call.to}}},
    {.name = "media verify",
     .arguments = "[--delete-unknown]",
     .prose =
         "Compares uploads with the objects in the store, both ways, while servers run: prints "
         "what is missing, of another size, or unknown to the database for more than an hour, and "
         "exits with 1 when there is any. With --delete-unknown it deletes what is unknown.",
     .run = run_media_verify,
     .finds = FIND_MADE,
     .settings = TOOL_SETTINGS,
     .flags = {{.name = "--delete-unknown", .given = &call.delete_unknown}}},
    {.name = "ready",
     .prose =
         "Asks the server at SEBEZ_LISTEN whether it can serve (/readyz); fails when it cannot "
         "or does not answer. For health checks of containers.",
     .run = run_ready,
     .settings = READY_SETTINGS},
    {.name = "top",
     .arguments = "[--once]",
     .prose = "Shows what the server at SEBEZ_LISTEN does, every two seconds: requests and their "
              "latency, the database, what waits to be sent, jobs, processes. With --once, or "
              "without a terminal, it prints the last second and ends.",
     .run = run_top,
     .settings = READY_SETTINGS,
     .flags = {{.name = "--once", .given = &call.once}}},
    {.name = "probe",
     .arguments = "[--email E] [--vendor SLUG] [--metrics FILE] URL",
     .prose =
         "Does what a customer does, at any server: signs in, browses, orders, writes to the "
         "vendor, hears of both, and cancels the order. Prints each step with its time; fails when "
         "one fails. --email: of an account without a second factor, with SEBEZ_PROBE_PASSWORD; "
         "else it registers, which needs a demo that shows its mails. --vendor: whose first "
         "product "
         "in stock is ordered; use one that exists for this alone. --metrics: file for Prometheus' "
         "node exporter.",
     .run = run_probe,
     .settings = PROBE_SETTINGS,
     .flags = {{.name = "--email", .value = &call.email},
               {.name = "--vendor", .value = &call.vendor},
               {.name = "--metrics", .value = &call.probe.metrics}},
     .operands = {&call.probe.url}},
    {.name = "nginx-conf",
     .arguments = "--name HOST... --cert FILE --key FILE [--upstream ADDRESS... | "
                  "--upstream-file FILE] [--https [ADDRESS:]PORT] [--http [ADDRESS:]PORT] "
                  "[--acme FOLDER] [--cache FOLDER] [--metrics NETWORK...] [--log FILE|off] "
                  "[--nginx VERSION] [--whole]",
     .prose =
         "Prints the configuration of nginx in front of this server: TLS, HTTP/2, and the bounds "
         "and times that the server has. --name, --upstream and --metrics may be given several "
         "times. --upstream: address:port of a server, else SEBEZ_LISTEN; --upstream-file: nginx "
         "includes this file of lines `server ADDRESS;`. --acme: folder of a client that gets "
         "certificates by HTTP. --cache: folder in which nginx keeps public pictures. --metrics: "
         "network that may read /metrics, else nobody. --nginx: version, else 1.22. --whole: all "
         "of nginx.conf, not only the part for its block http.",
     .run = run_nginx_conf,
     .settings = NGINX_SETTINGS,
     .flags = {{.name = "--name", .words = &call.nginx.names},
               {.name = "--upstream", .words = &call.nginx.upstreams},
               {.name = "--upstream-file", .value = &call.nginx.upstream_file},
               {.name = "--cert", .value = &call.nginx.cert},
               {.name = "--key", .value = &call.nginx.key},
               {.name = "--https", .value = &call.nginx.https},
               {.name = "--http", .value = &call.nginx.http},
               {.name = "--acme", .value = &call.nginx.acme},
               {.name = "--cache", .value = &call.nginx.cache},
               {.name = "--metrics", .words = &call.nginx.metrics},
               {.name = "--log", .value = &call.nginx.log},
               {.name = "--nginx", .value = &call.nginx.version},
               {.name = "--whole", .given = &call.nginx.whole}}},
    {.name = "openapi",
     .prose = "Prints the contract (OpenAPI 3.1).",
     .run = run_openapi,
     .needs_no_config = true},
    {.name = "version",
     .prose = "Prints the version.",
     .run = run_version,
     .needs_no_config = true},
    {.name = "backup-keeper", .run = run_backup_keeper, .hidden = true},
    {.name = "backup-ship", .run = run_backup_ship, .hidden = true},
    {.name = "wal-put",
     .run = run_wal_put,
     .operands = {&call.wal_path},
     .needs_no_config = true,
     .hidden = true},
    {.name = "wal-get",
     .run = run_wal_get,
     .operands = {&call.wal_name, &call.wal_path},
     .needs_no_config = true,
     .hidden = true},
    {.name = "api", .run = run_api, .operands = {&call.slot}, .hidden = true},
    {.name = "media", .run = run_media, .operands = {&call.slot}, .hidden = true},
    {.name = "jobs", .run = run_jobs, .operands = {&call.slot}, .hidden = true},
};

_Static_assert(sizeof(COMMANDS[0].flags) / sizeof(COMMANDS[0].flags[0]) == FLAGS_MAX,
               "a command has room for its flags");

const size_t COMMAND_COUNT = sizeof(COMMANDS) / sizeof(COMMANDS[0]);
