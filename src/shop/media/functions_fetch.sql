-- Pictures that are fetched by their addresses.
set local role sebez_kernel;

-- The uploads of the acting vendor that are fetched from these addresses, as kept with a picture (src/shop/image.h),
-- in order. Addresses without one get it, with these ids. One that failed is fetched again, and of one that was last
-- fetched again_s ago it is asked whether it has changed. Rows that may change are locked until the commit, so that
-- what is returned stays true.
create or replace function upload_queue(purpose text, urls text[], ids uuid[], again_s int)
returns table (number bigint, facts json)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
	mine uuid := current_vendor();
	added int;
	named uuid[]; -- of each address
	known uuid[]; -- of them those that are not new and may change
begin
	insert into upload (id, vendor_id, purpose, visibility, state, work, priority, source_url, claimed_until,
	                    expires_at)
	select w.id, mine, upload_queue.purpose, 'public', 'processing', 'fetch', 2, w.url, now(), now()
	from unnest(urls, ids) as w (url, id) order by w.url
	on conflict (vendor_id, purpose, (md5(source_url)::uuid))
		where source_url is not null and removed_at is null and not superseded
	do nothing;
	get diagnostics added = row_count;
	if added = cardinality(urls) then
		return query select w.number, image_awaited(w.id) from unnest(ids) with ordinality as w (id, number);
		return;
	end if;
	-- One look into the index for each: the vendor may have hundreds of thousands.
	named := array(
		select f.id from unnest(urls) with ordinality as w (url, number)
		left join lateral (
			select u.id from upload u
			where u.vendor_id = mine and u.purpose = upload_queue.purpose
			and md5(u.source_url)::uuid = md5(w.url)::uuid and u.source_url = w.url and u.source_url is not null
			and u.removed_at is null and not u.superseded
			limit 1) f on true
		order by w.number);
	known := array(
		select u.id from upload u
		where u.id = any (array(select n.id from unnest(named) as n (id) except select w.id from unnest(ids) as w (id)))
		and (u.state <> 'ready' or u.released_at is not null
		     or (u.work is null and u.fetched_at < now() - make_interval(secs => again_s)))
		order by u.id for no key update of u);
	update upload u
	set state = 'processing', failure = null, http_status = null, work = 'fetch', claimed_until = now(), attempts = 0,
	    content_type = null, bytes = null, sha256 = null
	where u.id = any (known) and u.state = 'failed'
	and (u.work is null or u.claimed_until is null or u.claimed_until < now()); -- else its parts are being deleted
	update upload u set work = 'fetch', claimed_until = now(), attempts = 0
	where u.id = any (known) and u.state = 'ready' and u.work is null
	and u.fetched_at < now() - make_interval(secs => again_s);
	update upload u set released_at = now() where u.id = any (known) and u.released_at is not null;
	return query
	select w.number, case when u.state = 'ready' then upload_facts(u) else image_awaited(u.id) end
	from unnest(named) with ordinality as w (id, number) join upload u on u.id = w.id and u.removed_at is null
	order by w.number;
end $$;
grant execute on function upload_queue(text, text[], uuid[], int) to sebez_vendor;

-- Locks an upload that is being fetched and the usage of its owner: whether the owner's quota has room for its bytes.
-- Null when another process was faster, which has done the rest.
create or replace function upload_fetch_fits(upload_id uuid, bytes bigint, uploads_max int, bytes_max bigint)
returns boolean
language plpgsql set search_path = public, pg_temp as $$
declare
	owner uuid;
begin
	select u.owner_id into owner from upload u
	where u.id = upload_id and u.state = 'processing' and u.work = 'fetch' for update;
	if not found then
		return null;
	end if;
	perform upload_charge(owner, bytes, uploads_max, bytes_max);
	return true;
exception when sqlstate 'SBU01' then
	return false;
end $$;

