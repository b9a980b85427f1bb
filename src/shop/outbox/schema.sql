-- The outbox.
set local role sebez_owner;

-- Effects that follow a transaction: written in it, and leased by the jobs processes. Delivered rows are deleted;
-- those that cannot be delivered become dead letters.
create table outbox (
	id          bigint generated always as identity primary key,
	topic       text not null,
	destination text not null default '' check (octet_length(destination) <= 200), -- '': the topic has only one
	subject_id  uuid not null,
	payload     json not null default '{}',
	created_at  timestamptz not null default now(),
	attempts    int not null default 0,
	due_at      timestamptz not null default now(), -- earliest time; a lease sets it to the lease's end
	failed_with text -- of the last attempt; null when it did not finish
) with (autovacuum_vacuum_scale_factor = 0.02); -- a queue: dead rows accumulate where the next due one is looked up
-- Each (topic, destination) is a queue, found without reading the others.
create index outbox_due on outbox (topic, destination, due_at);

grant insert on outbox to sebez_admin, sebez_kernel;
grant select (topic, subject_id) on outbox to sebez_kernel; -- whether something is under way
grant select, insert, update, delete on outbox to sebez_jobs;
alter table outbox enable row level security, force row level security;
create policy everything on outbox to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner using (true) with check (true);

create table dead_letter (
	id          uuid primary key, -- id of the delivery
	row_id      bigint not null, -- id in the outbox, used again on replay
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
