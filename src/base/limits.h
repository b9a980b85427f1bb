/* limits: every bound of the program in one place, with its reason. When a bound is reached, refuse
 * early. */
#ifndef SEBEZ_BASE_LIMITS_H
#define SEBEZ_BASE_LIMITS_H

enum {
	/* Memory of one request beyond its body: a page of 100 products of 20 KB is 2 MB. */
	LIMIT_REQUEST_ARENA_BYTES = 16 * 1024 * 1024,

	/* A buffered JSON body. The largest legitimate: a product of 250 variants, 100 KB. */
	LIMIT_BODY_BYTES = 1024 * 1024,

	/* A body that is always accepted: sign-ins and orders are smaller, so a flood of larger
	 * ones does not keep them out; 80 MB when every connection brings one. Operations without a
	 * body get as much, for clients that send an empty object. */
	LIMIT_SMALL_BODY_BYTES = 4 * 1024,
	/* Larger bodies that one process holds at once: dozens of the largest, where hundreds of
	 * usual ones take a tenth of it. Further ones get a 503. */
	LIMIT_BODIES_BYTES = 64 * 1024 * 1024,

	/* An import streams; this bounds the cost of one upload. */
	LIMIT_IMPORT_BYTES = 256 * 1024 * 1024,

	/* Nesting of a JSON body. The contract's deepest is 5. */
	LIMIT_JSON_DEPTH = 16,

	/* Longest request target: filters and a cursor fit in 2 KB, browsers stop at 8 KB. */
	LIMIT_URL_BYTES = 8 * 1024,

	/* libmicrohttpd's memory of one connection: request line, headers, read buffer. */
	LIMIT_CONNECTION_BYTES = 16 * 1024,

	/* The part of it for the head of a request, with 72 bytes for each header, cookie and query
	 * parameter; the rest is for reading the body and for the head of the reply. */
	LIMIT_HEAD_BYTES = 12 * 1024,
	/* A request target; nginx accepts no longer request line either. */
	LIMIT_TARGET_BYTES = 8 * 1024,

	/* Chunk extensions, which no client needs. */
	LIMIT_CHUNK_EXTENSION_BYTES = 256,

	/* After a malformed request: bytes of the client that are discarded, so that it sees the
	 * reply. */
	LIMIT_UNREADABLE_BYTES = 1024 * 1024,

	/* Descriptors of connections, by which their intakes are found: LIMIT_CONNECTIONS and all
	 * others of a process. */
	LIMIT_DESCRIPTORS = 32 * 1024,

	/* Idle time of a connection; longer than the 60 s of proxies. */
	LIMIT_CONNECTION_IDLE_MS = 75 * 1000,

	/* Time to receive the headers, since the connection began or was last answered: a
	 * connection that is idle until just before its timeout still has some seconds for a
	 * request. */
	LIMIT_HEAD_MS = 90 * 1000,

	/* Time to send a buffered body; 1 MB in a minute is a slow phone. */
	LIMIT_BODY_MS = 60 * 1000,

	/* Bytes of a refused body that are discarded, so that the client sees the reply. */
	LIMIT_BODY_DISCARD_BYTES = 8 * 1024 * 1024,

	/* Connections of one process, below the 20,000 descriptors a small machine allows it; fewer
	 * where the hard limit of descriptors leaves no more (node/process.h). */
	LIMIT_CONNECTIONS = 19500,

	/* Running requests of one process. Each has a fiber; beyond it, an early 503. */
	LIMIT_FIBERS = 1024,

	/* Virtual size of a fiber's stack; only touched pages are resident. getaddrinfo and argon2
	 * never run on a fiber. Sanitizers' frames are several times larger. */
	LIMIT_FIBER_STACK_BYTES = 256 * 1024,
	LIMIT_FIBER_STACK_BYTES_SANITIZED = 2 * 1024 * 1024,

	/* One chunk of an import or export, whose total time is LIMIT_STREAM_MS. Other requests use
	 * SEBEZ_REQUEST_TIMEOUT_MS. */
	LIMIT_REQUEST_MS = 30 * 1000,

