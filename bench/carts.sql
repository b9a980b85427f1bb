-- Carts to be ordered, filled by the load generator's own function.

-- Fills the open carts of accounts first .. first + count - 1: five lines from three vendors, or, when
-- `hot`, one line of one variant that everybody wants. Gives account, session, and the quote's total.
create function bench_fill(first bigint, count bigint, products bigint, vendors bigint, hot boolean)
returns table (account uuid, session uuid, total bigint) language plpgsql as $$
declare
	round bigint := (extract(epoch from clock_timestamp()) * 1000)::bigint % 1000003;
begin
	update cart c set state = 'merged' where c.state = 'open' and c.account_id is not null;
	create temp table fill on commit drop as
	select n, gen_random_uuid() as cart_id, seed_id(1, n) as account_id,
	       1 + (n * 7919 + round * 104729) % (products - vendors - 3) as p
	from generate_series(first, first + count - 1) n;
	insert into cart (id, account_id) select f.cart_id, f.account_id from fill f;
	insert into cart_line (cart_id, vendor_id, variant_id, quantity, product_id, title, variant_title,
	                       vendor_name, price)
	select f.cart_id, v.vendor_id, v.id, 1, v.product_id, 'as put in', v.title, 'as put in', v.price
	from fill f
	cross join lateral unnest(case when hot then array[1::bigint]
		else array[f.p, f.p + vendors, f.p + 1, f.p + 1 + vendors, f.p + 2] end) l (product)
	join variant v on v.vendor_id = seed_id(2, 1 + l.product % vendors) and v.id = seed_id(5, l.product * 2);
	return query
	select f.account_id, seed_id(12, f.n), sum(g.goods + case when g.goods >= 10000 then 0 else 490 end)::bigint
	from fill f
	join lateral (select sum(l.price) as goods from cart_line l where l.cart_id = f.cart_id
	              group by l.vendor_id) g on true
	group by f.account_id, f.n;
end $$;
