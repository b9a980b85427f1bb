-- The outbox.
set local role sebez_owner;

-- Effects that leave: written in the transaction of their cause, taken by the jobs process with
-- FOR UPDATE SKIP LOCKED and a lease.
create table outbox (
	id          bigint generated always as identity primary key,
	topic       text not null,
	subject_id  uuid not null,
	payload     json not null default '{}',
	created_at  timestamptz not null default now(),
	attempts    int not null default 0,
	lease_until timestamptz,
	done_at     timestamptz,
	failed_with text
);
create index outbox_done on outbox (done_at) where done_at is not null;
create index outbox_push_new on outbox (lease_until) where topic = 'message_push' and attempts = 0;
-- Notices for push that nobody took are removed by their age.
create index outbox_push_old on outbox (created_at) where topic = 'message_push' and attempts > 0;
create index outbox_subject on outbox (subject_id);
-- Each topic has a consumer that takes the oldest: rows of another that stay for days are not read.
create index outbox_topic on outbox (topic, id) where done_at is null;

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
