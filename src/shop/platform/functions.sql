-- The marketplace's settings.
set local role sebez_owner;

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
