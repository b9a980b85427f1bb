/*
 * limits: every bound of the program in one place, each with its reason. Full means refuse early.
 */
#ifndef SEBEZ_BASE_LIMITS_H
#define SEBEZ_BASE_LIMITS_H

enum {
	/* Memory of one request beyond its body: a page of 100 products of 20 KB is 2 MB. */
	LIMIT_REQUEST_ARENA_BYTES = 16 * 1024 * 1024,

	/* A buffered JSON body. The largest legitimate: a product of 250 variants, 100 KB. */
	LIMIT_BODY_BYTES = 1024 * 1024,

	/* A body that is always taken: sign-ins and orders are smaller, so a flood of larger ones
	 * does not keep them out; 80 MB when every connection brings one. Operations without a body
	 * get as much, for clients that send an empty object. */
	LIMIT_SMALL_BODY_BYTES = 4 * 1024,
	/* Larger bodies that one process holds at once: dozens of the largest, where hundreds of
	 * usual ones take a tenth of it. One more is told to come back later. */
	LIMIT_BODIES_BYTES = 64 * 1024 * 1024,

	/* An import streams; this bounds what one upload may cost the machine. */
	LIMIT_IMPORT_BYTES = 256 * 1024 * 1024,

	/* Nesting of a JSON body. The contract's deepest is 5. */
	LIMIT_JSON_DEPTH = 16,

	/* Longest request target: filters and a cursor fit in 2 KB, browsers stop at 8 KB. */
	LIMIT_URL_BYTES = 8 * 1024,

	/* libmicrohttpd's memory of one connection: request line, headers, read buffer. */
	LIMIT_CONNECTION_BYTES = 16 * 1024,

	/* Of it, what the head of a request may need, with 72 bytes for each header, cookie and
	 * parameter of the query; the rest is for reading the body and for the answer's head. */
	LIMIT_HEAD_BYTES = 12 * 1024,
	/* An address; nginx takes no longer request line either. */
	LIMIT_TARGET_BYTES = 8 * 1024,

	/* Words behind the length of a chunk, which nobody needs. */
	LIMIT_CHUNK_EXTENSION_BYTES = 256,

	/* After a request that is none: so much of what the client still sends is thrown away, that
	 * it sees the answer. */
	LIMIT_UNREADABLE_BYTES = 1024 * 1024,

	/* Descriptors of connections, by which their intakes are found: LIMIT_CONNECTIONS and all
	 * else that a process opens. */
	LIMIT_DESCRIPTORS = 32 * 1024,

	/* A connection without traffic; longer than the 60 s that proxies keep theirs. */
	LIMIT_CONNECTION_IDLE_MS = 75 * 1000,

	/* Until the headers are in, since the connection began or was last answered: an idle one
	 * may still begin a request just before its end, and has some seconds for it. */
	LIMIT_HEAD_MS = 90 * 1000,

	/* How long a client may take to send a buffered body; 1 MB in a minute is a poor phone. */
	LIMIT_BODY_MS = 60 * 1000,

	/* Of a refused body, so much is read and thrown away so that the client sees the answer. */
	LIMIT_BODY_DISCARD_BYTES = 8 * 1024 * 1024,

	/* Connections of one process, below the 20,000 descriptors a small machine allows it; fewer
	 * where the hard limit of descriptors leaves no more (node/process.h). */
	LIMIT_CONNECTIONS = 19500,

	/* Running requests of one process. Each has a fiber; beyond it, an early 503. */
	LIMIT_FIBERS = 1024,

	/* Virtual size of a fiber's stack; only touched pages are resident. getaddrinfo and argon2
	 * never run on one. Sanitizers' frames are several times larger. */
	LIMIT_FIBER_STACK_BYTES = 256 * 1024,
	LIMIT_FIBER_STACK_BYTES_SANITIZED = 2 * 1024 * 1024,

	/* One piece of an import or export, which as a whole has LIMIT_STREAM_MS. What any other
	 * request has, SEBEZ_REQUEST_TIMEOUT_MS says. */
	LIMIT_REQUEST_MS = 30 * 1000,

