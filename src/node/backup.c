#include "node/backup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/admin_db.h"
#include "node/backup_bucket.h"
#include "node/commands.h"
#include "node/embedded_pg.h"
#include "node/say.h"

static bool is_embedded(const struct config *config)
{
	if (config->database_url[0] == '\0')
		return true;
	say("DATABASE_URL names a PostgreSQL of your own: back it up there (docs/OPERATIONS.md, "
	    "\"Backups\"); this command is for the embedded one");
	return false;
}

static void print_line(const struct backup_info *info, int64_t now_s)
{
	char bytes[24], age[24];

	backup_bytes_text(info->bytes, bytes, sizeof(bytes));
	backup_age_text(now_s - info->began_s, age, sizeof(age));
	printf("%s  %8s, %" PRId64 " images and files, %s old\n", info->label, bytes, info->objects,
	       age);
}

static void say_lacks(const struct backup_folder *folder)
{
	if (!folder->archives)
		say("this backup is in the data folder, and its log is not archived: with "
		    "SEBEZ_BACKUP_FOLDER on another disk or machine, each moment can be restored");
	if (!folder->key.given)
		say("it is not encrypted, and does not contain SEBEZ_SECRET: with SEBEZ_BACKUP_KEY "
		    "it is, and does");
}

/* A trial restore takes no part in the folder of the shop that it was restored from. */
static int check_adopted(const struct services *services)
{
	char path[DATA_FOLDER_PATH_MAX];

	data_folder_path(&services->data_folder, "postgres/" EMBEDDED_PG_RESTORED, path,
	                 sizeof(path));
	if (access(path, F_OK) != 0)
		return 0;
	say("this database was restored, and no server has run with it: `sebez serve` first");
	return -EBUSY;
}

int backup_main(const struct config *config)
{
	static struct services services;
	struct backup_folder folder;
	struct backup_info info;
	int rc;

	if (!is_embedded(config) || services_open(config, SERVICES_TOOL, &services) < 0)
		return 1;
	rc = backup_folder_open(config, &services.data_folder, true, &folder);
	if (rc == 0) {
		rc = check_adopted(&services);
		if (rc == 0)
			rc = backup_folder_lock(&folder);
		if (rc == 0)
			rc = backup_plain_make(config, &services, &folder, &info);
		if (rc == 0) {
			printf("%s: ", folder.path);
			print_line(&info, info.ended_s);
			say_lacks(&folder);
		}
		if (rc == 0 && config->backup_url[0] != '\0')
			rc = backup_bucket_ship(config, &services.data_folder, &folder);
		backup_folder_close(&folder);
	}
	services_close(&services);
	return rc == 0 ? 0 : 1;
}

/* Opens the folder without starting anything; one that has nothing gets what the bucket has. */
static int open_folder(const struct config *config, struct data_folder *data_folder,
                       struct backup_folder *ret)
{
	int rc = data_folder_become_owner(config);

	if (rc == 0)
		rc = data_folder_open(config, data_folder);
	if (rc == 0)
		rc = backup_bucket_fetch(config, data_folder);
	if (rc < 0)
		return rc;
	rc = backup_folder_open(config, data_folder, false, ret);
	if (rc == -ENOENT)
		say("there is no backup yet: `sebez backup` makes one");
	return rc;
}

int backup_list_main(const struct config *config)
{
	struct data_folder data_folder;
	struct backup_folder folder;
	struct backup_info *list;
	size_t count;
	int rc;

	if (!is_embedded(config) || open_folder(config, &data_folder, &folder) < 0)
		return 1;
	rc = backup_folder_list(&folder, &list, &count);
	if (rc == 0) {
		for (size_t i = 0; i < count; i++)
			print_line(&list[i], (int64_t)time(NULL));
		free(list);
	}
	backup_folder_close(&folder);
	return rc == 0 && count > 0 ? 0 : 1;
}

int backup_verify_main(const struct config *config)
{
	struct data_folder data_folder;
	struct backup_folder folder;
	int rc, bad = 0, lacking = 0;

	if (!is_embedded(config) || open_folder(config, &data_folder, &folder) < 0)
		return 1;
	rc = backup_verify(&folder, &data_folder, &bad);
	if (rc == 0 && config->backup_url[0] != '\0')
		rc = backup_bucket_compare(config, &folder, &lacking);
	backup_folder_close(&folder);
	return rc == 0 && bad == 0 && lacking == 0 ? 0 : 1;
}