	/* The largest import or export over a slow connection. */
	LIMIT_STREAM_MS = 15 * 60 * 1000,

	/* Pairs of one query. Twenty filters with five values each. */
	LIMIT_QUERY_PAIRS = 100,

	/* Invalid fields that one reply lists; more do not help. */
	LIMIT_INPUT_ERRORS = 20,

	/* Folders of src/shop that contribute tables to other layers (shop/area.h). */
	LIMIT_AREAS = 32,

	/* Rate counters of one process while Redis is unavailable, 64 bytes each. */
	LIMIT_RATE_COUNTERS = 16384,

	/* Lists of the running requests with an Idempotency-Key (web/key_turn.h): a few per list
	 * when all fibers have one. */
	LIMIT_KEY_TURN_LISTS = 256,

	/* Statements in flight on one shared connection; deeper only adds latency. */
	LIMIT_PG_DEPTH = 32,

	/* Batches waiting for a connection, per role. At 20 k statements/s this is 25 ms of queue;
	 * half of the fibers, so that one role's flood leaves room for the others. */
	LIMIT_PG_QUEUE = 512,

	/* Commands to Redis without a reply yet: eight per fiber. A hanging Redis costs at most 32
	 * MB of the longest events until the connection is closed. */
	LIMIT_REDIS_PENDING = 8192,

	/* Parameters of a statement, of which inserting orders has 57, the most; and statements
	 * of a batch. */
	LIMIT_PG_PARAMS = 64,
	LIMIT_PG_BATCH = 32,

	/* Attachments of a message, as the contract says: a screenful of pictures. */
	LIMIT_MESSAGE_ATTACHMENTS = 10,

	/* Files of a return, as the contract says. */
	LIMIT_EVIDENCE_FILES = 10,

	/* Followers of a vendor that are counted: some 10 ms; more are a round number anyway. */
	LIMIT_FOLLOWERS_COUNTED = 100 * 1000,

	/* Accounts that one step of a campaign reads: some 50 ms, for which other notices wait. */
	LIMIT_CAMPAIGN_STEP = 500,

	/* Accounts that a preview of a campaign looks at: a second at most. */
	LIMIT_CAMPAIGN_PREVIEWED = 10 * 1000,

	/* Rules of commission. For each line of a quote, as many are tried as come before the one
	 * that fits: some microseconds. */
	LIMIT_COMMISSION_RULES = 500,

	/* Attempts to pay one order: of a customer who tries every card twice. Each is a call to a
	 * provider, which counts refusals against us. */
	LIMIT_PAYMENT_ATTEMPTS = 20,

	/* Campaigns of a vendor, or of the marketplace, that are not over. */
	LIMIT_OPEN_CAMPAIGNS = 100,

	/* Messages or orders written in one transaction (task/together.h): enough that each one's
	 * share of the transaction's own cost is small; it holds their locks for some ten
	 * milliseconds. */
	LIMIT_TOGETHER = 64,
	/* How long orders that are placed together wait for each lock, before each is placed alone:
	 * longer than such transactions of all other processes that sell the same variant, and
	 * short enough that who buys something else hardly waits when a row is locked for long. */
	LIMIT_TOGETHER_LOCK_MS = 250,
	/* Lines of an order that is placed together with others; twenty are more than most carts
	 * have, and the statement stays below some 2 MB. */
	LIMIT_TOGETHER_LINES = 20,

	/* Stripes of the key locks of one process (task/key_lock.h): enough that a hundred
	 * concurrent orders of five lines rarely collide. 24 bytes each. */
	LIMIT_KEY_LOCK_STRIPES = 4096,

	/* Five years of a report, by day some 2000 rows of sums. */
	LIMIT_REPORT_DAYS = 5 * 366,

	/* Items of one page, as the contract says. */
	LIMIT_PAGE = 100,
	/* Bytes of one page: it ends before the item that would exceed them, and the next page
	 * begins there. An eighth of a request's memory, because rows and text exist at the same
	 * time. */
	LIMIT_PAGE_BYTES = 2 * 1024 * 1024,

