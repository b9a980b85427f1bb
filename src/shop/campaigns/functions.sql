-- Campaigns: whom they tell, and telling them. docs/NOTIFICATIONS.md, "Campaigns".
set local role sebez_owner;

-- The states of a campaign and all that moves it. vendor: staff, about the vendor's own; marketplace: admins, about
-- the marketplace's own; admin: admins, about a vendor's; clock: the job.
create or replace function campaign_moves() returns table (from_state text, to_state text, who text[])
language sql immutable parallel safe as $$
	values
	('draft', 'draft', array['vendor', 'marketplace']), -- changed
	('draft', 'submitted', array['vendor']),
	('draft', 'scheduled', array['marketplace']),
	('submitted', 'approved', array['admin']),
	('submitted', 'refused', array['admin']),
	('submitted', 'stopped', array['vendor']),
	('refused', 'draft', array['vendor']), -- changed
	('approved', 'scheduled', array['vendor']),
	('approved', 'stopped', array['vendor', 'admin']),
	('scheduled', 'sending', array['clock']),
	('scheduled', 'stopped', array['vendor', 'marketplace', 'admin', 'clock']),
	('sending', 'sent', array['clock']),
	('sending', 'stopped', array['vendor', 'marketplace', 'admin', 'clock'])
$$;
grant execute on function campaign_moves() to sebez_vendor, sebez_admin, sebez_jobs;

-- Whether a caller may move it there; staff: of a vendor, else an admin.
create or replace function campaign_may(c campaign, staff boolean, state text) returns boolean
language sql immutable as $$
	select exists (
		select from campaign_moves() m
		where m.from_state = c.state and m.to_state = campaign_may.state
		and case when staff then 'vendor' when c.vendor_id is null then 'marketplace' else 'admin' end = any (m.who))
$$;
grant execute on function campaign_may(campaign, boolean, text) to sebez_vendor, sebez_admin;

-- All others that a caller may move it to.
create or replace function campaign_allowed(c campaign, staff boolean) returns text[] language sql immutable as $$
	select coalesce(array_agg(m.to_state), '{}') from campaign_moves() m
	where m.from_state = c.state and m.to_state <> c.state and campaign_may(c, staff, m.to_state)
$$;
grant execute on function campaign_allowed(campaign, boolean) to sebez_vendor, sebez_admin;

-- Counts of each text, in the form of CampaignCounts.
create or replace function campaign_counts(c campaign) returns json language plpgsql stable as $$
begin
	return coalesce(c.counts, (
		select json_agg(json_build_object(
			'variant', v.name, 'sent', case v.name when 'a' then c.sent_a else c.sent_b end,
			'delivered', (select count(*) from campaign_recipient r where r.campaign_id = c.id
			              and r.variant = v.name and r.delivered_at is not null),
			'opened', (select count(*) from campaign_recipient r where r.campaign_id = c.id
			           and r.variant = v.name and r.opened_at is not null),
			'clicked', (select count(*) from campaign_recipient r where r.campaign_id = c.id
			            and r.variant = v.name and r.clicked_at is not null)) order by v.name)
		from (values ('a'), ('b')) v (name)
		where v.name = 'a' or c.texts_b is not null));
end $$;
grant execute on function campaign_counts(campaign) to sebez_vendor, sebez_admin, sebez_jobs;

-- The next `most` accounts that may be meant, in the order of their ids: whether each is, and is to be told in the
-- app, and the instant that its time is at. So a step reads few rows, however few of them are meant.
create or replace function campaign_candidates(c campaign, after_account uuid, most int)
returns table (account_id uuid, meant boolean, listed boolean, at timestamptz)
language plpgsql stable set plan_cache_mode = force_custom_plan as $$
begin
	return query
	select x.id,
	       a.locked_at is null
	       and (not u.unwanted @> array['promotions.in_app'] or not u.unwanted @> array['promotions.email']
	            or (not u.unwanted @> array['promotions.push']
	                and exists (select from device d where d.account_id = x.id)))
	       and ((c.bought_from_vendor_id is null and c.bought_in_category_id is null) or exists (
	               select from shop_order o
	               join sub_order s on s.order_id = o.id and s.state not in ('awaiting_payment', 'cancelled')
	               where o.account_id = x.id
	               and (c.bought_within_days is null
	                    or o.created_at >= now() - make_interval(days => c.bought_within_days))
	               and s.vendor_id = coalesce(c.vendor_id, c.bought_from_vendor_id, s.vendor_id)
	               and (c.bought_in_category_id is null or exists (
	                       select from order_line l
	                       join product p on p.vendor_id = l.vendor_id and p.id = l.product_id
	                       join category g on g.id = p.category_id
	                       where l.vendor_id = s.vendor_id and l.sub_order_id = s.id
	                       and c.bought_in_category_id = any (g.path)))))
	       and (c.last_order_within_days is null
	            or coalesce(l.created_at >= now() - make_interval(days => c.last_order_within_days), false))
	       and (c.last_order_before_days is null
	            or coalesce(l.created_at < now() - make_interval(days => c.last_order_before_days), false))
	       and (c.languages is null or coalesce((
	               select split_part(d.locale, '-', 1) from device d
	               where d.account_id = x.id and d.locale is not null
	               order by d.registered_at desc limit 1) = any (c.languages), false)),
	       not u.unwanted @> array['promotions.in_app'],
	       case when c.local_at is null then c.created_at else c.local_at at time zone notice_time_zone(x.id) end
	from (
		(select f.account_id as id from vendor_follow f
		 where c.follows_vendor_id is not null and f.vendor_id = c.follows_vendor_id
		 and f.account_id > campaign_candidates.after_account
		 order by f.account_id limit most)
		union all
		(select b.id from account b
		 where c.follows_vendor_id is null and b.id > campaign_candidates.after_account
		 order by b.id limit most)) x
	join account a on a.id = x.id
	left join notification_preference p on p.account_id = x.id
	cross join lateral (select coalesce(p.unwanted, notice_unwanted_at_first()) as unwanted) u
	left join lateral (
		select o.created_at from shop_order o
		where (c.last_order_within_days is not null or c.last_order_before_days is not null)
		and o.account_id = x.id
		and (c.vendor_id is null or exists (
			select from sub_order s where s.order_id = o.id and s.vendor_id = c.vendor_id))
		order by o.id desc limit 1) l on true;
