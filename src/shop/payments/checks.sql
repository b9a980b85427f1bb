-- check: attempts are of an order and its customer, by its method
select a.id::text from payment_attempt a where not exists (select from payment p
	where p.order_id = a.order_id and p.account_id = a.account_id and p.method = a.provider);

-- check: no order is paid by a provider without the attempt that paid it, and the reverse
select p.order_id::text from payment p
where p.method not in ('cash_on_delivery', 'manual') and p.amount > 0 and p.received_at is not null
	and not exists (select from payment_attempt a where a.order_id = p.order_id and a.outcome = 'order')
union all
select a.id::text from payment_attempt a join payment p on p.order_id = a.order_id
where a.outcome = 'order' and p.received_amount is distinct from a.amount;

-- check: what goes back of an attempt is no more than came
select a.id::text from payment_attempt a join payment_refund r on r.attempt_id = a.id and r.state <> 'by_hand'
group by a.id having sum(r.amount) > a.amount or bool_or(a.outcome is null);

-- check: the amounts of a refund add up
select r.id::text from payment_refund r where cardinality(r.amounts) > 0
	and r.amount <> (select sum(x) from unnest(r.amounts) x);

-- check: what shares got back from providers is the sum of their refunds
select s.number from sub_order s
join payment p on p.order_id = s.order_id and p.method not in ('cash_on_delivery', 'manual')
where s.refunded_amount < (select coalesce(sum(r.amounts[array_position(r.sub_orders, s.id)]), 0) from payment_refund r
	where r.order_id = s.order_id and s.id = any (r.sub_orders) and r.state = 'refunded');

-- check: what is due for refund of a provider's payment is under way, but what is charged back
select s.number from sub_order s
join payment p on p.order_id = s.order_id and p.method not in ('cash_on_delivery', 'manual')
cross join lateral (select s.received_amount - s.refunded_amount - (s.total - s.cancelled_total) as due) d
cross join lateral (select coalesce(sum(r.amounts[array_position(r.sub_orders, s.id)]), 0) as asked
	from payment_refund r
	where r.order_id = s.order_id and s.id = any (r.sub_orders) and r.state in ('pending', 'failed')) r
where s.payment_state = 'refund_due'
	and r.asked not between greatest(d.due - charged_back(s.vendor_id, s.id), 0) and d.due;

-- check: what is charged back and not decided is on its account
select 'chargebacks' where (select coalesce(sum(c.amount), 0) from chargeback c where c.taken)
	<> (select coalesce(sum(e.amount), 0) from journal j join journal_entry e on e.journal_id = j.id
	    where j.cause_kind like 'chargeback%' and e.account = 'chargebacks');

-- check: the fees of chargebacks are in journals
select c.id::text from chargeback c where c.fee <> (
	select -coalesce(sum(e.amount), 0) from journal j join journal_entry e on e.journal_id = j.id
	where j.cause_kind = 'chargeback_fee' and j.cause_id = c.id and e.account like 'provider:%');

-- check: the parts of a chargeback add up
select c.id::text from chargeback c join payment_attempt a on a.id = c.attempt_id and a.outcome = 'order'
where c.amount <> (select coalesce(sum(p.amount), 0) from chargeback_part p where p.chargeback_id = c.id);

-- check: second payments go back
select a.id::text from payment_attempt a where a.outcome = 'extra'
	and not exists (select from payment_refund r where r.attempt_id = a.id and r.sub_orders = '{}');

-- check: attempts that are not over are asked about
select a.id::text from payment_attempt a
where a.state in ('created', 'needs_action', 'authorised', 'unknown') and a.ask_at is null;
