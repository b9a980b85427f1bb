#include "node/commands_run.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.gen.h"
#include "node/api.h"
#include "node/ask_password.h"
#include "node/backup.h"
#include "node/backup_bucket.h"
#include "node/backup_wal.h"
#include "node/check.h"
#include "node/commands.h"
#include "node/jobs.h"
#include "node/mail_setup.h"
#include "node/media.h"
#include "node/media_move.h"
#include "node/migrate.h"
#include "node/nginx_conf.h"
#include "node/ready.h"
#include "node/running.h"
#include "node/say.h"
#include "node/secrets.h"
#include "node/sms_setup.h"
#include "node/startup.h"
#include "node/supervisor.h"
#include "node/tool.h"
#include "node/top.h"
#include "shop/mail/mail.h"
#include "shop/shop.h"

enum { PASSWORD_CHARACTERS_MAX = 256 };

struct call call;

int run_serve(void)
{
	return supervise(&call.config);
}

int run_migrate(void)
{
	static struct services services;
	struct secret secret;
	int rc = services_open(&call.config, SERVICES_TOOL, &services);

	if (rc < 0)
		return 1;
	rc = secret_load(&call.config, services.data_folder.data, &secret);
	if (rc == 0)
		rc = migrate(&call.config, &services, &secret, MIGRATE_FOR_ITSELF);
	services_close(&services);
	if (rc == 0)
		printf("the schema is up to date\n");
	return rc == 0 ? 0 : 1;
}

static void demo_body(struct task *task)
{
	shop_demo_load(task, tool_objects());
}

int run_demo(void)
{
	return tool_run(&call.config, "demo", demo_body, startup_demo_done);
}

static void import_body(struct task *task)
{
	shop_import(task, call.vendor, call.file, call.dry_run);
}

int run_import(void)
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

int run_admin_create(void)
{
	static char line[4 * PASSWORD_CHARACTERS_MAX + sizeof("\r\n")];
	const char *role = call.role != NULL ? call.role : "superadmin";
	int rc;

	if (call.email == NULL) {
		say("admin create: --email E is required");
		return NOT_UNDERSTOOD;
	}
	/* The environment is safer than an argument, which every user of the machine can read. */
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

static void reset_factors_body(struct task *task)
{
	shop_reset_factors(task, call.email != NULL ? call.email : call.phone);
}

int run_reset_factors(void)
{
	int rc;

	if ((call.email == NULL) == (call.phone == NULL)) {
		say("admin reset-factors: --email E or --phone N is required");
		return NOT_UNDERSTOOD;
	}
	rc = tool_run(&call.config, "admin reset-factors", reset_factors_body, NULL);
	if (rc == 0)
		printf("%s signs in without a second factor, and has no session\n",
		       call.email != NULL ? call.email : call.phone);
	return rc;
}

static bool networks_had;

static void clear_networks_body(struct task *task)
{
	networks_had = shop_clear_admin_networks(task);
}

int run_clear_networks(void)
{
	int rc = tool_run(&call.config, "admin clear-networks", clear_networks_body, NULL);

	if (rc == 0)
		puts(networks_had ? "admins may act from any network again"
		                  : "admins could act from any network already");
	return rc;
}

int run_check(void)
{
	return check_main(&call.config, call.data);
}

int run_media_move(void)
{
	if (call.to == NULL || (strcmp(call.to, "s3") != 0 && strcmp(call.to, "folder") != 0)) {
		say("media move: --to s3 or --to folder is required");
		return NOT_UNDERSTOOD;
	}
	return media_move_main(&call.config, call.to);
}

int run_mail_test(void)
{
	if (call.to == NULL) {
		say("mail test: --to ADDRESS is required");
		return NOT_UNDERSTOOD;
	}
	return mail_setup_send(&call.config, call.to);
}

int run_sms_test(void)
{
	if (call.to == NULL) {
		say("sms test: --to NUMBER is required");
		return NOT_UNDERSTOOD;
	}
	return sms_setup_send(&call.config, call.to);
}

/* What a mail server's pipe gives; what is longer than any mail that came back is cut off. */
static void bounce_body(struct task *task)
{
	enum { BOUNCE_BYTES_MAX = 1024 * 1024 };
	char *text = arena_alloc(task->arena, BOUNCE_BYTES_MAX);
	size_t length = fread(text, 1, BOUNCE_BYTES_MAX, stdin);
	struct mail_settings settings;

	if (mail_setup(&call.config, tool_secret(), false, &settings) < 0)
		task_end(task, PROBLEM_INVALID, "The settings of mails are no good.");
	puts(mail_take_bounce(task, &settings, text, length));
	explicit_bzero(&settings, sizeof(settings));
}

int run_mail_bounce(void)
{
	return tool_run(&call.config, "mail bounce", bounce_body, NULL);
}

static void verify_body(struct task *task)
{
	shop_media_verify(task, tool_objects(), call.delete_unknown);
}

int run_media_verify(void)
{
	return tool_run(&call.config, "media verify", verify_body, NULL);
}

int run_secrets_rotate(void)
{
	return secrets_rotate_main(&call.config);
}

int run_secrets_status(void)
{
	return secrets_status_main(&call.config);
}

int run_secrets_carry(void)
{
	return secrets_carry_main(&call.config);
}

int run_secrets_end(void)
{
	return secrets_end_main(&call.config);
}

int run_backup(void)
{
	return backup_main(&call.config);
}

int run_backup_list(void)
{
	return backup_list_main(&call.config);
}

int run_backup_verify(void)
{
	return backup_verify_main(&call.config);
}

int run_backup_drill(void)
{
	return backup_drill_main(&call.config);
}

int run_backup_status(void)
{
	return backup_status_main(&call.config);
}

int run_backup_images(void)
{
	return backup_images_main(&call.config);
}

int run_backup_keeper(void)
{
	return backup_keeper_main(&call.config);
}

int run_backup_take_over(void)
{
	return backup_take_over_main(&call.config);
}

int run_backup_ship(void)
{
	return backup_ship_main(&call.config);
}

int run_restore(void)
{
	return backup_restore_main(&call.config, &call.restore);
}

int run_restored(void)
{
	return backup_restored_main(&call.config, call.ends_sessions);
}

int run_wal_put(void)
{
	return backup_wal_put(call.wal_path);
}

int run_wal_get(void)
{
	return backup_wal_get(call.wal_name, call.wal_path);
}

int run_reload(void)
{
	return running_reload(&call.config);
}

int run_stop(void)
{
	return running_stop(&call.config);
}

int run_status(void)
{
	return running_status(&call.config);
}

int run_nginx_conf(void)
{
	return nginx_conf_main(&call.config, &call.nginx);
}

int run_ready(void)
{
	return ready_main(&call.config);
}

int run_top(void)
{
	return top_main(&call.config, call.once);
}

int run_probe(void)
{
	call.probe.email = call.email;
	call.probe.vendor = call.vendor;
	return probe_main(&call.config, &call.probe);
}

int run_openapi(void)
{
	return fwrite(OPENAPI_JSON, 1, OPENAPI_JSON_LENGTH, stdout) == OPENAPI_JSON_LENGTH ? 0 : 1;
}

int run_version(void)
{
	printf("sebez %s\n", SEBEZ_VERSION);
	return 0;
}

static unsigned slot(void)
{
	assert(call.slot != NULL); /* an operand is required */
	return (unsigned)strtoul(call.slot, NULL, 10);
}

int run_api(void)
{
	return api_main(&call.config, slot());
}

int run_media(void)
{
	return media_main(&call.config, slot());
}

int run_jobs(void)
{
	return jobs_main(&call.config, slot());
}
