-- Notices: what people are told of events. docs/NOTIFICATIONS.md.
set local role sebez_owner;

create table notice (
	id         uuid primary key, -- of version 7, ascending in the order of writing: notice_id()
	account_id uuid not null references account (id),
	vendor_id  uuid references vendor (id), -- the account is told as its staff; null: as a customer
	roles      int check ((roles is null) = (vendor_id is null)), -- the bits of the staff who are told
	kind       text not null,
	class      text not null check (class in (:NoticeClass)),
	owner_id   uuid not null, -- with number: the event; or a campaign and 0, or less for a test
	number     bigint not null,
	data       json not null,
	link       text not null,
	group_key  text, -- the latest of a group replaces the others on a phone
	listed     boolean not null, -- in the app; others are only pushed, and removed when that makes no sense any more
	due_at     timestamptz, -- end of its wait: it goes when a device has the message by then; null: it waits no more
	created_at timestamptz not null, -- time of the event
	expires_at timestamptz not null,
	read_at    timestamptz,
	unique (account_id, owner_id, number)
);
create index notice_due on notice (due_at) where due_at is not null;
create index notice_expires on notice (expires_at);
create index notice_listed on notice (account_id, id desc) where listed;
create index notice_unread on notice (account_id, id) where listed and read_at is null; -- counted for each push
create trigger remove_notices after delete or update of role on staff for each row execute function remove_notices();

grant select (id, account_id, vendor_id, roles, kind, class, data, link, listed, created_at, read_at),
	update (read_at) on notice to sebez_customer;
grant select, insert, update (due_at), delete on notice to sebez_jobs;
grant select on notice to sebez_kernel;
alter table notice enable row level security, force row level security;
create policy everything on notice to sebez_jobs, sebez_kernel, sebez_owner using (true) with check (true);
-- Staff see what their present role is told, also when it changes while a notice is written; and with the second factor
-- that the marketplace demands of them, which is looked at once for each statement.
create policy of_customer on notice to sebez_customer
	using (account_id = current_account() and (vendor_id is null or exists (
		select from staff s where s.vendor_id = notice.vendor_id and s.account_id = notice.account_id
		and staff_role_bit(s.role) & notice.roles <> 0) and not (select staff_factor_is_missing())))
	with check (account_id = current_account());

-- Up to where an account has read its notices.
create table notice_reader (
	account_id uuid primary key references account (id),
	read_up_to uuid not null
);

grant select, insert, update (read_up_to) on notice_reader to sebez_customer;
grant select on notice_reader to sebez_jobs;
alter table notice_reader enable row level security, force row level security;
create policy everything on notice_reader to sebez_jobs, sebez_owner using (true) with check (true);
create policy of_customer on notice_reader to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());

insert into event_follower (name, epoch) select 'notices', e.epoch from feed_epoch e;
insert into id_clock (name) values ('notices');

-- What an account wants to be told, where and when; accounts that have changed nothing have no row.
create table notification_preference (
	account_id   uuid primary key references account (id),
	unwanted     text[] not null, -- <class>.<channel>
	quiet_from   time, -- local time; the end is exclusive, and of the next day when it is not later
	quiet_to     time,
	time_zone    text, -- of IANA; null: that of a device
	email_digest text not null check (email_digest in (:EmailDigest)),
	updated_at   timestamptz not null default now(),
	check ((quiet_from is null) = (quiet_to is null)),
	check (quiet_from <> quiet_to),
	check (quiet_from is null or time_zone is not null),
	check (not unwanted && array['receipts.email', 'system.email', 'system.in_app'])
);

grant select, insert, update on notification_preference to sebez_customer;
grant select on notification_preference to sebez_jobs;
grant select, insert, update (unwanted, updated_at) on notification_preference to sebez_kernel;
alter table notification_preference enable row level security, force row level security;
create policy everything on notification_preference to sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on notification_preference to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());
