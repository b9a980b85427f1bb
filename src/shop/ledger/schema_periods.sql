-- Months (UTC) that were closed: no journal is added to them any more. docs/MONEY.md, "Closed months".
set local role sebez_owner;

create table period_close (
	id        uuid primary key,
	month     date not null unique check (month = date_trunc('month', month::timestamp)),
	closed_at timestamptz not null default now(),
	closed_by uuid not null,
	note      text,
	journals  bigint not null, -- of the month
	accounts  json not null -- [{"account", "debit", "credit"}]: what its journals added to each account
);
create trigger kept before delete or update on period_close for each row execute function kept();
create trigger audit after insert on period_close for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select on period_close to sebez_admin;
grant select, insert on period_close to sebez_kernel;
alter table period_close enable row level security, force row level security;
create policy everything on period_close to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
