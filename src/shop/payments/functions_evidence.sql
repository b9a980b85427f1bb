-- Evidence against chargebacks, and when providers are asked about these. docs/MONEY.md, "Chargebacks".
set local role sebez_kernel;

-- The characters of all texts together that are sent: Stripe takes no more.
create or replace function chargeback_text_max() returns int language sql immutable parallel safe return 20000;

-- Whether the bank still takes evidence.
create or replace function chargeback_takes_evidence(c chargeback) returns boolean language sql stable
set search_path = public, pg_temp as $$
	select c.state in ('inquiry', 'needs_response') and c.sent_at is null and coalesce(c.respond_by > now(), false)
$$;

-- What the acting vendor or admin says of a chargeback, which they may see. It is sent at send_at, or when an admin
-- says so.
create or replace function chargeback_say(new_id uuid, about uuid, says text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	c chargeback;
begin
	select * into strict c from chargeback x where x.id = about for update;
	if not chargeback_takes_evidence(c) then
		raise exception 'The bank takes no more evidence.' using errcode = 'SB409';
	elsif c.sending_at is not null then
		raise exception 'The evidence is being sent.' using errcode = 'SB409';
	elsif length(says) + (select coalesce(sum(length(e.text) + 2), 0) from chargeback_evidence e
			where e.chargeback_id = c.id) > chargeback_text_max() then
		raise exception 'The bank takes at most % characters in all.', chargeback_text_max() using errcode = 'SB409';
	end if;
	insert into chargeback_evidence (id, chargeback_id, vendor_id, actor, actor_id, text)
	values (new_id, c.id, case current_setting('sebez.actor', true) when 'staff' then current_vendor() end,
	        current_setting('sebez.actor', true), current_account(), says);
end $$;
grant execute on function chargeback_say(uuid, uuid, text) to sebez_vendor, sebez_admin;

-- Has the evidence sent now. What is being sent stays the same request.
create or replace function chargeback_send(sent uuid) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	c chargeback;
begin
	select * into c from chargeback x where x.id = sent for update;
	if c.id is null then
		raise exception 'Chargeback not found' using errcode = 'SB404';
	elsif not chargeback_takes_evidence(c) then
		raise exception 'The bank takes no more evidence.' using errcode = 'SB409';
	elsif not exists (select from chargeback_evidence e where e.chargeback_id = c.id) then
		raise exception 'There is no evidence to send.' using errcode = 'SB409';
	end if;
	update chargeback x set send_at = case when x.sending_at is null then now() else x.send_at end, refused_at = null,
		version = x.version + 1, updated_at = now()
	where x.id = c.id;
	perform chargeback_look(c.provider, c.reference, c.id);
end $$;
grant execute on function chargeback_send(uuid) to sebez_admin;

-- Has the provider asked about a chargeback, which need not be known here.
create or replace function chargeback_look(provider text, reference text, id uuid) returns void
language sql security definer set search_path = public, pg_temp as $$
	insert into outbox (topic, destination, subject_id, payload)
	values ('chargebacks', provider, id, json_build_object('reference', reference))
$$;

-- The evidence that is to be sent now is complete: nothing is added to it. Returns its chargeback's id; null: none.
create or replace function chargeback_seal(of_provider text, told_reference text) returns uuid
language sql security definer set search_path = public, pg_temp as $$
	update chargeback c set sending_at = coalesce(c.sending_at, now())
	where c.provider = of_provider and c.reference = told_reference and c.send_at <= now()
	and chargeback_takes_evidence(c)
	and exists (select from chargeback_evidence e where e.chargeback_id = c.id)
	returning c.id
$$;
grant execute on function chargeback_seal(text, text) to sebez_jobs;

-- The evidence was sent.
create or replace function chargeback_sent(sent uuid) returns void
language sql security definer set search_path = public, pg_temp as $$
	update chargeback c set sent_at = now(), send_at = null, version = c.version + 1, updated_at = now()
	where c.id = sent and c.sent_at is null
$$;
grant execute on function chargeback_sent(uuid) to sebez_jobs;

-- The provider refused the evidence. It is not sent again by itself: finance is told.
create or replace function chargeback_refused(refused uuid) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	c chargeback;
begin
	update chargeback x set refused_at = now(), send_at = null, sending_at = null, version = x.version + 1,
		updated_at = now()
	where x.id = refused and x.sent_at is null and x.refused_at is null returning * into c;
	if c.id is not null then
		perform mail_admins('{finance}', 'mail.evidence_refused', json_build_object('order', (select o.number
			from shop_order o where o.id = c.order_id)), '/admin/chargebacks/' || c.id);
	end if;
end $$;
grant execute on function chargeback_refused(uuid) to sebez_jobs;

-- Has providers asked about up to `most` chargebacks that are not decided: every six hours, and every ten minutes when
-- evidence is to be sent; not while an earlier ask is under way. Returns how many.
create or replace function chargebacks_look(most int) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	due uuid[];
begin
	due := array(
		select c.id from chargeback c
		where c.state in ('inquiry', 'needs_response', 'under_review')
		and c.asked_at < now() - case when c.send_at <= now() and chargeback_takes_evidence(c)
			then interval '10 minutes' else interval '6 hours' end
		and not exists (select from outbox o where o.topic = 'chargebacks' and o.subject_id = c.id)
		order by c.asked_at limit most for no key update skip locked);
	update chargeback c set asked_at = now() where c.id = any (due);
	perform chargeback_look(c.provider, c.reference, c.id) from chargeback c where c.id = any (due);
	return cardinality(due);
end $$;
grant execute on function chargebacks_look(int) to sebez_jobs;
