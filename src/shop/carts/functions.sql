-- Carts: turning a cart into an order.
set local role sebez_owner;

create or replace function cart_to_order(cart uuid, quoted_version int) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
	update cart set state = 'ordered', updated_at = now()
	where id = cart_to_order.cart and state = 'open' and version = quoted_version;
	if not found then
		raise exception 'The cart was changed or ordered since it was read' using errcode = 'SBC01';
	end if;
end $$;
grant execute on function cart_to_order(uuid, int) to sebez_customer;
