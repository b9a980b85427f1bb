#include "node/backup_rest.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "node/admin_db.h"
#include "node/child.h"
#include "node/embedded_pg.h"
#include "node/say.h"
#include "node/secret.h"

#define PROGRAM "/usr/bin/pgbackrest"
#define ROLE "sebez_backup"

enum { FULL_S = 7 * 86400 - 3600, ARGUMENTS_MAX = 8 };

/* Paths stand in a configuration and in commands of a shell. */
static bool is_safe(const char *path)
{
	return strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") ==
	       strlen(path);
}

bool backup_rest_can(const struct data_folder *data_folder, const char *path, const char **ret_why)
{
	*ret_why = NULL;
	if (access(PROGRAM, X_OK) != 0)
		*ret_why = "it is not installed";
	else if (!data_folder->reachable)
		*ret_why = "PostgreSQL's user cannot reach the data folder by its path";
	else if (!data_folder_is_reachable(data_folder, path))
		*ret_why = "PostgreSQL's user cannot reach the folder for backups by its path";
	else if (!is_safe(path) || !is_safe(data_folder->data) || !is_safe(data_folder->run))
		*ret_why = "a path has characters other than letters, digits and /._-";
	return *ret_why == NULL;
}

static int write_conf(const struct config *config, const struct data_folder *data_folder,
                      const struct backup_folder *folder, int dir)
{
	static char text[DATA_FOLDER_PATH_MAX * 7];
	char cipher[160] = "", key[2 * BACKUP_KEY_BYTES + 1];
	int rc;

	for (int i = 0; i < BACKUP_KEY_BYTES; i++)
		snprintf(key + (ptrdiff_t)i * 2, 3, "%02x", folder->key.bytes[i]);
	if (folder->key.given)
		path_format(cipher, sizeof(cipher),
		            "repo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=%s\n", key);
	path_format(text, sizeof(text),
	            "# Written by sebez.\n[global]\nrepo1-path=%s/pgbackrest\n%s"
	            "repo1-retention-full-type=time\nrepo1-retention-full=%" PRId64 "\n"
	            "repo1-bundle=y\ncompress-type=lz4\nprocess-max=2\nstart-fast=y\n"
	            "log-level-console=off\nlog-level-stderr=warn\nlog-level-file=off\n"
	            "log-path=%s/pgbackrest\nlock-path=%s/pgbackrest\nspool-path=%s/pgbackrest\n"
	            "[sebez]\npg1-path=%s/postgres\npg1-socket-path=%s\npg1-user=" ROLE
	            "\npg1-database=" EMBEDDED_PG_DATABASE "\n",
	            folder->path, cipher, config->backup_days, data_folder->data, data_folder->data,
	            data_folder->data, data_folder->data, data_folder->run);
	rc = backup_folder_write_for(dir, "pgbackrest.conf", text, data_folder);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(cipher, sizeof(cipher));
	explicit_bzero(text, sizeof(text));
	return rc;
}

int backup_rest_prepare(const struct config *config, const struct data_folder *data_folder,
                        const struct backup_folder *folder)
{
	char path[DATA_FOLDER_PATH_MAX + 16];
	int dir = -1, rc;

	path_format(path, sizeof(path), "%s/pgbackrest", folder->path);
	rc = data_folder_make_folder(data_folder, path);
	data_folder_path(data_folder, "pgbackrest", path, sizeof(path));
	if (rc == 0)
		rc = data_folder_make_folder(data_folder, path);
	if (rc == 0) {
		dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = dir < 0 ? -errno : write_conf(config, data_folder, folder, dir);
	}
	if (dir >= 0)
		close(dir);
	return rc;
}

void backup_rest_command(const struct backup_folder *folder, const char *cluster, bool put,
                         char *ret, size_t size)
{
	assert(folder->rest && is_safe(cluster));
	path_format(
	    ret, size, "pgbackrest --config=%s --stanza=sebez --pg1-path=%s %s \"%%p\"%s",
	    folder->conf, cluster, put ? "archive-push" : "archive-get %f",
	    /* Recovery takes any status up to 128 for the end of the log. Only 1 is that. */
	    put ? "" : " || { [ $? -eq 1 ] && exit 1; exit 129; }");
}

