-- Chat between customers and vendors. Sending locks the conversation's row, increments its last_seq and writes
-- the message in the same transaction: seq has no gaps and commits in order.
-- Staff notes are not messages: they have their own table and numbers, and customers have no grant on it. So
-- customers can neither see a note nor infer it from a gap.
-- Unread messages are those beyond the side's read mark and not deleted: for the customer, messages of the
-- vendor and the system, and for the vendor, messages of the customer. The counts are stored with the read
-- marks and updated under the same lock, so they are exact.
set local role sebez_owner;

-- Numbers of messages (seq) and the counters of both sides change under the lock of the row.
create table conversation (
	vendor_id          uuid not null references vendor (id),
	id                 uuid not null,
	account_id         uuid not null references account (id),
	product_id         uuid,
	sub_order_id       uuid,
	customer_name      text not null, -- copied at opening: vendors cannot read accounts
	state              text not null default 'open' check (state in (:ConversationStatus)),
	assigned_to        uuid,
	last_seq           int not null default 0,
	last_message_at    timestamptz not null default now(), -- the opening time, until the first message
	last_note          int not null default 0,
	awaiting_since     timestamptz, -- time of the customer's first unanswered message
	customer_read      int not null default 0,
	customer_delivered int not null default 0,
	customer_unread    int not null default 0,
	vendor_read        int not null default 0,
	vendor_delivered   int not null default 0,
	vendor_unread      int not null default 0,
	created_at         timestamptz not null default now(),
	tx                 bigint not null default pg_current_xact_id()::text::bigint, -- finds its first event
	-- What indexes have of the columns above that each message changes. These seldom change, so that the update
	-- by a message is heap-only.
	last_message_hour  timestamptz not null
		generated always as (date_bin('1 hour', last_message_at, '2000-01-01 00:00Z')) stored,
	vendor_has_unread  boolean not null generated always as (vendor_unread > 0) stored,
	primary key (vendor_id, id),
	unique (id),
	unique nulls not distinct (vendor_id, account_id, product_id, sub_order_id),
	foreign key (vendor_id, product_id) references product (vendor_id, id),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id),
	foreign key (vendor_id, assigned_to) references staff (vendor_id, account_id)
		on delete set null (assigned_to),
	check (customer_read <= customer_delivered and customer_delivered <= last_seq),
	check (vendor_read <= vendor_delivered and vendor_delivered <= last_seq),
	check (customer_unread >= 0 and vendor_unread >= 0)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05); -- room for heap-only updates
create index conversation_account on conversation (account_id, last_message_hour desc);
create index conversation_age on conversation (last_message_hour);
create index conversation_assigned on conversation (vendor_id, assigned_to) where assigned_to is not null;
create index conversation_inbox on conversation (vendor_id, state, last_message_hour desc);
create index conversation_sub_order on conversation (sub_order_id) where sub_order_id is not null;
create index conversation_unread on conversation (vendor_id) where vendor_has_unread;
create trigger audit after update of assigned_to, state on conversation for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select (vendor_id, id, account_id, product_id, sub_order_id, state, last_seq, last_message_at,
	last_message_hour, awaiting_since, customer_read, customer_delivered, customer_unread, vendor_read,
	vendor_delivered, vendor_unread, created_at), insert (vendor_id, id, account_id, product_id, sub_order_id,
	customer_name), update (state, last_seq, last_message_at, awaiting_since, customer_read, customer_delivered,
	customer_unread, vendor_unread) on conversation to sebez_customer;
grant select, insert (vendor_id, id, account_id, product_id, sub_order_id, customer_name), update (state,
	assigned_to, last_seq, last_message_at, last_note, awaiting_since, customer_unread, vendor_read,
	vendor_delivered, vendor_unread) on conversation to sebez_vendor;
grant select, update (state, last_seq, last_message_at, awaiting_since, customer_unread, vendor_unread) on
	conversation to sebez_admin;
grant select, update (customer_name, awaiting_since, customer_unread, vendor_unread), delete on conversation to
	sebez_jobs;
grant select, update (state, last_seq, last_message_at, awaiting_since, customer_delivered, customer_unread,
	vendor_delivered, vendor_unread) on conversation to sebez_kernel;
alter table conversation enable row level security, force row level security;
create policy everything on conversation to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on conversation to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());
create policy of_vendor on conversation to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

create table message (
	vendor_id       uuid not null,
	conversation_id uuid not null,
	seq             int not null check (seq > 0),
	id              uuid not null unique,
	account_id      uuid not null, -- the conversation's customer
	author          text not null check (author in (:Author)),
	author_id       uuid,
	client_id       text check (length(client_id) <= 64),
	kind            text not null check (kind in (:MessageKind)),
	text            text not null check (length(text) <= 4000),
	attachments     json not null default '[]', -- as attachments.c keeps them
	card            json, -- the product or sub-order at the time of sending
	reply_to        int,
	created_at      timestamptz not null,
	edited_at       timestamptz,
	deleted_at      timestamptz,
	client_digest   uuid, -- digest of the content sent with client_id
	tx              bigint not null default pg_current_xact_id()::text::bigint, -- finds its message_sent events
	primary key (vendor_id, conversation_id, seq),
	unique (conversation_id, author, author_id, client_id),
	foreign key (vendor_id, conversation_id) references conversation (vendor_id, id) on delete cascade
);
-- For a vendor's search in its messages, newest first.
create index message_vendor on message (vendor_id, created_at desc, id desc);
create trigger audit after update of deleted_at on message for each row
	when (current_setting('sebez.actor', true) = 'admin') execute function audit();

