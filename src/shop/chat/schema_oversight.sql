-- Chat: what one side does against the other, or wants to be rid of, and what admins decide: reports, held
-- messages, blocks, erasure.
set local role sebez_owner;

create table message_report (
	vendor_id       uuid not null,
	id              uuid not null,
	conversation_id uuid not null,
	seq             int not null,
	account_id      uuid not null,
	side            text not null check (side in (:Side)), -- the reporting side
	by_account      uuid not null,
	reason          text not null check (reason in (:ReportReason)),
	comment         text,
	state           text not null default 'open' check (state in (:ReportStatus)),
	decided_by      uuid,
	decided_at      timestamptz,
	created_at      timestamptz not null default now(),
	primary key (vendor_id, id),
	unique (vendor_id, conversation_id, seq, by_account),
	foreign key (vendor_id, conversation_id, seq)
		references message (vendor_id, conversation_id, seq) on delete cascade
);
create index message_report_created on message_report (created_at desc, id desc);
create index message_report_queue on message_report (state, created_at desc, id desc);
create trigger audit after insert or update or delete on message_report for each row
	when (current_setting('sebez.actor', true) = 'admin') execute function audit();

grant select, insert on message_report to sebez_customer, sebez_vendor;
grant select, update (state, decided_by, decided_at) on message_report to sebez_admin;
grant select, update (comment) on message_report to sebez_jobs;
alter table message_report enable row level security, force row level security;
create policy everything on message_report to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on message_report to sebez_customer
	using (account_id = current_account() and side = 'customer')
	with check (account_id = current_account() and side = 'customer'
		and exists (select from conversation parent
			where parent.vendor_id = message_report.vendor_id and parent.id = message_report.conversation_id));
create policy of_vendor on message_report to sebez_vendor
	using (vendor_id = current_vendor() and side = 'vendor')
	with check (vendor_id = current_vendor() and side = 'vendor');

-- Messages held by a rule. They have no seq until an admin releases them, so no gap is visible.
create table message_held (
	vendor_id       uuid not null,
	id              uuid not null,
	conversation_id uuid not null,
	account_id      uuid not null,
	author          text not null check (author in (:Side)),
	author_id       uuid not null,
	client_id       text not null,
	kind            text not null,
	text            text not null,
	attachments     json not null,
	card            json,
	reply_to        int,
	found           text[] not null, -- phone, email, link
	state           text not null default 'held' check (state in (:HeldStatus)),
	decided_by      uuid,
	decided_at      timestamptz,
	created_at      timestamptz not null default now(),
	client_digest   uuid,
	primary key (vendor_id, id),
	unique (conversation_id, author, author_id, client_id),
	foreign key (vendor_id, conversation_id) references conversation (vendor_id, id) on delete cascade
);
create index message_held_queue on message_held (state, created_at desc, id desc);
create trigger audit after insert or update or delete on message_held for each row
	when (current_setting('sebez.actor', true) = 'admin') execute function audit();

grant select, insert on message_held to sebez_customer, sebez_vendor;
grant select, update (state, decided_by, decided_at) on message_held to sebez_admin;
grant select, update (client_id, text, attachments, card, state, decided_at, client_digest) on message_held to
	sebez_jobs;
grant select on message_held to sebez_kernel;
alter table message_held enable row level security, force row level security;
create policy everything on message_held to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on message_held to sebez_customer
	using (account_id = current_account() and author = 'customer')
	with check (account_id = current_account() and author = 'customer'
		and exists (select from conversation parent
			where parent.vendor_id = message_held.vendor_id and parent.id = message_held.conversation_id));
create policy of_vendor on message_held to sebez_vendor
	using (vendor_id = current_vendor() and author = 'vendor')
	with check (vendor_id = current_vendor() and author = 'vendor');

-- Blocks between an account and a vendor; they apply to all their conversations.
create table chat_block (
	vendor_id  uuid not null references vendor (id),
	account_id uuid not null references account (id),
	side       text not null check (side in (:Side)), -- the blocking side
	by_account uuid not null,
	created_at timestamptz not null default now(),
	primary key (vendor_id, account_id, side)
);
create trigger audit after insert or delete on chat_block for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select, insert, delete on chat_block to sebez_customer, sebez_vendor;
grant select on chat_block to sebez_admin, sebez_kernel;
alter table chat_block enable row level security, force row level security;
create policy everything on chat_block to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy by_customer on chat_block for insert to sebez_customer
	with check (account_id = current_account() and side = 'customer');
create policy by_vendor on chat_block for insert to sebez_vendor
	with check (vendor_id = current_vendor() and side = 'vendor');
create policy of_customer on chat_block for select to sebez_customer using (account_id = current_account());
create policy of_vendor on chat_block for select to sebez_vendor using (vendor_id = current_vendor());
create policy undo_by_customer on chat_block for delete to sebez_customer
	using (account_id = current_account() and side = 'customer');
create policy undo_by_vendor on chat_block for delete to sebez_vendor
	using (vendor_id = current_vendor() and side = 'vendor');

-- Requests to erase an account's messages in all conversations. A job processes one conversation after the
-- other (chat_erase_step) and stores its progress.
create table chat_erasure (
	account_id uuid primary key references account (id),
	asked_at   timestamptz not null,
	beyond     uuid, -- last conversation processed
	done_at    timestamptz
);
create index chat_erasure_open on chat_erasure (asked_at) where done_at is null;
create trigger audit after insert or update of asked_at on chat_erasure for each row
	when (current_setting('sebez.actor', true) = 'admin') execute function audit();

grant select, insert, update on chat_erasure to sebez_customer, sebez_admin;
grant select, update (beyond, done_at) on chat_erasure to sebez_jobs;
alter table chat_erasure enable row level security, force row level security;
create policy everything on chat_erasure to sebez_admin, sebez_jobs, sebez_owner using (true) with check (true);
create policy of_customer on chat_erasure to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());