int backup_take_over_main(const struct config *config)
{
	struct data_folder data_folder;
	struct backup_folder folder;
	int rc;

	if (config->backup_url[0] == '\0') {
		say("SEBEZ_BACKUP_URL is not set");
		return 1;
	}
	if (!is_embedded(config) || open_folder(config, &data_folder, &folder) < 0)
		return 1;
	rc = backup_folder_lock(&folder);
	if (rc == 0)
		rc = backup_take_over(config, &folder);
	backup_folder_close(&folder);
	return rc == 0 ? 0 : 1;
}

int backup_images_main(const struct config *config)
{
	struct data_folder data_folder;
	struct backup_folder folder;
	int64_t count = 0;
	int rc;

	if (config->media_store != MEDIA_STORE_FOLDER) {
		say("images and files are in a bucket, which is not copied: turn on its "
		    "versioning");
		return 1;
	}
	if (data_folder_become_owner(config) < 0 || data_folder_open(config, &data_folder) < 0 ||
	    backup_folder_open(config, &data_folder, true, &folder) < 0)
		return 1;
	rc = backup_folder_lock(&folder);
	if (rc == 0)
		rc = backup_objects_copy(&folder, &data_folder, config->backup_days, &count);
	if (rc == 0)
		printf("%s has copies of %" PRId64 " images and files\n", folder.path, count);
	backup_folder_close(&folder);
	return rc == 0 ? 0 : 1;
}

int backup_drill_main(const struct config *config)
{
	struct data_folder data_folder;
	struct backup_folder folder;
	bool good = false;
	int rc;

	if (!is_embedded(config) || open_folder(config, &data_folder, &folder) < 0)
		return 1;
	rc = backup_folder_lock(&folder);
	if (rc == 0)
		rc = backup_drill(config, &data_folder, &folder, &good);
	backup_folder_close(&folder);
	return rc == 0 && good ? 0 : 1;
}

static bool read_target(const struct backup_call *given, struct backup_target *ret)
{
	*ret = (struct backup_target){.label = given->label};
	if (given->to != NULL && !time_parse(given->to, &ret->at_us)) {
		say("restore: --to must be a time with its offset: 2026-11-30T09:30:00Z or "
		    "2026-11-30T12:30:00.5+03:00");
		return false;
	}
	if (given->timeline != NULL) {
		ret->timeline = (unsigned)strtoul(given->timeline, NULL, 10);
		if (ret->timeline == 0) {
			say("restore: --timeline must be a number");
			return false;
		}
	}
	return true;
}

int backup_restore_main(const struct config *config, const struct backup_call *given)
{
	struct data_folder data_folder;
	struct backup_folder folder;
	struct backup_target target;
	struct backup_info info;
	int rc;

	if (!read_target(given, &target))
		return NOT_UNDERSTOOD;
	if (!is_embedded(config) || open_folder(config, &data_folder, &folder) < 0)
		return 1;
	rc = backup_folder_lock(&folder);
	if (rc == 0 && target.at_us != 0 && !folder.archives) {
		say("restore: --to needs the archived log, which only SEBEZ_BACKUP_FOLDER has");
		rc = -EINVAL;
	}
	if (rc == 0)
		rc = backup_restore(config, &data_folder, &folder, &target, &info);
	if (rc == 0)
		printf("restored %s from %s and its archived log\n"
		       "next: sebez check --data, sebez media verify, sebez serve\n",
		       data_folder.data, info.label);
	backup_folder_close(&folder);
	return rc == 0 ? 0 : 1;
}

int backup_restored_main(const struct config *config, bool ends_sessions)
{
	static struct services services;
	PGconn *conn;
	int rc = services_open(config, SERVICES_TOOL, &services);

	if (rc < 0)
		return 1;
	rc = admin_db_open(&services, false, &conn);
	if (rc == 0) {
		rc = backup_restored(conn, ends_sessions);
		PQfinish(conn);
	}
	services_close(&services);
	if (rc == 0)
		printf("clients read their state again%s\n",
		       ends_sessions ? ", and everybody signs in again" : "");
	return rc == 0 ? 0 : 1;
}
