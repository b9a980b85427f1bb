/* The mail area (shop/area.h). */
#include "shop/mail/links.h"
#include "shop/mail/sender.h"
#include "shop/mail/shelf.h"
#include "task/job.h"
#include "web/limit.h"

static const struct limit_rule LIMITS[] = {
    /* the servers of a mail provider unsubscribe for many */
    {"mail_webhook", LIMIT_BY_ADDRESS, 600, 60},
    {"unsubscribe", LIMIT_BY_ADDRESS, 300, 60},
    {0},
};

enum { DAY_S = 24 * 60 * 60 };

static const struct job JOBS[] = {
    {"purge_mails", JOB_HOURLY, mail_purge},
    {0},
};

static const struct outbox_topic TOPICS[] = {
    {.name = "mail", .deliver = mail_deliver, .expire_s = 3 * DAY_S, .drop_expired = true},
    {0},
};

static int start(const struct area_options *options)
{
	if (options->mail == NULL)
		return 0;
	links_start(options->mail);
	mail_webhook_start(options->mail);
	shelf_start(options->mail->folder_fd);
	if (!options->serves)
		mail_start(options->mail);
	return 0;
}

const struct area AREA_MAIL = {
    .name = "mail",
    .limits = LIMITS,
    .jobs = JOBS,
    .topics = TOPICS,
    .start = start,
};
