/* The part of the metrics that is about uploads. */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "api.gen.h"
#include "node/metrics_segment.h"
#include "shop/media/process.h"

_Static_assert(METRICS_UPLOAD_FAILURES == (int)MEDIA_FAILURES_COUNTED, "a count for each");

/* One value per media process. */
static const struct media_family {
	const char *name, *help;
	size_t offset;
	double unit;
} FAMILIES[] = {
    {"sebez_uploads_published_total", "Uploads that became ready.",
     offsetof(struct metrics_media, published), 1},
    {"sebez_uploads_shared_total", "Of them those whose bytes had been processed before.",
     offsetof(struct metrics_media, shared), 1},
    {"sebez_uploads_avif_total", "Images that got AVIF, after they were ready.",
     offsetof(struct metrics_media, avif), 1},
    {"sebez_upload_seconds_total", "From the claim of uploads until they were ready.",
     offsetof(struct metrics_media, busy_us), 1e6},
    {"sebez_uploads_postponed_total", "Attempts that the store or the server itself prevented.",
     offsetof(struct metrics_media, postponed), 1},
    {"sebez_pictures_fetched_total", "Pictures that were fetched by their URLs.",
     offsetof(struct metrics_media, fetched), 1},
    {"sebez_pictures_unchanged_total", "Pictures that were asked for again and had not changed.",
     offsetof(struct metrics_media, unchanged), 1},
    {"sebez_picture_retries_total", "Attempts to fetch pictures that another one follows.",
     offsetof(struct metrics_media, fetched_again), 1},
    {"sebez_media_workers_killed_total", "Workers that ended before their time.",
     offsetof(struct metrics_media, workers_killed), 1},
};

/* Only media processes have such counts; the others are left out. */
static bool is_media(const struct metrics_slot *process)
{
	return process->pid != 0 && process->gauges.is_media;
}

static void write_family(struct buf *out, const struct metrics_segment *all,
                         const struct media_family *family)
{
	metrics_write_head(out, family->name, "counter", family->help);
	for (unsigned slot = 0; slot < all->count; slot++) {
		const char *media = (const char *)&all->slots[slot].gauges.media;
		uint64_t value;

		assert(family->offset + sizeof(value) <= sizeof(struct metrics_media));
		if (!is_media(&all->slots[slot]))
			continue;
		memcpy(&value, media + family->offset, sizeof(value));
		buf_printf(out, "%s{process=\"%u\"} %.*f\n", family->name, slot,
		           family->unit > 1 ? 6 : 0, (double)value / family->unit);
	}
}

static void write_failures(struct buf *out, const struct metrics_segment *all)
{
	metrics_write_head(out, "sebez_uploads_failed_total", "counter",
	                   "Uploads that media processes refused.");
	for (unsigned slot = 0; slot < all->count; slot++)
		for (int i = 0; i < METRICS_UPLOAD_FAILURES && is_media(&all->slots[slot]); i++)
			buf_printf(
			    out, "sebez_uploads_failed_total{process=\"%u\",reason=\"%s\"} %llu\n",
			    slot, UPLOAD_FAILURE_NAMES[i],
			    (unsigned long long)all->slots[slot].gauges.media.failed[i]);
}

static void write_waiting(struct buf *out, const struct metrics_segment *all)
{
	struct metrics_uploads sum = {0};

	for (unsigned slot = 0; slot < all->count; slot++) {
		const struct metrics_uploads *one = &all->slots[slot].gauges.uploads;

		sum.unpublished += one->unpublished;
		sum.published += one->published;
		sum.oldest_s += one->oldest_s;
		sum.unfetched += one->unfetched;
	}
	metrics_write_head(
	    out, "sebez_uploads_waiting", "gauge",
	    "Uploads that wait for a media process: to be fetched by their URLs, to become ready, "
	    "or for AVIF and the removal of their parts.");
	buf_printf(out,
	           "sebez_uploads_waiting{work=\"fetch\"} %llu\n"
	           "sebez_uploads_waiting{work=\"publish\"} %llu\n"
	           "sebez_uploads_waiting{work=\"rest\"} %llu\n",
	           (unsigned long long)sum.unfetched, (unsigned long long)sum.unpublished,
	           (unsigned long long)sum.published);
	metrics_write_head(out, "sebez_uploads_oldest_seconds", "gauge",
	                   "Since the first of those that are not ready was created.");
	buf_printf(out, "sebez_uploads_oldest_seconds{work=\"publish\"} %llu\n",
	           (unsigned long long)sum.oldest_s);
}

void metrics_write_media(struct buf *out, const struct metrics_segment *all)
{
	for (size_t i = 0; i < sizeof(FAMILIES) / sizeof(FAMILIES[0]); i++)
		write_family(out, all, &FAMILIES[i]);
	write_failures(out, all);
	write_waiting(out, all);
}
