-- The invariants, as one function: `sebez check --data` runs it, and so does every test that breaks
-- things. A row each; detail names offenders.
set local role sebez_owner;

create or replace function check_data() returns table (name text, ok boolean, detail text)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	rule record;
	bad bigint;
	sample text;
begin
	for rule in select * from (values
		('orders add up to their sub-orders',
		 $q$select o.number as who from shop_order o
		    left join lateral (select count(*) n, sum(s.total) total, sum(s.subtotal) subtotal,
		      sum(s.shipping) shipping, sum(s.discount) discount, sum(s.tax) tax, sum(s.fee) fee
		      from sub_order s where s.order_id = o.id) s on true
		    where s.n = 0 or (s.total, s.subtotal, s.shipping, s.discount, s.tax, s.fee)
		      is distinct from (o.total, o.subtotal, o.shipping, o.discount, o.tax, o.fee)$q$),
		('sub-orders add up to their lines',
		 $q$select s.number from sub_order s
		    left join lateral (select sum(l.total) total from order_line l
		      where l.vendor_id = s.vendor_id and l.sub_order_id = s.id) l on true
		    where l.total is distinct from s.subtotal$q$),
		('payment shares add up to payments, payments to orders',
		 $q$select o.number from shop_order o left join payment p on p.order_id = o.id
		    left join lateral (select sum(h.amount) amount from payment_share h where h.payment_id = p.id) h on true
		    where (p.amount, h.amount) is distinct from (o.total, o.total)$q$),
		('every sub-order has its share of the payment',
		 $q$select s.number from sub_order s left join payment_share h
		      on h.vendor_id = s.vendor_id and h.sub_order_id = s.id
		    where h.amount is distinct from s.total$q$),
		('every order line reserved its stock',
		 $q$select l.id::text from order_line l left join stock_reservation r
		      on r.vendor_id = l.vendor_id and r.order_line_id = l.id
		    where (r.variant_id, r.quantity, r.released)
		      is distinct from (l.variant_id, l.quantity, l.cancelled_quantity)$q$),
		('stock is what was put in less what is held',
		 $q$select v.id::text from variant v
		    where v.available <> coalesce((select sum(a.delta) from stock_adjustment a
		        where a.vendor_id = v.vendor_id and a.variant_id = v.id), 0)
		      - coalesce((select sum(r.quantity - r.released) from stock_reservation r
		        where r.vendor_id = v.vendor_id and r.variant_id = v.id), 0)$q$),
		('no variant is oversold',
		 $q$select v.id::text from variant v where v.available < 0 and not v.backorder and v.tracked$q$),
		('history ends in the present state and has no gap',
		 $q$select s.number from sub_order s
		    left join lateral (select max(h.number) last, count(*) n,
		      (array_agg(h.to_state order by h.number desc))[1] state,
		      bool_and(h.from_state is not distinct from h.before) chained
		      from (select h.*, lag(h.to_state) over (order by h.number) before
		            from sub_order_history h where h.vendor_id = s.vendor_id and h.sub_order_id = s.id) h) h on true
		    where (h.state, h.last, h.chained) is distinct from (s.state, h.n::int, true)$q$),
		('what is cancelled of a sub-order is what its lines say',
		 $q$select s.number from sub_order s where s.cancelled_total <> case s.state when 'cancelled' then s.total
		      else (select cancelled_with_fee(sum(l.price * l.cancelled_quantity), s.subtotal, s.percent_fee)
		            from order_line l where l.vendor_id = s.vendor_id and l.sub_order_id = s.id) end$q$),
		('payment shares follow what was received, refunded and cancelled',
		 $q$select s.number from payment_share h join payment p on p.id = h.payment_id
		    join sub_order s on s.vendor_id = h.vendor_id and s.id = h.sub_order_id
		    where h.due <> h.amount - s.cancelled_total
		    or (p.method = 'cash_on_delivery'
		        and (h.received_at is not null) <> (s.state in ('delivered', 'completed')))
		    or h.state <> payment_share_state(s.state = 'cancelled', h.received_amount, h.refunded_amount, h.due)$q$),
		('payments are what their shares make of them',
		 $q$select o.number from shop_order o join payment p on p.order_id = o.id
		    join (select h.payment_id, payment_state(array_agg(h.state)) state, sum(h.received_amount) received,
		      sum(h.refunded_amount) refunded from payment_share h group by 1) h on h.payment_id = p.id
		    where (p.state, p.received_amount, p.refunded_amount) is distinct from (h.state,
		      case when h.state in ('received', 'refund_due', 'refunded') then h.received end, h.refunded)$q$),
		('what lines count as shipped is in shipments of their sub-order',
		 $q$select l.id::text from order_line l where l.shipped_quantity <> coalesce((select sum(x.quantity)
		      from shipment_line x join shipment h on h.vendor_id = x.vendor_id and h.id = x.shipment_id
		      where x.vendor_id = l.vendor_id and x.order_line_id = l.id
		      and h.sub_order_id = l.sub_order_id), 0)$q$),
		('states agree with what was shipped and cancelled',
		 $q$select s.number from sub_order s join lateral (
		      select sum(l.shipped_quantity) shipped, sum(l.quantity - l.cancelled_quantity) kept,
		             sum(l.quantity - l.cancelled_quantity - l.shipped_quantity) remaining
		      from order_line l where l.vendor_id = s.vendor_id and l.sub_order_id = s.id) l on true
		    where case when s.state in ('awaiting_payment', 'placed') then l.shipped > 0 or l.kept = 0
		      when s.state in ('accepted', 'packed') then l.shipped > 0 or l.remaining = 0
		      when s.state = 'partially_shipped' then l.shipped = 0 or l.remaining = 0
		      when s.state in ('shipped', 'delivered', 'completed') then l.remaining > 0 or l.shipped = 0
		      else l.kept > 0 end$q$),
		('what is delivered has arrived, all of it',
		 $q$select s.number from sub_order s where s.state in ('delivered', 'completed')
		      and exists (select from shipment h where h.vendor_id = s.vendor_id and h.sub_order_id = s.id
		                  and h.delivered_at is null)$q$),
		('the clock runs where it has something to do',
		 $q$select s.number from sub_order s where (s.deadline_at is not null)
		      <> (s.state in ('awaiting_payment', 'placed', 'accepted', 'packed', 'partially_shipped', 'delivered'))$q$),
		('cancelled sub-orders hold nothing',
		 $q$select s.number from sub_order s where s.state = 'cancelled' and (s.cancelled_total <> s.total
		      or exists (select from order_line l where l.vendor_id = s.vendor_id and l.sub_order_id = s.id
		                 and l.cancelled_quantity <> l.quantity))$q$),
		('every order left its notice in the outbox',
		 $q$select o.number from shop_order o where o.created_at > now() - interval '7 days'
		      and not exists (select from outbox x where x.subject_id = o.id and x.topic = 'order_placed')$q$),
		('every ordered cart has its order, and the reverse',
		 $q$select c.id::text from cart c full join shop_order o on o.cart_id = c.id
		    where (c.state = 'ordered') is distinct from (o.id is not null)$q$),
		('commission was frozen on every line',
		 $q$select l.id::text from order_line l where not exists (select from commission_line c
		      where c.vendor_id = l.vendor_id and c.order_line_id = l.id)$q$),
		('products show what their variants say',
		 $q$select p.id::text from product p
		    left join lateral (select x.price, x.compare_at_price from variant x where x.vendor_id = p.vendor_id
		      and x.product_id = p.id and x.deleted_at is null order by x.price, x.position limit 1) c on true
		    where (p.visible, p.price, p.in_stock) is distinct from (p.status = 'active' and p.unlisted_at is null
		      and c.price is not null, coalesce(c.price, 0),
		      exists (select from variant x where x.vendor_id = p.vendor_id and x.product_id = p.id
		              and x.deleted_at is null and (x.available > 0 or x.backorder or not x.tracked)))$q$),
		('the listing shows exactly what is visible of approved vendors',
		 $q$select coalesce(p.id, l.product_id)::text from (select p.* from product p join vendor v
		      on v.id = p.vendor_id and v.state = 'approved' where p.visible) p
		    full join (select * from listing where category_id = '00000000-0000-0000-0000-000000000000') l
		      on l.product_id = p.id
		    where p.id is null or l.product_id is null or (l.price, l.sold, l.created_at)
		      is distinct from (p.price, p.sold, p.created_at)$q$),
		('what is searched is what there is, and public when it is listed',
		 $q$select coalesce(p.id, s.product_id)::text
		    from (select * from product where deleted_at is null) p
		    full join product_search s on s.product_id = p.id
		    where p.id is null or s.product_id is null
		    or (s.published, s.option_values, s.source) is distinct from (
		      exists (select from listing l where l.product_id = p.id), search_option_values(p),
		      search_source(p.title, search_names(p), p.description))$q$),
		('numbers of a feed have no gap and end where the feed says',
		 $q$select f.owner_id::text from feed f
		    left join (select e.owner_id, count(*) n, min(e.number) least, max(e.number) most
		      from event e where e.at > now() - interval '29 days' group by 1) e on e.owner_id = f.owner_id
		    where e.most <> f.last_number or e.n <> e.most - e.least + 1
		    union all select e.owner_id::text from event e left join feed f on f.owner_id = e.owner_id
		    where f.owner_id is null$q$),
		('messages of a conversation are numbered without a gap',
		 $q$select c.id::text from conversation c
		    left join (select m.conversation_id, count(*) n, max(m.seq) last from message m group by 1) m
		      on m.conversation_id = c.id
		    where c.last_seq <> coalesce(m.n, 0) or c.last_seq <> coalesce(m.last, 0)$q$),
		('notes of a conversation are numbered without a gap',
		 $q$select c.id::text from conversation c
		    left join (select x.conversation_id, count(*) n, max(x.number) last from conversation_note x group by 1) x
		      on x.conversation_id = c.id
		    where c.last_note <> coalesce(x.n, 0) or c.last_note <> coalesce(x.last, 0)$q$),
		('every message was told once to either side',
		 $q$select m.id::text from message m join conversation c on c.id = m.conversation_id
		    cross join lateral (values (c.account_id), (c.vendor_id)) as o (owner_id)
		    left join (select e.owner_id, e.payload ->> 'id' as id, (e.payload ->> 'seq')::int as seq, count(*) n
		      from event e where e.kind = 'message_sent' group by 1, 2, 3) e
		      on e.owner_id = o.owner_id and e.id = m.id::text and e.seq = m.seq
		    where m.created_at > now() - interval '29 days' and e.n is distinct from 1$q$),
		('what is unread is what was not read',
		 $q$select c.id::text from conversation c cross join lateral (select
		      count(*) filter (where m.author <> 'customer' and m.seq > c.customer_read) of_customer,
		      count(*) filter (where m.author = 'customer' and m.seq > c.vendor_read) of_vendor
		      from message m where m.vendor_id = c.vendor_id and m.conversation_id = c.id
		      and m.deleted_at is null) n
		    where (c.customer_unread, c.vendor_unread) is distinct from (n.of_customer::int, n.of_vendor::int)$q$),
		('a side has read what was sent, and a vendor what the furthest of its staff has',
		 $q$select c.id::text from conversation c
		    left join (select r.conversation_id, max(r.seq) seq from staff_read r group by 1) r
		      on r.conversation_id = c.id
		    where c.customer_read > c.last_seq or c.vendor_read > c.last_seq
		    or c.vendor_read <> coalesce(r.seq, 0)$q$),
		('what devices have acknowledged was told, and is marked as delivered',
		 $q$select a.owner_id::text from chat_acknowledged a left join feed f on f.owner_id = a.owner_id
		    where a.number > coalesce(f.last_number, 0)
		    union all select c.id::text from (
		      select e.owner_id, (e.payload ->> 'conversation_id')::uuid as id,
		        max((e.payload ->> 'seq')::int) filter (where e.payload ->> 'author' = 'customer') as of_customer,
		        max((e.payload ->> 'seq')::int) filter (where e.payload ->> 'author' <> 'customer') as of_others
		      from chat_acknowledged a join event e on e.owner_id = a.owner_id and e.number <= a.number
		      where e.kind = 'message_sent' group by 1, 2) d
		    join conversation c on c.id = d.id
		    where case d.owner_id when c.vendor_id then d.of_customer > c.vendor_delivered
		                          else d.of_others > c.customer_delivered end$q$),
		('what was deleted says nothing, and nobody reacts to it',
		 $q$select m.id::text from message m where m.deleted_at is not null
		    and (m.text <> '' or m.attachments::text <> '[]' or m.card is not null
		         or exists (select from reaction r where r.vendor_id = m.vendor_id
		                    and r.conversation_id = m.conversation_id and r.seq = m.seq))$q$)
	) as r (title, query) loop
		execute format('select count(*), (array_agg(who))[1] from (%s) as bad (who)', rule.query)
			into bad, sample;
		name := rule.title;
		ok := bad = 0;
		detail := case when bad = 0 then '' else format('%s, for example %s', bad, sample) end;
		return next;
	end loop;
end $$;
grant execute on function check_data() to sebez_jobs, sebez_admin;