end $$;
grant execute on function campaign_candidates(campaign, uuid, int) to sebez_jobs;

-- Where it leads within an app.
create or replace function campaign_link(c campaign) returns text language sql immutable as $$
	select case c.link_to when 'product' then '/products/' when 'vendor' then '/vendors/' else '/categories/' end
	       || c.link_id
$$;
grant execute on function campaign_link(campaign) to sebez_jobs;

-- Which text an account is told: the same whenever it is asked.
create or replace function campaign_variant(c campaign, account uuid) returns text language sql immutable as $$
	select case when (hashtextextended(c.id || account::text, 0) & 2147483647) % 100 < c.share_b
	            and c.texts_b is not null then 'b' else 'a' end
$$;
grant execute on function campaign_variant(campaign, uuid) to sebez_jobs;

-- Tells these accounts, each once; returns how many were told each of the texts.
create or replace function campaign_tell(c campaign, accounts uuid[], listed boolean[])
returns table (told_a int, told_b int) language plpgsql as $$
declare
	ms bigint;
	ids uuid[];
begin
	ms := clock_ms('notices');
	with fresh as (
		insert into notice (id, account_id, kind, class, owner_id, number, data, link, listed, created_at, expires_at)
		select x.id, x.account, k.notice, k.class, c.id, 0,
		       json_build_object('campaign_id', c.id, 'variant', campaign_variant(c, x.account),
		                         'notification_id', x.id),
		       campaign_link(c), x.listed, now(),
		       now() + case when x.listed then interval '90 days' else k.lifetime end
		from (select notice_id(ms, u.n) as id, u.account, u.listed
		      from unnest(accounts, campaign_tell.listed) with ordinality u (account, listed, n)) x
		join notice_kinds() k on k.notice = 'promotion'
		on conflict (account_id, owner_id, number) do nothing
		returning id, account_id, data ->> 'variant' as variant
	), kept as (
		insert into campaign_recipient (campaign_id, account_id, vendor_id, variant, notice_id)
		select c.id, f.account_id, c.vendor_id, f.variant, f.id from fresh f
	)
	select count(*) filter (where f.variant = 'a'), count(*) filter (where f.variant = 'b'),
	       array_agg(f.id order by f.id)
	into told_a, told_b, ids from fresh f;
	perform notices_tell(ids);
	return next;
end $$;
grant execute on function campaign_tell(campaign, uuid[], boolean[]) to sebez_jobs;

-- The next instant at which clocks somewhere show the campaign's local time; null: none does any more.
create or replace function campaign_next_pass(c campaign) returns timestamptz language sql stable as $$
	select min(x.at) from (select c.local_at at time zone z.name as at from pg_timezone_names z) x
	where c.local_at is not null and x.at > c.pass_at
$$;
grant execute on function campaign_next_pass(campaign) to sebez_jobs;

-- Reads the next `most` accounts up to the last before one too many, of which `budget` may be told: those to be told
-- now, how many have had enough of campaigns this week, and the last account. ended: there are no more.
create or replace function campaign_choose(c campaign, most int, budget int)
returns table (ended boolean, last uuid, accounts uuid[], listed boolean[], capped bigint) language plpgsql stable as $$
begin
	return query
	select count(*) < most and max(k.nth) <= budget is not false,
	       (array_agg(k.account_id order by k.account_id desc) filter (where k.nth <= budget))[1],
	       array_agg(k.account_id order by k.account_id) filter (where k.due and k.free and k.nth <= budget),
	       array_agg(k.listed order by k.account_id) filter (where k.due and k.free and k.nth <= budget),
	       count(*) filter (where k.due and not k.free and k.nth <= budget and k.at > c.passed_at)
	from (
		select d.*, count(*) filter (where d.due and d.free) over (order by d.account_id) as nth
		from (
			select x.account_id, x.listed, x.at,
			       x.meant and x.at <= c.pass_at and not exists (
			               select from campaign_recipient r
			               where r.campaign_id = c.id and r.account_id = x.account_id) as due,
			       (select count(*) from campaign_recipient r
			        where r.account_id = x.account_id and r.sent_at > now() - interval '7 days')
			       < f.campaigns_per_week as free
			from campaign_candidates(c, c.after_account, most) x
			cross join platform f) d) k;
