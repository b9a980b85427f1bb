-- Devices: where push messages reach an account. docs/NOTIFICATIONS.md.
set local role sebez_owner;

-- Accounts have devices, vendors have none: staff are told as the account that they sign in with.
create table device (
	account_id    uuid not null references account (id),
	id            uuid not null, -- chosen by the app; other accounts may have the same
	session_id    uuid not null references session (id) on delete cascade, -- which registered it
	platform      text not null check (platform in (:DevicePlatform)),
	provider      text not null check (provider in (:PushProvider)),
	address_kind  text not null check (address_kind in (:PushAddressKind)),
	address       text not null, -- whoever has it can send to the device
	address_end   text not null generated always as (right(address, 4)) stored,
	environment   text not null check (environment in (:PushEnvironment)),
	p256dh        bytea check (length(p256dh) = 65), -- keys of a browser's subscription
	auth          bytea check (length(auth) = 16),
	start_token   text, -- by which APNs starts Live Activities
	app_version   text,
	locale        text,
	time_zone     text,
	shows_itself  boolean not null,
	capabilities  text[] not null,
	registered_at timestamptz not null default now(), -- by the app; an address that was gone before may work again
	updated_at    timestamptz not null default now(),
	primary key (account_id, id),
	unique (provider, address),
	check (start_token is null or provider = 'apns'),
	check ((provider = 'webpush') = (p256dh is not null) and (provider = 'webpush') = (auth is not null))
);
create index device_session on device (session_id);
create trigger remove_devices after update of ended_at on session for each row
	when (old.ended_at is null and new.ended_at is not null) execute function remove_devices();

-- Not the address and the keys: who has them can send to the device.
grant select (account_id, id, session_id, platform, provider, address_kind, address_end, environment, app_version,
	locale, time_zone, shows_itself, capabilities, registered_at, updated_at), delete on device to sebez_customer;
grant select, update (environment, start_token, updated_at), delete on device to sebez_jobs;
grant select, insert, update, delete on device to sebez_kernel;
alter table device enable row level security, force row level security;
create policy everything on device to sebez_jobs, sebez_kernel, sebez_owner using (true) with check (true);
create policy of_customer on device to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());

-- Live Activities of devices, each of which follows a sub-order. One without a token was asked to start, or is over:
-- it is kept so that no other one is started at once.
create table live_activity (
	account_id    uuid not null,
	device_id     uuid not null,
	sub_order_id  uuid not null,
	token         text, -- of the activity: what updates and ends it is sent to
	registered_at timestamptz not null default now(), -- the token, or else when it was asked to start or was over
	is_reachable  boolean not null generated always as (token is not null) stored,
	start_sent_at timestamptz, -- written before APNs gets the start, so that it never gets a second one
	primary key (account_id, device_id, sub_order_id),
	foreign key (account_id, device_id) references device (account_id, id) on delete cascade
);
create index live_activity_sub_order on live_activity (sub_order_id);
create trigger show_activity after insert or update of token on live_activity for each row
	when (new.token is not null) execute function show_activity();

-- Not the token, but whether there is one.
grant select (account_id, device_id, sub_order_id, is_reachable, registered_at), insert, update (token, registered_at)
	on live_activity to sebez_customer;
grant select, insert, update (token, registered_at, start_sent_at), delete on live_activity to sebez_jobs;
alter table live_activity enable row level security, force row level security;
create policy everything on live_activity to sebez_jobs, sebez_owner using (true) with check (true);
create policy of_customer on live_activity to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());
