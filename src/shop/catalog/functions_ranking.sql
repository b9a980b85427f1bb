-- Ranking products by what was sold in the last 30 days. Orders and cancellations append to sale_pending;
-- count_sales() adds it up by product and day, and rank_products() carries the sums into the listing, whose
-- indexes contain them. One transaction at a time, of whatever server, calls these functions.
set local role sebez_owner;

-- The day of an order. Days are those of UTC.
create or replace function sale_day(ordered_at timestamptz) returns date language sql immutable parallel safe
return (ordered_at at time zone 'UTC')::date;
grant execute on function sale_day(timestamptz) to sebez_kernel;

-- The first of the 30 days that count.
create or replace function first_sale_day() returns date language sql stable parallel safe
return sale_day(now()) - 29;
grant execute on function first_sale_day() to sebez_kernel;

set local role sebez_kernel;

-- False when another transaction ranks at this moment.
create or replace function may_rank() returns boolean language sql set search_path = public, pg_temp as $$
	select pg_try_advisory_xact_lock(hashtextextended('sebez ranking', 0))
$$;

-- Counts at most `most` rows of sale_pending, and keeps the pictures that their order lines show: none of them is
-- removed before, because removal waits for a day. Returns the number of rows.
create or replace function count_sales(most int) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	counted int;
begin
	if not may_rank() then
		return 0;
	end if;
	with taken as (
		delete from sale_pending where ctid = any (array(select s.ctid from sale_pending s limit most))
		returning day, variant_ids, units, upload_ids
	), shown as (
		update upload u set kept = true
		where u.id in (select unnest(t.upload_ids) from taken t) and not u.kept and u.removed_at is null
	), sold as (
		select t.day, u.variant_id, sum(u.units) as units
		from taken t cross join unnest(t.variant_ids, t.units) as u (variant_id, units)
		where t.day >= first_sale_day()
		group by t.day, u.variant_id
	), changed as (
		insert into product_sale as w (product_id, day, units)
		select v.product_id, s.day, sum(s.units) from sold s join variant v on v.id = s.variant_id
		group by v.product_id, s.day
		having sum(s.units) <> 0
		on conflict (product_id, day) do update set units = w.units + excluded.units
		returning w.product_id
	), marked as (
		insert into ranking_pending (product_id) select distinct c.product_id from changed c
		on conflict do nothing
	)
	select count(*) into counted from taken;
	return counted;
end $$;
grant execute on function count_sales(int) to sebez_jobs;

-- Deletes at most `most` rows of days that no longer count. Returns their number.
create or replace function forget_sales(most int) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	forgotten int;
begin
	if not may_rank() then
		return 0;
	end if;
	with gone as (
		delete from product_sale where ctid = any (array(
			select w.ctid from product_sale w where w.day < first_sale_day() limit most))
		returning product_id
	), marked as (
		insert into ranking_pending (product_id) select distinct g.product_id from gone g
		on conflict do nothing
	)
	select count(*) into forgotten from gone;
	return forgotten;
end $$;
grant execute on function forget_sales(int) to sebez_jobs;

-- Updates the listing of at most `most` products whose units have changed. Returns the number of products.
-- refresh_products() and the move of a vendor lock products, too, so a row that they add has the units of before
-- or is seen here.
create or replace function rank_products(most int) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	product_ids uuid[];
begin
	if not may_rank() then
		return 0;
	end if;
	with taken as (
		delete from ranking_pending where ctid = any (array(
			select r.ctid from ranking_pending r order by r.product_id limit most))
		returning product_id
	)
	select array_agg(t.product_id) into product_ids from taken t;
	perform from product p where p.id = any (product_ids) order by p.id for no key update;
	update listing l set sold = s.units
	from unnest(product_ids) as r (product_id)
	cross join lateral (select coalesce(sum(w.units), 0) as units
	                    from product_sale w where w.product_id = r.product_id) s
	where l.product_id = r.product_id and l.sold <> s.units;
	return coalesce(cardinality(product_ids), 0);
end $$;
grant execute on function rank_products(int) to sebez_jobs;
