-- Accounts, sessions, refresh tokens, address book.
set local role sebez_owner;

create table account (
	id            uuid primary key,
	email         text check (email = lower(email collate "C") and length(email) <= 254), -- null: signs in by phone
	name          text not null check (length(name) between 1 and 200),
	avatar        json, -- as shop/image.h keeps pictures
	password_hash text,
	admin_role    text check (admin_role in (:AdminRole)),
	locked_at     timestamptz,
	locked_reason text,
	version       int not null default 1,
	created_at    timestamptz not null default now(),
	updated_at    timestamptz not null default now(),
	email_key     text, -- unique key of an account: account_key() of shop/accounts/accounts.h
	phone         text check (phone ~ '^\+[1-9][0-9]{6,14}$'), -- as phone_form() of base/phone.h; proved by a code
	email_verified_at timestamptz, -- its owner has shown that they read its mails
	password_changed_at timestamptz not null default now(),
	avatar_upload_id uuid generated always as ((avatar #>> '{image_facts,id}')::uuid) stored references upload (id),
	check ((email is null) = (email_key is null)),
	check (password_hash is null or email is not null), -- it signs in by both; by its number, a mail, or a provider
	erased_at     timestamptz, -- nobody's any more (account_erase())
	check (erased_at is not null or coalesce(email, phone) is not null),
	check (admin_role is null or password_hash is not null), -- with which admins sign in
	has_password  boolean not null generated always as (password_hash is not null) stored
);
create index account_admin_role on account (admin_role) where admin_role is not null;
create index account_avatar on account (avatar_upload_id) where avatar_upload_id is not null;
create index account_created on account (created_at desc, id desc);
create unique index account_email_key on account (email_key);
create index account_name_trgm on account using gin ((coalesce(email, '') || ' ' || name) gin_trgm_ops);
create unique index account_phone on account (phone);
create trigger kept before delete or update of id on account
	for each row execute function kept();
create trigger audit after insert or update or delete on account for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();
create trigger email_is_free after insert or update of email_key on account for each row
	when (new.email_key is not null) execute function account_email_is_free();
create trigger revoke_polls after update of locked_at on account for each row
	when (old.locked_at is null and new.locked_at is not null) execute function revoke_polls();
create trigger track_uploads after insert or update of avatar on account for each row
	execute function track_uploads('avatar_upload_id');
create trigger show_avatar after update of formats, uses on upload for each row
	when (new.purpose = 'avatar' and upload_is_shown_anew(old, new)) execute function show_upload('account.avatar');

grant select, insert (id, email, name, password_hash, email_key, phone,
	email_verified_at), update (email, name, avatar, password_hash,
	version, updated_at, email_key, phone, password_changed_at, email_verified_at) on account to sebez_auth;
grant select (id, email, phone, name, avatar, admin_role, locked_at, version, created_at, email_verified_at),
	update (name, avatar, version, updated_at) on account to sebez_customer;
grant select (id, email, name, avatar, email_key) on account to sebez_vendor;
grant select (id, email, phone, name, avatar, admin_role, locked_at, locked_reason, version, created_at, updated_at,
	email_key, email_verified_at, has_password), update (admin_role, locked_at, locked_reason, version, updated_at)
	on account to sebez_admin;
grant select (id, email, name, admin_role, locked_at, created_at, email_key) on account to sebez_jobs;
grant select, insert, update (password_hash, admin_role, version, updated_at, email_key, password_changed_at)
	on account to sebez_kernel;
alter table account enable row level security, force row level security;
create policy everything on account to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy sign_in on account to sebez_auth using (true) with check (true);
create policy colleagues on account for select to sebez_vendor
	using (id in (select s.account_id from staff s where s.vendor_id = current_vendor()));
create policy own on account to sebez_customer using (id = current_account()) with check (id = current_account());

-- One sign-in. Ending it invalidates all its access tokens at once, because the envelope checks it.
create table session (
	id         uuid primary key,
	account_id uuid not null references account (id),
	user_agent text,
	device_name text check (length(device_name) <= 120), -- its own, or its user agent in a few words
	address    text,
	country    text check (country ~ '^[A-Z]{2}$'), -- of the address; null: not known
	created_at timestamptz not null default now(),
	used_at    timestamptz not null default now(),
	expires_at timestamptz not null,
	ended_at   timestamptz,
	authenticated_at timestamptz not null default now(), -- when its owner last proved who they are
	second_factor_at timestamptz -- when a second factor did so; null: never
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05); -- room for HOT updates of used_at
create index session_account on session (account_id, created_at desc);
create index session_ended on session (ended_at) where ended_at is not null;
create index session_expires on session (expires_at);
create trigger revoke_polls after update of ended_at on session for each row
	when (old.ended_at is null and new.ended_at is not null) execute function revoke_polls();

grant select, insert, update (used_at, expires_at, ended_at, authenticated_at, second_factor_at) on session
	to sebez_auth;
grant select, update (ended_at) on session to sebez_customer, sebez_admin, sebez_kernel;
grant select, delete on session to sebez_jobs;
alter table session enable row level security, force row level security;
create policy everything on session to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy sign_in on session to sebez_auth using (true) with check (true);
create policy of_customer on session to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());

-- The chain of a session's refresh tokens. Tokens are never stored; a successor is derived from its token
-- with the server's key, so that a retry gets the same successor.
create table refresh_token (
	hash       bytea primary key,
	session_id uuid not null references session (id) on delete cascade,
	number     int not null,
	created_at timestamptz not null default now(),
	used_at    timestamptz,
	unique (session_id, number)
);
create index refresh_token_used on refresh_token (used_at) where used_at is not null;

grant select, insert, update (used_at) on refresh_token to sebez_auth;
grant select, delete on refresh_token to sebez_jobs;
alter table refresh_token enable row level security, force row level security;
create policy everything on refresh_token to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy sign_in on refresh_token to sebez_auth using (true) with check (true);

-- A code that was sent to a telephone: who knows it has proved the number. The code itself follows from the id and the
-- server's key (sms_code()), so it is kept nowhere.
create table phone_code (
	id           uuid primary key,
	phone        text not null,
	calling_code text not null,
	language     text not null, -- of its text
	created_at   timestamptz not null default now(),
	expires_at   timestamptz not null,
	tries        int not null default 0, -- codes that were compared with it
	used_at      timestamptz
);
create index phone_code_age on phone_code (created_at);
create index phone_code_country on phone_code (calling_code, created_at);
create index phone_code_phone on phone_code (phone, created_at desc);

grant select, update (tries, used_at) on phone_code to sebez_auth;
grant select, delete on phone_code to sebez_jobs;
grant select, insert on phone_code to sebez_kernel;
alter table phone_code enable row level security, force row level security;
create policy everything on phone_code to sebez_jobs, sebez_kernel, sebez_owner using (true) with check (true);
create policy sign_in on phone_code to sebez_auth using (true) with check (true);

create table address (
	account_id  uuid not null references account (id),
	id          uuid not null,
	name        text not null,
	company     text,
	line1       text not null,
	line2       text,
	city        text not null,
	region      text,
	postal_code text,
	country     text not null check (country ~ '^[A-Z]{2}$'),
	phone       text,
	is_default  boolean not null default false,
	created_at  timestamptz not null default now(),
	primary key (account_id, id)
);
create unique index address_default on address (account_id) where is_default;

grant select, insert, update, delete on address to sebez_customer;
alter table address enable row level security, force row level security;
create policy everything on address to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on address to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());
