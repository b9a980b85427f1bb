-- The marketplace's settings.
set local role sebez_owner;

-- Refuses to delete a row that others refer to without a foreign key, or to change its key or its references.
create or replace function kept() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
	raise exception 'rows of % are kept, with their keys and references', tg_table_name
		using errcode = 'foreign_key_violation';
end $$;

-- Returns the marketplace's currency. Raises an error that names the field when the given one differs.
create or replace function marketplace_currency(given text, field text) returns text
language plpgsql stable set search_path = public, pg_temp as $$
declare
	wanted text;
begin
	select currency into wanted from platform;
	if given <> wanted then
		raise exception 'A field is not valid.' using errcode = 'SBI01', detail = json_build_object(
			'field', field, 'code', 'currency', 'detail', format('This marketplace sells in %s.', wanted));
	end if;
	return wanted;
end $$;
grant execute on function marketplace_currency(text, text) to sebez_vendor, sebez_admin;

-- From the command line: lets admins in from any network again. False when there was no list. No role that serves
-- requests may call it.
create or replace function platform_clear_admin_networks() returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	had cidr[];
begin
	select admin_networks into had from platform for update;
	if had = '{}' then
		return false;
	end if;
	update platform set admin_networks = '{}', version = version + 1;
	insert into audit_log (actor, action, object_kind, before, after)
	values ('operator', 'update', 'platform', jsonb_build_object('admin_networks', had),
	        jsonb_build_object('admin_networks', '{}'::cidr[]));
	return true;
end $$;
grant execute on function platform_clear_admin_networks() to sebez_jobs;
