-- The feeds of accounts and vendors. docs/REALTIME.md has the guarantees.
set local role sebez_owner;

-- owner_id is an account or a vendor. The lock of the row makes numbers commit in order.
create table feed (
	owner_id    uuid primary key,
	last_number bigint not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05); -- incrementing last_number is a heap-only update

grant select on feed to sebez_customer, sebez_vendor, sebez_jobs;
grant select, insert, update on feed to sebez_kernel;
alter table feed enable row level security, force row level security;
create policy everything on feed to sebez_jobs, sebez_kernel, sebez_owner using (true) with check (true);
create policy of_customer on feed for select to sebez_customer using (owner_id = current_account());
create policy of_vendor on feed for select to sebez_vendor using (owner_id = current_vendor());

-- The epoch that event numbers belong to. Renew it after restoring a backup (docs/REALTIME.md): then every
-- client resyncs instead of waiting for numbers that are assigned a second time.
create table feed_epoch (
	id    boolean primary key default true check (id), -- a single row
	epoch bigint not null default ('x' || encode(substring(uuid_send(gen_random_uuid()) for 8), 'hex'))::bit(64)::bigint
);

insert into feed_epoch default values;

grant select on feed_epoch to sebez_customer, sebez_vendor, sebez_jobs, sebez_kernel;

create table event (
	owner_id uuid not null,
	number   bigint not null,
	kind     text not null,
	payload  json not null,
	at       timestamptz not null default clock_timestamp(),
	-- The writing transaction: a sweep queries what its last snapshot could not see.
	tx       bigint not null default pg_current_xact_id()::text::bigint
) partition by range (at);
create table event_late partition of event default;
create unique index on event_late (owner_id, number);
insert into partitioned values ('event', 'at', 'owner_id, number', '30 days');
-- For message_events_update, which finds the message_sent events of a message by its transaction.
create index event_message on event ((payload ->> 'id')) where kind = 'message_edited';
-- For sweeps, which query the newest transactions twice a second, and for changes of earlier events. Not a BRIN
-- index: it does not cover pages filled since the last autovacuum, so each sweep read all events of a minute.
create index event_tx on event (tx);

grant select on event to sebez_customer, sebez_vendor;
grant select on event to sebez_jobs;
grant select, insert, update (payload) on event to sebez_kernel;
alter table event enable row level security, force row level security;
create policy everything on event to sebez_jobs, sebez_kernel, sebez_owner using (true) with check (true);
create policy of_customer on event for select to sebez_customer using (owner_id = current_account());
create policy of_vendor on event for select to sebez_vendor using (owner_id = current_vendor());

-- How far each follower of the events is: all of the transactions up to tx have been read. feed_follow().
create table event_follower (
	name  text primary key,
	epoch bigint not null, -- of the feed
	tx    bigint not null default 0
);

grant select, update on event_follower to sebez_jobs;

-- The latest time of ids that ascend in the order of writing. clock_ms().
create table id_clock (
	name text primary key,
	ms   bigint not null default 0
);

grant select, update on id_clock to sebez_jobs;

-- Lost permissions, which end parked polls. Null ids mean any.
create table revocation (
	id         bigint generated always as identity primary key,
	account_id uuid,
	session_id uuid,
	vendor_id  uuid,
	at         timestamptz not null default clock_timestamp(),
	tx         bigint not null default pg_current_xact_id()::text::bigint
);
create index revocation_written on revocation (tx);

grant select, delete on revocation to sebez_jobs;
alter table revocation enable row level security, force row level security;
create policy everything on revocation to sebez_jobs, sebez_owner using (true) with check (true);
