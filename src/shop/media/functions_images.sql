-- Pictures as kept with what shows them (src/shop/image.h).
set local role sebez_owner;

-- What is known of an upload that is ready.
create or replace function upload_facts(u upload) returns json language sql immutable as $$
	select json_build_object('id', u.id, 'group', u.object_group, 'width', u.width, 'height', u.height,
		'thumbhash', encode(u.thumbhash, 'base64'), 'color', '#' || lpad(to_hex(u.color), 6, '0'),
		'widths', to_json(u.widths), 'formats', to_json(u.formats))
$$;
grant execute on function upload_facts(upload) to sebez_customer, sebez_vendor, sebez_admin, sebez_kernel;

-- The upload of a kept picture; null for none.
create or replace function image_upload(image json) returns uuid language sql immutable parallel safe
return (image #>> '{image_facts,id}')::uuid;
grant execute on function image_upload(json) to sebez_vendor, sebez_kernel;

-- A picture by its address, as kept with what shows it; facts: of its upload. Null for no address.
create or replace function image_of_url(address text, facts json) returns json language sql immutable parallel safe
return case when address <> '' then json_build_object('url', address, 'alt', '', 'image_facts', facts) end;
grant execute on function image_of_url(text, json) to sebez_vendor;

-- What is known of an upload that is to be fetched: which it is.
create or replace function image_awaited(upload_id uuid) returns json language sql immutable parallel safe
return json_build_object('id', upload_id);
grant execute on function image_awaited(uuid) to sebez_kernel;

-- The kept picture with the present facts of the upload, when it shows that.
create or replace function image_renewed(image json, u upload) returns json language sql immutable as $$
	select case when image_upload(image) = u.id
	                 or (image_upload(image) = u.replaces and image ->> 'url' = u.source_url)
	            then json_build_object('url', image -> 'url', 'alt', image -> 'alt', 'image_facts', upload_facts(u))
	            else image end
$$;

-- Showing: what shows an upload is told by a job, some rows at a time, that it has more renditions or takes another's
-- place. An area declares each of its places where uploads are shown:
--   create trigger show_… after update of formats, uses on upload for each row
--   when (new.purpose = '…' and upload_is_shown_anew(old, new)) execute function show_upload('vendor.logo');
-- The argument is a table and its column with a kept picture, whose upload is in <column>_upload_id; or <name> of a
-- function show_in_<name>(u upload, beyond uuid, most int), which renews up to `most` rows with ids beyond that one,
-- in their order, and returns the last id, or null when there are no more.

-- Also of one that begins to be used just after it changed: who uses it may have read its facts before.
create or replace function upload_is_shown_anew(old upload, new upload) returns boolean language sql stable as $$
	select (old.formats <> new.formats and (new.uses > 0 or new.replaces is not null))
	or (new.uses > 0 and new.uses >= old.uses and (new.superseded or new.formats_at > now() - interval '5 minutes')
	    and coalesce(current_setting('sebez.shows', true), '') <> 'on')
$$;
grant execute on function upload_is_shown_anew(upload, upload) to sebez_jobs, sebez_media, sebez_kernel,
	sebez_customer;

create or replace function show_upload() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if not new.superseded then
		insert into upload_showing (id, upload_id, place) values (gen_random_uuid(), new.id, tg_argv[0]);
	else
		insert into upload_showing (id, upload_id, place)
		select gen_random_uuid(), u.id, tg_argv[0] from upload u
		where u.replaces = new.id and u.state = 'ready' and u.removed_at is null;
	end if;
	return null;
end $$;

-- For each of these uploads that has just changed: a row that shows it was written, perhaps with its facts before.
create or replace function uploads_show_again(ids uuid[]) returns void language sql volatile
set search_path = public, pg_temp as $$
	update upload u set uses = u.uses
	where u.id = any (ids) and (u.superseded or u.formats_at > now() - interval '5 minutes')
	and coalesce(current_setting('sebez.shows', true), '') <> 'on'
$$;

create or replace function show_in_column(of_table text, of_column text, u upload, beyond uuid, most int) returns uuid
language plpgsql set search_path = public, pg_temp as $$
declare
	last uuid;
begin
	execute format($q$
		with next as materialized (
			select n.id from (
				(select t.id from %1$I t where t.%3$I = ($1).id and t.id > $2 order by t.id limit $3)
				union all
				(select t.id from %1$I t where t.%3$I = ($1).replaces and t.id > $2 order by t.id limit $3)) n
			order by n.id limit $3),
		held as materialized (
			select t.id from %1$I t where t.id in (select n.id from next n) order by t.id for no key update of t),
		shown as (
			update %1$I t set %2$I = image_renewed(t.%2$I, $1) from held h
			where t.id = h.id and image_renewed(t.%2$I, $1)::text <> t.%2$I::text)
		select (array_agg(n.id order by n.id desc))[1] from next n having count(*) = $3$q$,
		of_table, of_column, of_column || '_upload_id') into last using u, beyond, most;
	return last;
end $$;

-- One batch. An upload is shown by one transaction at a time, so that the last one has its last facts. Uploads are
-- locked before what shows them where their uses change, as everywhere.
create or replace function upload_show(showing_id uuid, most int) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	s upload_showing;
	u upload;
	last uuid;
begin
	select * into s from upload_showing x where x.id = showing_id for update skip locked;
	if not found or not pg_try_advisory_xact_lock(hashtextextended('upload shown ' || s.upload_id, 0)) then
		return;
	end if;
	select * into u from upload x where x.id = s.upload_id;
	if u.replaces is not null then
		perform from upload x where x.id in (u.id, u.replaces) order by x.id for no key update;
		select * into u from upload x where x.id = s.upload_id;
	end if;
	perform set_config('sebez.shows', 'on', true);
	if u.state = 'ready' then
		if s.place like '%.%' then
			last := show_in_column(split_part(s.place, '.', 1), split_part(s.place, '.', 2), u, s.beyond, most);
		else
			execute format('select %I($1, $2, $3)', 'show_in_' || s.place) into last using u, s.beyond, most;
		end if;
	end if;
	perform set_config('sebez.shows', '', true);
	if last is null then
		delete from upload_showing x where x.id = s.id;
	else
		update upload_showing x set beyond = last, due_at = clock_timestamp() where x.id = s.id;
	end if;
end $$;
grant execute on function upload_show(uuid, int) to sebez_jobs;