	/* An import or export of the largest size over a slow line. */
	LIMIT_STREAM_MS = 15 * 60 * 1000,

	/* Pairs of one query. Twenty filters with five values each. */
	LIMIT_QUERY_PAIRS = 100,

	/* Wrong fields that one answer names; more help nobody. */
	LIMIT_INPUT_ERRORS = 20,

	/* Folders of src/shop that contribute tables to other floors (shop/area.h). */
	LIMIT_AREAS = 32,

	/* Rate counters of one process while Redis is not there, 64 bytes each. */
	LIMIT_RATE_COUNTERS = 16384,

	/* Requests of one process that have been answered and still try to give their
	 * Idempotency-Key back, as the database is away: a quarter of the fibers. */
	LIMIT_KEYS_IN_DOUBT = 256,

	/* Statements in flight on one shared connection; deeper only adds latency. */
	LIMIT_PG_DEPTH = 32,

	/* Batches waiting for a connection, per role. At 20 k statements/s this is 25 ms of queue;
	 * half of the fibers, so that one role's flood leaves room for the others. */
	LIMIT_PG_QUEUE = 512,

	/* Commands to Redis without a reply yet: eight of each fiber. One that hangs costs 32 MB of
	 * the longest events at most until it is given up, and not all memory. */
	LIMIT_REDIS_PENDING = 8192,

	/* Parameters and statements of one batch; an order of 100 lines uses 20 statements. */
	LIMIT_PG_PARAMS = 32,
	LIMIT_PG_BATCH = 32,

	/* Rows that tasks of one process take turns at (task/key_lock.h), by their hash: so many
	 * that a hundred orders of five lines at once rarely meet by chance. 24 bytes each. */
	LIMIT_KEY_LOCK_STRIPES = 4096,

	/* Items of one page, as the contract says. */
	LIMIT_PAGE = 100,
	/* Text of one page: it ends before the item that would pass it, and the next one goes on
	 * there. An eighth of a request's memory, as the text is made while the rows are there. */
	LIMIT_PAGE_BYTES = 2 * 1024 * 1024,

	/* Password hashes at once in a process: argon2id takes 19 MiB and a core for 20 ms. */
	LIMIT_PASSWORD_HASHES = 2,
	LIMIT_PASSWORD_QUEUE = 64,

	/* Counters of one guess at a password: of the account from one address, and from all. */
	LIMIT_GUESSES = 2,

	/* Addresses of one book, as the contract says: it is one page. */
	LIMIT_ADDRESSES = 50,

	/* Applications of one account that wait for an admin: a family of shops, not a flood. */
	LIMIT_OPEN_APPLICATIONS = 5,

	/* All of a vendor's are in its public page and in every quote, as the contract says. */
	LIMIT_SHIPPING_METHODS = 20,

	/* Of one product, as the contract says: what it shows is one answer. */
	LIMIT_PRODUCT_VARIANTS = 250,
	LIMIT_PRODUCT_IMAGES = 250,
	LIMIT_PRODUCT_TAGS = 250,

	/* Pieces of one variant that somebody may say are there, as the contract says. Cancelled
	 * goods come on top, so sums of stock are 64 bits wide. */
	LIMIT_STOCK = 1000 * 1000 * 1000,

	/* The tree is one answer, and all vendors share it. Imports add to it while it has fewer
	 * than LIMIT_CATEGORIES, a vendor's own no more than a large shop has aisles. */
	LIMIT_CATEGORIES = 5000,
	LIMIT_VENDOR_CATEGORIES = 100,

	/* Distinct lines of one cart; an order is one transaction over all of them. */
	LIMIT_CART_LINES = 100,
	LIMIT_LINE_QUANTITY = 9999,

	/* Polls that wait in one process: nearly all of its connections, with room for other
	 * requests. One more is told to come back later. */
	LIMIT_PARKED = 19000,
	/* Of one customer or vendor: a phone, a tablet and tabs; an office and its staff. */
	LIMIT_PARKED_OF_OWNER = 256,

