-- Who accounts are at identity providers. docs/ACCOUNTS.md, "Google and Apple".
set local role sebez_owner;

create table identity (
	id         uuid primary key,
	account_id uuid not null references account (id),
	provider   text not null check (provider in ('google', 'apple')),
	subject    text not null check (length(subject) between 1 and 255), -- the provider's name for the person
	email      text check (length(email) <= 254), -- as the provider told when it was linked
	client_id  text not null, -- the app that it was linked in, and that its code and token were given to
	authorization_code bytea, -- sealed (seal.h), until Apple has given a token for it
	refresh_token      bytea, -- sealed; with it Apple is told that the person left
	created_at   timestamptz not null default now(),
	last_used_at timestamptz,
	check (provider = 'apple' or coalesce(authorization_code, refresh_token) is null)
);
create unique index identity_account on identity (account_id, provider);
create unique index identity_subject on identity (provider, subject);
create trigger revoke_token after delete on identity for each row
	when (old.refresh_token is not null) execute function identity_revoke();

grant select, insert (id, account_id, provider, subject, email, client_id), update (last_used_at), delete
	on identity to sebez_auth;
grant select (id, account_id, provider, email, created_at, last_used_at) on identity to sebez_customer;
grant select (id, client_id, subject, authorization_code), update (authorization_code, refresh_token, client_id)
	on identity to sebez_jobs;
grant select (id, account_id, refresh_token), update (authorization_code, client_id) on identity to sebez_kernel;
alter table identity enable row level security, force row level security;
create policy everything on identity to sebez_jobs, sebez_kernel, sebez_owner using (true) with check (true);
create policy sign_in on identity to sebez_auth using (true) with check (true);
create policy own on identity for select to sebez_customer using (account_id = current_account());

-- What a token must have been given for, once. The nonce is a hash of what only who asked knows.
create table identity_challenge (
	nonce      text primary key check (length(nonce) = 43),
	session_id uuid, -- that asked for it; null: to sign in
	expires_at timestamptz not null
);
create index identity_challenge_expires on identity_challenge (expires_at);

grant select, insert, delete on identity_challenge to sebez_auth;
grant select, delete on identity_challenge to sebez_jobs;
alter table identity_challenge enable row level security, force row level security;
create policy everything on identity_challenge to sebez_jobs, sebez_owner using (true) with check (true);
create policy sign_in on identity_challenge to sebez_auth using (true) with check (true);

-- Tokens of identities that are gone, until Apple has revoked them. They name no account.
create table identity_revocation (
	id         uuid primary key, -- of the identity, to which the token is bound
	client_id  text not null,
	token      bytea not null,
	created_at timestamptz not null default now()
);

grant select, insert, delete on identity_revocation to sebez_jobs;
grant insert on identity_revocation to sebez_kernel;
alter table identity_revocation enable row level security, force row level security;
create policy everything on identity_revocation to sebez_jobs, sebez_kernel, sebez_owner using (true) with check (true);