end $$;
grant execute on function campaign_choose(campaign, int, int) to sebez_jobs;

-- One step of the campaign that has waited longest: reads the next accounts, at most `most`, tells those that are
-- meant, as many as its minute has left, and notes how far it came, in one transaction. So nobody is told twice or
-- left out, wherever it is cut off. False: there is nothing to do now, or another process does it.
create or replace function campaigns_step(most int) returns boolean language plpgsql as $$
declare
	c campaign;
	seen record;
	told record;
	pass timestamptz;
begin
	-- One at a time, so that they count each other's for the cap.
	if not pg_try_advisory_xact_lock(hashtextextended('campaigns', 0)) then
		return false;
	end if;
	select x.* into c from campaign x
	where x.state in ('scheduled', 'sending') and x.next_at <= now()
	order by x.next_at, x.id limit 1 for update skip locked;
	if not found then
		return false;
	end if;
	if c.vendor_id is not null
	and not exists (select from vendor v where v.id = c.vendor_id and v.state = 'approved') then
		update campaign x set state = 'stopped', reason = 'The vendor is not approved.', finished_at = now(),
			version = x.version + 1, updated_at = now()
		where x.id = c.id;
		return true;
	end if;
	if c.after_account is null then
		c.after_account := '00000000-0000-0000-0000-000000000000';
		c.passed_at := coalesce(c.pass_at, '-infinity');
		c.pass_at := now();
	end if;
	if c.minute_at is null or c.minute_at + interval '1 minute' <= now() then
		c.minute_at := now();
		c.minute_count := 0;
	end if;
	select x.* into seen from campaign_choose(c, most, c.per_minute - c.minute_count) x;
	select 0 as told_a, 0 as told_b into told;
	if cardinality(seen.accounts) > 0 then
		select t.* into told from campaign_tell(c, seen.accounts, seen.listed) t;
	end if;
	c.minute_count := c.minute_count + told.told_a + told.told_b;
	c.after_account := seen.last;
	c.next_at := case when c.minute_count < c.per_minute then now() else c.minute_at + interval '1 minute' end;
	if seen.ended then
		c.after_account := null;
		pass := campaign_next_pass(c);
		c.next_at := case when pass is not null then greatest(pass, c.next_at) end;
	end if;
	update campaign x
	set state = case when c.next_at is null then 'sent' else 'sending' end, next_at = c.next_at, pass_at = c.pass_at,
	    passed_at = c.passed_at, after_account = c.after_account, minute_at = c.minute_at,
	    minute_count = c.minute_count, started_at = coalesce(x.started_at, now()),
	    finished_at = case when c.next_at is null then now() end,
	    sent_a = x.sent_a + told.told_a, sent_b = x.sent_b + told.told_b, capped = x.capped + seen.capped,
	    version = case when x.state = 'scheduled' or c.next_at is null then x.version + 1 else x.version end,
	    updated_at = now()
	where x.id = c.id;
	return true;
end $$;
grant execute on function campaigns_step(int) to sebez_jobs;

-- Shows campaigns to those who asked for a test, each of its texts, on all channels that they want promotions on.
create or replace function campaigns_test(most int) returns int language plpgsql as $$
declare
	t record;
	ms bigint;
	ids uuid[];
	tested int := 0;
begin
	for t in
		delete from campaign_test x where (x.campaign_id, x.account_id) in (
			select y.campaign_id, y.account_id from campaign_test y limit most)
		returning x.campaign_id, x.account_id
	loop
		ms := clock_ms('notices');
		with fresh as (
			insert into notice (id, account_id, kind, class, owner_id, number, data, link, listed, created_at,
			                    expires_at)
			select v.id, t.account_id, k.notice, k.class, c.id, - 2 * ms - v.n,
			       json_build_object('campaign_id', c.id, 'variant', v.name, 'notification_id', v.id),
			       campaign_link(c), notice_wanted(t.account_id, k.class, 'in_app'), now(), now() + interval '90 days'
			from campaign c
			join notice_kinds() k on k.notice = 'promotion'
			cross join (select notice_id(ms, x.n) as id, x.n, x.name
			            from (values (0, 'a'), (1, 'b')) x (n, name)) v
			where c.id = t.campaign_id and (v.name = 'a' or c.texts_b is not null)
			returning id)
		select array_agg(f.id order by f.id) into ids from fresh f;
		perform notices_tell(ids);
		tested := tested + 1;
	end loop;
	return tested;
end $$;
grant execute on function campaigns_test(int) to sebez_jobs;
