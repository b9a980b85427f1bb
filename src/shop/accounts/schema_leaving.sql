-- Accounts that are to be erased. docs/ACCOUNTS.md, "Leaving".
set local role sebez_owner;

create table account_deletion (
	account_id uuid primary key references account (id),
	asked_at   timestamptz not null default now(),
	by_admin   boolean not null,
	erase_at   timestamptz not null, -- until then it can be cancelled
	due_at     timestamptz not null, -- when the job looks at it next
	started_at timestamptz, -- the account can no longer be used
	erased_at  timestamptz
);
create index account_deletion_due on account_deletion (due_at) where erased_at is null;
create trigger audit after insert or delete on account_deletion for each row
	when (current_setting('sebez.actor', true) = 'admin') execute function audit();

grant select, delete on account_deletion to sebez_auth;
grant select, insert (account_id, by_admin, erase_at, due_at), delete
	on account_deletion to sebez_customer, sebez_admin;
grant select, update (due_at) on account_deletion to sebez_jobs;
alter table account_deletion enable row level security, force row level security;
create policy everything on account_deletion to sebez_admin, sebez_jobs, sebez_owner using (true) with check (true);
create policy sign_in on account_deletion to sebez_auth using (true);
create policy of_customer on account_deletion to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account() and not by_admin);
