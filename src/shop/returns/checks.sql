-- check: the history of a return has no gap and ends in its state
select g.id::text from goods_return g
left join lateral (select max(h.number) as last, count(*) as n,
	(array_agg(h.to_state order by h.number desc))[1] as state,
	coalesce(bool_and(h.from_state is not distinct from h.before), true) as chained
	from (select h.*, lag(h.to_state) over (order by h.number) as before from goods_return_history h
	      where h.vendor_id = g.vendor_id and h.return_id = g.id) h) h on true
where (h.last, h.state, h.chained) is distinct from (h.n, g.state, true);

-- check: returns have lines, and those that were inspected say what is accepted
select g.id::text from goods_return g
left join lateral (select count(*) as n, count(l.accepted_quantity) as inspected from goods_return_line l
	where l.vendor_id = g.vendor_id and l.return_id = g.id) l on true
where l.n = 0 or g.state in ('inspected', 'refunded') and l.inspected <> l.n
or g.state in ('requested', 'approved', 'shipped', 'received', 'cancelled') and l.inspected > 0;

-- check: what is refunded of a return is what was accepted of it
select g.id::text from goods_return g
where g.state = 'refunded' and exists (
	select from (select l.order_line_id, l.accepted_quantity as quantity from goods_return_line l
	             where l.vendor_id = g.vendor_id and l.return_id = g.id and l.accepted_quantity > 0) l
	full join (select x.order_line_id, x.quantity from sub_order_refund_line x
	           where x.vendor_id = g.vendor_id and x.refund_id = g.refund_id) r on r.order_line_id = l.order_line_id
	where l.quantity is distinct from r.quantity);

-- check: exactly the open returns have a deadline, but those without instructions
select g.id::text from goods_return g
where (g.deadline_at is not null)
<> (g.state = any (return_open_states()) and (g.state <> 'approved' or g.instructions is not null));

-- check: nothing is held without an open dispute or a chargeback
select h.sub_order_id::text from ledger_share h where h.held <> 0 and not exists (select from dispute d
	where d.vendor_id = h.vendor_id and d.sub_order_id = h.sub_order_id and d.state in ('opened', 'in_review'))
and not is_charged_back(h.vendor_id, h.sub_order_id);
