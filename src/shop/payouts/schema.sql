-- Where vendors get their money, and what was paid out. docs/MONEY.md, "Payouts".
set local role sebez_owner;

-- Bank details, entered by an owner. The one that is used is the latest that is active; a row is never changed, but
-- ended.
create table payout_account (
	vendor_id  uuid not null references vendor (id),
	id         uuid not null,
	holder     text not null check (length(holder) between 1 and 140),
	country    text not null check (country ~ '^[A-Z]{2}$'),
	iban       text check (iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'),
	number     text check (length(number) between 1 and 34), -- where there is no IBAN
	bank_code  text check (length(bank_code) between 1 and 34), -- BIC, routing number, sort code
	masked     text not null, -- what is shown
	entered_by uuid not null,
	created_at timestamptz not null default now(),
	active_at  timestamptz not null, -- a change is held until then
	ended_at   timestamptz, -- withdrawn, or replaced while it was held
	primary key (vendor_id, id),
	check ((iban is null) = (number is not null)),
	check (number is null or bank_code is not null)
);
create trigger kept before delete or update of vendor_id, id, holder, country, iban, number, bank_code, entered_by
	on payout_account for each row execute function kept();
create trigger audit after insert or update on payout_account for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

-- Vendors are shown no numbers, not even their own.
grant select (vendor_id, id, holder, country, masked, entered_by, created_at, active_at, ended_at), insert,
	update (ended_at) on payout_account to sebez_vendor;
grant select on payout_account to sebez_admin, sebez_kernel;
alter table payout_account enable row level security, force row level security;
create policy everything on payout_account to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
create policy own on payout_account to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

-- What admins set for one vendor; null: the marketplace's setting.
create table payout_terms (
	vendor_id uuid primary key references vendor (id),
	schedule  text check (schedule in (:PayoutSchedule)),
	minimum   bigint check (minimum >= 0),
	reserve_basis_points int check (reserve_basis_points between 0 and 10000),
	reserve_days int check (reserve_days between 0 and 365),
	held_reason text, -- null: not held
	version   int not null default 1
);
create trigger audit after insert or update on payout_terms for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select on payout_terms to sebez_vendor, sebez_kernel;
grant select, insert, update on payout_terms to sebez_admin;
alter table payout_terms enable row level security, force row level security;
create policy everything on payout_terms to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
create policy own on payout_terms for select to sebez_vendor using (vendor_id = current_vendor());

-- A file for the bank: the payouts that were taken into it, and who pays.
create table payout_export (
	id          uuid primary key,
	currency    text not null,
	count       int not null,
	total       bigint not null,
	debtor_name text not null,
	debtor_iban text not null,
	execute_on  date not null,
	only_ibans  boolean not null,
	created_at  timestamptz not null default now(),
	created_by  uuid
);
create trigger kept before delete or update on payout_export for each row execute function kept();
create trigger audit after insert on payout_export for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select on payout_export to sebez_admin;
grant select, insert on payout_export to sebez_kernel;
alter table payout_export enable row level security, force row level security;
create policy everything on payout_export to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);

-- Money that is on its way to a vendor. Its moves: payout_moves().
create table payout (
	vendor_id   uuid not null,
	id          uuid not null unique,
	currency    text not null,
	amount      bigint not null check (amount > 0),
	state       text not null check (state in (:PayoutStatus)),
	account_id  uuid not null,
	entries_until bigint not null, -- the last entry of the vendor that it can contain
	created_at  timestamptz not null default now(),
	approved_at timestamptz,
	export_id   uuid references payout_export (id),
	paid_at     timestamptz,
	reference   text, -- of the bank
	ended_at    timestamptz, -- failed or returned
	reason      text,
	version     int not null default 1,
	primary key (vendor_id, id),
	foreign key (vendor_id, account_id) references payout_account (vendor_id, id),
	check ((paid_at is not null) = (state in ('paid', 'returned'))),
	check ((ended_at is not null) = (state in ('failed', 'returned')))
);
create index payout_open on payout (state, id) where state in ('pending', 'approved');
create index payout_of_export on payout (export_id, id);
create trigger kept before delete or update of vendor_id, id, currency, amount, account_id on payout
	for each row execute function kept();
create trigger audit after insert or update on payout for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select on payout to sebez_vendor, sebez_admin;
grant select, insert, update on payout to sebez_kernel;
alter table payout enable row level security, force row level security;
create policy everything on payout to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
create policy of_vendor on payout for select to sebez_vendor using (vendor_id = current_vendor());

create table payout_approval (
	vendor_id  uuid not null,
	payout_id  uuid not null,
	account_id uuid not null,
	at         timestamptz not null default now(),
	primary key (vendor_id, payout_id, account_id),
	foreign key (vendor_id, payout_id) references payout (vendor_id, id)
);
create trigger kept before delete or update on payout_approval for each row execute function kept();
create trigger audit after insert on payout_approval for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select on payout_approval to sebez_admin;
grant select, insert on payout_approval to sebez_kernel;
alter table payout_approval enable row level security, force row level security;
create policy everything on payout_approval to sebez_admin, sebez_kernel, sebez_owner
	using (true) with check (true);
