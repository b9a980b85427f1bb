-- Webhooks: calls of other servers when something happens. docs/WEBHOOKS.md.
set local role sebez_owner;

create table webhook (
	id                uuid primary key,
	vendor_id         uuid references vendor (id), -- null: the platform's
	url               text not null check (length(url) <= 2048),
	host              text generated always as (lower(substring(url from '^[A-Za-z]+://([^/?#]*)'))) stored
	                  check (host is not null),
	events            text[] not null check (cardinality(events) between 1 and 50), -- kinds, each once
	description       text not null check (length(description) <= 500),
	enabled           boolean not null,
	enabled_at        timestamptz not null default now(), -- it gets what happens from then on
	disabled_reason   text check (disabled_reason in (:WebhookDisabledReason)), -- null: its owner did, or nobody
	failing_since     timestamptz, -- the first failure since the last success
	secret_changed_at timestamptz not null default clock_timestamp(),
	version           int not null default 1,
	created_at        timestamptz not null default now(),
	updated_at        timestamptz not null default now(),
	check (disabled_reason is null or not enabled)
);
create index webhook_vendor on webhook (vendor_id);
create trigger audit after insert or update or delete on webhook for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select, insert (id, vendor_id, url, events, description, enabled), delete,
	update (url, events, description, enabled, enabled_at, disabled_reason, failing_since, secret_changed_at, version,
	updated_at) on webhook to sebez_vendor, sebez_admin;
grant select, update (enabled, disabled_reason, failing_since, version, updated_at) on webhook to sebez_jobs;
alter table webhook enable row level security, force row level security;
create policy everything on webhook to sebez_jobs, sebez_owner using (true) with check (true);
create policy of_admin on webhook to sebez_admin using (vendor_id is null) with check (vendor_id is null);
create policy of_vendor on webhook to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

-- Keys that sign. The newest is the webhook's; each of the others signs for 24 hours from when the next one was made.
-- Who makes one cannot read it again.
create table webhook_secret (
	webhook_id uuid not null references webhook (id) on delete cascade,
	created_at timestamptz not null default clock_timestamp(),
	secret     bytea not null check (octet_length(secret) = 32),
	primary key (webhook_id, created_at)
);
create trigger bound_secrets after insert on webhook_secret for each row execute function bound_webhook_secrets();

grant insert (webhook_id, secret) on webhook_secret to sebez_vendor, sebez_admin;
grant select, delete on webhook_secret to sebez_jobs;
alter table webhook_secret enable row level security, force row level security;
create policy everything on webhook_secret to sebez_jobs, sebez_owner using (true) with check (true);
-- The webhook's own policies say whose it is.
create policy of_admin on webhook_secret for insert to sebez_admin
	with check (exists (select from webhook w where w.id = webhook_id));
create policy of_vendor on webhook_secret for insert to sebez_vendor
	with check (exists (select from webhook w where w.id = webhook_id));

insert into event_follower (name, epoch) select 'webhooks', e.epoch from feed_epoch e;
insert into id_clock (name) values ('webhooks');

-- One row for each event and each webhook that has it, and for each test. What is sent is read from the event when it
-- is sent, so a text that was taken back is not. Rows of a webhook that was removed go by their age.
create table webhook_delivery (
	id              uuid primary key, -- the receiver's webhook-id: of version 7, ascending in the order of writing
	webhook_id      uuid not null,
	vendor_id       uuid, -- of the webhook
	owner_id        uuid, -- with number: the event; null: a test
	number          bigint,
	kind            text not null,
	event_at        timestamptz not null,
	state           text not null default 'pending' check (state in (:WebhookDeliveryState)),
	attempts        int not null default 0,
	log             jsonb not null default '[]', -- the latest attempts, as they are shown
	next_attempt_at timestamptz,
	created_at      timestamptz not null default now(),
	begun_at        timestamptz not null default now(), -- when it was first to be delivered, or again
	unique (webhook_id, owner_id, number),
	check ((owner_id is null) = (number is null)),
	check (state = 'pending' or next_attempt_at is null)
);
create index webhook_delivery_age on webhook_delivery (created_at);
create index webhook_delivery_state on webhook_delivery (webhook_id, state, id desc);
create index webhook_delivery_listed on webhook_delivery (webhook_id, id desc);
create index webhook_delivery_pending on webhook_delivery (begun_at) where state = 'pending';

grant select, insert (id, webhook_id, vendor_id, kind, event_at), update (state, begun_at)
	on webhook_delivery to sebez_vendor, sebez_admin;
grant select, insert, update (state, attempts, log, next_attempt_at), delete on webhook_delivery to sebez_jobs;
alter table webhook_delivery enable row level security, force row level security;
create policy everything on webhook_delivery to sebez_jobs, sebez_owner using (true) with check (true);
create policy of_admin on webhook_delivery to sebez_admin using (vendor_id is null)
	with check (vendor_id is null and exists (select from webhook w where w.id = webhook_id));
create policy of_vendor on webhook_delivery to sebez_vendor using (vendor_id = current_vendor())
	with check (vendor_id = current_vendor() and exists (select from webhook w where w.id = webhook_id));

-- Of the effects that follow a transaction these are the only ones that staff ask for.
grant insert (topic, destination, subject_id) on outbox to sebez_vendor;
create policy of_webhooks on outbox for insert to sebez_vendor with check (
	topic = 'webhooks' and exists (select from webhook_delivery d where d.id = subject_id));