grant select (vendor_id, conversation_id, seq, id, account_id, author, client_id, kind, text, attachments, card,
	reply_to, created_at, edited_at, deleted_at), insert, update (text, attachments, card, edited_at, deleted_at)
	on message to sebez_customer;
grant select, insert, update (text, attachments, card, edited_at, deleted_at) on message to sebez_vendor;
grant select, insert, update (text, attachments, card, deleted_at) on message to sebez_admin;
grant select, update (client_id, text, attachments, card, edited_at, deleted_at, client_digest) on message to
	sebez_jobs;
grant select, insert on message to sebez_kernel;
alter table message enable row level security, force row level security;
create policy everything on message to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on message to sebez_customer
	using (account_id = current_account())
	with check (account_id = current_account() and author = 'customer'
		and exists (select from conversation parent
			where parent.vendor_id = message.vendor_id and parent.id = message.conversation_id));
create policy of_vendor on message to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor() and author = 'vendor');

-- The uploads among the attachments of messages, sent or held. A message that was deleted keeps them for admins; an
-- erased one does not.
create table message_attachment (
	vendor_id       uuid not null,
	conversation_id uuid not null,
	message_id      uuid not null, -- or of message_held; a released message keeps its id
	upload_id       uuid not null references upload (id),
	account_id      uuid not null, -- the conversation's customer
	primary key (vendor_id, conversation_id, message_id, upload_id),
	foreign key (vendor_id, conversation_id) references conversation (vendor_id, id) on delete cascade
);
create index message_attachment_upload on message_attachment (upload_id, message_id);
create trigger track_uploads after insert or delete on message_attachment for each row
	execute function track_uploads('upload_id');
create trigger show_attachments after update of formats, uses on upload for each row
	when (new.purpose = 'chat_attachment' and upload_is_shown_anew(old, new)) execute function show_upload('message');

grant insert on message_attachment to sebez_customer, sebez_vendor;
grant select, delete on message_attachment to sebez_jobs;
alter table message_attachment enable row level security, force row level security;
create policy everything on message_attachment to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on message_attachment for insert to sebez_customer
	with check (account_id = current_account()
		and exists (select from conversation parent
			where parent.vendor_id = message_attachment.vendor_id and parent.id = message_attachment.conversation_id));
create policy of_vendor on message_attachment for insert to sebez_vendor with check (vendor_id = current_vendor());

-- Who gets no pushes of a conversation: its customer, or one of the staff.
create table conversation_mute (
	vendor_id       uuid not null,
	conversation_id uuid not null,
	account_id      uuid not null references account (id),
	until           timestamptz not null, -- in the year 9999: without an end
	primary key (vendor_id, conversation_id, account_id),
	foreign key (vendor_id, conversation_id) references conversation (vendor_id, id) on delete cascade
);
create index conversation_mute_account on conversation_mute (account_id, conversation_id);

grant select, insert, update (until), delete on conversation_mute to sebez_customer, sebez_vendor;
grant select on conversation_mute to sebez_jobs;
alter table conversation_mute enable row level security, force row level security;
create policy everything on conversation_mute to sebez_jobs, sebez_owner using (true) with check (true);
create policy of_customer on conversation_mute to sebez_customer
	using (account_id = current_account())
	with check (account_id = current_account()
		and exists (select from conversation parent
			where parent.vendor_id = conversation_mute.vendor_id and parent.id = conversation_mute.conversation_id));
create policy of_vendor on conversation_mute to sebez_vendor
	using (vendor_id = current_vendor() and account_id = current_account())
	with check (vendor_id = current_vendor() and account_id = current_account());

-- The content of messages before each change; for admins.
create table message_history (
	vendor_id       uuid not null,
	conversation_id uuid not null,
	seq             int not null,
	number          int not null,
	account_id      uuid not null,
	action          text not null check (action in (:MessageChange)),
	text            text not null,
	attachments     json not null,
	by_account      uuid,
	at              timestamptz not null default now(),
	primary key (vendor_id, conversation_id, seq, number),
	foreign key (vendor_id, conversation_id, seq)
		references message (vendor_id, conversation_id, seq) on delete cascade
);

grant insert on message_history to sebez_customer, sebez_vendor;
grant select, insert on message_history to sebez_admin;
grant select, delete on message_history to sebez_jobs;
grant select on message_history to sebez_kernel;
alter table message_history enable row level security, force row level security;
create policy everything on message_history to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on message_history to sebez_customer
	using (account_id = current_account())
	with check (account_id = current_account() and by_account = current_account()
		and exists (select from conversation parent
			where parent.vendor_id = message_history.vendor_id and parent.id = message_history.conversation_id));
