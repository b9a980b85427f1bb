-- Disputes, as customers, vendors and admins see and move them.

-- dispute_lock (id uuid): one writes -> (sub_order_id uuid)
-- Locks its sub-order. Other actors' disputes are not found.
select s.id as sub_order_id from dispute d
join sub_order s on s.vendor_id = d.vendor_id and s.id = d.sub_order_id
where d.id = :id for update of s;

-- dispute_sub_order_lock (id uuid): one writes -> (id uuid)
select s.id from sub_order s where s.id = :id for update;

-- dispute_open (id uuid, sub_order uuid, reason text): one writes
select dispute_open(:id, :sub_order, :reason);

-- dispute_say (id uuid, dispute uuid, text text): one writes
select dispute_say(:id, :dispute, :text);

-- dispute_files_insert (statement uuid, files rows(upload uuid, file json)): none
insert into dispute_file (vendor_id, statement_id, upload_id, account_id, position, file)
select x.vendor_id, x.id, f.upload, x.account_id, f.ordinality, f.file
from dispute_statement x cross join :files with ordinality as f (upload, file)
where x.id = :statement;

-- dispute_move (id uuid, target text, outcome text?, reason text?): one writes
select dispute_move(:id, :target, :outcome, :reason);

-- dispute_refunded (id uuid, refund uuid): one writes
select dispute_refunded(:id, :refund);

-- dispute_left (sub_order uuid): many -> (line uuid?, quantity int?, shipping bigint, owed bigint,
--     currency text)
-- What of a sub-order can be refunded: of each line, of the shipping, and of all.
select l.id as line, l.shipped_quantity - l.refunded_quantity as quantity, s.shipping - s.refunded_shipping as shipping,
       s.total - s.cancelled_total as owed, s.currency
from sub_order s
left join order_line l on l.vendor_id = s.vendor_id and l.sub_order_id = s.id
	and l.shipped_quantity > l.refunded_quantity
where s.id = :sub_order
order by l.id;

-- disputes_page (id uuid?, vendor uuid?, slug text?, sub_order uuid?, status text?, overseen bool,
--     with_statements bool, after_id uuid, page_size int): many
-- One dispute, or a page of them, newest first.
select d.id, d.sub_order_id, d.order_id, s.number as sub_order_number, v.id as "vendor.id", v.name as "vendor.name",
       v.slug as "vendor.slug",
       [overseen: d.account_id as "customer.id", a.name as "customer.name", a.email as "customer.email",]
       d.state as status, d.reason, d.outcome, d.decision_reason, d.refund_id, d.deadline_at,
       [with_statements: (select coalesce(json_agg(json_build_object('by', x.actor, 'text', x.text, 'files',
	       (select coalesce(json_agg(f.file order by f.position), '[]') from dispute_file f
	        where f.vendor_id = x.vendor_id and f.statement_id = x.id), 'created_at', json_time(x.created_at))
	       order by x.id), '[]') from dispute_statement x
             where x.vendor_id = d.vendor_id and x.dispute_id = d.id) as statements,]
       dispute_allowed(d.state, current_setting('sebez.actor', true)) as allowed_transitions,
       d.created_at, d.updated_at, 0::bigint as "_key"
from dispute d
join sub_order s on s.vendor_id = d.vendor_id and s.id = d.sub_order_id
join vendor v on v.id = d.vendor_id
[overseen: join account a on a.id = d.account_id]
where true
[id: and d.id = :id]
[vendor: and d.vendor_id = :vendor]
[slug: and d.vendor_id = (select x.id from vendor x where x.slug = :slug)]
[sub_order: and d.sub_order_id = :sub_order]
[status: and d.state = :status]
[!id: and d.id < :after_id
order by d.id desc
limit :page_size];

-- disputes_meet_deadlines (most int): one writes -> (done int)
select disputes_meet_deadlines(:most) as done;
