-- Lists of orders and sub-orders, newest first: by id, which begins with the time. A clock that was set back may
-- make ids that are ahead of created_at, by an hour at most.

-- sub_orders_page (vendor uuid?, slug text?, overseen bool, status text?, number text?, since time?,
--                  before time?, after_due time?, after_id uuid, page_size int): many
-- A vendor's sub-orders; for admins (overseen), those of all vendors. With after_due, those that must be accepted
-- or shipped, earliest first: by what the index sub_order_vendor_due has.
select s.id, s.number, left(s.number, 9) as order_number, s.state as status,
       [overseen: v.id as "vendor.id", v.name as "vendor.name", v.slug as "vendor.slug",]
       s.customer_name as "customer.name",
       (select sum(l.quantity - l.cancelled_quantity) from order_line l
        where l.vendor_id = s.vendor_id and l.sub_order_id = s.id) as quantity,
       s.total as "total.amount", s.currency as "total.currency",
       json_build_object('pay_by', case when s.state = 'awaiting_payment' then json_time(s.deadline_at) end,
              'accept_by', case when s.state = 'placed' then json_time(s.deadline_at) end,
              'ship_by', case when s.state in ('accepted', 'packed', 'partially_shipped') then json_time(s.ship_by) end,
              'cancel_at', case when s.state in ('accepted', 'packed', 'partially_shipped')
                           then json_time(s.deadline_at) end)
              as deadlines,
       s.created_at,
       [after_due: coalesce(case when s.state = 'placed' then s.deadline_at else s.ship_by end,
                            timestamptz '9999-12-31 00:00Z') as "_key"]
       [!after_due: s.created_at as "_key"]
from sub_order s
[overseen: join vendor v on v.id = s.vendor_id]
where true
[!after_due: and s.id < :after_id]
[after_due: and s.state in ('placed', 'accepted', 'packed', 'partially_shipped')
	and (coalesce(case when s.state = 'placed' then s.deadline_at else s.ship_by end,
	              timestamptz '9999-12-31 00:00Z'), s.id) > (:after_due, :after_id)]
[vendor: and s.vendor_id = :vendor]
[slug: and s.vendor_id = (select x.id from vendor x where x.slug = :slug)]
[since: and s.created_at >= :since and s.id >= uuid_at(:since)]
[before: and s.created_at < :before and s.id < uuid_at(:before + interval '1 hour')]
[status: and s.state = :status]
[number: and s.number >= :number and s.number < :number || '~']
order by
[after_due: coalesce(case when s.state = 'placed' then s.deadline_at else s.ship_by end,
                     timestamptz '9999-12-31 00:00Z'), s.id]
[!after_due: s.id desc]
limit :page_size;

-- sub_order_counts (vendor uuid): one
select count(*) filter (where s.state = 'awaiting_payment') as awaiting_payment,
       count(*) filter (where s.state = 'placed') as placed,
       count(*) filter (where s.state = 'accepted') as accepted,
       count(*) filter (where s.state = 'packed') as packed,
       count(*) filter (where s.state = 'partially_shipped') as partially_shipped,
       count(*) filter (where s.state = 'shipped') as shipped,
       count(*) filter (where s.state = 'delivered') as delivered
from sub_order s
where s.vendor_id = :vendor
and s.state in ('awaiting_payment', 'placed', 'accepted', 'packed', 'partially_shipped', 'shipped', 'delivered');

-- orders_page (account uuid?, email_key text?, overseen bool, status text?, number text?, since time?,
--              before time?, after_id uuid, page_size int): many
-- A customer's orders; for admins (overseen), those of all customers, filtered by the account's e-mail address
-- or by the number of the order or of a sub-order, which begins with the order's.
select o.id, o.number, order_status(s.states) as status,
       o.total as "total.amount", o.currency as "total.currency",
       p.method as "payment.method", p.state as "payment.status",
       [overseen: a.id as "customer.id", a.name as "customer.name", a.email as "customer.email",]
       s.sub_orders, o.created_at, o.created_at as "_key"
from shop_order o
[overseen: join account a on a.id = o.account_id]
join payment p on p.order_id = o.id
cross join lateral (
	select array_agg(s.state) as states,
	       json_agg(json_build_object(
			'id', s.id, 'number', s.number, 'status', s.state,
			'vendor', json_build_object('id', v.id, 'name', v.name, 'slug', v.slug),
			'total', json_build_object('amount', s.total, 'currency', s.currency)) order by s.id) as sub_orders
	from sub_order s
	join vendor v on v.id = s.vendor_id
	where s.order_id = o.id) s
where o.id < :after_id
[account: and o.account_id = :account]
[email_key: and o.account_id = (select x.id from account x where x.email_key = :email_key)]
[since: and o.created_at >= :since and o.id >= uuid_at(:since)]
[before: and o.created_at < :before and o.id < uuid_at(:before + interval '1 hour')]
[number: and o.number >= left(:number, 9) and o.number < left(:number, 9) || '~']
[status: and order_status(s.states) = :status]
order by o.id desc
limit :page_size;
