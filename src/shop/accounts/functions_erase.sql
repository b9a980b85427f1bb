-- Erasing accounts. docs/ACCOUNTS.md, "Leaving".
set local role sebez_owner;

-- The vendors that would be without an owner if the account went: those that are closed need none.
create or replace function account_sole_vendors(account uuid) returns json
language sql stable as $$
	select json_agg(json_build_object('id', v.id, 'name', v.name, 'slug', v.slug) order by v.name, v.id)
	from staff s join vendor v on v.id = s.vendor_id
	where s.account_id = account and s.role = 'owner' and v.state not in ('closed', 'rejected')
	and not exists (select from staff o where o.vendor_id = s.vendor_id and o.role = 'owner' and o.account_id <> account
	                and not exists (select from account_deletion d where d.account_id = o.account_id
	                                and d.started_at is not null))
$$;

-- Refuses to let an account go that somebody needs: an admin, and the only owner of a vendor.
create or replace function account_expect_free(account uuid) returns void
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	vendors json := account_sole_vendors(account);
begin
	if vendors is not null then
		raise exception 'Vendors of which this account is the only owner must be handed over or closed first'
			using errcode = 'SBG01', detail = vendors;
	end if;
	if exists (select from account a where a.id = account and a.admin_role is not null) then
		raise exception 'An admin gives up the role first' using errcode = 'SB409';
	end if;
end $$;
grant execute on function account_expect_free(uuid) to sebez_customer, sebez_admin;

-- Whether nothing is under way for which others need the person: orders, returns, a refund, the duties above. For a day
-- afterwards, too, because answers to others that name the person are kept so long (idempotency_key).
create or replace function account_is_at_rest(account uuid) returns boolean
language sql stable as $$
	select account_sole_vendors(account) is null
	and not exists (select from account a where a.id = account and a.admin_role is not null)
	and not exists (select from sub_order s where s.account_id = account
	                and (s.state not in ('completed', 'cancelled') or s.updated_at > now() - interval '1 day'))
	and not exists (select from goods_return g where g.account_id = account and g.state = any (return_open_states()))
	and not exists (select from shop_order o join payment p on p.order_id = o.id
	                where o.account_id = account and p.state = 'refund_due')
$$;

-- What orders and payments say of who ordered; of the address the country stays, which taxes depend on.
create or replace function orders_erase_person(account uuid) returns void language plpgsql as $$
begin
	update sub_order_history h set reason = null from sub_order s
	where s.account_id = account and h.vendor_id = s.vendor_id and h.sub_order_id = s.id
	and h.actor = 'customer' and h.reason is not null;
	update sub_order s set customer_name = 'Erased', note = null,
		shipping_address = address_erased(s.shipping_address),
		cancel_reason = case when not exists (
			select from sub_order_history h where h.vendor_id = s.vendor_id and h.sub_order_id = s.id
			and h.to_state = 'cancelled' and h.actor = 'customer') then s.cancel_reason end
	where s.account_id = account;
	update shop_order o set note = null, shipping_address = address_erased(o.shipping_address)
	where o.account_id = account;
	update payment_attempt p set token = null, return_url = null, action = null where p.account_id = account;
end $$;

-- What returns say of the person, and their photos. What the vendor says of the goods stays.
create or replace function returns_erase_person(account uuid) returns void language sql as $$
	update goods_return_history h set reason = null
	where h.account_id = returns_erase_person.account and h.actor = 'customer' and h.reason is not null;
	update goods_return g set comment = null, carrier = null, tracking_number = null,
		decision_reason = case when not exists (
			select from goods_return_history h where h.vendor_id = g.vendor_id and h.return_id = g.id
			and h.to_state = 'cancelled' and h.actor = 'customer') then g.decision_reason end
	where g.account_id = returns_erase_person.account;
	delete from goods_return_file f where f.account_id = returns_erase_person.account;
$$;

create or replace function address_erased(address json) returns json language sql immutable as $$
	select json_build_object('name', 'Erased', 'company', null, 'line1', '', 'line2', null, 'city', '', 'region', null,
	                         'postal_code', null, 'country', address -> 'country', 'phone', null)
$$;

-- Refuses to give an account rights that is being erased or is.
create or replace function account_expect_stays(account uuid) returns void
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	if exists (select from account_deletion d where d.account_id = account and d.started_at is not null) then
		raise exception 'The account is being erased' using errcode = 'SB409';
	end if;
end $$;
grant execute on function account_expect_stays(uuid) to sebez_admin, sebez_kernel;

-- Mails, codes and addresses that get no mails: of these addresses. The ways back that other accounts have stay.
create or replace function mails_erase_person(account uuid, keys text[], emails text[]) returns void
language plpgsql as $$
begin
	delete from mail_digest d where d.account_id = account;
	delete from mail_letter l where l.account_id = account or l.address = any (emails);
	delete from mail_suppression s where s.address = any (emails);
	delete from email_code c where c.id in (select e.id from email_change e where e.account_id = account)
	or c.email_key = any (keys) and c.purpose <> 'email_undo';
end $$;

-- What an account has as staff. The vendors keep what it did for them, under its id.
create or replace function staff_erase_person(account uuid, keys text[], emails text[], phone text) returns void
language plpgsql as $$
begin
	-- The address of a vendor is often that of who applied.
	update vendor v set contact_email = case when not v.contact_email = any (emails) then v.contact_email end,
		contact_phone = nullif(v.contact_phone, phone)
	where v.id in (select s.vendor_id from staff s where s.account_id = account);
	update audit_log l set before = l.before - '{contact_email,contact_phone}'::text[],
		after = l.after - '{contact_email,contact_phone}'::text[]
	where l.object_kind = 'vendor' and l.object_id in (select s.vendor_id from staff s where s.account_id = account);
	delete from idempotency_key k where k.scope = any (array(
		select 'staff:' || s.vendor_id || ':' || account from staff s where s.account_id = account));
	delete from staff s where s.account_id = account;
	delete from staff_invitation i where i.email_key = any (keys);
