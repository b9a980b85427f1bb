/* Every setting of a server. The checks that this table cannot express are in config.c. */
#include "node/config.h"

#include "web/origin.h"

#define TEXT(env, field, fallback, min, max, prose)                                                \
	{                                                                                          \
		env, OPTION_TEXT, offsetof(struct config, field), fallback, min, max, NULL, "",    \
		    false, prose                                                                   \
	}
#define SECRET(env, field, max, prose)                                                             \
	{                                                                                          \
		env, OPTION_TEXT, offsetof(struct config, field), "", 0, max, NULL, "", true,      \
		    prose                                                                          \
	}
#define INTEGER(env, field, fallback, min, max, unit, prose)                                       \
	{                                                                                          \
		env, OPTION_INTEGER, offsetof(struct config, field), fallback, min, max, NULL,     \
		    unit, false, prose                                                             \
	}
#define BOOLEAN(env, field, fallback, prose)                                                       \
	{                                                                                          \
		env, OPTION_BOOL, offsetof(struct config, field), fallback, 0, 1, NULL, "", false, \
		    prose                                                                          \
	}
#define CHOICE(env, field, fallback, choices, prose)                                               \
	{                                                                                          \
		env, OPTION_CHOICE, offsetof(struct config, field), fallback, 0, 0, choices, "",   \
		    false, prose                                                                   \
	}

/* Initial settings of a new database; later changes are stored in the database. */
#define LATER " Changed later with PUT /v1/admin/settings."