	/* Concurrent password hashes in a process: argon2id uses 19 MiB and a core for 20 ms. */
	LIMIT_PASSWORD_HASHES = 2,
	LIMIT_PASSWORD_QUEUE = 64,

	/* Counters of one password guess: of the account from one address, and from all addresses.
	 * */
	LIMIT_GUESSES = 2,

	/* Codes by text message: long enough for a slow network, and five guesses at each of twenty
	 * codes a day are one in 10,000. */
	LIMIT_PHONE_CODE_S = 5 * 60,
	LIMIT_PHONE_CODE_TRIES = 5,
	LIMIT_PHONE_CODES_LATELY = 5, /* of a number in ten minutes */
	LIMIT_PHONE_CODES_DAILY = 20,

	/* Codes by mail: mails take their time. Of a purpose an address gets this many that nobody
	 * used. Guessing is bounded by the length of the codes that lead into an account (50 bits);
	 * those of six digits lead into none that is there. */
	LIMIT_RESET_CODE_S = 30 * 60,
	LIMIT_SIGN_IN_CODE_S = 15 * 60, /* somebody waits for it */
	LIMIT_REGISTRATION_CODE_S = 60 * 60,
	LIMIT_EMAIL_CHANGE_S = 60 * 60,
	/* An account is erased so many days after that was asked for, as the contract says: time to
	 * come back. */
	LIMIT_DELETION_DAYS = 14,
	/* A copy of a person's data is kept for so long, as the contract says. Making one ends
	 * before its lease does, so that no two are written at once; 10 minutes write 10 GB. */
	LIMIT_EXPORT_DAYS = 7,
	LIMIT_EXPORT_MS = 10 * 60 * 1000,
	LIMIT_EXPORT_LEASE_MS = 15 * 60 * 1000,
	LIMIT_EXPORT_REMOVE_MS = 10 * 1000, /* of one that nobody may have any more */
	/* An admin helps one person meanwhile; as the contract says. */
	LIMIT_SUPPORT_VIEW_MIN = 30,
	LIMIT_SUPPORT_VIEW_DAYS = 30,          /* then the audit log alone tells of it */
	LIMIT_EMAIL_UNDO_S = 7 * 24 * 60 * 60, /* time to find the mail in another mailbox */
	LIMIT_EMAIL_CODE_S = 7 * 24 * 60 * 60, /* of any of them */
	LIMIT_EMAIL_CODE_TRIES = 5,
	LIMIT_EMAIL_CODES_LATELY = 5, /* in ten minutes */
	LIMIT_EMAIL_CODES_DAILY = 20,

	/* A sign-in waits so long for its second factor, as the contract says: time to look for
	 * recovery codes. Five tries are mistypings; who guesses has the limits of the account. */
	LIMIT_CHALLENGE_MINUTES = 10,
	LIMIT_CHALLENGE_TRIES = 5,
	/* Time to install an authenticator app and to type its first code. */
	LIMIT_ENROLMENT_MINUTES = 30,

	/* A person has as long to use a passkey; browsers wait as long at most. */
	LIMIT_PASSKEY_CHALLENGE_S = 5 * 60,
	LIMIT_PASSKEYS =
	    20, /* of an account: a few devices and keys, and the id of each in an answer */
	/* An attestation object with a chain of certificates has 6 KB. */
	LIMIT_PASSKEY_MEMBER_BYTES = 16 * 1024,