-- Before the bytes of an upload are put: whether there is room for them. Then the row says of which parts there may be
-- some, so that they are deleted whatever becomes of it.
create or replace function upload_has_room(upload_id uuid, bytes bigint, parts int, uploads_max int, bytes_max bigint)
returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	fits boolean := upload_fetch_fits(upload_id, bytes, uploads_max, bytes_max);
begin
	update upload u set part_count = greatest(u.part_count, parts) where u.id = upload_id and fits;
	return coalesce(fits, true);
end $$;
grant execute on function upload_has_room(uuid, bigint, int, int, bigint) to sebez_media;

-- The bytes of an upload are there: it is published next. False when there is no room for them.
create or replace function upload_fetched(upload_id uuid, bytes bigint, part_count int, etag text, uploads_max int,
	bytes_max bigint) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	fits boolean := upload_fetch_fits(upload_id, bytes, uploads_max, bytes_max);
begin
	update upload u
	set work = 'publish', turned_url = null, bytes = upload_fetched.bytes, part_count = upload_fetched.part_count,
	    etag = upload_fetched.etag, fetched_at = now(), claimed_until = null, attempts = 0
	where u.id = upload_id and fits;
	return coalesce(fits, true);
end $$;
grant execute on function upload_fetched(uuid, bigint, int, text, int, bigint) to sebez_media;

-- The address of an upload that is ready leads to other bytes now: another upload fetches them. It takes the place of
-- this one when it is ready itself (upload_takes_place()); until then, or when it fails, the address stays this one's.
create or replace function upload_succeed(upload_id uuid, new_id uuid) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	mine upload;
begin
	update upload u set work = null, claimed_until = null, attempts = 0, turned_url = null, fetched_at = now()
	where u.id = upload_id and u.state = 'ready' and u.work = 'fetch' returning * into mine;
	if not found or exists (select from upload u where u.replaces = mine.id and u.state = 'processing'
	                        and u.removed_at is null) then
		return false;
	end if;
	insert into upload (id, vendor_id, purpose, visibility, state, work, priority, source_url, claimed_until,
	                    expires_at, replaces, superseded)
	values (new_id, mine.vendor_id, mine.purpose, mine.visibility, 'processing', 'fetch', 2,
	        mine.source_url, now(), now(), mine.id, true);
	return true;
end $$;
grant execute on function upload_succeed(uuid, uuid) to sebez_media;

set local role sebez_owner;

-- It is ready: its address is its own from now on, unless a third upload has it, because the old one was removed.
create or replace function upload_takes_place() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	update upload u set superseded = true where u.id = new.replaces;
	new.superseded := exists (
		select from upload u
		where u.vendor_id = new.vendor_id and u.purpose = new.purpose
		and md5(u.source_url)::uuid = md5(new.source_url)::uuid and u.source_url is not null
		and u.removed_at is null and not u.superseded and u.id <> new.id);
	return new;
end $$;

-- The host of a vendor that may be asked now and was not for longest, and when the next may be. Only of so many.
create or replace function upload_fetch_host(of_vendor uuid, busy text[]) returns table (host text, wait interval)
language sql stable set search_path = public, pg_temp as $$
	with recursive hosts as (
		(select u.source_host as host, 1 as number from upload u
		 where u.work = 'fetch' and (u.uses > 0 or u.replaces is not null) and u.vendor_id = of_vendor
		 order by u.source_host limit 1)
		union all
		select n.host, h.number + 1
		from hosts h
		cross join lateral (
			select u.source_host as host from upload u
			where u.work = 'fetch' and (u.uses > 0 or u.replaces is not null) and u.vendor_id = of_vendor
			and u.source_host > h.host
			order by u.source_host limit 1) n
		where h.number < 1000
	), known as (
		select h.host, f.next_at from hosts h left join fetch_host f on f.host = h.host
		where h.host <> all (busy)
		and exists (select from upload u
		            where u.work = 'fetch' and (u.uses > 0 or u.replaces is not null) and u.vendor_id = of_vendor
		            and u.source_host = h.host and u.claimed_until < now())
	)
	(select k.host, null::interval from known k where k.next_at is null or k.next_at <= now()
	 order by k.next_at nulls first, k.host limit 1)
	union all
	(select null, least(min(k.next_at), now() + interval '1 hour') - now() from known k where k.next_at > now()
	 having min(k.next_at) is not null)
