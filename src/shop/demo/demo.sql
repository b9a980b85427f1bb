-- The demo marketplace: its people and vendors. Each statement runs as the role that would execute it in the
-- shop, so the demo needs no extra rights.

-- demo_is_empty (): one -> (empty bool)
select not exists (select from vendor) as empty;

-- record demo_person (id uuid, email text, name text)

-- demo_add_accounts (people demo_person[], password_hash text): none
insert into account (id, email, email_key, name, password_hash, email_verified_at)
select i.id, i.email, i.email, i.name, :password_hash, now() from :people as i;

-- demo_account (email text): one -> (id uuid)
select id from account where email_key = :email;

-- demo_sign_in (session uuid, account uuid): none
insert into session (id, account_id, user_agent, expires_at)
values (:session, :account, 'demo', now() + interval '1 hour');

-- demo_sign_out (session uuid): none
update session set ended_at = now() where id = :session;

-- demo_add_address (id uuid, name text, line1 text, city text, postal_code text, country text): none
insert into address (account_id, id, name, line1, city, postal_code, country, is_default)
values (current_account(), :id, :name, :line1, :city, :postal_code, :country, true);

-- demo_apply (id uuid, slug text, name text, description text, logo_text text, email text, open_max int): none writes
select from vendor_apply(:id, :slug, :name, :description, :logo_text, :email, null, :open_max);

-- demo_approve (ids uuid[]): none
update vendor set state = 'approved', approved_at = now(), updated_at = now(), version = version + 1
where id = any (:ids);

-- demo_add_staff (account uuid, role text): none
insert into staff (vendor_id, account_id, role) values (current_vendor(), :account, :role);

-- record demo_method (id uuid, name text, price bigint, free_above bigint, handling_days int)
-- free_above: 0 for never.

-- demo_add_shipping (methods demo_method[]): none
insert into shipping_method (vendor_id, id, name, price, currency, free_above, handling_days, position)
select current_vendor(), i.id, i.name, i.price, f.currency, nullif(i.free_above, 0), i.handling_days,
       i.ordinality
from :methods with ordinality as i, platform f;

-- record demo_picture (id uuid, image json)

-- demo_products (): many -> (id uuid, handle text, title text)
select id, handle, title from product where vendor_id = current_vendor()
order by created_at desc, id desc;

-- demo_show_products (pictures demo_picture[]): none
update product p set images = json_build_array(i.image)
from :pictures as i
where p.vendor_id = current_vendor() and p.id = i.id;

-- demo_show_vendor (logo json, banner json): none
update vendor set logo = :logo, banner = :banner where id = current_vendor();

-- demo_categories (): many -> (id uuid, slug text, name text)
select id, slug, name from category order by id;

-- demo_show_categories (pictures demo_picture[]): none
update category c set image = i.image from :pictures as i where c.id = i.id;

-- demo_variant (sku text): one -> (id uuid)
select id from variant where sku = :sku;

-- demo_show_account (avatar json): none
update account set avatar = :avatar where id = current_account();

-- demo_vendor_sub_order (slug text): one -> (vendor uuid, sub_order uuid)
-- The customer's latest at this vendor.
select s.vendor_id as vendor, s.id as sub_order from sub_order s join vendor v on v.id = s.vendor_id
where s.account_id = current_account() and v.slug = :slug
order by s.created_at desc, s.id desc limit 1;

-- demo_ask (vendor uuid, account uuid, id uuid, sub_order uuid): one writes -> (id uuid)
select conversation_open(:vendor, :account, :id, null, :sub_order) as id;

-- demo_say (conversation uuid, id uuid, text text, picture json?, name text?): none writes
-- picture: as media_give() returns it; kept as chat keeps attachments (shop/chat/attachments.h).
select message_send(:conversation, :id, :id::text, :id,
	(select concat_ws(' ', f.chat_email, f.chat_link, f.chat_phone) from platform f), '{}',
	case when :picture::json is null then 'text' else 'image' end, :text,
	case when :picture::json is not null then json_build_array(json_build_object(
		'id', :picture::json #>> '{image_facts,id}', 'kind', 'image', 'name', :name, 'alt', :picture::json ->> 'alt',
		'content_type', 'image/png', 'facts', :picture::json -> 'image_facts',
		'bytes', (select u.bytes from upload u where u.id = (:picture::json #>> '{image_facts,id}')::uuid))) end,
	null, null, null);
