-- Notices: what accounts want to be told, where and when. docs/NOTIFICATIONS.md.
set local role sebez_owner;

-- Until an account changes something: promotions are only sent to who has asked for them.
create or replace function notice_unwanted_at_first() returns text[] language sql immutable parallel safe as $$
	select array['promotions.push', 'promotions.email']
$$;
grant execute on function notice_unwanted_at_first() to sebez_customer, sebez_jobs, sebez_kernel;

create or replace function notice_unwanted(account uuid) returns text[] language sql stable as $$
	select coalesce((select p.unwanted from notification_preference p where p.account_id = account),
	                notice_unwanted_at_first())
$$;
grant execute on function notice_unwanted(uuid) to sebez_customer, sebez_jobs, sebez_kernel;

-- Class: one of notices, or receipts, which is always wanted. Channel: push, email or in_app.
create or replace function notice_wanted(account uuid, class text, channel text) returns boolean
language sql stable as $$
	select class || '.' || channel <> all (notice_unwanted(account))
$$;
grant execute on function notice_wanted(uuid, text, text) to sebez_jobs;

-- Of these notices those that their accounts want on this channel: by their preferences, and as staff by their present
-- role, with the second factor that is demanded of them. One join for all of them: a campaign tells hundreds at once.
create or replace function notices_wanted(ids uuid[], channel text)
returns table (id uuid, account_id uuid, kind text, class text, data json, has_quiet_hours boolean, email_digest text)
language sql stable as $$
	select n.id, n.account_id, n.kind, n.class, n.data, p.quiet_from is not null, coalesce(p.email_digest, 'at_once')
	from notice n
	left join notification_preference p on p.account_id = n.account_id
	where n.id = any (ids)
	and case when channel = 'email' then mail_class(n.kind, n.class) else n.class end || '.' || channel
	    <> all (coalesce(p.unwanted, notice_unwanted_at_first()))
	and (n.vendor_id is null or exists (
		select from staff s where s.vendor_id = n.vendor_id and s.account_id = n.account_id
		and staff_role_bit(s.role) & n.roles <> 0) and not staff_factor_is_overdue(n.account_id))
$$;
grant execute on function notices_wanted(uuid[], text) to sebez_jobs;

-- The time zone in which an account lives: as it says, or else as its device says.
create or replace function notice_time_zone(account uuid) returns text language plpgsql stable as $$
declare
	zone text := coalesce(
		(select p.time_zone from notification_preference p where p.account_id = account),
		(select d.time_zone from device d where d.account_id = account and d.time_zone is not null
		 order by d.registered_at desc limit 1),
		'UTC');
begin
	perform now() at time zone zone;
	return zone;
exception
	when invalid_parameter_value then
		return 'UTC'; -- PostgreSQL knows the zone no more
end $$;
grant execute on function notice_time_zone(uuid) to sebez_jobs;

-- The first instant after `at` when clocks of the zone show `wanted` or more, which is at most a day ahead; all
-- are local times without a zone but `at`. When clocks are turned back over it, that is its first occurrence; when
-- they are turned forward over it, the turn.
create or replace function instant_of(at timestamptz, wanted timestamp, zone text) returns timestamptz
language plpgsql stable as $$
declare
	-- Right when clocks are not turned before, when they are, and when they show it at all.
	unturned timestamptz := at + (wanted - at at time zone zone);
	turned timestamptz := wanted at time zone zone;
begin
	if unturned at time zone zone = wanted then
		return unturned;
	elsif turned at time zone zone = wanted then
		return turned;
	end if;
	return (select m from generate_series(date_trunc('minute', greatest(at, turned - interval '25 hours')),
	                                      turned + interval '1 hour', interval '1 minute') m
	        where m > at and m at time zone zone >= wanted order by m limit 1);
end $$;

-- When the account's quiet hours that include `at` end; null: it is not quiet then, or PostgreSQL no longer knows the
-- time zone.
create or replace function quiet_until(account uuid, at timestamptz) returns timestamptz
language plpgsql stable as $$
declare
	p record;
	clock timestamp;
	ends timestamp;
begin
	select x.quiet_from, x.quiet_to, x.time_zone into p from notification_preference x
	where x.account_id = account and x.quiet_from is not null;
	if not found then
		return null;
	end if;
	clock := at at time zone p.time_zone;
	ends := clock::date + p.quiet_to;
	if p.quiet_from < p.quiet_to then
		if clock::time < p.quiet_from or clock::time >= p.quiet_to then
			return null;
		end if;
	elsif clock::time >= p.quiet_from then
		ends := ends + interval '1 day';
	elsif clock::time >= p.quiet_to then
		return null;
	end if;
	return instant_of(at, ends, p.time_zone);
exception
	when invalid_parameter_value then
		return null;
end $$;
grant execute on function quiet_until(uuid, timestamptz) to sebez_jobs;
grant execute on function instant_of(timestamptz, timestamp, text) to sebez_jobs;