$$;
grant execute on function upload_fetch_host(uuid, text[]) to sebez_media;

-- Whether the host may be asked now; then not again before a pause, which grows while it fails.
create or replace function fetch_host_take(host text, interval_ms int) returns boolean
language plpgsql set search_path = public, pg_temp as $$
declare
	pause interval := make_interval(secs => interval_ms / 1000.0);
begin
	insert into fetch_host as f (host, next_at) values (fetch_host_take.host, now() + pause)
	on conflict on constraint fetch_host_pkey do update set next_at = now() + greatest(pause, make_interval(secs =>
		case f.failures when 0 then 0 else least(power(2, least(f.failures - 1, 6)), 60) end))
	where f.next_at <= now();
	return found;
end $$;
grant execute on function fetch_host_take(text, int) to sebez_media;

-- After how long the host may be asked: at least 1 ms, at most an hour.
create or replace function fetch_host_wait_ms(host text) returns int
language sql stable set search_path = public, pg_temp as $$
	select coalesce(ceil(extract(epoch from greatest(least(min(f.next_at), now() + interval '1 hour') - now(),
		interval '1 millisecond')) * 1000), 1)::int
	from fetch_host f where f.host = fetch_host_wait_ms.host
$$;
grant execute on function fetch_host_wait_ms(text) to sebez_media;

-- Claims an upload to fetch, of the next vendor after this one in turn that has one whose host may be asked now; some
-- vendors and hosts are busy. passed: the vendor that the next turn goes on after. Without an upload, wait_ms is when
-- to come again; null when nothing waits.
create or replace function upload_fetch_claim(after_vendor uuid, busy_vendors uuid[], busy text[], interval_ms int,
	lease_s int)
returns table (claimed upload, passed uuid, wait_ms int)
language plpgsql set search_path = public, pg_temp as $$
declare
	turned boolean := false;
	h record;
begin
	passed := after_vendor;
	for i in 1 .. 50 loop
		select u.vendor_id into passed from upload u
		where u.work = 'fetch' and (u.uses > 0 or u.replaces is not null) and u.vendor_id > passed
		order by u.vendor_id limit 1;
		if passed is null then
			passed := '00000000-0000-0000-0000-000000000000';
			exit when turned;
			turned := true;
			continue;
		end if;
		continue when passed = any (busy_vendors);
		for h in select * from upload_fetch_host(passed, busy) loop
			if h.host is null then
				wait_ms := least(wait_ms, ceil(extract(epoch from h.wait) * 1000)::int);
				continue;
			end if;
			if not fetch_host_take(h.host, interval_ms) then -- another process was faster
				wait_ms := least(wait_ms, greatest(interval_ms, 10));
				continue;
			end if;
			update upload u
			set claimed_until = now() + make_interval(secs => lease_s), attempts = u.attempts + 1
			where u.id = (
				select w.id from upload w where w.work = 'fetch' and (w.uses > 0 or w.replaces is not null)
				and w.vendor_id = passed and w.source_host = h.host and w.claimed_until < now()
				and w.removed_at is null
				order by w.claimed_until limit 1 for update skip locked)
			returning u.* into claimed;
			if claimed.id is not null then
				return next;
				return;
			end if;
		end loop;
	end loop;
	if not turned then
		wait_ms := least(wait_ms, 10); -- there are more vendors
	end if;
	claimed := null;
	return next;
end $$;
grant execute on function upload_fetch_claim(uuid, uuid[], text[], int, int) to sebez_media;
