-- What must hold. Each check selects what breaks it, as people know it; `sebez check --data` runs them.

-- check: every ordered cart has its order, and the reverse
select c.id::text from cart c full join shop_order o on o.cart_id = c.id
where (c.state = 'ordered') is distinct from (o.id is not null);