	/* As long to sign in at an identity provider. */
	LIMIT_IDENTITY_CHALLENGE_S = 5 * 60,
	LIMIT_CLOCK_SKEW_S = 60, /* between a provider's clock and ours */
	/* Those of Google and Apple have 1.2 KB; a company's may have a list of groups. */
	LIMIT_ID_TOKEN_BYTES = 8 * 1024,
	/* Providers have two to four keys, of 0.5 KB each. */
	LIMIT_JWKS = 16,
	LIMIT_JWKS_BYTES = 64 * 1024,
	LIMIT_JWKS_GOOD_S_MIN = 5 * 60,
	LIMIT_JWKS_GOOD_S_MAX = 24 * 60 * 60,
	LIMIT_JWKS_KEPT_S = 24 * 60 * 60, /* longer, while the provider does not answer */
	LIMIT_JWKS_ASK_MS = 5000,         /* somebody waits */
	LIMIT_JWKS_PAUSE_MS = 5000,       /* after a failure */
	LIMIT_JWKS_QUIET_MS = 10 * 1000,  /* between questions for unknown keys */
	/* A code of Apple is good for five minutes. What Apple has not revoked in so long is for an
	 * admin, among the dead letters. */
	LIMIT_APPLE_CODE_S = 5 * 60,
	LIMIT_APPLE_REVOKE_S = 30 * 24 * 60 * 60,

	/* Devices that an account is known to sign in from; a former one is told of again. */
	LIMIT_KNOWN_DEVICES = 50,

	/* Addresses of one account, as the contract says: the list is one page. */
	LIMIT_ADDRESSES = 50,

	/* Devices of one account, as the contract says: those of a household; of more, some are
	 * forgotten ones. A notice goes to each. */
	LIMIT_DEVICES = 20,

	/* Webhooks of one vendor and of the platform, as the contract says: one for each system
	 * that a business has. Each event goes to each. */
	LIMIT_WEBHOOKS = 20,

	/* Open applications of one account: a family of shops, not a flood. */
	LIMIT_OPEN_APPLICATIONS = 5,

	/* All methods of a vendor are in its public page and in every quote, as the contract says.
	 * */
	LIMIT_SHIPPING_METHODS = 20,

	/* Variants of one product, as the contract says: a product is one response. */
	LIMIT_PRODUCT_VARIANTS = 250,
	LIMIT_PRODUCT_IMAGES = 250,
	LIMIT_PRODUCT_TAGS = 250,

	/* Stock of one variant that may be set, as the contract says. Cancelled goods come on top,
	 * so sums of stock are 64 bits wide. */
	LIMIT_STOCK = 1000 * 1000 * 1000,

	/* The category tree is one response, shared by all vendors. Imports may add to it while it
	 * has fewer than LIMIT_CATEGORIES, at most as many per vendor as a large shop has aisles.
	 * */
	LIMIT_CATEGORIES = 5000,
	LIMIT_VENDOR_CATEGORIES = 100,

	/* Distinct lines of one cart; an order is one transaction over all of them. */
	LIMIT_CART_LINES = 100,
	LIMIT_LINE_QUANTITY = 9999,

	/* Long polls that wait in one process: nearly all of its connections, with room for other
	 * requests. Further ones get a 503. */
	LIMIT_PARKED = 19000,
	/* Long polls of one customer or vendor: a phone, a tablet and tabs; an office and its
	 * staff. */
	LIMIT_PARKED_OF_OWNER = 256,

	/* Sub-orders in the initial state of a device: a busy shop's morning, 400 KB of text, and
	 * more than a customer has open. The rest is in the ordinary lists. */
	LIMIT_SYNC_SUB_ORDERS = 1000,
	LIMIT_SYNC_ORDERS = 100,

	/* Feeds of customers and vendors that a process caches: of those that polled in the last
	 * minutes. */
	LIMIT_FOLLOWED = 65536,
	/* Sessions cached as authorised, per feed; others query the database again. */
	LIMIT_GRANTS_OF_OWNER = 256,
	/* The latest events of a cached feed, and the longest event that is cached or sent by
	 * Redis. */
	LIMIT_FOLLOWED_EVENTS = 32,
	LIMIT_EVENT_BYTES = 4096,

