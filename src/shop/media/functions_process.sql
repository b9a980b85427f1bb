-- Uploads: what the media process does with one, and its removal. An object group belongs to the owner's files with
-- the same bytes. It is made and deleted outside of transactions; this decides who may do which, under a lock of
-- the group:
--   - a process writes its group into its row before it puts objects, and not while the group is being deleted;
--   - a group is deleted after its row was marked as removed, and not while another row has it;
--   - what no row explains is deleted while its group is held, and when the rows still do not explain it then.
set local role sebez_owner;

create or replace function upload_lock_group(of_group text) returns void language sql
set search_path = public, pg_temp
begin atomic
	select pg_advisory_xact_lock(hashtextextended('upload group ' || of_group, 0));
end;
grant execute on function upload_lock_group(text) to sebez_jobs, sebez_media;

-- Before objects of a group are put. 'make': the caller does. 'shared': another row had them, and this one is ready
-- with its facts, if it has one of these types. 'later': they are being deleted.
create or replace function upload_take_group(upload_id uuid, of_group text, sha256 bytea, content_types text[])
returns text
language plpgsql set search_path = public, pg_temp as $$
declare
	mine upload;
	same upload;
begin
	perform upload_lock_group(of_group);
	select * into mine from upload u where u.id = upload_id and u.state = 'processing' for update;
	if not found then
		raise exception 'Upload not found' using errcode = 'SB404';
	end if;
	if exists (select from upload u where u.owner_id = mine.owner_id and u.object_group = of_group
	           and u.id <> mine.id and u.removed_at is not null)
	or exists (select from upload_group_hold h where h.object_group = of_group and h.held_until > now()) then
		return 'later';
	end if;
	select * into same from upload u
	where u.owner_id = mine.owner_id and u.object_group = of_group and u.id <> mine.id and u.state = 'ready'
	and u.visibility = mine.visibility and u.work is distinct from 'avif'
	and u.content_type = any (content_types) order by u.id limit 1;
	if not found then
		update upload u set object_group = of_group where u.id = mine.id;
		return 'make';
	end if;
	update upload u
	set state = 'ready', work = 'tidy', claimed_until = null, attempts = 0, object_group = of_group,
	    sha256 = upload_take_group.sha256, bytes = same.bytes, content_type = same.content_type,
	    width = same.width, height = same.height,
	    thumbhash = same.thumbhash, color = same.color, near_hash = same.near_hash, animated = same.animated,
	    widths = same.widths, formats = same.formats, formats_at = now(), bytes_stored = same.bytes_stored
	where u.id = mine.id;
	return 'shared';
end $$;
grant execute on function upload_take_group(uuid, text, bytea, text[]) to sebez_media;

-- Before the objects of a removed row are deleted: whether another row has them, or is about to make the same.
create or replace function upload_group_is_shared(upload_id uuid) returns boolean
language plpgsql set search_path = public, pg_temp as $$
declare
	mine upload;
begin
	select * into mine from upload u where u.id = upload_id;
	perform upload_lock_group(mine.object_group);
	return exists (select from upload u where u.owner_id = mine.owner_id and u.object_group = mine.object_group
	               and u.visibility = mine.visibility and u.id <> mine.id and u.state <> 'failed'
	               and u.removed_at is null);
end $$;
grant execute on function upload_group_is_shared(uuid) to sebez_jobs;

-- Before objects are deleted that no row explains.
create or replace function upload_hold_group(of_group text, hold_s int) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
	perform upload_lock_group(of_group);
	insert into upload_group_hold values (of_group, now() + make_interval(secs => hold_s))
	on conflict (object_group) do update set held_until = excluded.held_until;
end $$;
grant execute on function upload_hold_group(text, int) to sebez_jobs;
