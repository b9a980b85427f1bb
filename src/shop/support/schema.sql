-- Support views: an admin sees what a customer or a vendor sees. docs/ACCOUNTS.md, "Support view".
set local role sebez_owner;

create table support_view (
	id         uuid primary key,
	admin_id   uuid not null references account (id),
	session_id uuid not null, -- of the admin: the view ends with it
	account_id uuid references account (id), -- whose customer's side is seen
	vendor_id  uuid references vendor (id), -- or whose staff's
	reason     text not null check (length(reason) between 1 and 500),
	started_at timestamptz not null default now(),
	expires_at timestamptz not null,
	ended_at   timestamptz,
	check (num_nonnulls(account_id, vendor_id) = 1),
	check (account_id <> admin_id)
);
create index support_view_account on support_view (account_id) where account_id is not null;
create index support_view_admin on support_view (admin_id);
create unique index support_view_session on support_view (session_id) where ended_at is null; -- one at a time
create index support_view_started on support_view (started_at desc, id desc);
create index support_view_vendor on support_view (vendor_id) where vendor_id is not null;
create trigger audit after insert or update on support_view for each row
	when (current_setting('sebez.actor', true) = 'admin') execute function audit();

grant select, insert (id, admin_id, session_id, account_id, vendor_id, reason, expires_at), update (ended_at)
	on support_view to sebez_admin;
grant select (id, session_id, account_id, vendor_id, started_at, expires_at, ended_at) on support_view
	to sebez_auth, sebez_customer;
grant select, delete on support_view to sebez_jobs;
grant select on support_view to sebez_kernel;
alter table support_view enable row level security, force row level security;
create policy everything on support_view to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy sign_in on support_view to sebez_auth using (true);
create policy of_session on support_view for select to sebez_customer using (session_id = current_session());