	/* Streams of one account at one feed: a browser's six tabs, and as many on other devices.
	 * Besides its buffers, each keeps libmicrohttpd's memory of its connection. */
	LIMIT_STREAMS_OF_ACCOUNT = 16,
	/* Unread bytes of a stream's client; it gets nothing more until it has read them. */
	LIMIT_STREAM_BACKLOG_BYTES = 256 * 1024,
	/* Socket buffer of a stream; the kernel uses twice that. By default it grows to megabytes
	 * each. */
	LIMIT_STREAM_SOCKET_BYTES = 16 * 1024,
	/* Bytes that may always be buffered for a client: an event. */
	LIMIT_SMALL_UNREAD_BYTES = 4 * 1024,
	/* Bytes that may be buffered beyond it in one process, here and in the kernel, for the
	 * clients of all streams: hundreds that are far behind, thousands that are a page behind.
	 * */
	LIMIT_STREAMS_BYTES = 64 * 1024 * 1024,
	/* Bytes of one page of events; the longest event, a message, has 45 KB. So two pages fit
	 * into the backlog. */
	LIMIT_EVENT_PAGE_BYTES = 112 * 1024,

	/* Calls of one process to other servers, under way or waiting for a connection; half of the
	 * fibers. As many to addresses that users gave, so that these do not keep out the others.
	 */
	LIMIT_CLIENT_CALLS = 256,
	/* Besides, calls of groups (net/http_client_group.h), of each of the two kinds: two full
	 * connections, which keep a core busy; some 30 KB each while they are under way. */
	LIMIT_CLIENT_GROUP_CALLS = 400,
	/* Calls on one connection of HTTP/2, when the server allows as many: beyond it libcurl gets
	 * slower, and 7.88 loses some of 900. */
	LIMIT_CLIENT_STREAMS = 200,
	/* Connections of each of the two kinds, so many that 8 slow hosts do not take all, and few
	 * beside LIMIT_CONNECTIONS. */
	LIMIT_CLIENT_CONNECTIONS = 64,
	LIMIT_CLIENT_HOST_CONNECTIONS = 8,
	/* Name, address and TLS of the slowest that still works; a dead host holds its slot for no
	 * longer, whatever time the task has. */
	LIMIT_CLIENT_CONNECT_MS = 20 * 1000,
	/* Headers of one response: four times what nginx takes, for long policies of content. */
	LIMIT_CLIENT_HEAD_BYTES = 32 * 1024,
	/* A body unless the caller says otherwise: the largest expected, sets of keys and answers
	 * of payment providers, are below 100 KB. */
	LIMIT_CLIENT_BODY_BYTES = 1024 * 1024,
	/* Bodies that are arriving, of one process: dozens of the usual bound. */
	LIMIT_CLIENT_BODIES_BYTES = 64 * 1024 * 1024,
	/* Redirects of one call, when the caller follows them: http to https to www, and two more.
	 */
	LIMIT_CLIENT_REDIRECTS = 5,

	/* Spans of traces that wait to be sent, of one process: some 330 bytes each. Those of 5
	 * seconds in which every recorded trace has eight. */
	LIMIT_SPANS = 4096,
	LIMIT_SPAN_DETAIL_BYTES = 160, /* names of a handful of statements, or a host */
	/* Recorded traces of one process, so that callers cannot make it record everything. */
	LIMIT_TRACES_PER_SECOND = 100,

	/* Mails that go to a server side by side, each over a connection and in a thread: one of
	 * libuv's four stays for others. */
	LIMIT_MAILS_AT_ONCE = 3,
	/* A connection is used again for so long: Amazon's servers close theirs after 10 s. */
	LIMIT_MAIL_IDLE_S = 8,

	/* Notices that one mail tells; more of a day are in the app. */
	LIMIT_DIGEST_NOTICES = 50,

	/* Mails that a demo without a mail server keeps and shows, of some KB each. */
	LIMIT_MAILS_SHOWN = 100,
	LIMIT_SHOWN = 100, /* push and text messages of a demo without a provider, likewise */

	/* Messages encrypted with one key pair (base/web_push.h): making it then costs each of them
	 * 30 ns. */
	LIMIT_WEB_PUSH_KEY_USES = 1000,

