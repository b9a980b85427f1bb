-- Orders: what was counted wrongly so far, and what is counted from now on.
set local role sebez_owner;

-- Orders at the same moment of several variants of one product left it in stock or out of it.
update product p set in_stock = not p.in_stock
where p.in_stock <> exists (select from variant x where x.vendor_id = p.vendor_id and x.product_id = p.id
	and x.deleted_at is null and (x.available > 0 or x.backorder));
