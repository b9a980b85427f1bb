-- Idempotency keys.
set local role sebez_owner;

-- Keys and stored replies of web/idempotency. A row is inserted by the transaction whose reply it keeps. A row
-- without status is a fence: no reply is kept beside it, so a transaction that has not kept its own by then rolls
-- back.
create table idempotency_key (
	scope        text not null, -- owner of the key: current_scope()
	key          text not null,
	operation    text not null,
	request_hash bytea not null,
	status       int,
	body         bytea,
	created_at   timestamptz not null default now(),
	primary key (scope, key)
);
create index idempotency_key_age on idempotency_key (created_at);

grant select, insert, update, delete on idempotency_key to sebez_customer, sebez_vendor, sebez_admin;
grant select, insert, delete on idempotency_key to sebez_jobs;
alter table idempotency_key enable row level security, force row level security;
create policy everything on idempotency_key to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on idempotency_key to sebez_customer
	using (scope = current_scope()) with check (scope = current_scope());
create policy of_vendor on idempotency_key to sebez_vendor
	using (scope = current_scope()) with check (scope = current_scope());
