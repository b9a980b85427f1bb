-- The outbox.
set local role sebez_owner;

-- Effects that follow a transaction: written in it, and leased by the jobs processes. What has its effect in
-- the database is kept when it is done; what was delivered elsewhere is deleted, or becomes a dead letter.
create table outbox (
	id          bigint generated always as identity primary key,
	topic       text not null,
	destination text not null default '' check (octet_length(destination) <= 200), -- '' is the topic's only one
	subject_id  uuid not null,
	payload     json not null default '{}',
	created_at  timestamptz not null default now(),
	attempts    int not null default 0,
	due_at      timestamptz not null default now(), -- not before; a lease moves it to its end
	done_at     timestamptz,
	failed_with text -- the last attempt; null after one that did not come to its end
);
create index outbox_done on outbox (done_at) where done_at is not null;
-- Each topic and destination is a queue, found without reading the others.
create index outbox_due on outbox (topic, destination, due_at) where done_at is null;

grant insert on outbox to sebez_customer, sebez_vendor, sebez_admin, sebez_kernel;
grant select, insert, update, delete on outbox to sebez_jobs;
alter table outbox enable row level security, force row level security;
create policy everything on outbox to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
-- A notice is about an order, a part of it, or a conversation, which its writer sees.
create policy of_customer on outbox for insert to sebez_customer
	with check (case topic
		when 'message_push' then exists (select from conversation c where c.id = outbox.subject_id)
		when 'sub_order_changed' then exists (select from sub_order s where s.id = outbox.subject_id)
		else exists (select from sub_order s where s.order_id = outbox.subject_id) end);
create policy of_vendor on outbox for insert to sebez_vendor
	with check (case topic
		when 'message_push' then exists (select from conversation c where c.id = outbox.subject_id)
		when 'sub_order_changed' then exists (select from sub_order s where s.id = outbox.subject_id)
		else exists (select from sub_order s where s.order_id = outbox.subject_id) end);

create table dead_letter (
	id          uuid primary key, -- of the delivery
	row_id      bigint not null, -- in the outbox, where it goes back to
	topic       text not null,
	destination text not null,
	subject_id  uuid not null,
	payload     json not null,
	created_at  timestamptz not null,
	attempts    int not null,
	why         text not null,
	dead_at     timestamptz not null default now()
);
create index dead_letter_age on dead_letter (dead_at, id);
create index dead_letter_topic on dead_letter (topic, dead_at, id);
create trigger audit after delete on dead_letter for each row
	when (current_setting('sebez.actor', true) = 'admin') execute function audit();

grant select, delete on dead_letter to sebez_admin;
grant select, insert, delete on dead_letter to sebez_jobs;
alter table dead_letter enable row level security, force row level security;
create policy everything on dead_letter to sebez_admin, sebez_jobs, sebez_owner using (true) with check (true);
