-- Devices: registering them, and removing those of ended sessions. docs/NOTIFICATIONS.md.
set local role sebez_kernel;

-- A name of IANA's database, as people choose it.
create or replace function time_zone_is_known(name text) returns boolean language sql stable as $$
	select exists (select from pg_timezone_names z
	               where z.name = time_zone_is_known.name
	               and z.name !~ '^(posix|right)/|^(Factory|localtime|posixrules)$')
$$;
grant execute on function time_zone_is_known(text) to sebez_customer;

-- Replaces a device of the account. It takes the address from whoever had it, another account too: a phone that
-- is passed on shows nothing of its previous owner. Of more than `most` devices of the account, those go that
-- registered longest ago.
create or replace function device_register(device uuid, session uuid, platform text, provider text,
	address_kind text, address text, environment text, p256dh bytea, auth bytea, start_token text, app_version text,
	locale text, time_zone text, shows_itself boolean, capabilities text[], most int) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	account uuid := current_account();
begin
	-- One after another for an account, so that they count each other, and none while its session ends:
	-- remove_devices() would not see it.
	perform from account a where a.id = account for no key update;
	perform from session s where s.id = device_register.session and s.account_id = account
	and s.ended_at is null and s.expires_at > now() for share;
	if not found then
		raise exception 'The session has ended' using errcode = 'SB401';
	end if;
	if time_zone is not null
	and not exists (select from device d where d.account_id = account and d.time_zone = device_register.time_zone)
	and not time_zone_is_known(time_zone) then
		raise exception 'The request is not valid' using errcode = 'SBI01', detail = json_build_object(
			'field', '/time_zone', 'code', 'unknown', 'detail', 'must be a time zone of the IANA database');
	end if;
	-- One after another for an address, too: two accounts may register it at once.
	perform pg_advisory_xact_lock(hashtextextended(format('device %s %s', provider, address), 0));
	delete from device d where d.provider = device_register.provider and d.address = device_register.address
	and (d.account_id, d.id) <> (account, device);
	insert into device as d (account_id, id, session_id, platform, provider, address_kind, address, environment,
	                         p256dh, auth, start_token, app_version, locale, time_zone, shows_itself, capabilities)
	values (account, device, session, platform, provider, address_kind, address, environment, p256dh, auth,
	        start_token, app_version, locale, time_zone, shows_itself, capabilities)
	on conflict (account_id, id) do update
	set session_id = excluded.session_id, platform = excluded.platform, provider = excluded.provider,
	    address_kind = excluded.address_kind, address = excluded.address, environment = excluded.environment,
	    p256dh = excluded.p256dh, auth = excluded.auth, start_token = excluded.start_token,
	    app_version = excluded.app_version,
	    locale = excluded.locale, time_zone = excluded.time_zone, shows_itself = excluded.shows_itself,
	    capabilities = excluded.capabilities, registered_at = now(), updated_at = now();
	delete from device d using (
		select x.id from device x where x.account_id = account
		order by x.id = device desc, x.registered_at desc, x.id offset most) surplus
	where d.account_id = account and d.id = surplus.id;
end $$;
grant execute on function device_register(uuid, uuid, text, text, text, text, text, bytea, bytea, text, text, text,
	text, boolean, text[], int) to sebez_customer;

set local role sebez_owner;

create or replace function remove_devices() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	delete from device d where d.session_id = old.id;
	return null;
end $$;
