#include "media/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <malloc.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/limits.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static bool limit(int resource, rlim_t most)
{
	return setrlimit((__rlimit_resource_t)resource, &(struct rlimit){most, most}) == 0;
}

/* RLIMIT_NPROC counts all processes and threads of the user, so that it would say when a worker
 * may start a thread; that it starts no process is seccomp's. AddressSanitizer maps 16 TB. */
static bool set_limits(rlim_t memory, rlim_t seconds, rlim_t file, rlim_t descriptors)
{
	return (SANITIZED || limit(RLIMIT_AS, memory)) && limit(RLIMIT_CPU, seconds) &&
	       limit(RLIMIT_FSIZE, file) && limit(RLIMIT_NOFILE, descriptors) &&
	       limit(RLIMIT_CORE, 0);
}

/* What the headers of Debian 12 know of what Landlock governs. */
static const uint64_t FILES = (LANDLOCK_ACCESS_FS_REFER << 1) - 1;
static const uint64_t READING =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

static void allow_reading(int rules, const char *folder)
{
	struct landlock_path_beneath_attr beneath = {.allowed_access = READING};

	beneath.parent_fd = open(folder, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd < 0)
		return; /* not on this system */
	syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
	close(beneath.parent_fd);
}

static const char *const NOTHING[] = {NULL};
static const char *const LIBRARIES[] = {"/usr", "/lib", "/etc/ld.so.cache", NULL};
static const char *const FONTS[] = {"/usr/share", "/usr/local/share", "/etc/fonts",
                                    "/var/cache/fontconfig", NULL};

/* Of this thread and those that it starts: it may read these. False: the kernel has no Landlock. */
static bool landlock(const char *const *readable)
{
	long version =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	/* Version 1 does not know LANDLOCK_ACCESS_FS_REFER, the last one. */
	struct landlock_ruleset_attr governed = {.handled_access_fs =
	                                             version == 1 ? FILES >> 1 : FILES};
	int rules;
	bool done;

	if (version < 1)
		return false;
	rules = (int)syscall(SYS_landlock_create_ruleset, &governed, sizeof(governed), 0);
	if (rules < 0)
		return false;
	for (; *readable != NULL; readable++)
		allow_reading(rules, *readable);
	done = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	close(rules);
	return done;
}

static bool give_up_the_rest(void)
{
	clearenv();
	/* One heap: a second one asks the system for the number of processors, by a file. */
	mallopt(M_ARENA_MAX, 1);
	if (close_range(STDERR_FILENO + 1, ~0U, 0) != 0)
		for (int fd = STDERR_FILENO + 1; fd < 1024; fd++)
			close(fd);
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

bool sandbox_prepare(bool *ret_landlock)
{
	if (!give_up_the_rest() ||
	    !set_limits(LIMIT_MEDIA_WORKER_BYTES, LIMIT_MEDIA_WORKER_SECONDS,
	                LIMIT_MEDIA_RENDITION_BYTES, LIMIT_MEDIA_WORKER_DESCRIPTORS))
		return false;
	/* Else large pictures would go through files in /tmp. */
	setenv("VIPS_DISC_THRESHOLD", "1000g", 1);
	*ret_landlock = landlock(LIBRARIES);
	return true;
}

bool sandbox_prepare_paper(void)
{
	return give_up_the_rest() &&
	       set_limits(LIMIT_PAPER_WORKER_BYTES, LIMIT_PAPER_WORKER_SECONDS,
	                  LIMIT_PAPER_PDF_BYTES, LIMIT_PAPER_WORKER_DESCRIPTORS);
}

/* Harmless, or on memory and threads of the program. */
static const int ALLOWED[] = {
    SCMP_SYS(brk),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(close),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(ftruncate),
    SCMP_SYS(futex),
    SCMP_SYS(getpid),
    SCMP_SYS(getrandom),
    SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(lseek),
    SCMP_SYS(madvise),
    SCMP_SYS(memfd_create),
    SCMP_SYS(mmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    SCMP_SYS(recvmsg),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sendmsg),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(setitimer),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sched_getaffinity),
};

/* By which fonts are found and read, and the PDF is written. */
static const int READING_FONTS[] = {
    SCMP_SYS(access),     SCMP_SYS(fstat),    SCMP_SYS(fstatfs),    SCMP_SYS(getdents64),
    SCMP_SYS(getegid),    SCMP_SYS(geteuid),  SCMP_SYS(getgid),     SCMP_SYS(getuid),
    SCMP_SYS(newfstatat), SCMP_SYS(open),     SCMP_SYS(openat),     SCMP_SYS(pread64),
    SCMP_SYS(read),       SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(stat),
    SCMP_SYS(statfs),     SCMP_SYS(statx),    SCMP_SYS(uname),
};

