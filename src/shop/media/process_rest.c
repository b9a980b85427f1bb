#include <assert.h>
#include <errno.h>

#include "shop/media/process_internal.h"
#include "shop/media/upload.h"

enum work_outcome work_tidy(struct media_work *work)
{
	int32_t count = work->row->part_count != NULL ? *work->row->part_count : 0;

	for (int32_t number = 1; number <= count; number++) {
		int rc = objects_delete(media_objects(),
		                        upload_part_key(work->task.arena, work->row->id, number),
		                        work_store_deadline(work));

		if (rc < 0)
			return work_store_failed(work, rc);
	}
	sql_upload_tidied(db_of(&work->task), work->row->id);
	return WORK_GOOD;
}

/* The image is ready without AVIF, so a failure that is its own costs no more than AVIF. */
enum work_outcome work_avif(struct media_work *work)
{
	int64_t bytes = 0;
	enum work_outcome outcome = work_read(work);

	assert(work->row->object_group != NULL);
	work->group = work->row->object_group;
	if (outcome == WORK_GOOD)
		outcome = work_examine(work, MEDIA_SET(MEDIA_AS_AVIF));
	if (outcome == WORK_GOOD)
		outcome = work_put_made(work, &bytes);
	if (outcome == WORK_FAILED)
		return work_tidy(work);
	if (outcome != WORK_GOOD)
		return outcome;
	sql_upload_add_format(db_of(&work->task), work->row->id, "avif", bytes);
	media_counts.avif++;
	return WORK_GOOD;
}
