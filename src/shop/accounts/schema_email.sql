-- Codes by mail. docs/ACCOUNTS.md.
set local role sebez_owner;

-- A code that is sent to an e-mail address: who knows it reads the mails of the address. It follows from the id and the
-- server's key (email_code.h), so its row has none. Every address that somebody types gets a row, whether an account
-- has it or not; the job that sends the mails decides who gets which.
create table email_code (
	id         uuid primary key,
	purpose    text not null check (purpose in ('reset', 'registration', 'email_change', 'email_undo', 'sign_in')),
	email      text not null check (length(email) <= 254),
	email_key  text not null, -- as of account
	language   text not null, -- of the mail, when the account has no device
	created_at timestamptz not null default now(),
	expires_at timestamptz not null,
	tries      int not null default 0, -- codes that were compared with it
	used_at    timestamptz
);
create index email_code_address on email_code (email_key, purpose, created_at desc);
create index email_code_expiry on email_code (expires_at);

grant select, update (tries, used_at) on email_code to sebez_auth;
grant select, delete on email_code to sebez_jobs;
grant select, insert on email_code to sebez_kernel;
alter table email_code enable row level security, force row level security;
create policy everything on email_code to sebez_jobs, sebez_kernel, sebez_owner using (true) with check (true);
create policy sign_in on email_code to sebez_auth using (true) with check (true);

-- Who wants an account, until the code that was sent to the address is confirmed.
create table registration (
	id            uuid primary key references email_code (id) on delete cascade,
	name          text not null check (length(name) between 1 and 200),
	password_hash text not null,
	accepted      uuid[] not null check (cardinality(accepted) <= 10) -- documents (shop/consents)
);

grant select, insert, delete on registration to sebez_auth;
alter table registration enable row level security, force row level security;
create policy everything on registration to sebez_owner using (true) with check (true);
create policy sign_in on registration to sebez_auth using (true) with check (true);

-- The account that a code changes the address of; or, for a week, gives a former address back to.
create table email_change (
	id         uuid primary key references email_code (id) on delete cascade,
	account_id uuid not null references account (id),
	phone      text -- of a code for a former address: the number that the account had then
);
create index email_change_account on email_change (account_id);

grant select, insert (id, account_id) on email_change to sebez_auth;
grant select on email_change to sebez_jobs;
grant insert on email_change to sebez_kernel;
alter table email_change enable row level security, force row level security;
create policy everything on email_change to sebez_jobs, sebez_kernel, sebez_owner using (true) with check (true);
create policy sign_in on email_change to sebez_auth using (true) with check (true);
