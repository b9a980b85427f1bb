-- Functions for web/idempotency.
set local role sebez_owner;

create or replace function idempotency_keep(the_key text, the_status int, the_body bytea, lease timestamptz)
returns void language plpgsql as $$
begin
	update idempotency_key k set state = 'done', status = the_status, body = the_body
	where k.scope = current_scope() and k.key = the_key and k.state = 'running'
	and k.lease_until = lease;
	if not found then
		raise exception 'Another request with this key was faster' using errcode = 'SB409';
	end if;
end $$;
grant execute on function idempotency_keep(text, int, bytea, timestamptz) to sebez_customer, sebez_vendor,
	sebez_admin;
