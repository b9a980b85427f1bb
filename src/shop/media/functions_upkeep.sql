-- Uploads: their removal.
set local role sebez_owner;

-- Whether a row refers to the upload, whatever track_uploads() has counted: deletes it, and undoes that.
create or replace function upload_is_referred(upload_id uuid) returns boolean
language plpgsql set search_path = public, pg_temp as $$
begin
	delete from upload u where u.id = upload_id;
	raise exception 'undone' using errcode = 'SBU03';
exception
	when foreign_key_violation then return true;
	when sqlstate 'SBU03' then return false;
end $$;
grant execute on function upload_is_referred(uuid) to sebez_jobs;

-- Removes those of them that nothing uses, without waiting for a day.
create or replace function uploads_discard(ids uuid[]) returns void language sql volatile
set search_path = public, pg_temp as $$
	update upload u set removed_at = now(), work = null
	where u.id = any (ids) and u.uses = 0 and not u.kept and u.removed_at is null
$$;
grant execute on function uploads_discard(uuid[]) to sebez_jobs;
