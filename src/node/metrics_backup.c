/* The part of the metrics that is about backups: nothing, unless this server makes them. */
#include <assert.h>
#include <stddef.h>
#include <time.h>

#include "node/metrics_segment.h"

static void write_one(struct buf *out, const char *name, const char *help, int64_t value)
{
	metrics_write_head(out, name, "gauge", help);
	buf_printf(out, "%s %lld\n", name, (long long)value);
}

static int64_t age_of(int64_t at_s)
{
	int64_t now_s = (int64_t)time(NULL);

	return at_s > 0 && now_s > at_s ? now_s - at_s : 0;
}

void metrics_write_backup(struct buf *out, const struct metrics_segment *all)
{
	assert(all->backup != NULL); /* mapped with the slots */
	struct metrics_backup backup = *all->backup;

	if (!backup.kept)
		return;
	write_one(out, "sebez_backup_age_seconds",
	          "Since the newest backup began; without one, since the server began to try.",
	          age_of(backup.newest_s));
	write_one(out, "sebez_backup_interval_seconds", "From one backup to the next.",
	          backup.interval_s);
	write_one(out, "sebez_backup_bytes", "Of the newest backup.", backup.bytes);
	write_one(out, "sebez_backup_failures", "Attempts that failed since the newest backup.",
	          (int64_t)backup.failures);
	write_one(out, "sebez_backup_wal_waiting", "Files of the log that are not archived yet.",
	          (int64_t)backup.waiting);
	write_one(out, "sebez_backup_wal_waiting_seconds", "How long the oldest of them waits.",
	          age_of(backup.oldest_s));
	write_one(out, "sebez_backup_drill_age_seconds",
	          "Since a restore was tried last; without one, since the server began.",
	          age_of(backup.drill_s));
	write_one(out, "sebez_backup_drill_failed", "Whether that found something wrong.",
	          backup.drill_failed ? 1 : 0);
	if (backup.images_interval_s > 0) {
		write_one(out, "sebez_backup_images_age_seconds",
		          "Since images and files were copied last.", age_of(backup.images_s));
		write_one(out, "sebez_backup_images_interval_seconds",
		          "From one copying of them to the next.", backup.images_interval_s);
	}
	if (!backup.has_bucket)
		return;
	write_one(out, "sebez_backup_bucket_waiting", "Files that are not in the bucket yet.",
	          (int64_t)backup.bucket_waiting);
	write_one(out, "sebez_backup_bucket_age_seconds",
	          "Since the bucket had all that the folder has.", age_of(backup.bucket_s));
	write_one(out, "sebez_backup_bucket_log_age_seconds",
	          "Since the bucket had all of the log that is archived.",
	          age_of(backup.bucket_log_s));
}
