-- The books of the sandbox.

-- sandbox_charge_add (id uuid, amount bigint, currency text, state text): none
insert into sandbox_charge (id, amount, currency, state) values (:id, :amount, :currency, :state)
on conflict (id) do nothing;

-- sandbox_charge_read (id uuid): maybe -> (state text, amount bigint, currency text, age_ms bigint)
select c.state, c.amount, c.currency, (extract(epoch from now() - c.created_at) * 1000)::bigint as age_ms
from sandbox_charge c where c.id = :id;

-- sandbox_charge_move (id uuid, from_state text, to_state text): none
update sandbox_charge c set state = :to_state where c.id = :id and c.state = :from_state;

-- sandbox_refund_add (id uuid, charge uuid, amount bigint): one -> (is_done bool)
-- Once for each id, and no more than was captured.
with made as (
	insert into sandbox_refund (id, charge_id, amount)
	select :id, c.id, :amount from sandbox_charge c
	where c.id = :charge and c.state = 'captured' and c.refunded + :amount <= c.amount
	on conflict (id) do nothing
	returning charge_id, amount
), counted as (
	update sandbox_charge c set refunded = c.refunded + m.amount from made m where c.id = m.charge_id
)
select exists (select from made) or exists (select from sandbox_refund r where r.id = :id) as is_done;

-- sandbox_return_url (id uuid): maybe -> (return_url text?)
select a.return_url from payment_attempt a where a.id = :id;
