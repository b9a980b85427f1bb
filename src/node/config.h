/*
 * config: every setting of a server, as one table. The parser, the text of `sebez serve --help` and
 * docs/CONFIGURATION.md are derived from the table.
 *
 * Settings come from the environment, or from files that it names (config_files.h), and are read
 * once, at start. Strings live as long as the process.
 */
#ifndef SEBEZ_NODE_CONFIG_H
#define SEBEZ_NODE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum log_threshold {
	LOG_THRESHOLD_DEBUG,
	LOG_THRESHOLD_INFO,
	LOG_THRESHOLD_WARN,
	LOG_THRESHOLD_ERROR
};

enum backup_tool { BACKUP_TOOL_AUTO, BACKUP_TOOL_PLAIN, BACKUP_TOOL_PGBACKREST };

enum smtp_tls { SMTP_TLS_REQUIRED, SMTP_TLS_NONE };

/* SEBEZ_SANDBOX, in the order of its words. */
enum sandbox { SANDBOX_AUTO, SANDBOX_YES, SANDBOX_NO };

enum media_store {
	MEDIA_STORE_AUTO,
	MEDIA_STORE_FOLDER,
	MEDIA_STORE_S3,
	MEDIA_STORE_S3_FOLDER,
	MEDIA_STORE_FOLDER_S3,
};

#define CONFIG_S3_ENCRYPTIONS "none AES256 aws:kms"

struct config {
	const char *listen; /* address:port, [address]:port */
	const char *data;
	const char *database_url; /* "" means embedded */
	const char *redis_url;    /* "" means embedded */
	const char *secret;       /* a key; "" means the key file in the data folder */
	const char *secret_previous;
	const char *backup_folder;    /* "" means that nothing is archived */
	const char *backup_url;       /* "" means in no bucket */
	const char *probe_password;   /* of `sebez probe` */
	const char *backup_key;       /* "" means not encrypted */
	const char *run_as;           /* "" means postgres, or nobody */
	const char *currency;         /* "" means the database's currency; USD for a new database */
	const char *ca_file;          /* "" means the system's CA certificates */
	const char *allowed_networks; /* reachable by URLs of users; "" means public ones */
	const char *google_client_ids, *google_keys_url; /* "" means that nobody signs in by it */
	const char *apple_client_ids, *apple_url;
	const char *apple_team_id, *apple_key_id, *apple_key_file;
	const char *proof_site_key, *proof_secret, *proof_url;
	const char *countries_file;  /* "" means that countries are not known */
	const char *passkey_domain;  /* "" means the host of public_url */
	const char *passkey_origins; /* beside those that are known */
	const char *origins;         /* allowed by CORS; "" means only our own */
	const char *s3_bucket;       /* "" means a folder */
	const char *s3_endpoint;
	const char *s3_region;
	const char *s3_public_url;
	const char *s3_access_key_id;
	const char *s3_secret_access_key;
	const char *backup_s3_endpoint; /* these four: "" means that of images and files */
	const char *backup_s3_region;
	const char *backup_s3_access_key_id;
	const char *backup_s3_secret_access_key;
	const char *media_url;
	const char *smtp_url;            /* "" means that no mails are sent */
	const char *bounce_address;      /* "" means mail_from */
	const char *mail_webhook_secret; /* "" means that nobody tells of bounces */
	const char *traces_url;          /* "" means that no traces are sent */
	const char *public_url;          /* "" means the address of SEBEZ_LISTEN */
	const char *chapa_secret_key, *chapa_webhook_secrets, *chapa_url;
	const char *stripe_secret_key, *stripe_webhook_secrets, *stripe_url;
	const char *return_urls;
	const char *language; /* of texts for who names none */
	const char *mail_from;
	const char *mail_name;
	const char *dkim_selector;
	const char *dkim_key_file;
	int64_t proof;                        /* enum suspicion_kind */
	int64_t smtp_tls;                     /* enum smtp_tls */
	const char *fcm_service_account_file; /* "" means none, as of the next ones */
	const char *fcm_origin;
	const char *apns_key_file;
	const char *apns_key_id;
	const char *apns_team_id;
	const char *apns_topic;
	const char *apns_origin;
	const char *apns_sandbox_origin;
	const char *vapid_key_file;
	const char *vapid_subject;
	const char *expo_access_token;
	const char *expo_origin;
	const char *sms_routes; /* "" means that all numbers are the only provider's */
	const char *sms_from;
	const char *twilio_account_sid; /* "" means none, as of the gateway's URL */
	const char *twilio_auth_token;
	const char *twilio_origin;
	const char *sms_gateway_url;
	const char *sms_gateway_header;
	const char *sms_gateway_body;
	const char *sms_gateway_accepted;
	const char *ios_app_ids;
	const char *android_package;
	const char *android_certificates;
	int64_t s3_path_style;
	int64_t s3_encryption; /* a word of CONFIG_S3_ENCRYPTIONS */
	int64_t media_store;   /* enum media_store; not MEDIA_STORE_AUTO after config_load */
	int64_t media_processes;
	int64_t sms_country_hourly;
	int64_t fetch_interval_ms;
	int64_t processes; /* never 0 after config_load */
	int64_t log_level; /* enum log_threshold */
	int64_t cache;
	int64_t limits;
	int64_t behind_proxy;
	int64_t traces_percent;
	int64_t db_connections;
	int64_t db_leased;
	int64_t statement_timeout_ms;
	int64_t request_timeout_ms;
	int64_t drain_ms;
	int64_t backup_tool; /* enum backup_tool */
	int64_t backup_days;
	int64_t backup_images_minutes; /* 0: with each backup */
	int64_t backup_hours;          /* 0: no schedule */
	int64_t jobs_interval_ms;
	int64_t ranking_interval_ms;
	int64_t sandbox; /* enum sandbox */
	int64_t payment_minutes;
	int64_t payment_hours;
	int64_t accept_hours;
	int64_t complete_days;
	int64_t service_fee_fixed;
	int64_t service_fee_basis_points;
	int64_t commission_basis_points;
	int64_t demo;
};

enum option_type { OPTION_TEXT, OPTION_INTEGER, OPTION_BOOL, OPTION_CHOICE, OPTION_TYPE_COUNT };

struct option {
	const char *name; /* of the environment variable */
	enum option_type type;
	size_t offset; /* in struct config: const char * for texts, int64_t for all others */
	const char *fallback;
	int64_t min, max;    /* integers: value; texts: length in bytes */
	const char *choices; /* OPTION_CHOICE: words separated by spaces */
	const char *unit;    /* "" when there is none */
	bool secret;         /* its value is never printed */
	const char *prose;
};

extern const struct option OPTIONS[];
extern const size_t OPTION_COUNT;

/* Reads the environment. On an invalid value returns -EINVAL and writes a sentence to error that
 * names the option and never contains a secret. */
int config_load(struct config *ret, char *error, size_t error_size)
    __attribute__((warn_unused_result));

/* Whether anything is kept in the data folder: false when PostgreSQL, Redis and the store of images
 * and files are all elsewhere. */
bool config_needs_folder(const struct config *config);

/* Splits SEBEZ_LISTEN into address and port. host gets the address without brackets. */
bool config_split_listen(const char *listen, char *host, size_t host_size, int *ret_port);

/* names: NULL-terminated list of the settings to print; NULL: all of them. */
void config_print_help(FILE *out, const char *const *names);
void config_print_markdown(FILE *out);

#endif
