#include "node/metrics.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/metrics_segment.h"

static struct metrics_segment segment;

size_t metrics_segment_size(unsigned slots)
{
	_Static_assert(sizeof(struct metrics_backup) < sizeof(struct metrics_slot),
	               "the number of slots follows from the size");
	return slots * sizeof(struct metrics_slot) + sizeof(struct metrics_backup);
}

const struct metrics_segment *metrics_segment(void)
{
	return &segment;
}

int metrics_create(unsigned slots)
{
	int fd = memfd_create("sebez-metrics", MFD_CLOEXEC);
	int rc;

	assert(slots > 0);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)metrics_segment_size(slots)) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static int map(int fd, size_t least_bytes)
{
	struct stat info;
	void *bytes;

	if (fstat(fd, &info) != 0)
		return -errno;
	if (info.st_size < (off_t)least_bytes)
		return -EINVAL;
	bytes = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	segment.slots = bytes;
	segment.count = (unsigned)((size_t)info.st_size / sizeof(struct metrics_slot));
	segment.backup = (struct metrics_backup *)(segment.slots + segment.count);
	return 0;
}

static void add(uint64_t *counter, uint64_t amount)
{
	__atomic_fetch_add(counter, amount, __ATOMIC_RELAXED);
}

int metrics_attach(int fd, unsigned slot, const char *kind)
{
	int rc = map(fd, metrics_segment_size(slot + 1));

	if (rc < 0)
		return rc;
	assert(segment.mine == NULL && slot < segment.count);
	segment.mine = &segment.slots[slot];
	segment.mine->pid = getpid();
	snprintf(segment.mine->kind, sizeof(segment.mine->kind), "%s", kind);
	add(&segment.mine->starts, 1);
	return 0;
}

int metrics_watch(int fd)
{
	return map(fd, 0);
}

uint64_t metrics_beats(unsigned slot)
{
	assert(slot < segment.count);
	return __atomic_load_n(&segment.slots[slot].beats, __ATOMIC_RELAXED);
}

void metrics_give(unsigned slot, pid_t pid)
{
	assert(slot < segment.count);
	segment.slots[slot].pid = pid;
}

static unsigned status_index(int status)
{
	for (unsigned i = 0; i < METRICS_STATUSES - 1; i++)
		if (METRICS_STATUS_CODES[i] == status)
			return i;
	return METRICS_STATUSES - 1;
}

static unsigned bucket_index(int64_t duration_us)
{
	unsigned i = 0;

	while (i < METRICS_BUCKETS - 1 && duration_us > METRICS_BUCKET_US[i])
		i++;
	return i;
}

void metrics_request(unsigned operation, int status, int64_t duration_us)
{
	struct metrics_operation *counts;

	if (segment.mine == NULL || operation >= METRICS_OPERATIONS_MAX)
		return;
	assert(duration_us >= 0); /* of the monotonic clock */
	counts = &segment.mine->operations[operation];
	add(&counts->statuses[status_index(status)], 1);
	add(&counts->buckets[bucket_index(duration_us)], 1);
	add(&counts->sum_us, (uint64_t)duration_us);
}

void metrics_job(unsigned job, bool good, int64_t duration_us)
{
	struct metrics_job *counts;

	if (segment.mine == NULL || job >= METRICS_JOBS_MAX)
		return;
	counts = &segment.mine->jobs[job];
	add(good ? &counts->good : &counts->failed, 1);
	add(&counts->sum_us, (uint64_t)duration_us);
	if (good)
		counts->good_at_ms = (uint64_t)clock_monotonic_ms();
}

void metrics_job_begins(unsigned job, int64_t interval_ms)
{
	struct metrics_job *counts;

	assert(interval_ms > 0);
	if (segment.mine == NULL || job >= METRICS_JOBS_MAX)
		return;
	counts = &segment.mine->jobs[job];
	counts->interval_ms = (uint64_t)interval_ms;
	if (counts->good_at_ms == 0)
		counts->good_at_ms = (uint64_t)clock_monotonic_ms();
}

void metrics_set(const struct metrics_gauges *gauges)
{
	/* During a reload only the successor reports gauges for the slot, not the older process. */
	if (segment.mine == NULL || segment.mine->pid != getpid())
		return;
	segment.mine->gauges = *gauges;
	add(&segment.mine->beats, 1);
}

void metrics_set_backup(const struct metrics_backup *backup)
{
	if (segment.backup != NULL)
		*segment.backup = *backup;
}