create policy of_vendor on message_history to sebez_vendor
	using (vendor_id = current_vendor())
	with check (vendor_id = current_vendor() and by_account = current_account());

create table reaction (
	vendor_id       uuid not null,
	conversation_id uuid not null,
	seq             int not null,
	by_account      uuid not null,
	account_id      uuid not null,
	side            text not null check (side in (:Side)),
	emoji           text not null check (length(emoji) between 1 and 16),
	created_at      timestamptz not null default now(),
	primary key (vendor_id, conversation_id, seq, by_account),
	foreign key (vendor_id, conversation_id, seq)
		references message (vendor_id, conversation_id, seq) on delete cascade
);

grant select, insert, update (emoji), delete on reaction to sebez_customer, sebez_vendor;
grant select, delete on reaction to sebez_admin, sebez_jobs;
alter table reaction enable row level security, force row level security;
create policy everything on reaction to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on reaction to sebez_customer
	using (account_id = current_account())
	with check (account_id = current_account() and side = 'customer'
		and exists (select from conversation parent
			where parent.vendor_id = reaction.vendor_id and parent.id = reaction.conversation_id));
create policy of_vendor on reaction to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor() and side = 'vendor');

-- Internal notes of a vendor's staff on a conversation.
create table conversation_note (
	vendor_id       uuid not null,
	conversation_id uuid not null,
	number          int not null,
	author_id       uuid not null,
	text            text not null check (length(text) <= 4000),
	after_seq       int not null, -- last message at that time: the note's position
	created_at      timestamptz not null,
	tx              bigint not null default pg_current_xact_id()::text::bigint, -- finds its event
	primary key (vendor_id, conversation_id, number),
	foreign key (vendor_id, conversation_id) references conversation (vendor_id, id) on delete cascade
);
create trigger audit after insert on conversation_note for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select, insert on conversation_note to sebez_vendor;
grant select on conversation_note to sebez_kernel;
alter table conversation_note enable row level security, force row level security;
create policy everything on conversation_note to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_vendor on conversation_note to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

create table canned_reply (
	vendor_id  uuid not null references vendor (id),
	id         uuid not null,
	title      text not null check (length(title) between 1 and 100),
	text       text not null check (length(text) between 1 and 4000),
	created_at timestamptz not null default now(),
	primary key (vendor_id, id)
);
create trigger audit after insert or update or delete on canned_reply for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select, insert, update (title, text), delete on canned_reply to sebez_vendor;
alter table canned_reply enable row level security, force row level security;
create policy everything on canned_reply to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_vendor on canned_reply to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

-- Read marks of a vendor's staff; the vendor's mark is the highest of them.
create table staff_read (
	vendor_id       uuid not null,
	conversation_id uuid not null,
	staff_id        uuid not null,
	seq             int not null,
	primary key (vendor_id, conversation_id, staff_id),
	foreign key (vendor_id, conversation_id) references conversation (vendor_id, id) on delete cascade
) with (fillfactor = 80); -- room for HOT updates of seq

grant select, insert, update (seq) on staff_read to sebez_vendor;
grant select on staff_read to sebez_jobs;
alter table staff_read enable row level security, force row level security;
create policy everything on staff_read to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_vendor on staff_read to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

-- Response time of a vendor: moving average over the last 50 first answers.
create table vendor_response (
	vendor_id uuid primary key references vendor (id),
	answers   bigint not null,
	seconds   double precision not null
);

grant select on vendor_response to sebez_public, sebez_customer;
grant select, insert, update (answers, seconds) on vendor_response to sebez_vendor;
grant select, insert, update on vendor_response to sebez_admin;
alter table vendor_response enable row level security, force row level security;
create policy everything on vendor_response to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy published on vendor_response for select to sebez_public, sebez_customer using (true);
create policy of_vendor on vendor_response to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

-- The last event number acknowledged by an owner's devices.
create table chat_acknowledged (
	owner_id uuid primary key,
	number   bigint not null
) with (fillfactor = 50); -- as feed

grant select, insert, update on chat_acknowledged to sebez_kernel;
alter table chat_acknowledged enable row level security, force row level security;
create policy everything on chat_acknowledged to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);

-- The last number of the vendor's feed that a device of this member of the staff has acknowledged.
create table staff_acknowledged (
	vendor_id  uuid not null,
	account_id uuid not null,
	number     bigint not null,
	primary key (vendor_id, account_id),
	foreign key (vendor_id, account_id) references staff (vendor_id, account_id) on delete cascade
) with (fillfactor = 50); -- as feed

grant select, insert, update (number) on staff_acknowledged to sebez_jobs;
alter table staff_acknowledged enable row level security, force row level security;
create policy everything on staff_acknowledged to sebez_jobs, sebez_owner using (true) with check (true);