const struct option OPTIONS[] = {
    TEXT(
        "SEBEZ_LISTEN", listen, "127.0.0.1:8080", 3, 80,
        "Address to listen on: address:port, or [address]:port for IPv6. Port 0 picks a free one."),
    TEXT("SEBEZ_DATA", data, "./var", 1, 800,
         "The data folder: the secret, the embedded PostgreSQL and Redis, their sockets and logs, "
         "images and files. It may be absent or read-only when a secret is set and PostgreSQL, "
         "Redis "
         "and the store of files are all elsewhere; sebez stop, status and reload then do not "
         "find the server."),
    SECRET(
        "DATABASE_URL", database_url, 2000,
        "PostgreSQL to use, as a URL or key=value text, with a login that may create roles. Empty: "
        "an embedded PostgreSQL under SEBEZ_DATA."),
    SECRET("REDIS_URL", redis_url, 2000,
           "Redis or Valkey to use: redis://[[user]:password@]host[:port] or unix:/path. Empty: an "
           "embedded one."),
    SECRET(
        "SEBEZ_SECRET", secret, 200,
        "Key from which tokens and database passwords are derived: 32 bytes as 64 hexadecimal "
        "digits "
        "or as base64. Empty: the one in SEBEZ_DATA/secret, which is created unless DATABASE_URL "
        "is set."),
    SECRET("SEBEZ_SECRET_PREVIOUS", secret_previous, 200,
           "The previous SEBEZ_SECRET: tokens signed with it are still accepted."),
    TEXT("SEBEZ_RUN_AS", run_as, "", 0, 64,
         "User of all processes except the supervisor when started by root. Empty: "
         "postgres if that user exists, else nobody."),
    INTEGER("SEBEZ_PROCESSES", processes, "0", 0, 256, "processes",
            "Api processes. 0: one per core."),
    CHOICE("SEBEZ_LOG_LEVEL", log_level, "info", "debug info warn error",
           "Minimum level of log lines."),
    TEXT("SEBEZ_TRACES_URL", traces_url, "", 0, 300,
         "Where traces are sent, as OpenTelemetry's protocol over HTTP in JSON: "
         "http://collector:4318/v1/traces. Empty: nowhere."),
    INTEGER("SEBEZ_TRACES_PERCENT", traces_percent, "1", 0, 100, "percent",
            "Share of requests and runs of jobs whose traces are sent, of those that a caller's "
            "`traceparent` decides nothing about."),
    BOOLEAN("SEBEZ_CACHE", cache, "yes",
            "Whether replies to public requests are cached in memory."),
    BOOLEAN("SEBEZ_LIMITS", limits, "yes", "Whether rate limits apply (429)."),
    TEXT("SEBEZ_ORIGINS", origins, "", 0, ORIGINS_BYTES,
         "Other origins whose pages may call the API (CORS), with blanks between: "
         "`https://shop.example https://app.example:8443`, each exactly as browsers send it. "
         "Empty: none. Pages that this server serves itself need no entry."),
    TEXT(
        "SEBEZ_ALLOWED_NETWORKS", allowed_networks, "", 0, 1000,
        "Networks and addresses that are not on the public internet and that the server may still "
        "call at URLs which users supply, and whose addresses these may name, with blanks between: "
        "`10.20.0.0/16 fd12::/48 127.0.0.1`. Empty: none. URLs that you configure yourself need "
        "no entry."),
    TEXT("SEBEZ_CA_FILE", ca_file, "", 0, 800,
         "File of the certificate authorities, in PEM, that servers which are called over https "
         "may have. Empty: those of the system."),
    TEXT("S3_BUCKET", s3_bucket, "", 0, 63,
         "Bucket of S3, or of a store that speaks its protocol, for images and files. Empty: they "
         "are in the folder SEBEZ_DATA/objects."),
    TEXT("S3_ENDPOINT", s3_endpoint, "", 0, 300,
         "Where that store is: https://host or http://host:port. Empty: Amazon's of S3_REGION."),
    TEXT("S3_REGION", s3_region, "us-east-1", 1, 40, "Region of the bucket."),
    TEXT("S3_PUBLIC_URL", s3_public_url, "", 0, 300,
         "The same for clients, who send and read files there, if S3_ENDPOINT is an address that "
         "only servers reach. Empty: S3_ENDPOINT."),
    TEXT("S3_ACCESS_KEY_ID", s3_access_key_id, "", 0, 200,
         "Key for the bucket. Empty: that of AWS_ACCESS_KEY_ID, of the ECS task or of the EC2 "
         "instance."),
    SECRET("S3_SECRET_ACCESS_KEY", s3_secret_access_key, 200, "Secret of S3_ACCESS_KEY_ID."),
    BOOLEAN("S3_PATH_STYLE", s3_path_style, "no",
            "Whether the bucket is in the path of URLs, not in the host, as most stores other than "
            "Amazon's need it."),
    CHOICE("S3_ENCRYPTION", s3_encryption, "none", CONFIG_S3_ENCRYPTIONS,
           "Encryption that each put asks the store for. none: the bucket's default."),
    CHOICE("SEBEZ_MEDIA_STORE", media_store, "auto", "auto folder s3 s3+folder folder+s3",
           "Where images and files are. auto: s3 if S3_BUCKET is set, else folder. s3+folder and "
           "folder+s3: written to the first; what it lacks is read from the second, while `sebez "
           "media move` copies."),
    TEXT("SEBEZ_MEDIA_URL", media_url, "", 0, 300,
         "Where clients read public images: the URL of a CDN or proxy that gets them from below "
         "public/ in the bucket or /media/public/ of this server. Empty: from there directly."),
    INTEGER("SEBEZ_MEDIA_PROCESSES", media_processes, "1", 0, 64, "processes",
            "Processes that make the sizes and formats of images, and fetch those that files and "
            "edits name by a URL. 0: none here."),
    INTEGER("SEBEZ_FETCH_INTERVAL_MS", fetch_interval_ms, "50", 0, 60000, "ms",
            "Least time between two requests to one host for images that files and edits name by a "
            "URL."),
    TEXT("FCM_SERVICE_ACCOUNT_FILE", fcm_service_account_file, "", 0, 800,
         "File of the service account of Firebase, in JSON, with which push messages are sent by "
         "FCM. Empty: those messages wait."),
    TEXT("FCM_ORIGIN", fcm_origin, "https://fcm.googleapis.com", 8, 300, "Where FCM is."),
    TEXT("APNS_KEY_FILE", apns_key_file, "", 0, 800,
         "File of the key (.p8) with which push messages are sent by Apple's APNs. Empty: those "
         "messages wait."),
    TEXT("APNS_KEY_ID", apns_key_id, "", 0, 10, "Id of the key: 10 letters and digits."),
    TEXT("APNS_TEAM_ID", apns_team_id, "", 0, 10,
         "Id of the team of developers whose key it is: 10 letters and digits."),
    TEXT("APNS_TOPIC", apns_topic, "", 0, 200, "Bundle id of the app, such as com.example.shop."),
    TEXT("APNS_ORIGIN", apns_origin, "https://api.push.apple.com", 8, 300,
         "Where APNs is for apps from the App Store and TestFlight."),
    TEXT("APNS_SANDBOX_ORIGIN", apns_sandbox_origin, "https://api.sandbox.push.apple.com", 8, 300,
         "Where APNs is for apps that Xcode installed."),
    TEXT("VAPID_KEY_FILE", vapid_key_file, "", 0, 800,
         "File of the private key on the curve P-256 by which browsers' push services know this "
         "marketplace: PEM, or 43 characters of base64url. Empty: messages for browsers wait."),
    TEXT("VAPID_SUBJECT", vapid_subject, "", 0, 300,
         "Whom a push service may ask about our messages: mailto:you@shop.example or an https "
         "URL."),
    SECRET("EXPO_ACCESS_TOKEN", expo_access_token, 500,
           "Access token with which push messages are sent by Expo. Empty: those messages wait."),
    TEXT("EXPO_ORIGIN", expo_origin, "https://exp.host", 8, 300, "Where Expo's push service is."),
    TEXT("SMS_ROUTES", sms_routes, "", 0, 2000,
         "Who brings text messages to which numbers: words like `+251=gateway` and `*=twilio` with "
         "blanks between, of which the longest that fits counts. Numbers without one, and those of "
         "`nobody`, get none. Empty: the only provider that is set has all."),
    TEXT("SMS_FROM", sms_from, "", 0, 100,
         "Sender of text messages: a number, a name that the provider has registered, or a "
         "messaging service of Twilio (MG…)."),
    TEXT("TWILIO_ACCOUNT_SID", twilio_account_sid, "", 0, 100,
         "Account with which text messages are sent by Twilio. Empty: none are."),
    SECRET("TWILIO_AUTH_TOKEN", twilio_auth_token, 200, "Secret of that account."),
    TEXT("TWILIO_ORIGIN", twilio_origin, "https://api.twilio.com", 8, 300,
         "Where Twilio is, or a service that speaks its protocol."),
    TEXT("SMS_GATEWAY_URL", sms_gateway_url, "", 0, 800,
         "Where any other service takes text messages, each as one POST request. Empty: none."),
    SECRET("SMS_GATEWAY_HEADER", sms_gateway_header, 1000,
           "Header that it knows us by: `Authorization: Bearer …`."),
    SECRET("SMS_GATEWAY_BODY", sms_gateway_body, 2000,
           "Body of the request, in JSON or as a form, in which {to}, {text}, {from} and {id} are "
           "replaced: `{\"to\": \"{to}\", \"message\": \"{text}\"}` or `to={to}&message={text}`."),
    TEXT("SMS_GATEWAY_ACCEPTED", sms_gateway_accepted, "", 0, 200,
         "What its answer contains when it has taken the message. Empty: each answer with a status "
         "2xx means that."),
    INTEGER(
        "SMS_COUNTRY_HOURLY", sms_country_hourly, "1000", 1, 1000000, "codes",
        "Codes that all numbers of a country get by text message in an hour: what strangers who "
        "ask for many can make it cost."),
    TEXT("IOS_APP_IDS", ios_app_ids, "", 0, 1000,
         "iOS apps that open links to this marketplace, with blanks between, each the id of a team "
         "and a bundle id: `ABCDE12345.com.example.shop`. Empty: none."),
    TEXT("ANDROID_PACKAGE", android_package, "", 0, 200,
         "Android app that opens links to this marketplace: com.example.shop. Empty: none."),
    TEXT("ANDROID_CERTIFICATES", android_certificates, "", 0, 2000,
         "Fingerprints of the certificates that sign it, with blanks between, each SHA-256 in "
         "capital hexadecimal digits with colons, as Play Console shows them."),
    TEXT("GOOGLE_CLIENT_IDS", google_client_ids, "", 0, 2000,
         "Client ids of the apps and pages in which people sign in with Google, with blanks "
         "between. Empty: nobody does."),
    TEXT("GOOGLE_KEYS_URL", google_keys_url, "https://www.googleapis.com/oauth2/v3/certs", 8, 300,
         "Where the keys are that Google signs with: https, or http on this machine."),
    TEXT("APPLE_CLIENT_IDS", apple_client_ids, "", 0, 2000,
         "Bundle ids of apps and ids of services in which people sign in with Apple, with blanks "
         "between. Empty: nobody does."),
    TEXT("APPLE_KEY_FILE", apple_key_file, "", 0, 800,
         "File of the key (.p8) for Sign in with Apple, by which Apple is told of people who "
         "leave. Empty: it is not told."),
    TEXT("APPLE_KEY_ID", apple_key_id, "", 0, 10, "Id of the key: 10 letters and digits."),
    TEXT("APPLE_TEAM_ID", apple_team_id, "", 0, 10,
         "Id of the team of developers whose key it is: 10 letters and digits."),
    TEXT("APPLE_URL", apple_url, "https://appleid.apple.com", 8, 300,
         "Where Sign in with Apple is: https, or http on this machine."),
    CHOICE("SEBEZ_PROOF", proof, "none", "none work hcaptcha turnstile",
           "What is asked of who registers, signs in or asks for a code once many did so lately, "
           "for one address of e-mail or from one network: work of the computer, or a challenge of "
           "that service."),
    TEXT("SEBEZ_PROOF_SITE_KEY", proof_site_key, "", 0, 200,
         "Site key of hCaptcha or Turnstile, which apps show its challenge with."),
    SECRET("SEBEZ_PROOF_SECRET", proof_secret, 200, "Secret key of hCaptcha or Turnstile."),
    TEXT("SEBEZ_PROOF_URL", proof_url, "", 0, 300,
         "Where answers are verified. Empty: at the service."),
    TEXT("SEBEZ_COUNTRIES_FILE", countries_file, "", 0, 800,
         "File with the countries of addresses in the format of MaxMind (.mmdb), such as GeoLite2 "
         "Country or DB-IP Country: sessions then tell where they began. It is read at a start."),
    TEXT("SEBEZ_PASSKEY_DOMAIN", passkey_domain, "", 0, 253,
         "Domain that passkeys are for (the RP ID of WebAuthn): shop.example, whose subdomains may "
         "use them, too. After a change nobody's passkeys work. Empty: the host of "
         "SEBEZ_PUBLIC_URL."),
    TEXT("SEBEZ_PASSKEY_ORIGINS", passkey_origins, "", 0, 2000,
         "Pages and apps that may use passkeys, with blanks between, beside SEBEZ_PUBLIC_URL, "
         "SEBEZ_ORIGINS and the app of ANDROID_CERTIFICATES: https://login.shop.example or "
         "android:apk-key-hash:…"),
    SECRET(
        "SEBEZ_SMTP_URL", smtp_url, 500,
        "Mail server: smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465, "
        "special characters of user and password percent-encoded. Empty: no e-mail."),
    CHOICE("SEBEZ_SMTP_TLS", smtp_tls, "required", "required none",
           "Whether a server named by smtp:// must have STARTTLS. none: mails and the password go "
           "unencrypted, for a server on this machine or its network."),
    TEXT("SEBEZ_PUBLIC_URL", public_url, "", 0, 300,
         "Where people reach this marketplace: https://shop.example. Links in mails begin with it; "
         "required by SEBEZ_SMTP_URL. Empty: http:// and SEBEZ_LISTEN."),
    TEXT("SEBEZ_MAIL_FROM", mail_from, "", 0, 254,
         "Address that mails are from, such as shop@example.com; required by SEBEZ_SMTP_URL."),
    TEXT("SEBEZ_BOUNCE_ADDRESS", bounce_address, "", 0, 254,
         "Address to which mails come back that cannot be delivered: bounces@shop.example. A code "
         "is "
         "put behind its name (bounces+…@shop.example), and `sebez mail bounce` reads what arrives "
         "there. Empty: SEBEZ_MAIL_FROM, without a code."),
    SECRET("SEBEZ_MAIL_WEBHOOK_SECRET", mail_webhook_secret, 200,
           "Password with which a mail provider tells of bounces and complaints at "
           "/v1/webhooks/mail: 16 characters at least. Empty: nobody does."),
    TEXT("SEBEZ_MAIL_NAME", mail_name, "", 0, 100,
         "Name that mails are from, and that text messages name."),
    TEXT(
        "SEBEZ_DKIM_SELECTOR", dkim_selector, "", 0, 63,
        "Selector of the key in SEBEZ_DKIM_KEY_FILE: the name SELECTOR._domainkey of the domain of "
        "SEBEZ_MAIL_FROM has its record in the DNS."),
    TEXT("SEBEZ_DKIM_KEY_FILE", dkim_key_file, "", 0, 800,
         "File of the private key, RSA or Ed25519 in PEM, that signs mails (DKIM). Empty: the mail "
         "server signs them, or nobody."),
    BOOLEAN("SEBEZ_BEHIND_PROXY", behind_proxy, "no",
            "Whether a proxy stands in front, so that the client's address is the last one of "
            "X-Forwarded-For."),
    BOOLEAN("SEBEZ_DEMO", demo, "no",
            "Whether `serve` loads the demo marketplace once into an empty database."),
    INTEGER("SEBEZ_DB_CONNECTIONS", db_connections, "4", 1, 32, "connections",
            "Pipelined database connections per role and process."),
    INTEGER(
        "SEBEZ_DB_LEASED", db_leased, "8", 1, 128, "connections",
        "Maximum of database connections per role and process that transactions use exclusively."),
    INTEGER("SEBEZ_STATEMENT_TIMEOUT_MS", statement_timeout_ms, "10000", 100, 600000, "ms",
            "Timeout of a database statement."),
    INTEGER("SEBEZ_REQUEST_TIMEOUT_MS", request_timeout_ms, "30000", 1000, 600000, "ms",
            "Timeout of a request, which then gets a 503. Imports and "
            "exports have 15 minutes."),
    INTEGER("SEBEZ_DRAIN_MS", drain_ms, "10000", 0, 600000, "ms",
            "Time for a stopping process to finish requests in progress."),
    TEXT("SEBEZ_BACKUP_FOLDER", backup_folder, "", 0, 800,
         "Folder for backups of the embedded PostgreSQL, and of images and files in the folder, on "
         "another disk or machine. They are then made by schedule, and its write-ahead log is "
         "archived there all the time. Empty: only `sebez backup` makes one, in "
         "SEBEZ_DATA/backup."),
    TEXT("SEBEZ_BACKUP_URL", backup_url, "", 0, 300,
         "Bucket of S3 that has all of SEBEZ_BACKUP_FOLDER once more: s3://bucket or "
         "s3://bucket/prefix. `serve` takes what is new there within seconds, and deletes there "
         "what the folder has expired; `sebez restore` gets it from there into an empty folder. "
         "Empty: none."),
    TEXT("BACKUP_S3_ENDPOINT", backup_s3_endpoint, "", 0, 300,
         "Where the store of SEBEZ_BACKUP_URL is, as S3_ENDPOINT. Empty: S3_ENDPOINT."),
    TEXT("BACKUP_S3_REGION", backup_s3_region, "", 0, 40,
         "Region of that bucket. Empty: S3_REGION."),
    TEXT("BACKUP_S3_ACCESS_KEY_ID", backup_s3_access_key_id, "", 0, 200,
         "Key for that bucket, so that who has the one for images reaches no backup. Empty: "
         "S3_ACCESS_KEY_ID, unless BACKUP_S3_ENDPOINT is another store."),
    SECRET("BACKUP_S3_SECRET_ACCESS_KEY", backup_s3_secret_access_key, 200,
           "Secret of BACKUP_S3_ACCESS_KEY_ID."),
    SECRET("SEBEZ_PROBE_PASSWORD", probe_password, 256,
           "Password of the account that `sebez probe --email` signs in with."),
    SECRET("SEBEZ_BACKUP_KEY", backup_key, 200,
           "Key that backups are encrypted with: 32 bytes as 64 hexadecimal digits or as base64. "
           "Keep it elsewhere: without it nobody can restore them. Empty: they are not encrypted, "
           "and do not contain SEBEZ_SECRET."),
    CHOICE("SEBEZ_BACKUP_TOOL", backup_tool, "auto", "auto plain pgbackrest",
           "What makes them. plain: PostgreSQL's own pg_basebackup, each backup a full one. "
           "pgbackrest: that program, a full one each week and else what differs from it. auto: "
           "pgbackrest where it is installed and its user reaches both folders, else plain. What "
           "a folder was begun with goes on."),
    INTEGER("SEBEZ_BACKUP_HOURS", backup_hours, "24", 0, 8760, "hours",
            "How often `serve` makes a backup, once a folder for them is set. It tries one restore "
            "a week. 0: by itself it makes none."),
    INTEGER("SEBEZ_BACKUP_IMAGES_MINUTES", backup_images_minutes, "60", 0, 10080, "minutes",
            "How often `serve` copies images and files that are new to the folder for backups, "
            "besides with each backup. 0: only with each."),
    INTEGER("SEBEZ_BACKUP_DAYS", backup_days, "14", 1, 3650, "days",
            "Each moment of so many past days can be restored; older backups are deleted."),
    INTEGER("SEBEZ_JOBS_INTERVAL_MS", jobs_interval_ms, "1000", 10, 3600000, "ms",
            "Interval at which the jobs process looks for work."),
    INTEGER("SEBEZ_RANKING_INTERVAL_MS", ranking_interval_ms, "600000", 10, 86400000, "ms",
            "Interval at which products are ranked anew by what was sold: the sort order "
            "best_selling is at most this much behind."),
    TEXT("SEBEZ_CURRENCY", currency, "", 0, 3,
         "The currency of a new marketplace, an ISO 4217 code. Empty: USD. It cannot be changed: a "
         "database with another currency is refused."),
    TEXT("SEBEZ_LANGUAGE", language, "en", 2, 3,
         "The marketplace's language: that of notifications, mails and text messages for people of "
         "whom no language is known that has texts (en, am, ar, fr)."),
    INTEGER("SEBEZ_PAYMENT_HOURS", payment_hours, "72", 1, 8760, "hours",
            "Of a new marketplace: an order that waits for its payment is cancelled after this "
            "long." LATER),
    CHOICE("SEBEZ_SANDBOX", sandbox, "auto", "auto yes no",
           "Whether orders can be paid by the sandbox, a payment provider that moves no money. "
           "auto: if SEBEZ_DEMO is yes."),
    INTEGER("SEBEZ_PAYMENT_MINUTES", payment_minutes, "30", 1, 1440, "minutes",
            "An order that is to be paid by a provider of payments is cancelled after this long."),
    SECRET("CHAPA_SECRET_KEY", chapa_secret_key, 200,
           "Secret key with which payments are taken by Chapa, in ETB and USD. Empty: none are."),
    SECRET(
        "CHAPA_WEBHOOK_SECRETS", chapa_webhook_secrets, 400,
        "Secret hash of Chapa's webhooks at /v1/payment-webhooks/chapa, as its dashboard has it; "
        "while it changes, the new one and the one before with a blank between. Empty: "
        "webhooks are refused, and payments are noticed later."),
    TEXT("CHAPA_URL", chapa_url, "https://api.chapa.co", 8, 300, "Where Chapa is."),
    SECRET("STRIPE_SECRET_KEY", stripe_secret_key, 300,
           "Secret key with which payments are taken by Stripe. Empty: none are."),
    SECRET("STRIPE_WEBHOOK_SECRETS", stripe_webhook_secrets, 400,
           "Signing secret of Stripe's webhooks at /v1/payment-webhooks/stripe (whsec_…); while it "
           "changes, the new one and the one before with a blank between. Empty: webhooks are "
           "refused, and payments are noticed later."),
    TEXT("STRIPE_URL", stripe_url, "https://api.stripe.com", 8, 300, "Where Stripe is."),
    TEXT("SEBEZ_RETURN_URLS", return_urls, "", 0, 2000,
         "Where pages of payment providers may lead customers, besides this server, "
         "SEBEZ_PUBLIC_URL and SEBEZ_ORIGINS: beginnings of URLs of apps with blanks between, such "
         "as `shop://paid`."),
    INTEGER("SEBEZ_ACCEPT_HOURS", accept_hours, "48", 1, 8760, "hours",
            "Of a new marketplace: a sub-order that its vendor has not accepted is cancelled after "
            "this long." LATER),
    INTEGER("SEBEZ_COMPLETE_DAYS", complete_days, "14", 1, 365, "days",
            "Of a new marketplace: a delivered sub-order is completed after this long." LATER),
    INTEGER("SEBEZ_SERVICE_FEE_FIXED", service_fee_fixed, "0", 0, 1000000000, "minor units",
            "Of a new marketplace: the fixed part of the platform's fee on each order." LATER),
    INTEGER("SEBEZ_SERVICE_FEE_BASIS_POINTS", service_fee_basis_points, "0", 0, 10000,
            "basis points",
            "Of a new marketplace: the platform's fee on each order as a share of the goods' "
            "price." LATER),
    INTEGER("SEBEZ_COMMISSION_BASIS_POINTS", commission_basis_points, "1000", 0, 10000,
            "basis points",
            "Of a new marketplace: commission on sales, unless a vendor has its own rate." LATER),
};

const size_t OPTION_COUNT = sizeof(OPTIONS) / sizeof(OPTIONS[0]);
