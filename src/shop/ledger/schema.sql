-- Journals of all money, and the totals that are maintained of them. docs/MONEY.md.
set local role sebez_owner;

-- What one cause did to the accounts. Never changed; its entries sum to zero.
create table journal (
	id           uuid primary key,
	cause_kind   text not null check (cause_kind in (:JournalCause)),
	cause_id     uuid not null, -- the sub-order; of a paid debt its own id, of a reversal that of what it takes back
	cause_number int not null default 1, -- of causes that a thing can have several times
	currency     text not null,
	vendor_id    uuid, -- whose accounts its entries are of, other than the platform's
	sub_order_id uuid,
	order_id     uuid,
	at           timestamptz not null default now(),
	actor        text not null, -- of the envelope, as in sub_order_history
	actor_id     uuid,
	reason       text,
	reverses     uuid unique references journal (id),
	unique (cause_kind, cause_id, cause_number)
);
create index journal_order on journal (order_id, id);
create index journal_vendor on journal (vendor_id, id);
create trigger kept before delete or update on journal for each row execute function kept();
-- After the statement that inserts the journal and its entries.
create trigger post_journals after insert on journal
	referencing new table as written for each statement execute function post_journals();

grant select on journal to sebez_admin;
grant select (id, cause_kind, cause_id, currency, vendor_id, sub_order_id, order_id, at, reason) on journal to
	sebez_vendor;
grant select, insert on journal to sebez_kernel;
alter table journal enable row level security, force row level security;
create policy everything on journal to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
create policy of_vendor on journal for select to sebez_vendor using (vendor_id = current_vendor());

-- Debit is positive. vendor_id: of a vendor's account; null: the platform's.
create table journal_entry (
	id         bigint generated always as identity primary key, -- of one vendor, in the order of their commits
	journal_id uuid not null, -- post_entries() has found it
	account    text not null check (account in (:LedgerAccount)),
	vendor_id  uuid,
	item       text not null check (item in (:LedgerItem)),
	amount     bigint not null check (amount <> 0),
	check ((vendor_id is not null) = (account in (:VendorAccount)))
);
create index journal_entry_journal on journal_entry (journal_id);
create index journal_entry_vendor on journal_entry (vendor_id, id) where vendor_id is not null;
create trigger kept before delete or update on journal_entry for each row execute function kept();
create trigger post_entries after insert on journal_entry
	referencing new table as written for each statement execute function post_entries();

grant select on journal_entry to sebez_admin;
grant select on journal_entry to sebez_vendor;
grant select, insert on journal_entry to sebez_kernel;
alter table journal_entry enable row level security, force row level security;
create policy everything on journal_entry to sebez_admin, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_vendor on journal_entry for select to sebez_vendor using (vendor_id = current_vendor());

-- What the journals of a sub-order contain of its worth (sub_orders_worth()), and when its money is released.
create table ledger_share (
	vendor_id    uuid not null,
	sub_order_id uuid not null,
	currency     text not null,
	received     bigint not null,
	refunded     bigint not null,
	goods        bigint not null,
	shipping     bigint not null,
	discount     bigint not null,
	tax          bigint not null,
	service_fee  bigint not null,
	commission   bigint not null,
	commission_tax bigint not null,
	goodwill     bigint not null, -- of the vendor
	platform_goodwill bigint not null, -- of the marketplace
	journals     int not null, -- written so far
	release_at   timestamptz, -- null: not delivered, or not paid
	released_at  timestamptz, -- since then its money is available; null: it is pending
	reserved     bigint not null default 0, -- of what was released, held back
	reserved_until timestamptz, -- null: none is held back any more
	held         bigint not null default 0, -- of what was released, while the sub-order is disputed
	primary key (vendor_id, sub_order_id),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id),
	check (refunded between 0 and received),
	check (goodwill >= 0 and platform_goodwill >= 0)
);
create index ledger_share_release on ledger_share (release_at) where released_at is null;
create index ledger_share_reserved on ledger_share (reserved_until) where reserved_until is not null;
create index ledger_share_vendor on ledger_share (vendor_id, release_at) where released_at is null;

grant select on ledger_share to sebez_vendor, sebez_admin;
grant select, insert, update on ledger_share to sebez_kernel;
alter table ledger_share enable row level security, force row level security;
create policy everything on ledger_share to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
create policy of_vendor on ledger_share for select to sebez_vendor using (vendor_id = current_vendor());

-- The sums of a vendor's entries, by account, as post_entries() adds them up; credit is positive here.
create table vendor_balance (
	vendor_id uuid not null references vendor (id),
	currency  text not null,
	pending   bigint not null default 0,
	available bigint not null default 0, -- negative: the vendor owes it
	reserved  bigint not null default 0,
	in_payout bigint not null default 0,
	primary key (vendor_id, currency)
) with (fillfactor = 80);

grant select on vendor_balance to sebez_vendor, sebez_admin;
grant select, insert, update on vendor_balance to sebez_kernel; -- only to lock: post_entries() writes
alter table vendor_balance enable row level security, force row level security;
create policy everything on vendor_balance to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
create policy of_vendor on vendor_balance for select to sebez_vendor using (vendor_id = current_vendor());

-- The sums of all entries by account and day (UTC), of the journals that are not in ledger_uncarried.
create table ledger_day (
	day      date not null,
	account  text not null,
	currency text not null,
	debit    bigint not null,
	credit   bigint not null,
	journals bigint not null, -- whose first entry is of this account: so that each counts once
	primary key (account, currency, day)
);

grant select on ledger_day to sebez_admin;
grant select, insert, update on ledger_day to sebez_kernel;
alter table ledger_day enable row level security, force row level security;
create policy everything on ledger_day to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);

create table ledger_uncarried (
	journal_id uuid primary key
);

grant select on ledger_uncarried to sebez_admin;
grant select, delete, update on ledger_uncarried to sebez_kernel; -- update: to lock
alter table ledger_uncarried enable row level security, force row level security;
create policy everything on ledger_uncarried to sebez_admin, sebez_kernel, sebez_owner
	using (true) with check (true);
