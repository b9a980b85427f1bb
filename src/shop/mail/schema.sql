-- Mails: what areas write, and addresses that get none. docs/NOTIFICATIONS.md.
set local role sebez_owner;

create table mail_suppression (
	id         uuid primary key,
	address    text not null unique check (length(address) <= 254), -- as account.email
	reason     text not null check (reason in (:MailSuppressionReason)),
	detail     text, -- codes of the server that refused it
	created_at timestamptz not null default now()
);
create index mail_suppression_age on mail_suppression (created_at, id);
create trigger audit after delete on mail_suppression for each row
	when (current_setting('sebez.actor', true) = 'admin') execute function audit();

grant select, delete on mail_suppression to sebez_admin;
grant select, insert on mail_suppression to sebez_jobs, sebez_kernel;
alter table mail_suppression enable row level security, force row level security;
create policy everything on mail_suppression to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);

-- A mail that an area writes (mail_write()), to an account or to an address that need not have one.
create table mail_letter (
	id         uuid primary key, -- subject of its row of the outbox
	account_id uuid references account (id),
	address    text check (length(address) <= 254),
	text_key   text not null, -- of its texts: <key>.title, <key>.body
	facts      json not null, -- what they insert, which only its reader may know: gone when it is sent or skipped
	link       text, -- as of notices
	locale     text,
	created_at timestamptz not null default now(),
	expires_at timestamptz, -- then it is not sent any more
	sent_at    timestamptz, -- or skipped
	check ((account_id is null) <> (address is null))
);
create index mail_letter_age on mail_letter (created_at);

grant select, update (facts, link, sent_at), delete on mail_letter to sebez_jobs;
grant select (id), insert on mail_letter to sebez_kernel;
alter table mail_letter enable row level security, force row level security;
create policy everything on mail_letter to sebez_jobs, sebez_kernel, sebez_owner using (true) with check (true);

-- Notices that an account gets in one mail, of an hour or a day. One is open: it takes further notices until it is
-- sent.
create table mail_digest (
	id         uuid primary key, -- subject of its row of the outbox
	account_id uuid not null references account (id),
	due_at     timestamptz not null,
	is_open    boolean not null default true
);
create unique index mail_digest_open on mail_digest (account_id) where is_open;
create index mail_digest_due on mail_digest (due_at);

create table mail_digest_notice (
	digest_id uuid not null references mail_digest (id) on delete cascade,
	notice_id uuid not null, -- which may be gone
	primary key (digest_id, notice_id)
);

grant select, insert, update (due_at, is_open), delete on mail_digest to sebez_jobs;
grant select, insert, delete on mail_digest_notice to sebez_jobs;
alter table mail_digest enable row level security, force row level security;
alter table mail_digest_notice enable row level security, force row level security;
create policy everything on mail_digest to sebez_jobs, sebez_owner using (true) with check (true);
create policy everything on mail_digest_notice to sebez_jobs, sebez_owner using (true) with check (true);
