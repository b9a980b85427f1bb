-- Invariants. Each check selects the rows that violate it, described for people; `sebez check --data` runs
-- them.

-- check: a cart has an order exactly when its state is ordered
select c.id::text from cart c full join shop_order o on o.cart_id = c.id
where (c.state = 'ordered') is distinct from (o.id is not null);