	/* Rows that a deliverer gets at once. FCM and APNs take some hundred requests side by side
	 * on one connection, so this is one round trip's worth; its texts are some 100 KB. */
	LIMIT_DELIVERY_BATCH = 100,
	/* Queues of deliveries that one process works on at once, each with a fiber; most of them
	 * wait for an answer from far away. One topic has half of them at most, so that its slow
	 * destinations hold up no other topic. */
	LIMIT_DELIVERIES = 64,
	LIMIT_DELIVERIES_OF_TOPIC = 32,
	/* Of them, for queues whose last batch took long: so slow receivers leave half to the rest.
	 */
	LIMIT_DELIVERIES_OF_SLOW = 16,
	LIMIT_DELIVERY_SLOW_MS = 5 * 1000,
	/* Queues that a process remembers: those, and one for each destination that fails. 256
	 * bytes each. Of more, the oldest is forgotten, and its destination tried again. */
	LIMIT_DELIVERY_QUEUES = 1024,
	LIMIT_DESTINATION_BYTES = 200, /* the name of a provider or an id, not an address */

	/* One attempt: what Google asks to wait for FCM, and more than Apple and webhooks need. A
	 * batch is four of them, as rows that the deliverer sends one after another may be slow,
	 * too; the lease leaves time to settle on top. */
	LIMIT_DELIVERY_ATTEMPT_MS = 15 * 1000,
	LIMIT_DELIVERY_BATCH_MS = 60 * 1000,
	LIMIT_DELIVERY_LEASE_MS = 90 * 1000,
	/* The same for a host of a browser that is not known by name: those share a queue, of which
	 * one that does not answer keeps the others' next messages waiting for so long. */
	LIMIT_PUSH_UNNAMED_ATTEMPT_MS = 5 * 1000,
	/* After so long, what is to be sent is read again: who signs out, or reads it elsewhere,
	 * gets nothing later than that; and a batch is sent in less. */
	LIMIT_PUSH_FRESH_MS = 5 * 1000,
	LIMIT_WEBHOOK_FRESH_MS = 5 * 1000,
	/* Attempts 10 s, 20 s, … 1 h apart, half of it chance: in all two to four hours, in which
	 * somebody fixes what the receiver refuses. That a destination is down costs its rows
	 * nothing, but for the probes. */
	LIMIT_DELIVERY_ATTEMPTS = 12,
	LIMIT_DELIVERY_RETRY_FIRST_MS = 10 * 1000,
	LIMIT_DELIVERY_RETRY_MAX_MS = 60 * 60 * 1000,
	/* Failures in a row that are no coincidence, and how long a destination is left alone: a
	 * restart takes seconds, and a longer outage is noticed to be over within minutes. */
	LIMIT_BREAKER_FAILURES = 5,
	LIMIT_BREAKER_FIRST_MS = 15 * 1000,
	LIMIT_BREAKER_MAX_MS = 5 * 60 * 1000,
	/* Of what a destination answered, kept for admins. */
	LIMIT_DELIVERY_REASON_BYTES = 500,
	/* Rows of each topic that metrics count, every 15 seconds; more are too many anyhow. */
	LIMIT_OUTBOX_COUNTED = 100 * 1000,
	/* Unread notifications, which are counted whenever they are listed; more are just many. */
	LIMIT_NOTICES_COUNTED = 1000,
	/* Languages with their country whose formats of numbers and dates a process keeps: those of
	 * most shops' customers, some 100 KB each. Of more, the oldest goes. */
	LIMIT_MESSAGE_FORMATS = 16,
	/* Of a text that is inserted into another: the longest name has 200 characters of four
	 * bytes; an excerpt of a message longer than it is for no screen of a phone. */
	LIMIT_INSERTED_BYTES = 1000,
	/* Dead letters that one request replays: one transaction, each in the audit log. */
	LIMIT_REPLAYED = 1000,

