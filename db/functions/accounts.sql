-- Accounts: what the command line makes of one.
set local role sebez_kernel;

-- An admin from the command line: a new account, or an existing one, which then has this password and
-- no old session. No role that serves requests may call it.
create or replace function account_make_admin(id uuid, email text, name text, role text, password_hash text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
	made uuid;
begin
	insert into account as a (id, email, name, password_hash, admin_role)
	values (account_make_admin.id, account_make_admin.email, account_make_admin.name,
	        account_make_admin.password_hash, account_make_admin.role)
	on conflict (email) do update
	set admin_role = excluded.admin_role, password_hash = excluded.password_hash, version = a.version + 1,
	    updated_at = now()
	returning a.id into made;
	update session s set ended_at = now() where s.account_id = made and s.ended_at is null;
end $$;
grant execute on function account_make_admin(uuid, text, text, text, text) to sebez_jobs;
