-- Copies of what Sebez has of a person, as a file. docs/ACCOUNTS.md, "A copy of one's data".
set local role sebez_owner;

create table account_export (
	account_id uuid primary key references account (id),
	asked_at   timestamptz not null default now(),
	by_admin   boolean not null,
	due_at     timestamptz not null default now(), -- when the job makes it, or tries again; a lease's end meanwhile
	attempts   int not null default 0,
	ready_at   timestamptz,
	bytes      bigint,
	expires_at timestamptz, -- then the file goes, and this row
	check ((ready_at is null) = (expires_at is null) and (ready_at is null) = (bytes is null))
);
create index account_export_due on account_export (due_at) where ready_at is null;
create index account_export_expires on account_export (expires_at) where expires_at is not null;
create trigger audit after insert or update on account_export for each row
	when (current_setting('sebez.actor', true) = 'admin') execute function audit();

grant select, insert (account_id, by_admin), update (asked_at, by_admin, due_at, attempts, ready_at, bytes, expires_at)
	on account_export to sebez_customer, sebez_admin;
grant select, update (due_at, attempts, ready_at, bytes, expires_at), delete on account_export to sebez_jobs;
alter table account_export enable row level security, force row level security;
create policy everything on account_export to sebez_admin, sebez_jobs, sebez_owner using (true) with check (true);
create policy of_customer on account_export to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account() and not by_admin);
