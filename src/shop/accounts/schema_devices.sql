-- Devices that accounts have signed in from.
set local role sebez_owner;

create table account_device (
	account_id    uuid not null references account (id),
	key           bytea not null, -- a hash of what tells devices apart (known_device.h)
	first_seen_at timestamptz not null default now(),
	last_seen_at  timestamptz not null default now(),
	primary key (account_id, key)
);

grant select, insert, update (last_seen_at), delete on account_device to sebez_auth;
alter table account_device enable row level security, force row level security;
create policy everything on account_device to sebez_owner using (true) with check (true);
create policy sign_in on account_device to sebez_auth using (true) with check (true);
