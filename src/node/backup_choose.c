/* Which backup a restore takes, and which branch of the log it follows. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/backup.h"
#include "node/say.h"

enum { SECOND_US = 1000000 };

struct search {
	const struct backup_folder *folder;
	const struct backup_target *target;
	struct backup_info *list;
	size_t count;
};

static bool is_wanted(const struct search *search, const struct backup_info *info)
{
	const struct backup_target *target = search->target;

	return target->label != NULL
	           ? strcmp(info->label, target->label) == 0
	           : target->at_us == 0 || info->ended_s * SECOND_US <= target->at_us;
}

/* The newest that is wanted and that the branch has, which may be NULL; NULL: none. */
static const struct backup_info *find(const struct search *search,
                                      const struct backup_branch *branch)
{
	for (size_t i = search->count; i-- > 0;)
		if (is_wanted(search, &search->list[i]) &&
		    (branch == NULL || backup_branch_has(branch, &search->list[i])))
			return &search->list[i];
	return NULL;
}

static int say_none(const struct search *search, unsigned timeline)
{
	if (search->count == 0)
		say("%s has no complete backup", search->folder->path);
	else if (search->target->label != NULL)
		say("%s has no backup %s", search->folder->path, search->target->label);
	else if (find(search, NULL) == NULL)
		say("%s has no backup that had ended by then", search->folder->path);
	else
		say("%s has no backup from which timeline %u can be reached: --timeline and --to "
		    "name another one",
		    search->folder->path, timeline);
	return -ENOENT;
}

/* Which of two databases that used the folder is the shop, nobody knows but its operator. */
static int check_rival(const struct search *search, const struct backup_log *log, unsigned timeline)
{
	unsigned rival = backup_branch_rival(log, search->list, search->count, timeline);

	if (rival == 0)
		return 0;
	say("timeline %u of the archived log goes on after timeline %u had begun, so two databases "
	    "used %s: nothing is restored; choose one with --timeline %u or --timeline %u",
	    rival, timeline, search->folder->path, rival, timeline);
	return -EEXIST;
}

static int choose(const struct search *search, const struct data_folder *data_folder,
                  const struct backup_log *log, struct backup_choice *ret)
{
	const struct backup_target *target = search->target;
	unsigned timeline =
	    target->timeline != 0
	        ? target->timeline
	        : backup_branch_at(log, search->list, search->count,
	                           target->at_us == 0 ? INT64_MAX : target->at_us / SECOND_US);
	int rc = backup_branch_read(search->folder, data_folder, log, timeline, &ret->branch);
	const struct backup_info *found = rc < 0 ? NULL : find(search, &ret->branch);

	if (found != NULL && target->timeline == 0)
		rc = check_rival(search, log, timeline);
	/* One that is named may be of a branch that was left before it ended: then of that. */
	if (rc == 0 && found == NULL && target->label != NULL && target->timeline == 0) {
		found = find(search, NULL);
		if (found != NULL)
			rc = backup_branch_read(search->folder, data_folder, log, found->timeline,
			                        &ret->branch);
	}
	if (rc < 0)
		return rc;
	if (found == NULL)
		return say_none(search, timeline);
	ret->info = *found;
	return 0;
}

/* What is restored as late as possible must not end at a gap unnoticed. */
static int check_log(const struct backup_choice *choice, const struct backup_log *log)
{
	wal_name missing;

	backup_branch_gap(&choice->branch, log, &choice->info, missing);
	if (missing[0] == '\0')
		return 0;
	say("the archived log has a gap: %s is missing. What is after it cannot be restored; --to "
	    "restores a moment before it",
	    missing);
	return -ENODATA;
}

int backup_choose(const struct backup_folder *folder, const struct data_folder *data_folder,
                  const struct backup_target *target, struct backup_choice *ret)
{
	struct search search = {.folder = folder, .target = target};
	static struct backup_log log;
	int rc = backup_folder_list(folder, &search.list, &search.count);

	if (rc < 0)
		return rc;
	log = (struct backup_log){0};
	if (folder->archives && search.count > 0)
		rc = backup_log_read(folder, data_folder, &log);
	if (rc == 0 && folder->archives && search.count > 0) {
		rc = choose(&search, data_folder, &log, ret);
		if (rc == 0 && target->at_us == 0)
			rc = check_log(ret, &log);
	} else if (rc == 0) {
		const struct backup_info *found = find(&search, NULL);

		rc = found == NULL ? say_none(&search, 0) : 0;
		if (found != NULL)
			ret->info = *found;
	}
	backup_log_free(&log);
	free(search.list);
	return rc;
}
