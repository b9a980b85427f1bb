-- Invariants. Each check selects the rows that violate it, described for people; `sebez check --data` runs
-- them.

-- check: every ordered cart has its order, and the reverse
select c.id::text from cart c full join shop_order o on o.cart_id = c.id
where (c.state = 'ordered') is distinct from (o.id is not null);
