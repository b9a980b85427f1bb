-- Accounts, sessions, refresh tokens, address book.
set local role sebez_owner;

create table account (
	id            uuid primary key,
	email         text not null check (email = lower(email) and length(email) <= 254),
	name          text not null check (length(name) between 1 and 200),
	password_hash text not null,
	admin_role    text check (admin_role in ('superadmin', 'operations', 'finance', 'support', 'moderator')),
	locked_at     timestamptz,
	locked_reason text,
	version       int not null default 1,
	created_at    timestamptz not null default now(),
	updated_at    timestamptz not null default now()
);
create unique index account_email_key on account (email);
create index account_created on account (created_at desc, id desc);
create index account_name_trgm on account using gin ((email || ' ' || name) gin_trgm_ops);

-- One sign-in. Ending it makes every access token of it worthless at once: the envelope looks here.
create table session (
	id         uuid primary key,
	account_id uuid not null references account (id),
	user_agent text,
	address    text,
	created_at timestamptz not null default now(),
	used_at    timestamptz not null default now(),
	expires_at timestamptz not null,
	ended_at   timestamptz
);
create index session_account on session (account_id, created_at desc);
create index session_expires on session (expires_at);
create index session_ended on session (ended_at) where ended_at is not null;

-- The chain of one session's refresh tokens. The token itself is never stored; its successor is
-- derived from it with the server's key, so that a retry can be given the same one again.
create table refresh_token (
	hash       bytea primary key,
	session_id uuid not null references session (id) on delete cascade,
	number     int not null,
	created_at timestamptz not null default now(),
	used_at    timestamptz,
	unique (session_id, number)
);
create index refresh_token_used on refresh_token (used_at) where used_at is not null;

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
