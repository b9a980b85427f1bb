-- Vendors: applying to sell, and the order of their list.
set local role sebez_kernel;

-- A customer applies to sell: creates the vendor and its owner together. Returns the vendor, because a
-- customer may not read staff columns. Limits the number of open applications per account.
create or replace function vendor_apply(vendor_id uuid, slug text, name text, description text,
                                        logo_text text, contact_email text, contact_phone text,
                                        open_max int) returns vendor
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	made vendor;
begin
	if current_account() is null then
		raise exception 'Authentication required' using errcode = 'SB401';
	end if;
	perform from account a where a.id = current_account() for no key update; -- serializes applications of one account
	if (select count(*) from staff s join vendor v on v.id = s.vendor_id and v.state = 'applied'
	    where s.account_id = current_account() and s.role = 'owner') >= open_max then
		raise exception 'You have % open applications; wait for a decision', open_max using errcode = 'SB409';
	end if;
	insert into vendor (id, slug, name, description, logo_text, contact_email, contact_phone)
	values (vendor_id, slug, name, coalesce(description, ''), coalesce(logo_text, ''),
	        coalesce(contact_email, (select a.email from account a where a.id = current_account())),
	        contact_phone)
	returning * into made;
	insert into staff (vendor_id, account_id, role) values (vendor_id, current_account(), 'owner');
	return made;
end $$;
grant execute on function vendor_apply(uuid, text, text, text, text, text, text, int) to sebez_customer;

set local role sebez_owner;

-- Whether the acting account has ordered from the vendor or works for it.
create or replace function deals_with_vendor(vendor uuid) returns boolean language sql stable parallel safe
return exists (select from shop_order o join sub_order s on s.order_id = o.id and s.vendor_id = vendor
               where o.account_id = current_account())
       or exists (select from staff s where s.vendor_id = vendor and s.account_id = current_account());
grant execute on function deals_with_vendor(uuid) to sebez_customer;
