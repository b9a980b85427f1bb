-- Webhooks: calls of other servers when something happens. docs/WEBHOOKS.md.
set local role sebez_owner;

create table webhook (
	id                uuid primary key,
	vendor_id         uuid references vendor (id), -- null: the platform's
	url               text not null check (length(url) <= 2048),
	host              text not null generated always as (lower(substring(url from '^[A-Za-z]+://([^/?#]*)'))) stored,
	events            text[] not null check (cardinality(events) between 1 and 50), -- kinds, each once
	description       text not null check (length(description) <= 500),
	enabled           boolean not null,
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
	update (url, events, description, enabled, disabled_reason, failing_since, secret_changed_at, version, updated_at)
	on webhook to sebez_vendor, sebez_admin;
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
