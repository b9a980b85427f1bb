-- Imports: who acts when the command line imports, and one row in the audit trail for each import,
-- however many products it brought.
set local role sebez_kernel;

-- The envelope of the command line, which has the database's password and so needs no session. The
-- vendor must exist; row level security holds the import to it.
create function act_as_import(vendor_id uuid, request_id text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform from vendor v where v.id = act_as_import.vendor_id;
	if not found then
		raise exception 'There is no such vendor' using errcode = 'SB404';
	end if;
	perform set_config('sebez.vendor', vendor_id::text, true),
	        set_config('sebez.scope', 'import:' || vendor_id, true),
	        set_config('sebez.request', request_id, true),
	        set_config('sebez.actor', 'import', true);
end $$;
grant execute on function act_as_import(uuid, text) to sebez_vendor;

set local role sebez_owner;

-- Of the vendor that is acted for. The account is null for the command line.
create function audit_import(counts jsonb) returns void
language sql security definer set search_path = public, pg_temp as $$
	insert into audit_log (actor, account_id, vendor_id, action, object_kind, object_id, after, request_id)
	select case when current_account() is null then 'import' else 'staff' end, current_account(),
	       current_vendor(), 'import', 'vendor', current_vendor(), counts,
	       nullif(current_setting('sebez.request', true), '')
	where current_vendor() is not null;
$$;
grant execute on function audit_import(jsonb) to sebez_vendor;

-- What the planner knows of tables that an import has filled. Autovacuum comes to it too, a minute
-- late: until then every look by key would read all of the vendor's rows.
create function analyze_catalog() returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	analyze product, variant, stock_adjustment, listing;
end $$;
grant execute on function analyze_catalog() to sebez_vendor;
