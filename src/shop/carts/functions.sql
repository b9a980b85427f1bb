-- Carts: refusing to turn one into an order.
set local role sebez_owner;

create or replace function refuse_cart() returns void language plpgsql as $$
begin
	raise exception 'The cart was changed or ordered since it was read' using errcode = 'SBC01';
end $$;
grant execute on function refuse_cart() to sebez_customer;
