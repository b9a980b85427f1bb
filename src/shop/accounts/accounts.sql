-- Accounts, sign-ins, sessions, addresses. Statements with the parameter `account` may run as sebez_auth,
-- which sees every row; the others rely on row level security.

-- account_view (account uuid, session uuid): one
-- The account as shown to its owner.
select a.id, a.email, a.email_verified_at, a.phone, a.name, a.avatar, a.admin_role, coalesce((
	select json_agg(json_build_object('id', v.id, 'name', v.name, 'slug', v.slug, 'status', v.state,
	                                  'role', s.role) order by v.name, v.id)
	from staff s join vendor v on v.id = s.vendor_id where s.account_id = a.id), '[]') as vendors,
       a.created_at, (select json_build_object('asked_at', json_time(d.asked_at), 'erase_at', json_time(d.erase_at),
                                               'by_admin', d.by_admin, 'erased_at', json_time(d.erased_at))
                      from account_deletion d where d.account_id = a.id) as deletion,
       support_acting_as(:session) as acting_as,
       a.version as "_version"
from account a where a.id = :account;

-- account_by_email (key text, typed text): maybe -> (id uuid, email_key text, password_hash text?)
-- An exact match of the typed address comes first: accounts older than keys have it.
select id, email_key, password_hash from account where email_key in (:key, :typed)
order by email_key = :typed desc limit 1;

-- account_of_session (account uuid, session uuid): maybe -> (email_key text?, password_hash text?, locked bool)
-- For code that runs without the envelope: no row when the session has ended.
select a.email_key, a.password_hash, a.locked_at is not null as locked
from account a join session s on s.account_id = a.id
where a.id = :account and s.id = :session and s.ended_at is null and s.expires_at > now();

-- account_add (id uuid, email text, email_key text, name text, password_hash text): none
insert into account (id, email, email_key, name, password_hash, email_verified_at)
values (:id, :email, :email_key, :name, :password_hash, now());

-- account_version_lock (account uuid): one writes -> (version int)
select version from account where id = :account for no key update;

-- account_row_lock (account uuid): one writes -> (password_hash text?, locked bool, admin bool, version int)
-- Blocks password changes, locking and sign-ins of the account until the end of the transaction.
select password_hash, locked_at is not null as locked, admin_role is not null as admin, version
from account where id = :account for no key update;

-- account_set_password (account uuid, password_hash text): one
-- Codes that were asked for before are void (account_to_recover).
update account set password_hash = :password_hash, password_changed_at = clock_timestamp(), updated_at = now()
where id = :account;

-- account_rehash (account uuid, password_hash text): one
-- Of the same password.
update account set password_hash = :password_hash, updated_at = now() where id = :account;

-- account_set_email (account uuid, email text, email_key text): maybe -> (id uuid)
-- No row when another account has the key.
update account set email = :email, email_key = :email_key, updated_at = now()
where id = :account and not exists (select from account other where other.email_key = :email_key)
returning id;

-- account_set_profile (account uuid, name text?, avatar_given bool, avatar json?): one
update account
set name = coalesce(:name, name), [avatar_given: avatar = :avatar,] version = version + 1, updated_at = now()
where id = :account;

-- account_make_admin (id uuid, email text, email_key text, name text, role text, password_hash text): one writes
select account_make_admin(:id, :email, :email_key, :name, :role, :password_hash);

-- session_start (id uuid, account uuid, user_agent text?, device_name text?, address text?, country text?, days int,
--     second_factor bool): none
insert into session (id, account_id, user_agent, device_name, address, country, expires_at, second_factor_at)
values (:id, :account, :user_agent, :device_name, :address, :country, now() + make_interval(days => :days),
        case when :second_factor then now() end);

-- session_prolong (session uuid, days int): none
-- Moves expires_at once a day, because it is indexed: updates that keep it are heap-only.
update session set used_at = now(),
	expires_at = case when expires_at > now() + make_interval(days => :days - 1) then expires_at
		else now() + make_interval(days => :days) end
where id = :session;

-- session_end (session uuid): maybe -> (id uuid)
update session set ended_at = now() where id = :session and ended_at is null returning id;

-- session_end_by_token (account uuid, hash bytea): none
-- The account's session with that refresh token, used or not.
update session set ended_at = now()
where id = (select r.session_id from refresh_token r where r.hash = :hash)
and account_id = :account and ended_at is null;

-- session_end_others (account uuid, session uuid): none
update session set ended_at = now()
where account_id = :account and id <> :session and ended_at is null;

-- session_list (session uuid): many
select id, id = :session as current, device_name, user_agent, address, country, created_at, used_at as last_used_at,
       expires_at
from session where ended_at is null and expires_at > now()
order by used_at desc, id desc limit 100;

-- refresh_token_add (hash bytea, session uuid, number int): none
insert into refresh_token (hash, session_id, number) values (:hash, :session, :number);

-- refresh_token_lock (hash bytea, retry_s int): maybe writes
-- -> (session_id uuid, account_id uuid, number int, used bool, recent bool, alive bool, locked bool, admin bool)
-- Serializes refreshes of one session.
select r.session_id, s.account_id, r.number, r.used_at is not null as used,
       coalesce(r.used_at > now() - make_interval(secs => :retry_s), false) as recent,
       s.ended_at is null and s.expires_at > now() as alive, a.locked_at is not null as locked,
       a.admin_role is not null as admin
from refresh_token r join session s on s.id = r.session_id join account a on a.id = s.account_id
where r.hash = :hash for update of r, s;