/* Libraries ask and manage without an answer; glibc uses clone() where clone3() is not there. */
static const struct {
	int call;
	int error;
} REFUSED[] = {
    {SCMP_SYS(clone3), ENOSYS},
    {SCMP_SYS(open), EACCES},
    {SCMP_SYS(openat), EACCES},
    {SCMP_SYS(readlink), EACCES},
    {SCMP_SYS(readlinkat), EACCES},
    {SCMP_SYS(stat), EACCES},
    {SCMP_SYS(newfstatat), EACCES},
    {SCMP_SYS(access), EACCES},
    {SCMP_SYS(sched_setscheduler), EPERM},
    {SCMP_SYS(sched_getparam), EPERM},
    {SCMP_SYS(sched_getscheduler), EPERM},
    {SCMP_SYS(sched_setaffinity), EPERM},
    {SCMP_SYS(get_mempolicy), EPERM},
    {SCMP_SYS(set_mempolicy), EPERM},
    {SCMP_SYS(sysinfo), EPERM},
};

/* Only with that in argument `number`, of which `mask` counts. */
static bool allow_use(scmp_filter_ctx filter, int call, unsigned number, uint64_t mask,
                      uint64_t value)
{
	const struct scmp_arg_cmp use = {
	    .arg = number, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};

	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &use) == 0;
}

static bool allow_uses(scmp_filter_ctx filter)
{
	const uint64_t all = UINT32_MAX; /* these arguments are ints */

	return allow_use(filter, SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD) &&
	       allow_use(filter, SCMP_SYS(fcntl), 1, all, F_ADD_SEALS) &&
	       allow_use(filter, SCMP_SYS(fcntl), 1, all, F_GET_SEALS) &&
	       allow_use(filter, SCMP_SYS(prctl), 0, all, PR_SET_NAME) &&
	       (!SANITIZED || allow_use(filter, SCMP_SYS(write), 0, all, STDERR_FILENO));
}

static bool allow_each(scmp_filter_ctx filter, size_t count, const int *calls)
{
	bool made = true;

	for (size_t i = 0; made && i < count; i++)
		made = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) == 0;
	return made;
}

static bool reads_fonts(int call)
{
	for (size_t i = 0; i < sizeof(READING_FONTS) / sizeof(READING_FONTS[0]); i++)
		if (READING_FONTS[i] == call)
			return true;
	return false;
}

static bool load_filter(scmp_filter_ctx filter, bool fonts)
{
	/* Of all threads, which the warm-up has started. */
	bool made = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
	            allow_each(filter, sizeof(ALLOWED) / sizeof(ALLOWED[0]), ALLOWED);

	if (fonts)
		made = made &&
		       allow_each(filter, sizeof(READING_FONTS) / sizeof(READING_FONTS[0]),
		                  READING_FONTS) &&
		       allow_use(filter, SCMP_SYS(write), 0, UINT32_MAX, STDOUT_FILENO) &&
		       allow_use(filter, SCMP_SYS(fcntl), 1, UINT32_MAX, F_SETFD) &&
		       allow_use(filter, SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFD) &&
		       allow_use(filter, SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFL);
	for (size_t i = 0; made && i < sizeof(REFUSED) / sizeof(REFUSED[0]); i++)
		if (!fonts || !reads_fonts(REFUSED[i].call))
			made = seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)REFUSED[i].error),
			                        REFUSED[i].call, 0) == 0;
	return made && allow_uses(filter) && seccomp_load(filter) == 0;
}

static bool enter(const char *const *readable, bool fonts)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	bool loaded = false;

	if (filter == NULL)
		return false;
	/* The list refuses to open files but where fonts are read: Landlock alone keeps that from
	 * all others. */
	if (landlock(readable) || !fonts)
		loaded = load_filter(filter, fonts);
	seccomp_release(filter);
	return loaded;
}

bool sandbox_enter(void)
{
	return enter(NOTHING, false);
}

bool sandbox_enter_paper(void)
{
	return enter(FONTS, true);
}

void sandbox_deadline(unsigned ms)
{
	struct itimerval timer = {
	    .it_value = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000}};

	setitimer(ITIMER_REAL, &timer, NULL);
}
