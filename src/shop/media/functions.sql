-- Uploads: making them, their states, what refers to them, what they count for.
set local role sebez_owner;

create or replace function upload_moves() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
	if (old.state, new.state) not in (('waiting', 'processing'), ('waiting', 'failed'), ('processing', 'ready'),
	                                  ('processing', 'failed'))
	   and not (old.state = 'failed' and new.state = 'processing' and new.work = 'fetch') then
		raise exception 'An upload that is % does not become %', old.state, new.state;
	end if;
	return new;
end $$;

-- Adds to the usage of the owner what a row of upload counts for.
create or replace function count_upload() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	of_owner uuid := coalesce(new.owner_id, old.owner_id);
	more_uploads int := 0;
	more_bytes bigint := 0;
begin
	if tg_op <> 'DELETE' and new.state <> 'failed' and new.bytes is not null then
		more_uploads := 1;
		more_bytes := new.charged;
	end if;
	if tg_op <> 'INSERT' and old.state <> 'failed' and old.bytes is not null then
		more_uploads := more_uploads - 1;
		more_bytes := more_bytes - old.charged;
	end if;
	update upload_usage u set uploads = u.uploads + more_uploads, bytes = u.bytes + more_bytes
	where u.owner_id = of_owner;
	if not found then
		insert into upload_usage as u values (of_owner, more_uploads, more_bytes)
		on conflict (owner_id) do update set uploads = u.uploads + excluded.uploads, bytes = u.bytes + excluded.bytes;
	end if;
	return null;
end $$;

-- Counts the rows that refer to uploads by the column that is the trigger's argument:
--   create trigger track_uploads after insert or delete or update of image_upload_id on … for each row
--   execute function track_uploads('image_upload_id');
-- New rows may be counted by track_new_uploads() instead, all of a statement at once.
create or replace function track_uploads() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	before uuid := case when tg_op <> 'INSERT' then to_jsonb(old) ->> tg_argv[0] end;
	after uuid := case when tg_op <> 'DELETE' then to_jsonb(new) ->> tg_argv[0] end;
begin
	if before is not distinct from after then
		perform uploads_show_again(array[after]);
		return null;
	end if;
	if after is not null then
		update upload set uses = uses + 1, released_at = null
		where id = after and removed_at is null and (state in ('processing', 'ready') or source_url is not null);
		if not found then -- removed since it was looked up
			raise exception 'Upload not found' using errcode = 'SB404';
		end if;
	end if;
	update upload set uses = uses - 1, released_at = case when uses = 1 then now() end where id = before;
	return null;
end $$;

--   create trigger track_new_uploads after insert on … referencing new table as added for each statement
--   execute function track_new_uploads('image_upload_id');
create or replace function track_new_uploads() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	missing boolean;
begin
	execute format('with n as (
			select a.%1$I as id, count(*)::int as uses from added a where a.%1$I is not null group by 1),
		counted as (update upload u set uses = u.uses + n.uses, released_at = null from n
			where u.id = n.id and u.removed_at is null
			and (u.state in (''processing'', ''ready'') or u.source_url is not null)
			returning u.id)
		select exists (select from n where n.id not in (select c.id from counted c))', tg_argv[0]) into missing;
	if missing then -- removed since it was looked up
		raise exception 'Upload not found' using errcode = 'SB404';
	end if;
	return null;
end $$;

set local role sebez_kernel;

-- Whether the acting account may make uploads for this vendor (in one of these roles of staff), or for the whole
-- marketplace (in one of these roles of admins). Without roles anybody may. A second factor and
-- networks that the marketplace demands of such a role are demanded here as in the envelope. address: the client's.
create or replace function upload_may(vendor_id uuid, staff_roles int, admin_roles int, address text) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	role text;
begin
	if current_account() is null then
		raise exception 'Authentication required' using errcode = 'SB401';
	end if;
	if staff_roles <> 0 then
		select s.role into role from staff s
		where s.vendor_id = upload_may.vendor_id and s.account_id = current_account();
		if not found then
			raise exception 'Vendor not found' using errcode = 'SB404';
		elsif staff_role_bit(role) & staff_roles = 0 then
			raise exception 'Your role (%) does not allow this', role using errcode = 'SB403';
		end if;
		if exists (select from platform p where p.two_factor_staff_since is not null) then
			perform require_second_factor(current_account(), current_session());
		end if;
	end if;
	if admin_roles <> 0 then
		perform require_admin(current_account(), current_session(), admin_roles, address);
	end if;
end $$;

-- Locks the usage of an owner until the commit, and refuses when it would exceed its quota.
create or replace function upload_charge(owner uuid, more bigint, uploads_max int, bytes_max bigint) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	used upload_usage;
begin
	insert into upload_usage values (owner) on conflict do nothing;
	select * into used from upload_usage u where u.owner_id = owner for update;
	if used.uploads >= uploads_max or used.bytes + more > bytes_max then
		raise exception 'The quota of % files and % MiB is used up', uploads_max, bytes_max >> 20
			using errcode = 'SBU01';
	end if;
end $$;

-- Makes an upload of the acting account. is_known: the caller has found one of the account with the same bytes, so
-- that nothing is made; it stays for a day more. staff_roles and admin_roles: see upload_may(). The quota is the
-- vendor's or the account's.
create or replace function upload_create(
	id uuid, is_known boolean, purpose text, visibility text, vendor_id uuid, staff_roles int, admin_roles int,
	address text, content_type text, bytes bigint, part_count int, sha256 bytea, created_at timestamptz, send_s int,
	waiting_max int, uploads_max int, bytes_max bigint) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	me uuid := current_account();
begin
	perform upload_may(upload_create.vendor_id, staff_roles, admin_roles, address);
	if is_known then
		update upload u set released_at = case when u.released_at is not null then now() end
		where u.id = upload_create.id and u.account_id = me and u.removed_at is null;
		if not found then
			raise exception 'The upload was removed; try again' using errcode = 'SBU02';
		end if;
		return;
	end if;
	if upload_create.vendor_id is not null then -- uploads that wait are counted by account
		perform upload_charge(me, 0, 2147483647, 9223372036854775807);
	end if;
	perform upload_charge(coalesce(upload_create.vendor_id, me), upload_create.bytes, uploads_max, bytes_max);
	if (select count(*) from upload u where u.account_id = me and u.state = 'waiting' and u.removed_at is null)
	   >= waiting_max then
		raise exception '% uploads wait for their bytes; send or delete them first', waiting_max
			using errcode = 'SBU01';
	end if;
	insert into upload (id, account_id, vendor_id, purpose, visibility, content_type, bytes, part_count, sha256,
	                    created_at, expires_at)
	values (upload_create.id, me, upload_create.vendor_id, upload_create.purpose, upload_create.visibility,
	        upload_create.content_type, upload_create.bytes, upload_create.part_count, upload_create.sha256,
	        upload_create.created_at, now() + make_interval(secs => send_s));
end $$;
grant execute on function upload_create(uuid, boolean, text, text, uuid, int, int, text, text, bigint, int, bytea,
	timestamptz, int, int, int, bigint) to sebez_customer;
