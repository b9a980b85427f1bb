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
