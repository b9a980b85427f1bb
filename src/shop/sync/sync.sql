-- The initial state of a device. Each area defines the shape of its part (sub_order_state() of orders,
-- message_excerpt() and chat_blocks() of chat). Position and state are read in one statement, so that both are
-- of the same snapshot: the state includes no event after the position, so none is applied twice.

-- device_sync (owner uuid, vendor bool, orders_max int): one
-- The owner of the feed is the acting customer, or a vendor. Order ids sort by creation time.
with open as (
	[!vendor: select distinct x.order_id from sub_order x
	where x.account_id = current_account() and x.state not in ('completed', 'cancelled')
	order by x.order_id desc limit :orders_max + 1]
	[vendor: select sub_order_state(x) as part, x.number, row_number() over (order by x.id desc) as nth
	from unnest(open_states()) as k (state)
	cross join lateral (select y.* from sub_order y where y.vendor_id = :owner and y.state = k.state
	                    order by y.id desc limit :orders_max + 1) x
	order by x.id desc limit :orders_max + 1]
)
select (select e.epoch from feed_epoch e) as "_epoch",
coalesce((select f.last_number from feed f where f.owner_id = :owner), 0) as "_number",
[!vendor: coalesce((
	select json_agg(json_build_object('order_id', o.id, 'number', o.number,
		'created_at', json_time(o.created_at), 'paid', p.received_at is not null, 'sub_orders', s.parts) order by o.id)
	from (select x.order_id from open x order by x.order_id desc limit :orders_max) n
	join shop_order o on o.id = n.order_id
	join payment p on p.order_id = o.id
	cross join lateral (
		select json_agg(sub_order_state(x) order by x.number) as parts from sub_order x
		where x.order_id = o.id) s), '[]') as orders,
(select count(*) > :orders_max from open) as orders_more,]
[vendor: (select v.state from vendor v where v.id = :owner) as status,
coalesce((select json_agg(x.part order by x.number) from open x where x.nth <= :orders_max), '[]') as sub_orders,
(select count(*) > :orders_max from open) as sub_orders_more,]
coalesce((
	select json_agg(json_build_object('conversation_id', c.id,
		[!vendor: 'vendor_id', c.vendor_id, 'unread', c.customer_unread,]
		[vendor: 'customer', shape_chat_customer(id => c.account_id, name => c.customer_name),
		'staff_id', c.assigned_to, 'unread', c.vendor_unread,]
		'product_id', c.product_id, 'sub_order_id', c.sub_order_id, 'status', c.state, 'last_seq', c.last_seq,
		'read', json_build_object('customer', c.customer_read, 'vendor', c.vendor_read),
		[!vendor: 'delivered', json_build_object('customer', c.customer_read, 'vendor', c.vendor_delivered),]
		[vendor: 'delivered', json_build_object('customer', c.customer_delivered, 'vendor', c.vendor_read),]
		'blocked', chat_blocks(c.vendor_id, c.account_id),
		'last_message', (select message_excerpt(m.seq, m.author, m.kind, m.text, m.created_at, m.deleted_at)
			from message m where m.vendor_id = c.vendor_id and m.conversation_id = c.id
			and m.seq = c.last_seq)) order by c.last_message_at desc, c.id desc)
	from (select x.id, x.vendor_id, x.account_id, x.product_id, x.sub_order_id, x.state, x.last_seq, x.last_message_at,
	             x.customer_read, x.vendor_read,
	             [!vendor: x.vendor_delivered, x.customer_unread]
	             [vendor: x.customer_delivered, x.vendor_unread, x.customer_name, x.assigned_to]
	      from conversation x
	      [!vendor: where x.account_id = current_account()]
	      [vendor: where x.vendor_id = :owner and x.state = 'open' and sees_conversations()]
	      order by x.last_message_hour desc, x.last_message_at desc, x.id desc limit 100) c), '[]') as conversations;
