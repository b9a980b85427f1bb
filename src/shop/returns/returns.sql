-- Returns, as customers, vendors and admins see and move them.

-- return_lock (id uuid): one writes -> (sub_order_id uuid)
-- Locks its sub-order. Other actors' returns are not found.
select s.id as sub_order_id from goods_return g
join sub_order s on s.vendor_id = g.vendor_id and s.id = g.sub_order_id
where g.id = :id for update of s;

-- return_of_sub_order_lock (id uuid): one writes -> (id uuid)
select s.id from sub_order s where s.id = :id for update;

-- return_request (id uuid, sub_order uuid, lines rows(line uuid, quantity int), reason text, comment text?): one writes
select return_request(:id, :sub_order, :lines.line, :lines.quantity, :reason, :comment);

-- return_files_insert (id uuid, files rows(upload uuid, file json)): none
insert into goods_return_file (vendor_id, return_id, upload_id, account_id, position, file)
select g.vendor_id, g.id, f.upload, g.account_id, f.ordinality, f.file
from goods_return g cross join :files with ordinality as f (upload, file)
where g.id = :id;

-- return_move (id uuid, target text, reason text?, instructions text?, carrier text?, tracking_number text?,
--     refund uuid?): one writes
select return_move(:id, :target, :reason, :instructions, :carrier, :tracking_number, :refund);

-- return_refunding (id uuid): one writes -> (id text)
-- The refunds of this transaction are of the return (refund_sub_order()).
select set_config('sebez.refunded_return', :id::text, true) as id;

-- return_accept (id uuid, lines rows(line uuid, quantity int, restock bool)): one writes
select return_accept(:id, :lines.line, :lines.quantity, :lines.restock);

-- return_accepted (id uuid): many -> (line uuid, quantity int, restock bool)
-- What of it is to be refunded, when it is inspected.
select l.order_line_id as line, l.accepted_quantity as quantity, l.restock
from goods_return g join goods_return_line l on l.vendor_id = g.vendor_id and l.return_id = g.id
where g.id = :id and g.state = 'inspected' and l.accepted_quantity > 0
order by l.order_line_id;

-- returns_page (id uuid?, vendor uuid?, slug text?, sub_order uuid?, status text?, overseen bool, overdue bool,
--     with_files bool, after_id uuid, page_size int): many
-- One return with its history, or a page of them, newest first.
select g.id, g.sub_order_id, g.order_id, s.number as sub_order_number, v.id as "vendor.id", v.name as "vendor.name",
       v.slug as "vendor.slug",
       [overseen: g.account_id as "customer.id", a.name as "customer.name", a.email as "customer.email",]
       g.state as status, g.reason, g.comment, g.instructions, g.carrier, g.tracking_number, g.decision_reason,
       g.deadline_at, g.refund_id,
       (select json_agg(json_build_object('line_id', l.order_line_id, 'title', o.title, 'variant_title',
	       o.variant_title, 'quantity', l.quantity, 'accepted_quantity', l.accepted_quantity, 'restock', l.restock)
	       order by o.position)
        from goods_return_line l join order_line o on o.vendor_id = l.vendor_id and o.id = l.order_line_id
        where l.vendor_id = g.vendor_id and l.return_id = g.id) as lines,
       [with_files: (select coalesce(json_agg(f.file order by f.position), '[]') from goods_return_file f
             where f.vendor_id = g.vendor_id and f.return_id = g.id) as files,]
       [id: (select json_agg(json_build_object('at', json_time(h.at), 'from', h.from_state, 'to', h.to_state,
	             'by', h.actor, 'reason', h.reason) order by h.number) from goods_return_history h
             where h.vendor_id = g.vendor_id and h.return_id = g.id) as history,]
       return_allowed(g.state, current_setting('sebez.actor', true)) as allowed_transitions,
       g.created_at, g.updated_at, 0::bigint as "_key"
from goods_return g
join sub_order s on s.vendor_id = g.vendor_id and s.id = g.sub_order_id
join vendor v on v.id = g.vendor_id
[overseen: join account a on a.id = g.account_id]
where true
[id: and g.id = :id]
[vendor: and g.vendor_id = :vendor]
[slug: and g.vendor_id = (select x.id from vendor x where x.slug = :slug)]
[sub_order: and g.sub_order_id = :sub_order]
[status: and g.state = :status]
[overdue: and g.state = any (return_open_states()) and g.deadline_at <= now()]
[!id: and g.id < :after_id
order by g.id desc
limit :page_size];

-- returns_meet_deadlines (most int): one writes -> (done int)
select returns_meet_deadlines(:most) as done;

-- returns_tell_overdue (most int): one writes -> (done int)
select returns_tell_overdue(:most) as done;
