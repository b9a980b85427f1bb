-- What a copy of a person's data has, part by part. A part is a function export_<part>(account, after, most): rows in
-- the order of an id that is unique in the part, after the one given. Left out are secrets, what vendors and the
-- marketplace keep about their business, and keys of other rows that say nothing.
-- tests/wire/test_export.py compares with the tables that name an account.
set local role sebez_owner;

create or replace function export_account(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select a.id, to_jsonb(a) - '{password_hash,email_key,version,avatar_upload_id,locked_reason}'::text[]
	from account a where a.id = account and a.id > after
$$;

create or replace function export_addresses(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select a.id, to_jsonb(a) - 'account_id' from address a
	where a.account_id = account and a.id > after order by a.id limit most
$$;

create or replace function export_sessions(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select s.id, to_jsonb(s) - 'account_id' from session s
	where s.account_id = account and s.id > after order by s.id limit most
$$;

create or replace function export_sign_ins(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select x.id, x.line from (
		select i.id, jsonb_build_object('kind', 'identity') || to_jsonb(i)
			- '{account_id,client_id,authorization_code,refresh_token}'::text[] as line
		from identity i where i.account_id = account
		union all
		select p.id, jsonb_build_object('kind', 'passkey', 'id', p.id, 'name', p.name, 'created_at', p.created_at,
		                                'last_used_at', p.last_used_at)
		from passkey p where p.account_id = account
		union all
		select t.account_id, jsonb_build_object('kind', 'totp', 'confirmed_at', t.confirmed_at)
		from totp t where t.account_id = account) x
	where x.id > after order by x.id limit most
$$;

create or replace function export_devices(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select d.id, to_jsonb(d) - '{account_id,address,address_end,p256dh,auth,start_token}'::text[] from device d
	where d.account_id = account and d.id > after order by d.id limit most
$$;

-- Ids that are numbers keep their order as the ids of other parts.
create or replace function export_consents(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select x.id, x.line from (
		select lpad(to_hex(c.id), 32, '0')::uuid as id, to_jsonb(c) - '{id,account_id,document_id}'::text[] as line
		from consent c where c.account_id = account) x
	where x.id > after order by x.id limit most
$$;

create or replace function export_notices(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select n.id, to_jsonb(n) - '{account_id,due_at,group_key,owner_id,number}'::text[] from notice n
	where n.account_id = account and n.id > after order by n.id limit most
$$;

create or replace function export_preferences(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select p.account_id, to_jsonb(p) - 'account_id' from notification_preference p
	where p.account_id = account and p.account_id > after
$$;

create or replace function export_follows(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select f.vendor_id, jsonb_build_object('vendor', v.name, 'since', f.since)
	from vendor_follow f join vendor v on v.id = f.vendor_id
	where f.account_id = account and f.vendor_id > after order by f.vendor_id limit most
$$;

create or replace function export_campaigns(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select r.campaign_id, to_jsonb(r) - '{account_id,variant}'::text[] from campaign_recipient r
	where r.account_id = account and r.campaign_id > after order by r.campaign_id limit most
$$;

create or replace function export_conversations(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select c.id, jsonb_build_object(
		'id', c.id, 'vendor', v.name, 'product_id', c.product_id, 'sub_order_id', c.sub_order_id, 'state', c.state,
		'created_at', c.created_at, 'last_message_at', c.last_message_at, 'customer_read', c.customer_read,
		'muted_until', (select m.until from conversation_mute m
		                where m.account_id = account and m.conversation_id = c.id),
		'blocks', (select jsonb_agg(jsonb_build_object('side', b.side, 'created_at', b.created_at)) from chat_block b
		           where b.vendor_id = c.vendor_id and b.account_id = account))
	from conversation c join vendor v on v.id = c.vendor_id
	where c.account_id = account and c.id > after order by c.id limit most
$$;

-- What was said, with what the person had written before editing or deleting it, and reactions and reports of theirs.
create or replace function export_messages(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select m.id, to_jsonb(m) - '{vendor_id,account_id,client_id,client_digest,tx}'::text[]
		- case when m.author = 'customer' then '' else 'author_id' end || jsonb_strip_nulls(jsonb_build_object(
		'before', (select jsonb_agg(to_jsonb(h) - '{vendor_id,conversation_id,seq,account_id,by_account}'::text[]
		                            order by h.number)
		           from message_history h where h.vendor_id = m.vendor_id and h.conversation_id = m.conversation_id
		           and h.seq = m.seq and m.author = 'customer'),
		'reaction', (select r.emoji from reaction r where r.vendor_id = m.vendor_id
		             and r.conversation_id = m.conversation_id and r.seq = m.seq and r.by_account = account),
		'report', (select to_jsonb(r) - '{vendor_id,conversation_id,seq,account_id,by_account,decided_by}'::text[]
		           from message_report r where r.vendor_id = m.vendor_id and r.conversation_id = m.conversation_id
		           and r.seq = m.seq and r.by_account = account)))
	from conversation c join message m on m.vendor_id = c.vendor_id and m.conversation_id = c.id
	where c.account_id = account and m.id > after order by m.id limit most
$$;

-- Messages of theirs that were not delivered.
create or replace function export_held_messages(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select h.id, to_jsonb(h) - '{vendor_id,account_id,client_id,client_digest,decided_by}'::text[]
	from conversation c join message_held h on h.conversation_id = c.id
	where c.account_id = account and h.author = 'customer' and h.id > after order by h.id limit most
$$;

create or replace function export_lines_of(s sub_order) returns jsonb language sql stable as $$
	select jsonb_agg(to_jsonb(l) - '{vendor_id,sub_order_id,account_id,commissioned_quantity,released_quantity,
		commission_basis_points,commission,commission_rule_id,shipping_commission,commission_tax_basis_points}'::text[]
		order by l.position)
	from order_line l where l.vendor_id = s.vendor_id and l.sub_order_id = s.id
$$;

create or replace function export_sub_order(s sub_order) returns jsonb language sql stable as $$
	select to_jsonb(s) - '{order_id,account_id,percent_fee,uncommissioned_shipping,platform_goodwill,version}'::text[]
		|| jsonb_build_object(
			'vendor', (select v.name from vendor v where v.id = s.vendor_id),
			'lines', export_lines_of(s),
			'parcels', (select jsonb_agg(to_jsonb(p) - '{vendor_id,sub_order_id}'::text[] order by p.shipped_at)
			            from shipment p where p.sub_order_id = s.id),
			'history', (select jsonb_agg(to_jsonb(h) - '{vendor_id,sub_order_id,actor_id}'::text[]
			                             order by h.number)
			            from sub_order_history h where h.vendor_id = s.vendor_id and h.sub_order_id = s.id),
			'refunds', (select jsonb_agg(to_jsonb(r) - '{vendor_id,sub_order_id,account_id,goodwill_by,
				commission_kept,actor_id}'::text[] order by r.id)
			            from sub_order_refund r where r.vendor_id = s.vendor_id and r.sub_order_id = s.id))
$$;

create or replace function export_orders(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select o.id, to_jsonb(o) - '{account_id,cart_id}'::text[] || jsonb_build_object(
		'sub_orders', (select jsonb_agg(export_sub_order(s) order by s.number) from sub_order s
		               where s.order_id = o.id),
		'payment', (select to_jsonb(p) - '{order_id,account_id,received_by,refunded_by}'::text[] from payment p
		            where p.order_id = o.id),
		'provider_refunds', (select jsonb_agg(to_jsonb(r) - '{order_id,account_id,attempt_id}'::text[] order by r.id)
		                     from payment_refund r where r.order_id = o.id))
	from shop_order o where o.account_id = account and o.id > after order by o.id limit most
$$;

create or replace function export_payment_attempts(account uuid, after uuid, most int)
returns table (id uuid, line jsonb) language sql stable as $$
	select a.id, to_jsonb(a) - '{account_id,idempotency_key,token,return_url,action,ask_at,asked}'::text[]
	from payment_attempt a where a.account_id = account and a.id > after order by a.id limit most
$$;

create or replace function export_invoices(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select i.id, to_jsonb(i) - '{vendor_id,account_id,serial,service_fee}'::text[] || jsonb_build_object(
		'buyer', coalesce((select b.party from invoice_buyer b where b.vendor_id = i.vendor_id and b.invoice_id = i.id),
		                  i.buyer))
	from invoice i where i.account_id = account and i.id > after order by i.id limit most
$$;

create or replace function export_returns(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select g.id, to_jsonb(g) - '{vendor_id,account_id,version,overdue_told_at}'::text[] || jsonb_build_object(
		'lines', (select jsonb_agg(to_jsonb(l) - '{vendor_id,return_id,account_id,restock}'::text[])
		          from goods_return_line l where l.vendor_id = g.vendor_id and l.return_id = g.id),
		'files', (select jsonb_agg(f.upload_id order by f.position) from goods_return_file f
		          where f.vendor_id = g.vendor_id and f.return_id = g.id),
		'history', (select jsonb_agg(to_jsonb(h) - '{vendor_id,return_id,account_id,actor_id}'::text[]
		                             order by h.number)
		            from goods_return_history h where h.vendor_id = g.vendor_id and h.return_id = g.id))
	from goods_return g where g.account_id = account and g.id > after order by g.id limit most
$$;

create or replace function export_disputes(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select d.id, to_jsonb(d) - '{vendor_id,account_id,version}'::text[] || jsonb_build_object(
		'statements', (select jsonb_agg(to_jsonb(s) - '{vendor_id,dispute_id,account_id,actor_id}'::text[]
			|| jsonb_build_object('files', (select jsonb_agg(f.upload_id order by f.position) from dispute_file f
				where f.vendor_id = s.vendor_id and f.statement_id = s.id)) order by s.id)
		               from dispute_statement s where s.vendor_id = d.vendor_id and s.dispute_id = d.id))
	from dispute d where d.account_id = account and d.id > after order by d.id limit most
$$;

create or replace function export_carts(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select c.id, jsonb_build_object('created_at', c.created_at, 'updated_at', c.updated_at, 'lines', (
		select jsonb_agg(to_jsonb(l) - 'cart_id' order by l.added_at) from cart_line l where l.cart_id = c.id))
	from cart c where c.account_id = account and c.state = 'open' and c.id > after order by c.id limit most
$$;

create or replace function export_memberships(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select s.vendor_id, jsonb_build_object('vendor', v.name, 'role', s.role, 'since', s.created_at)
	from staff s join vendor v on v.id = s.vendor_id
	where s.account_id = account and s.vendor_id > after order by s.vendor_id limit most
$$;

-- Admins who looked on.
create or replace function export_support_views(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select w.id, to_jsonb(w) - '{account_id,vendor_id,admin_id,session_id}'::text[] from support_view w
	where w.account_id = account and w.id > after order by w.id limit most
$$;

-- What was recorded of their own deeds, as staff or admin too.
create or replace function export_activity(account uuid, after uuid, most int) returns table (id uuid, line jsonb)
language sql stable as $$
	select x.id, x.line from (
		select lpad(to_hex(l.id), 32, '0')::uuid as id, jsonb_build_object(
			'at', l.at, 'action', l.action, 'object_kind', l.object_kind, 'object_id', l.object_id) as line
		from audit_log l where l.account_id = account) x
	where x.id > after order by x.id limit most
$$;

create or replace function export_page(account uuid, part text, after uuid, most int)
returns table (id uuid, line jsonb)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query execute format('select p.id, p.line from %I($1, $2, $3) p order by p.id', 'export_' || part)
		using account, after, most;
end $$;
grant execute on function export_page(uuid, text, uuid, int) to sebez_jobs;

-- A row for each line of an order, for tables.
create or replace function export_purchases(account uuid, after uuid, most int)
returns table (id uuid, number text, placed_at timestamptz, vendor text, title text, variant_title text, quantity int,
	price bigint, total bigint, currency text, state text)
language sql stable security definer set search_path = public, pg_temp as $$
	select o.id, s.number, o.created_at, v.name, l.title, l.variant_title, l.quantity, l.price, l.total, s.currency,
	       s.state
	from (select x.* from shop_order x where x.account_id = account and x.id > after order by x.id limit most) o
	join sub_order s on s.order_id = o.id
	join vendor v on v.id = s.vendor_id
	join order_line l on l.vendor_id = s.vendor_id and l.sub_order_id = s.id
	order by o.id, s.number, l.position
$$;
grant execute on function export_purchases(uuid, uuid, int) to sebez_jobs;

-- Files that the person sent: a picture as its widest rendition, which is all that is kept of it.
create or replace function export_files(account uuid, after uuid, most int)
returns table (id uuid, visibility text, object_group text, content_type text, width int, format text)
language sql stable security definer set search_path = public, pg_temp as $$
	select u.id, u.visibility, u.object_group, u.content_type, (select max(w) from unnest(u.widths) w),
	       case when 'jpg' = any (u.formats) then 'jpg' else u.formats[1] end
	from upload u
	where u.owner_id = account and u.state = 'ready' and u.vendor_id is null and u.removed_at is null
	and u.object_group is not null and u.id > after
	order by u.id limit most
$$;
grant execute on function export_files(uuid, uuid, int) to sebez_jobs;
