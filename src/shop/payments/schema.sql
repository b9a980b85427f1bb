-- Payments by providers: attempts, refunds, what providers told us, and the books of the sandbox. docs/MONEY.md.
set local role sebez_owner;

create table payment_attempt (
	id              uuid primary key, -- by which the provider knows it
	order_id        uuid not null,
	account_id      uuid not null,
	provider        text not null check (provider in (:PaymentProvider)),
	state           text not null default 'created' check (state in (:PaymentAttemptStatus)),
	amount          bigint not null check (amount > 0),
	currency        text not null,
	idempotency_key text not null,
	token           text, -- what the provider is to charge, in its own words
	return_url      text, -- where its page leads
	reference       text, -- the provider's id of it
	action          json, -- what the customer must do; null: nothing
	failure         text,
	-- What was made of the money when it was captured: it pays the order, or goes back as a second payment.
	outcome         text check (outcome in ('order', 'extra')),
	ask_at          timestamptz default now() + interval '30 seconds', -- when a job asks the provider; null: never
	asked           int not null default 0, -- how often it did in vain
	expires_at      timestamptz not null, -- afterwards it is cancelled
	created_at      timestamptz not null default now(),
	updated_at      timestamptz not null default now(),
	unique (account_id, idempotency_key),
	check ((outcome is not null) = (state = 'captured'))
);
create index payment_attempt_order on payment_attempt (order_id, id);
-- At most one pays an order.
create unique index payment_attempt_pays on payment_attempt (order_id) where outcome = 'order';
create index payment_attempt_reference on payment_attempt (provider, reference);
create index payment_attempt_ask on payment_attempt (provider, ask_at) where ask_at is not null;
create trigger kept before delete or update of id, order_id, account_id, provider, amount, currency on payment_attempt
	for each row execute function kept();
create trigger move_attempt before update of state on payment_attempt for each row execute function move_attempt();

grant select, insert (id, order_id, account_id, provider, amount, currency, idempotency_key, token, return_url,
	expires_at) on payment_attempt to sebez_customer;
grant select (id, order_id, account_id, provider, state, amount, currency, reference, action, failure, outcome,
	expires_at, created_at, updated_at) on payment_attempt to sebez_admin;
grant select, update (state, reference, action, failure, outcome, ask_at, asked, updated_at) on payment_attempt
	to sebez_jobs;
grant select on payment_attempt to sebez_kernel;
alter table payment_attempt enable row level security, force row level security;
create policy everything on payment_attempt to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on payment_attempt to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());

-- Money that goes back through the provider that took it: of sub-orders, so much of each; without any, all of an
-- attempt that was a second payment.
create table payment_refund (
	id         uuid primary key, -- the provider's idempotency key
	attempt_id uuid not null references payment_attempt (id),
	order_id   uuid not null,
	account_id uuid not null,
	amount     bigint not null check (amount > 0),
	currency   text not null,
	sub_orders uuid[] not null,
	amounts    bigint[] not null,
	state      text not null default 'pending' check (state in (:PaymentRefundStatus)),
	reference  text, -- the provider's id of it
	failure    text,
	created_at timestamptz not null default now(),
	updated_at timestamptz not null default now(),
	check (cardinality(sub_orders) = cardinality(amounts))
);
create index payment_refund_order on payment_refund (order_id, id);
create index payment_refund_pending on payment_refund (updated_at) where state = 'pending';
create unique index payment_refund_extra on payment_refund (attempt_id) where sub_orders = '{}';
create trigger kept
	before delete or update of id, attempt_id, order_id, account_id, amount, currency, sub_orders, amounts
	on payment_refund for each row execute function kept();

grant select on payment_refund to sebez_admin;
grant update (state, failure, updated_at) on payment_refund to sebez_admin;
grant select, update (state, reference, failure, updated_at) on payment_refund to sebez_jobs;
grant select, insert, update (state, failure, updated_at) on payment_refund to sebez_kernel;
alter table payment_refund enable row level security, force row level security;
create policy everything on payment_refund to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);

-- What providers told, so that the same is not taken for news: of its body the hash, as it names people.
create table payment_webhook (
	provider    text not null check (provider in (:PaymentProvider)),
	digest      bytea not null check (octet_length(digest) = 32),
	attempt_id  uuid not null, -- nil: none of ours
	received_at timestamptz not null default now(),
	primary key (provider, digest)
);
create index payment_webhook_age on payment_webhook (received_at);
grant select, insert, delete on payment_webhook to sebez_jobs;
alter table payment_webhook enable row level security, force row level security;
create policy everything on payment_webhook to sebez_jobs, sebez_owner using (true) with check (true);

-- What the sandbox knows: a provider inside this server, which keeps books of its own.
create table sandbox_charge (
	id         uuid primary key, -- the attempt's
	amount     bigint not null,
	currency   text not null,
	state      text not null check (state in ('needs_action', 'authorised', 'processing', 'captured',
	           'failed', 'cancelled')),
	refunded   bigint not null default 0 check (refunded between 0 and amount),
	created_at timestamptz not null default now()
);
grant select, insert, update (state, refunded) on sandbox_charge to sebez_jobs;
alter table sandbox_charge enable row level security, force row level security;
create policy everything on sandbox_charge to sebez_jobs, sebez_owner using (true) with check (true);

create table sandbox_refund (
	id         uuid primary key, -- the refund's
	charge_id  uuid not null references sandbox_charge (id),
	amount     bigint not null check (amount > 0),
	created_at timestamptz not null default now()
);
grant select, insert on sandbox_refund to sebez_jobs;
alter table sandbox_refund enable row level security, force row level security;
create policy everything on sandbox_refund to sebez_jobs, sebez_owner using (true) with check (true);
