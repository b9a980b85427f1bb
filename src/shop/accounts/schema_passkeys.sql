-- Passkeys, and what authenticators are asked to sign. docs/ACCOUNTS.md.
set local role sebez_owner;

create table passkey (
	id            uuid primary key,
	account_id    uuid not null references account (id),
	credential_id bytea not null check (length(credential_id) between 1 and 1023), -- the authenticator's name for it
	public_key    bytea not null, -- in COSE's form (base/webauthn.h)
	sign_count    bigint not null check (sign_count >= 0), -- of its last signature; 0: it does not count
	name          text not null check (length(name) between 1 and 60),
	created_at    timestamptz not null default now(),
	last_used_at  timestamptz
);
create index passkey_account on passkey (account_id);
create unique index passkey_credential on passkey (credential_id);

grant select, insert, update (sign_count, last_used_at), delete on passkey to sebez_auth;
grant select (id, account_id, name, created_at, last_used_at), update (name) on passkey to sebez_customer;
grant select (account_id) on passkey to sebez_kernel;
alter table passkey enable row level security, force row level security;
create policy everything on passkey to sebez_kernel, sebez_owner using (true) with check (true);
create policy sign_in on passkey to sebez_auth using (true) with check (true);
create policy own on passkey to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());

-- Each is signed once, for one purpose.
create table passkey_challenge (
	challenge  bytea primary key,
	purpose    text not null check (purpose in ('registration', 'sign_in', 'step_up')),
	session_id uuid, -- that asked for it, unless it is to sign in
	email_key  text, -- that somebody has typed to sign in with; null: whoever has a passkey
	expires_at timestamptz not null,
	check ((session_id is null) = (purpose = 'sign_in'))
);
create index passkey_challenge_expires on passkey_challenge (expires_at);

grant select, insert, delete on passkey_challenge to sebez_auth;
grant select, delete on passkey_challenge to sebez_jobs;
alter table passkey_challenge enable row level security, force row level security;
create policy everything on passkey_challenge to sebez_jobs, sebez_owner using (true) with check (true);
create policy sign_in on passkey_challenge to sebez_auth using (true) with check (true);