	/* A file is sent in parts of this size, each an object, so that a phone that loses its
	 * connection repeats at most one of them: 10 s at 6 Mbit/s. */
	LIMIT_UPLOAD_PART_BYTES = 8 * 1024 * 1024,
	/* The largest file that may be sent, as the contract says: a minute of a phone's video. */
	LIMIT_UPLOAD_BYTES = 64 * 1024 * 1024,
	LIMIT_UPLOAD_PARTS = LIMIT_UPLOAD_BYTES / LIMIT_UPLOAD_PART_BYTES,
	/* Pixels of an image, before decoding: phones make 50 million. */
	LIMIT_IMAGE_PIXELS = 64 * 1000 * 1000,
	/* How long bytes may be sent, and how long each link for it is valid: getUpload makes new
	 * ones. */
	LIMIT_UPLOAD_SEND_S = 24 * 60 * 60,
	LIMIT_UPLOAD_LINK_S = 60 * 60,
	/* Links to private files: as long as somebody looks at a page. */
	LIMIT_PRIVATE_LINK_S = 15 * 60,
	/* Uploads of one account whose bytes have not come: all images of the largest product at
	 * once. */
	LIMIT_UPLOADS_WAITING = 300,
	/* Files and MiB of one account, and of one vendor with 20,000 products of several pictures,
	 * whose renditions have 2 MB each. */
	LIMIT_ACCOUNT_UPLOADS = 5000,
	LIMIT_ACCOUNT_UPLOAD_MIB = 4 * 1024,
	LIMIT_VENDOR_UPLOADS = 200 * 1000,
	LIMIT_VENDOR_UPLOAD_MIB = 400 * 1024,
	/* Hours until what nothing uses is removed: a form may be finished the next morning. */
	LIMIT_UNUSED_UPLOAD_HOURS = 24,
	/* A picture that was fetched by its address is asked for again, when a file or an edit
	 * names it, to see whether it has changed: not with each of the imports of a day. */
	LIMIT_FETCH_AGAIN_S = 24 * 60 * 60,
	/* Pictures that one process fetches at once, each in memory, and of them from one host and
	 * for one vendor. */
	LIMIT_FETCHES = 8,
	LIMIT_HOST_FETCHES = 2,
	LIMIT_VENDOR_FETCHES = 4,
	/* Uploads that one run of a job ends or removes; each is some calls of the object store. */
	LIMIT_UPLOADS_REMOVED = 1000,

	/* Files that clients send to one process at the same time, each with a fiber and a buffer
	 * of 256 KB: a slow phone holds one for minutes. */
	LIMIT_FILE_PUTS = 128,

	/* A file of up to so many bytes is copied, which takes less CPU than a second call to send
	 * it after the headers; a slow reader then holds the copy instead of a descriptor. */
	LIMIT_FILE_COPIED_BYTES = 64 * 1024,

	/* Responses kept by the cache of one process, and their bytes. */
	LIMIT_CACHE_ENTRIES = 4096,
	LIMIT_CACHE_BYTES = 8 * 1024 * 1024,

	/* An upload: a minute of video of a phone. It is in memory while it is examined. */
	LIMIT_MEDIA_BYTES = 64 * 1024 * 1024,
	/* Pictures of phones have 48 to 64 million pixels. */
	LIMIT_MEDIA_PIXELS = 64 * 1024 * 1024,
	/* The widest rendition, and the tallest: a screenshot of a long page. WebP stops at
	 * 16383. */
	LIMIT_MEDIA_WIDTH = 4096,
	LIMIT_MEDIA_HEIGHT = 8192,
	/* A rendition of 2048 x 8192 noise is 12 MB as JPEG. */
	LIMIT_MEDIA_RENDITION_BYTES = 32 * 1024 * 1024,
	/* Pictures that one worker decodes: starting one costs 0.2 s, and what a codec leaks or a
	 * picture leaves behind ends with it. */
	LIMIT_MEDIA_WORKER_PICTURES = 50,
	/* Address space of a worker: a 64 megapixel PNG of 16 bits, interlaced, is 512 MB. */
	LIMIT_MEDIA_WORKER_BYTES = 1536 * 1024 * 1024,
	/* All its pictures together; one ends at its deadline. */
	LIMIT_MEDIA_WORKER_SECONDS = 1500,
	/* Its own three, the original, a rendition. */
	LIMIT_MEDIA_WORKER_DESCRIPTORS = 16,