	/* Of the state that a device starts from: what a shop's morning brings, 400 KB of text, and
	 * more than a customer waits for. What is more is in the ordinary lists. */
	LIMIT_SYNC_SUB_ORDERS = 1000,
	LIMIT_SYNC_ORDERS = 100,

	/* Customers and vendors whose feed a process follows: those that poll, for some minutes. */
	LIMIT_FOLLOWED = 65536,
	/* Sessions that were seen to be allowed, per feed; more only ask the database again. */
	LIMIT_GRANTS_OF_OWNER = 256,
	/* The latest events of a followed feed, and the longest that is kept or sent by Redis. */
	LIMIT_FOLLOWED_EVENTS = 32,
	LIMIT_EVENT_BYTES = 4096,

	/* Streams of one account at one feed: a browser's six tabs, and as many on other devices.
	 * Beside what they hold, each keeps libmicrohttpd's memory of its connection. */
	LIMIT_STREAMS_OF_ACCOUNT = 16,
	/* What a stream's client may leave unread; until it has read, it is given nothing more. */
	LIMIT_STREAM_BACKLOG_BYTES = 256 * 1024,
	/* Of a stream, so much is left to the kernel, which takes twice that of memory. By
	 * itself it goes up to megabytes for each. */
	LIMIT_STREAM_SOCKET_BYTES = 16 * 1024,
	/* What may always wait for a client: an event. */
	LIMIT_SMALL_UNREAD_BYTES = 4 * 1024,
	/* What more may wait in one process, here and in the kernel, for the clients of all
	 * streams: hundreds that are far behind, thousands that are a page behind. */
	LIMIT_STREAMS_BYTES = 64 * 1024 * 1024,
	/* Texts of one page of events, of which a message is the longest, 75 KB at most. So two
	 * pages fit into the backlog. */
	LIMIT_EVENT_PAGE_BYTES = 112 * 1024,

	/* Calls of one process to other servers, under way or waiting for a connection; half of the
	 * fibers. As many to addresses that users gave, so that these do not keep out the others.
	 */
	LIMIT_CLIENT_CALLS = 256,
	/* Connections of each of the two kinds, so many that 8 slow hosts do not take all, and few
	 * beside LIMIT_CONNECTIONS. HTTP/2 carries 100 calls on one. */
	LIMIT_CLIENT_CONNECTIONS = 64,
	LIMIT_CLIENT_HOST_CONNECTIONS = 8,
	/* Name, address and TLS of the slowest that still works; a dead host holds its slot for no
	 * longer, whatever time the task has. */
	LIMIT_CLIENT_CONNECT_MS = 10 * 1000,
	/* Headers of one response: four times what nginx takes, for long policies of content. */
	LIMIT_CLIENT_HEAD_BYTES = 32 * 1024,
	/* A body unless the caller says otherwise: the largest expected, sets of keys and answers
	 * of payment providers, are below 100 KB. */
	LIMIT_CLIENT_BODY_BYTES = 1024 * 1024,
	/* Bodies that are arriving, of one process: dozens of the largest. */
	LIMIT_CLIENT_BODIES_BYTES = 64 * 1024 * 1024,
	/* Redirects of one call, when the caller follows them: http to https to www, and two more.
	 */
	LIMIT_CLIENT_REDIRECTS = 5,

	/* Rows that a deliverer gets at once. FCM and APNs take some hundred requests side by side
	 * on one connection, so this is one round trip's worth; its texts are some 100 KB. */
	LIMIT_DELIVERY_BATCH = 100,
	/* Queues of deliveries that one process works on at once, each with a fiber; most of them
	 * wait for an answer from far away. One topic has half of them at most, so that its slow
	 * destinations hold up no other topic. */
	LIMIT_DELIVERIES = 64,
	LIMIT_DELIVERIES_OF_TOPIC = 32,
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
	/* Dead letters that one request replays: one transaction, each in the audit log. */
	LIMIT_REPLAYED = 1000,

	/* Responses kept by the cache of one process, and their bytes. */
	LIMIT_CACHE_ENTRIES = 4096,
	LIMIT_CACHE_BYTES = 8 * 1024 * 1024,
};

#endif
