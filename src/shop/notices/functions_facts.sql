-- What the texts of notices insert (texts/keys.yaml), looked up when they are sent: so no text is kept, and nothing is
-- told that was taken back meanwhile.
set local role sebez_kernel;

-- An excerpt of a message for a screen; null when it has no text that may be shown.
create or replace function message_excerpt_plain(m message) returns text language sql stable as $$
	select nullif(left(m.text, 300), '') where m.deleted_at is null and m.kind = 'text'
$$;

-- Of these notices; a customer gets those of their own. A member is null when a kind has no such fact, or when it is
-- there no more.
create or replace function notice_facts(ids uuid[]) returns table (id uuid, facts json)
language sql stable security definer set search_path = public, pg_temp as $$
	select n.id, json_build_object(
		'kind', n.kind,
		'order', coalesce(o.number, s.number, n.data ->> 'number'),
		'vendor', v.name,
		'product', p.title,
		'available', (n.data ->> 'available')::bigint,
		'amount', case
			when n.kind = 'order_placed' then json_build_object('amount', o.total, 'currency', o.currency)
			when n.kind = 'vendor_order_received' then json_build_object('amount', s.total, 'currency', s.currency)
			else coalesce(n.data -> 'amount', n.data -> 'cancelled_total') end,
		'sender', c.customer_name,
		'excerpt', message_excerpt_plain(m),
		'status', n.data ->> 'status',
		'campaign', n.data ->> 'name',
		'host', n.data ->> 'host',
		'reason', n.data ->> 'reason',
		'disabled', n.data ->> 'reason',
		'device', z.device_name,
		-- Of a campaign, by language; language: for who reads none of these.
		'texts', (
			select json_object_agg(t ->> 'language', json_build_object('title', t ->> 'title', 'body', t ->> 'body'))
			from json_array_elements(case when n.data ->> 'variant' = 'b' then g.texts_b else g.texts end) t),
		'language', g.language)
	from notice n
	left join sub_order s on s.id = coalesce(n.data ->> 'sub_order_id', n.data ->> 'id')::uuid
		and n.class = 'orders'
	left join shop_order o on o.id = (n.data ->> 'order_id')::uuid and s.id is null
	left join conversation c on c.id = (n.data ->> 'conversation_id')::uuid
	left join message m on m.vendor_id = c.vendor_id and m.conversation_id = c.id and m.seq = (n.data ->> 'seq')::int
	left join vendor v on v.id = coalesce(n.vendor_id, s.vendor_id, c.vendor_id)
	left join campaign g on g.id = n.owner_id and n.kind = 'promotion'
	left join session z on z.id = (n.data ->> 'session_id')::uuid and z.account_id = n.account_id
	left join product p on p.vendor_id = n.vendor_id and p.id = (n.data ->> 'product_id')::uuid
	where n.id = any (ids) and (session_user = 'sebez_jobs' or n.account_id = current_account())
$$;
grant execute on function notice_facts(uuid[]) to sebez_jobs, sebez_customer;
