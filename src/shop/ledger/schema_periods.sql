-- Months (UTC) that were closed: no journal is added to them any more. docs/MONEY.md, "Closed months".
set local role sebez_owner;

create table period_close (
	id        uuid primary key,
	month     date not null unique check (month = date_trunc('month', month::timestamp)),
	closed_at timestamptz not null default now(),
	closed_by uuid not null,
	note      text,
	journals  bigint, -- of the month; null: not added up yet (periods_sum_up())
	accounts  json, -- [{"account", "debit", "credit"}]: what its journals added to each account
	check ((journals is null) = (accounts is null))
);
create trigger kept before delete on period_close for each row execute function kept();
create trigger kept_once before update on period_close for each row
	when (old.journals is not null or (new.id, new.month, new.closed_at, new.closed_by, new.note)
		is distinct from (old.id, old.month, old.closed_at, old.closed_by, old.note))
	execute function kept();
create trigger audit after insert on period_close for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select on period_close to sebez_admin;
grant select, insert, update (journals, accounts) on period_close to sebez_kernel;
alter table period_close enable row level security, force row level security;
create policy everything on period_close to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
