-- The second factor: secrets of authenticator apps, recovery codes, and sign-ins that wait for one of them.
set local role sebez_owner;

create table totp (
	account_id    uuid primary key references account (id),
	secret        bytea, -- sealed (totp_secret.h); null until an enrolment was confirmed
	confirmed_at  timestamptz,
	last_step     bigint not null default 0, -- of the last code accepted: this code and earlier ones are refused
	pending       bytea, -- sealed: of an enrolment that waits for its first code
	pending_until timestamptz,
	check ((secret is null) = (confirmed_at is null)),
	check ((pending is null) = (pending_until is null)),
	check (coalesce(secret, pending) is not null)
);

grant select, insert, update, delete on totp to sebez_auth;
grant select (account_id, confirmed_at) on totp to sebez_customer;
grant select on totp to sebez_kernel;
alter table totp enable row level security, force row level security;
create policy everything on totp to sebez_kernel, sebez_owner using (true) with check (true);
create policy sign_in on totp to sebez_auth using (true) with check (true);
create policy own on totp for select to sebez_customer using (account_id = current_account());

-- Each works once. Only a hash is kept, whose key is the secret of the account's app.
create table recovery_code (
	account_id uuid not null references account (id),
	hash       bytea not null,
	used_at    timestamptz,
	primary key (account_id, hash)
);

grant select, insert, update (used_at), delete on recovery_code to sebez_auth;
grant select (account_id, used_at) on recovery_code to sebez_customer;
alter table recovery_code enable row level security, force row level security;
create policy everything on recovery_code to sebez_owner using (true) with check (true);
create policy sign_in on recovery_code to sebez_auth using (true) with check (true);
create policy own on recovery_code for select to sebez_customer using (account_id = current_account());

-- A sign-in whose first factor was right. Only who gave that knows the id.
create table sign_in_challenge (
	id         uuid primary key,
	account_id uuid not null references account (id),
	created_at timestamptz not null default now(),
	expires_at timestamptz not null,
	tries      int not null default 0
);
create index sign_in_challenge_account on sign_in_challenge (account_id);
create index sign_in_challenge_expires on sign_in_challenge (expires_at);
create trigger end_challenges after update of password_hash, email_key, phone, admin_role, locked_at on account
	for each row
	when ((old.password_hash, old.email_key, old.phone, old.admin_role, old.locked_at) is distinct from
	      (new.password_hash, new.email_key, new.phone, new.admin_role, new.locked_at))
	execute function end_challenges();

grant select, insert, update (tries), delete on sign_in_challenge to sebez_auth;
grant select, delete on sign_in_challenge to sebez_jobs, sebez_kernel;
alter table sign_in_challenge enable row level security, force row level security;
create policy everything on sign_in_challenge to sebez_jobs, sebez_kernel, sebez_owner using (true) with check (true);
create policy sign_in on sign_in_challenge to sebez_auth using (true) with check (true);

-- Since when an account that must have a second factor knows it: its first sign-in without one.
create table two_factor_grace (
	account_id uuid primary key references account (id),
	started_at timestamptz not null default now()
);

grant select, insert on two_factor_grace to sebez_kernel;
alter table two_factor_grace enable row level security, force row level security;
create policy everything on two_factor_grace to sebez_kernel, sebez_owner using (true) with check (true);