end $$;

-- Everything else that is the person's alone goes.
create or replace function account_erase_rest(account uuid) returns void language plpgsql as $$
begin
	delete from idempotency_key k where k.scope in ('customer:' || account, 'admin:' || account);
	delete from invoice_buyer b where b.account_id = account;
	delete from cart c where c.account_id = account and c.state <> 'ordered';
	delete from campaign_test t where t.account_id = account;
	delete from conversation_mute m where m.account_id = account;
	delete from chat_block b where b.account_id = account;
	delete from vendor_follow f where f.account_id = account;
	delete from notice n where n.account_id = account;
	delete from notice_reader r where r.account_id = account;
	delete from notification_preference p where p.account_id = account;
	delete from device d where d.account_id = account;
	delete from session s where s.account_id = account;
	delete from account_device d where d.account_id = account;
	delete from address a where a.account_id = account;
	delete from sign_in_challenge c where c.account_id = account;
	delete from recovery_code r where r.account_id = account;
	delete from totp t where t.account_id = account;
	delete from passkey p where p.account_id = account;
	delete from identity i where i.account_id = account;
	delete from two_factor_grace g where g.account_id = account;
	delete from support_view w where w.account_id = account;
	-- The job removes the file, and then the row.
	update account_export e set ready_at = coalesce(e.ready_at, now()), bytes = coalesce(e.bytes, 0), expires_at = now()
	where e.account_id = account;
	delete from phone_code c using account a where a.id = account and c.phone = a.phone;
end $$;

-- The row itself stays, because orders, messages and journals refer to it.
create or replace function account_erase(account uuid) returns void language plpgsql as $$
#variable_conflict use_variable
declare
	keys text[];
	emails text[];
	number text;
	c conversation;
begin
	select a.phone into number from account a where a.id = account;
	-- Those that it has proved and nobody else has, or may take back.
	select coalesce(array_agg(x.email_key), '{}'), coalesce(array_agg(x.email), '{}') into keys, emails from (
		select a.email_key, a.email from account a where a.id = account and a.email is not null
		union
		select w.email_key, w.email from email_code w join email_change e on e.id = w.id
		where e.account_id = account and w.purpose = 'email_undo'
		and not exists (select from account o where o.email_key = w.email_key and o.id <> account)
		and not exists (select from email_code o join email_change f on f.id = o.id
		                where o.email_key = w.email_key and o.purpose = 'email_undo' and f.account_id <> account)) x;
	-- Those that a vendor has opened since the messages were erased.
	for c in select x.* from conversation x
		where x.account_id = account and x.customer_name <> 'Erased' order by x.id for no key update
	loop
		perform chat_erase_traces(c, clock_timestamp());
	end loop;
	perform orders_erase_person(account);
	perform returns_erase_person(account);
	perform mails_erase_person(account, keys, emails);
	perform staff_erase_person(account, keys, emails, number);
	perform account_erase_rest(account);
	update account a set name = 'Erased', email = null, email_key = null, phone = null, avatar = null,
		password_hash = null, email_verified_at = null, locked_reason = null, erased_at = now(),
		version = a.version + 1, updated_at = now()
	where a.id = account;
	perform uploads_discard(array(select u.id from upload u where u.account_id = account and u.vendor_id is null));
end $$;

-- The next step of a deletion that is due. First the account is locked and its messages go, which takes many
-- transactions; the row that this returns says where to tell that. Then, when that mail is sent, or was not for a day,
-- the rest goes, unless an order has come meanwhile: for a minute, requests that began before it was locked may still
-- write. Whatever a step waits for, the job looks again at due_at.
create or replace function account_deletion_step(account uuid) returns table (email text, locale text)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_variable
declare
	d account_deletion;
begin
	select x.* into d from account_deletion x where x.account_id = account and x.erased_at is null for update;
	if not found then
		return;
	end if;
	perform from staff s where s.role = 'owner' and s.vendor_id in (
		select o.vendor_id from staff o where o.account_id = account) order by s.vendor_id, s.account_id for update;
	perform from account a where a.id = account for no key update;
	if d.started_at is null then
		if not account_is_at_rest(account) then
			return;
		end if;
		update session s set ended_at = now() where s.account_id = account and s.ended_at is null;
		update account a set locked_at = coalesce(a.locked_at, now()) where a.id = account;
		update account_deletion x set started_at = now(), due_at = now() where x.account_id = account;
		perform chat_erase_ask(account, null);
		return query
		select a.email, (select v.locale from device v where v.account_id = account and v.locale is not null
		                 order by v.registered_at desc limit 1)
		from account a where a.id = account and a.email is not null;
	elsif not exists (select from chat_erasure e where e.account_id = account and e.done_at is not null)
		or d.started_at > now() - interval '1 minute'
		or exists (select from mail_letter l where l.id = account and l.sent_at is null
		           and d.started_at > now() - interval '1 day') then
		update account_deletion x set due_at = now() + interval '1 minute' where x.account_id = account;
	elsif account_is_at_rest(account) then
		perform account_erase(account);
		update account_deletion x set erased_at = now() where x.account_id = account;
	end if;
end $$;
grant execute on function account_deletion_step(uuid) to sebez_jobs;
