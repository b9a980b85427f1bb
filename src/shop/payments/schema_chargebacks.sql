-- Chargebacks: what the bank of a customer takes back of a payment. docs/MONEY.md, "Chargebacks".
set local role sebez_owner;

create table chargeback (
	id          uuid primary key,
	attempt_id  uuid not null references payment_attempt (id),
	order_id    uuid not null,
	account_id  uuid not null, -- the customer
	provider    text not null check (provider in (:PaymentProvider)),
	reference   text not null, -- the provider's id of it
	amount      bigint not null check (amount > 0),
	currency    text not null,
	reason      text, -- in a word of the provider
	state       text not null check (state in (:ChargebackStatus)),
	taken       boolean not null default false, -- the provider has the money, and journals say so
	fee         bigint not null default 0, -- that the provider took of us, as journals say
	borne_by    text not null check (borne_by in (:GoodwillBy)), -- what is lost, as the settings were when it came
	fee_borne_by text not null check (fee_borne_by in (:GoodwillBy)), -- and of the fee
	respond_by  timestamptz, -- later the provider takes no evidence; null: it wants none
	send_at     timestamptz, -- when the evidence is sent; null: it was, was refused, or none is wanted
	sending_at  timestamptz, -- since then nothing is added to it, as the provider may have it
	sent_at     timestamptz,
	refused_at  timestamptz, -- when the provider refused it; null: it did not, or it is sent again
	version     int not null default 1,
	created_at  timestamptz not null default now(),
	updated_at  timestamptz not null default now(),
	asked_at    timestamptz not null default now(), -- when the provider was asked about it last
	unique (provider, reference),
	check (not taken or state in ('needs_response', 'under_review'))
);
create index chargeback_order on chargeback (order_id);
create index chargeback_state on chargeback (state, id);
create index chargeback_asked on chargeback (asked_at) where state in ('inquiry', 'needs_response', 'under_review');
create trigger kept before delete or update of id, attempt_id, order_id, account_id, provider, reference, amount,
	currency, borne_by, fee_borne_by on chargeback for each row execute function kept();

grant select on chargeback to sebez_admin, sebez_jobs;
-- Amounts are of the whole order: a vendor reads its part.
grant select (id, order_id, provider, reference, currency, reason, state, borne_by, respond_by, sent_at, created_at,
	updated_at) on chargeback to sebez_vendor;
grant select, insert, update on chargeback to sebez_kernel;
alter table chargeback enable row level security, force row level security;
create policy everything on chargeback to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);

-- What of it is of which sub-order.
create table chargeback_part (
	vendor_id     uuid not null,
	chargeback_id uuid not null references chargeback (id),
	sub_order_id  uuid not null,
	amount        bigint not null check (amount > 0),
	primary key (vendor_id, chargeback_id),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id)
);
create index chargeback_part_chargeback on chargeback_part (chargeback_id);
create index chargeback_part_sub_order on chargeback_part (vendor_id, sub_order_id);
create trigger kept before delete or update on chargeback_part for each row execute function kept();

grant select on chargeback_part to sebez_vendor, sebez_admin, sebez_jobs;
grant select, insert on chargeback_part to sebez_kernel;
alter table chargeback_part enable row level security, force row level security;
create policy everything on chargeback_part to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_vendor on chargeback_part for select to sebez_vendor using (vendor_id = current_vendor());
create policy of_vendor on chargeback for select to sebez_vendor using (exists (select from chargeback_part p
	where p.chargeback_id = chargeback.id and p.vendor_id = current_vendor()));

-- What a vendor or an admin says to the bank, with files.
create table chargeback_evidence (
	id            uuid primary key,
	chargeback_id uuid not null references chargeback (id),
	vendor_id     uuid, -- null: an admin's
	actor         text not null check (actor in (:MovedBy)),
	actor_id      uuid,
	text          text not null,
	created_at    timestamptz not null default now()
);
create index chargeback_evidence_chargeback on chargeback_evidence (chargeback_id, id);
create trigger kept before delete or update on chargeback_evidence for each row execute function kept();

grant select on chargeback_evidence to sebez_vendor, sebez_admin, sebez_jobs;
grant select, insert on chargeback_evidence to sebez_kernel;
alter table chargeback_evidence enable row level security, force row level security;
create policy everything on chargeback_evidence to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_vendor on chargeback_evidence for select to sebez_vendor using (vendor_id = current_vendor());

create table chargeback_file (
	evidence_id uuid not null references chargeback_evidence (id),
	upload_id   uuid not null references upload (id),
	vendor_id   uuid, -- as of the evidence
	position    int not null,
	file        json not null, -- as returns/evidence.c keeps it
	primary key (evidence_id, upload_id)
);
create index chargeback_file_upload on chargeback_file (upload_id);
create trigger kept before delete or update on chargeback_file for each row execute function kept();
create trigger track_uploads after insert or delete on chargeback_file for each row
	execute function track_uploads('upload_id');

grant select, insert on chargeback_file to sebez_vendor, sebez_admin;
grant select on chargeback_file to sebez_jobs;
alter table chargeback_file enable row level security, force row level security;
create policy everything on chargeback_file to sebez_admin, sebez_jobs, sebez_owner using (true) with check (true);
create policy of_vendor on chargeback_file to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

-- What the sandbox knows of them.
create table sandbox_chargeback (
	id         uuid primary key,
	charge_id  uuid not null references sandbox_charge (id),
	amount     bigint not null check (amount > 0),
	state      text not null default 'needs_response'
	           check (state in ('needs_response', 'under_review', 'won', 'lost')),
	respond_by timestamptz not null default now() + interval '7 days',
	created_at timestamptz not null default now()
);
create index sandbox_chargeback_charge on sandbox_chargeback (charge_id);
grant select, insert, update (state) on sandbox_chargeback to sebez_jobs;
alter table sandbox_chargeback enable row level security, force row level security;
create policy everything on sandbox_chargeback to sebez_jobs, sebez_owner using (true) with check (true);