	/* A document that is made into a PDF: a statement of 50,000 lines has half of it. */
	LIMIT_PAPER_BYTES = 16 * 1024 * 1024,
	/* The process that makes one: fonts of all scripts are some 50 MB. */
	LIMIT_PAPER_WORKER_BYTES = 768 * 1024 * 1024,
	/* Of the processor; a statement of 10,000 lines takes one. */
	LIMIT_PAPER_WORKER_SECONDS = 20,
	LIMIT_PAPER_WORKER_DESCRIPTORS = 64, /* fonts stay open */
	/* The PDF: some 300 bytes for each line. */
	LIMIT_PAPER_PDF_BYTES = 64 * 1024 * 1024,
	/* Of an api process at a time, so that PDFs take no more than a processor from requests. */
	LIMIT_PAPERS_AT_ONCE = 2,
	LIMIT_PAPER_COLUMNS = 8,
	LIMIT_PAPER_HEAD = 128,    /* bytes of a column's head, and of the foot of pages */
	LIMIT_PAPER_SIMPLE = 128,  /* characters that are drawn one by one */
	LIMIT_PAPER_KEPT = 1000,   /* texts whose layout is kept, of each style: some 5 MB */
	LIMIT_PAPER_LINES = 50000, /* of a statement; a longer one is read as CSV */
};

/* What the reasons above say about each other. */
_Static_assert(LIMIT_SMALL_BODY_BYTES < LIMIT_BODY_BYTES && LIMIT_BODY_BYTES < LIMIT_BODIES_BYTES,
               "a body fits into the sum of all");
_Static_assert(LIMIT_TARGET_BYTES < LIMIT_HEAD_BYTES && LIMIT_HEAD_BYTES < LIMIT_CONNECTION_BYTES,
               "a target fits into a head, a head into the memory of a connection");
_Static_assert(LIMIT_EXPORT_MS < LIMIT_EXPORT_LEASE_MS, "nobody else makes it meanwhile");
_Static_assert(LIMIT_CONNECTIONS < LIMIT_DESCRIPTORS, "every connection has a descriptor");
_Static_assert(LIMIT_PARKED < LIMIT_CONNECTIONS, "long polls leave connections for others");
_Static_assert(LIMIT_CONNECTION_IDLE_MS < LIMIT_HEAD_MS, "a connection may idle, then request");
_Static_assert(LIMIT_PG_QUEUE * 2 <= LIMIT_FIBERS && LIMIT_CLIENT_CALLS * 2 <= LIMIT_FIBERS,
               "no one kind of waiting takes all fibers");
_Static_assert(LIMIT_PAGE_BYTES * 8 <= LIMIT_REQUEST_ARENA_BYTES, "rows and text fit in memory");
_Static_assert(LIMIT_EVENT_PAGE_BYTES * 2 <= LIMIT_STREAM_BACKLOG_BYTES &&
                   LIMIT_SMALL_UNREAD_BYTES >= LIMIT_EVENT_BYTES,
               "a backlog has room for two pages, and always for an event");
_Static_assert(LIMIT_CLIENT_HOST_CONNECTIONS * 8 <= LIMIT_CLIENT_CONNECTIONS,
               "8 slow hosts do not take all connections");
_Static_assert(LIMIT_DELIVERIES_OF_TOPIC * 2 <= LIMIT_DELIVERIES &&
                   LIMIT_DELIVERIES <= LIMIT_DELIVERY_QUEUES,
               "a topic has at most half of the deliveries");
_Static_assert(LIMIT_UPLOAD_BYTES % LIMIT_UPLOAD_PART_BYTES == 0, "the last part may be whole");
_Static_assert(LIMIT_UPLOAD_LINK_S <= LIMIT_UPLOAD_SEND_S, "a link ends with the right to send");
_Static_assert(LIMIT_PRODUCT_IMAGES <= LIMIT_UPLOADS_WAITING, "a product's images fit at once");
_Static_assert(LIMIT_DELIVERY_ATTEMPT_MS * 4 <= LIMIT_DELIVERY_BATCH_MS &&
                   LIMIT_DELIVERY_BATCH_MS < LIMIT_DELIVERY_LEASE_MS,
               "a lease outlasts its batch, with time to settle");

#endif