-- refresh_token_successor (session uuid, number int): maybe -> (hash bytea, used bool)
select hash, used_at is not null as used from refresh_token
where session_id = :session and number = :number + 1;

-- refresh_token_use (hash bytea): none
update refresh_token set used_at = now() where hash = :hash;

-- session_purge (rows_max int): one -> (count int)
-- Deletes sessions that ended more than a day ago, with their tokens.
with deleted as (
	delete from session where id in (
		(select id from session where expires_at < now() - interval '1 day' limit :rows_max)
		union (select id from session where ended_at < now() - interval '1 day' limit :rows_max))
	returning 1
)
select count(*)::int as count from deleted;

-- refresh_token_purge (rows_max int, days int): one -> (count int)
-- Used tokens of sessions that continue; their reuse is then a plain 401.
with deleted as (
	delete from refresh_token where hash in (
		select hash from refresh_token where used_at < now() - make_interval(days => :days) limit :rows_max)
	returning 1
)
select count(*)::int as count from deleted;

-- guest_cart_purge (rows_max int, days int): one -> (count int)
-- Deletes old carts of guests, including merged ones; a cart that changes meanwhile is kept.
with old as (
	select id from cart where account_id is null and created_at < now() - make_interval(days => :days)
	and updated_at < now() - make_interval(days => :days)
	limit :rows_max
), deleted as (
	delete from cart c using old
	where c.id = old.id and c.account_id is null and c.updated_at < now() - make_interval(days => :days)
	returning 1
)
select count(*)::int as count from deleted;

-- invitation_purge (rows_max int, days int): one -> (count int)
-- Whatever their outcome: the audit log has it.
with deleted as (
	delete from staff_invitation where (vendor_id, id) in (
		select vendor_id, id from staff_invitation where expires_at < now() - make_interval(days => :days)
		limit :rows_max)
	returning 1
)
select count(*)::int as count from deleted;

-- guest_cart_lock (token text): maybe writes -> (id uuid)
select id from cart
where guest_hash = encode(sha256(convert_to(:token, 'UTF8')), 'hex') and account_id is null
and state = 'open' for update;

-- account_cart_lock (id uuid, account uuid): one -> (id uuid)
-- The account's open cart, made if missing.
insert into cart (id, account_id) values (:id, :account)
on conflict (account_id) where state = 'open'
do update set version = cart.version + 1, updated_at = now()
returning id;

-- guest_cart_merge (guest uuid, cart uuid, lines_max int, quantity_max int): none
-- Adds up quantities; new lines are added in order while there is room.
insert into cart_line (cart_id, vendor_id, variant_id, quantity, product_id, title, variant_title,
                       vendor_name, price, added_at)
select :cart, g.vendor_id, g.variant_id, g.quantity, g.product_id, g.title, g.variant_title,
       g.vendor_name, g.price, g.added_at
from (
	select l.*, m.cart_id is not null as known,
	       row_number() over (partition by m.cart_id is not null order by l.added_at, l.variant_id) as position
	from cart_line l
	left join cart_line m on m.cart_id = :cart and m.variant_id = l.variant_id
	where l.cart_id = :guest
) g
where g.known or g.position <= :lines_max - (select count(*) from cart_line m where m.cart_id = :cart)
on conflict (cart_id, variant_id)
do update set quantity = least(:quantity_max, cart_line.quantity + excluded.quantity);

-- guest_cart_merged (guest uuid): none
with deleted as (
	delete from cart_line where cart_id = :guest
)
update cart set state = 'merged', version = version + 1, updated_at = now() where id = :guest;

-- address_book_lock (account uuid): one writes
-- Serializes changes of one address book.
select id from account where id = :account for no key update;

-- address_count (): one -> (count int)
select count(*)::int as count from address;

-- address_list (id uuid?): many
-- All addresses, or one.
select id, is_default, name, company, line1, line2, city, region, postal_code, country, phone, created_at
from address
[id: where id = :id]
order by is_default desc, created_at desc, id desc;

-- address_default_clear (): none
update address set is_default = false where is_default;

-- address_add (id uuid, account uuid, is_default bool, name text, company text?, line1 text, line2 text?,
--              city text, region text?, postal_code text?, country text, phone text?): none
insert into address (id, account_id, is_default, name, company, line1, line2, city, region, postal_code,
                     country, phone)
values (:id, :account, :is_default, :name, :company, :line1, :line2, :city,
        :region, :postal_code, :country, :phone);

-- address_change (id uuid, is_default bool?, name text?, change_company bool, company text?, line1 text?,
--                 change_line2 bool, line2 text?, city text?, change_region bool, region text?,
--                 change_postal_code bool, postal_code text?, country text?, change_phone bool,
--                 phone text?): one
update address
set is_default = coalesce(:is_default, is_default), name = coalesce(:name, name),
    company = case when :change_company then :company else company end,
    line1 = coalesce(:line1, line1), line2 = case when :change_line2 then :line2 else line2 end,
    city = coalesce(:city, city), region = case when :change_region then :region else region end,
    postal_code = case when :change_postal_code then :postal_code else postal_code end,
    country = coalesce(:country, country),
    phone = case when :change_phone then :phone else phone end
where id = :id;

-- address_has_default (): one -> (has bool)
select exists (select from address where is_default) as has;

-- address_remove (id uuid): one
delete from address where id = :id;

-- address_default_choose (): none
-- Chooses a new default address when the default was removed.
update address set is_default = true
where id = (select id from address order by created_at desc, id desc limit 1)
and not exists (select from address where is_default);

-- invitation_accept (token text): one writes
select invitation_accept(:token);
