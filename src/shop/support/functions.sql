-- Support views. docs/ACCOUNTS.md, "Support view".
set local role sebez_kernel;

-- What a client shows as a banner while the session has a view, or is one; null: it has none.
create or replace function support_acting_as(session uuid) returns json
language sql stable security definer set search_path = public, pg_temp as $$
	select json_build_object(
		'view_id', w.id, 'kind', case when w.vendor_id is null then 'customer' else 'staff' end,
		'id', coalesce(w.vendor_id, w.account_id), 'name', coalesce(v.name, a.name),
		'expires_at', json_time(w.expires_at))
	from support_view w left join vendor v on v.id = w.vendor_id left join account a on a.id = w.account_id
	where session in (w.session_id, w.id) and w.ended_at is null and w.expires_at > now()
$$;
grant execute on function support_acting_as(uuid) to sebez_auth, sebez_customer, sebez_admin;