/* Runs it as PostgreSQL's user. password: of the role, or NULL. output: of its standard output, -1:
 * none of it. */
static int run(const struct backup_folder *folder, const struct data_folder *data_folder,
               const char *password, int output, const char *const words[ARGUMENTS_MAX])
{
	char conf[DATA_FOLDER_PATH_MAX + 16], secret[128] = "PGPASSWORD=";
	const char *argv[ARGUMENTS_MAX + 4] = {"pgbackrest", conf, "--stanza=sebez"};
	const char *envp[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC", secret, NULL};
	struct child_spec spec = data_folder_child(data_folder, PROGRAM, argv);
	int none = open("/dev/null", O_WRONLY | O_CLOEXEC), rc;

	for (int i = 0; i < ARGUMENTS_MAX && words[i] != NULL; i++)
		argv[3 + i] = words[i];
	path_format(conf, sizeof(conf), "--config=%s", folder->conf);
	if (password != NULL)
		path_format(secret, sizeof(secret), "PGPASSWORD=%s", password);
	spec.envp = envp;
	spec.output_fd = output >= 0 ? output : none;
	spec.keeps_error = true;
	spec.death_signal = SIGTERM;
	rc = child_run_until(&spec, services_stop_asked);
	explicit_bzero(secret, sizeof(secret));
	if (none >= 0)
		close(none);
	if (rc > 0)
		say("pgbackrest %s ended with status %d", words[0], rc);
	return rc > 0 ? -EIO : rc;
}

/* It may read what a backup needs to know, and no table. */
static int make_role(PGconn *conn, const char *password)
{
	char text[1024];

	path_format(
	    text, sizeof(text),
	    "do $$ begin if to_regrole('" ROLE "') is null then "
	    "create role " ROLE " login; end if; end $$; "
	    "alter role " ROLE " password '%s'; "
	    "grant connect on database " EMBEDDED_PG_DATABASE " to " ROLE "; "
	    "grant pg_read_all_settings to " ROLE "; "
	    "grant execute on function pg_backup_start(text, boolean), "
	    "pg_backup_stop(boolean), pg_create_restore_point(text), pg_switch_wal() to " ROLE,
	    password);
	int rc = admin_db_run(conn, text);

	explicit_bzero(text, sizeof(text));
	return rc;
}

/* What it prints; release *ret with json_decref. */
static int run_for_json(const struct backup_folder *folder, const struct data_folder *data_folder,
                        const char *const words[ARGUMENTS_MAX], json_t **ret)
{
	int fd = memfd_create("pgbackrest", MFD_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	rc = run(folder, data_folder, NULL, fd, words);
	*ret = rc < 0 || lseek(fd, 0, SEEK_SET) != 0 ? NULL : json_loadfd(fd, 0, NULL);
	close(fd);
	return *ret != NULL ? 0 : rc < 0 ? rc : -EBADMSG;
}

static int read_info(const struct backup_folder *folder, const struct data_folder *data_folder,
                     json_t **ret)
{
	static const char *const WORDS[ARGUMENTS_MAX] = {"info", "--output=json"};
	json_t *all = NULL;
	int rc = run_for_json(folder, data_folder, WORDS, &all);

	if (rc < 0)
		return rc;
	*ret = json_incref(json_object_get(json_array_get(all, 0), "backup"));
	json_decref(all);
	return *ret != NULL ? 0 : -EBADMSG;
}

static bool has_label(const json_t *backups, const char *label)
{
	for (size_t i = 0; i < json_array_size(backups); i++) {
		const char *one =
		    json_string_value(json_object_get(json_array_get(backups, i), "label"));

		if (one != NULL && strcmp(one, label) == 0)
			return true;
	}
	return false;
}

/* What pgBackRest has deleted has no info any more. */
static void forget_expired(const struct backup_folder *folder, const json_t *backups)
{
	struct backup_info *list;
	size_t count;

	if (backup_folder_list(folder, &list, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (!has_label(backups, list[i].label))
			backup_folder_remove(folder->base_fd, list[i].label);
	free(list);
}

static int take_newest(const json_t *backups, struct backup_info *info)
{
	const json_t *newest = json_array_get(backups, json_array_size(backups) - 1);
	const char *label;
	json_int_t bytes;

	if (json_unpack((json_t *)newest, "{s:s, s:{s:{s:I}}}", "label", &label, "info",
	                "repository", "delta", &bytes) != 0 ||
	    strlen(label) >= sizeof(info->label))
		return -EBADMSG;
	path_format(info->label, sizeof(info->label), "%s", label);
	info->bytes = bytes;
	return 0;
}

static bool wants_full(const struct backup_folder *folder)
{
	int64_t newest_s = 0;
	struct backup_info *list;
	size_t count;

	if (backup_folder_list(folder, &list, &count) < 0)
		return true;
	for (size_t i = 0; i < count; i++)
		if (strchr(list[i].label, '_') == NULL) /* else it differs from that */
			newest_s = list[i].began_s;
	free(list);
	return (int64_t)time(NULL) - newest_s > FULL_S;
}

int backup_rest_dump(const struct config *config, const struct services *services,
                     const struct backup_folder *folder, PGconn *conn, struct backup_info *info)
{
	static const char *const CREATE[ARGUMENTS_MAX] = {"stanza-create"};
	const char *words[ARGUMENTS_MAX] = {"backup",
	                                    wants_full(folder) ? "--type=full" : "--type=diff"};
	const struct data_folder *data_folder = &services->data_folder;
	char password[SECRET_TEXT_LENGTH + 1];
	struct secret secret;
	json_t *backups = NULL;
	int rc = secret_find(config, data_folder->data, &secret);

	if (rc < 0)
		return rc;
	secret_role_password(&secret, ROLE, password);
	explicit_bzero(&secret, sizeof(secret));
	rc = make_role(conn, password);
	if (rc == 0)
		rc = run(folder, data_folder, password, -1, CREATE);
	if (rc == 0)
		rc = run(folder, data_folder, password, -1, words);
	explicit_bzero(password, sizeof(password));
	if (rc == 0)
		rc = read_info(folder, data_folder, &backups);
	if (rc == 0)
		rc = take_newest(backups, info);
	if (rc == 0)
		forget_expired(folder, backups);
	json_decref(backups);
	return rc;
}

int backup_rest_unpack(const struct backup_folder *folder, const struct data_folder *data_folder,
                       const char *label, const char *cluster)
{
	char set[64], path[DATA_FOLDER_PATH_MAX + 16];
	const char *words[ARGUMENTS_MAX] = {"restore", set, path, "--type=none"};

	path_format(set, sizeof(set), "--set=%s", label);
	path_format(path, sizeof(path), "--pg1-path=%s", cluster);
	return run(folder, data_folder, NULL, -1, words);
}

int backup_rest_list(const struct backup_folder *folder, const struct data_folder *data_folder,
                     const char *below, json_t **ret)
{
	const char *words[ARGUMENTS_MAX] = {"repo-ls", "--recurse", "--output=json", below};

	return run_for_json(folder, data_folder, words, ret);
}

int backup_rest_get(const struct backup_folder *folder, const struct data_folder *data_folder,
                    const char *below, const char *name, int out)
{
	char path[256];
	const char *words[ARGUMENTS_MAX] = {"repo-get", path};

	path_format(path, sizeof(path), "%s/%s", below, name);
	return run(folder, data_folder, NULL, out, words);
}

int backup_rest_verify(const struct backup_folder *folder, const struct data_folder *data_folder,
                       bool *ret_good)
{
	static const char *const WORDS[ARGUMENTS_MAX] = {"verify", "--output=text", "--verbose"};
	int fd = memfd_create("pgbackrest-verify", MFD_CLOEXEC);
	char text[4096];
	ssize_t count;
	int rc;

	if (fd < 0)
		return -errno;
	rc = run(folder, data_folder, NULL, fd, WORDS);
	count = rc < 0 || lseek(fd, 0, SEEK_SET) != 0 ? 0 : read(fd, text, sizeof(text) - 1);
	close(fd);
	text[count > 0 ? count : 0] = '\0';
	*ret_good = rc == 0 && strstr(text, "status: ok") != NULL;
	if (!*ret_good)
		printf("pgbackrest verify:\n%s", text);
	return 0;
}
