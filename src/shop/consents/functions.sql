-- Who accepted which version of which document. docs/ACCOUNTS.md, "Documents and consent".
set local role sebez_owner;

-- From when on a version of the kind must be accepted, whether this one is demanded itself or one before it.
create or replace function document_required_from(d document) returns timestamptz language sql stable as $$
	select min(b.demanded_from) from document b where b.kind = d.kind and b.number <= d.number
$$;
grant execute on function document_required_from(document) to sebez_public, sebez_admin;

-- Which documents of these kinds the account must accept: the latest versions of the kinds of which a version is
-- demanded that neither it has accepted, in that number or a higher one, nor its request does. Null: none.
create or replace function documents_missing(account uuid, kinds text[], accepted uuid[]) returns json
language sql stable as $$
	select json_agg(json_build_object('id', n.id, 'kind', n.kind, 'number', n.number) order by n.kind)
	from (select d.kind, max(d.number) as number from document d
	      where d.kind = any (kinds) and d.demanded_from <= now() group by d.kind) m
	cross join lateral (select d.id, d.kind, d.number from document d where d.kind = m.kind
	                    order by d.number desc limit 1) n
	where not coalesce((select c.given and c.number >= m.number from consent c
	                    where c.account_id = account and c.kind = m.kind order by c.id desc limit 1), false)
	and not exists (select from document d where d.id = any (accepted) and d.kind = m.kind and d.number >= m.number)
$$;
grant execute on function documents_missing(uuid, text[], uuid[]) to sebez_customer;

-- Refuses what needs these documents of the acting account, but for those that its request accepts.
create or replace function documents_expect(kinds text[], accepted uuid[]) returns void language plpgsql stable as $$
declare
	missing json := documents_missing(current_account(), kinds, accepted);
begin
	if missing is not null then
		raise exception 'Documents must be accepted first' using errcode = 'SBD01', detail = missing;
	end if;
end $$;
grant execute on function documents_expect(text[], uuid[]) to sebez_customer;

-- Refuses documents that there are not (an error of the field), and such of which there is a newer version.
create or replace function documents_expect_latest(ids uuid[], field text) returns void language plpgsql stable as $$
begin
	if exists (select from unnest(ids) w (id) where not exists (select from document d where d.id = w.id)) then
		raise exception 'A field is not valid.' using errcode = 'SBI01', detail = json_build_object(
			'field', field, 'code', 'unknown', 'detail', 'There is no such document.');
	end if;
	if exists (select from document d join document n on n.kind = d.kind and n.number > d.number
	           where d.id = any (ids)) then
		raise exception 'There is a newer version of the document' using errcode = 'SB409';
	end if;
end $$;
grant execute on function documents_expect_latest(uuid[], text) to sebez_auth, sebez_customer;

-- Adds that the account accepts these documents, but for those that it accepted last of their kind.
create or replace function consents_give(account uuid, ids uuid[], place text) returns void
language sql as $$
	select from account a where a.id = account for no key update; -- serializes what one account accepts and withdraws
	insert into consent (account_id, document_id, kind, number, given, place)
	select account, d.id, d.kind, d.number, true, consents_give.place
	from document d
	where d.id = any (ids)
	and not coalesce((select c.given and c.document_id = d.id from consent c
	                  where c.account_id = account and c.kind = d.kind order by c.id desc limit 1), false)
	order by d.kind, d.number;
$$;
grant execute on function consents_give(uuid, uuid[], text) to sebez_auth, sebez_customer;

-- Takes back what the acting account accepted of this document; false: it accepts it not. Who wants no marketing gets
-- no promotions from then on, on any channel, until they ask for them.
create or replace function consent_withdraw(document uuid) returns boolean
language plpgsql as $$
declare
	last consent;
begin
	perform from account a where a.id = current_account() for no key update; -- as consents_give()
	select c.* into last from consent c join document d on d.kind = c.kind
	where c.account_id = current_account() and d.id = document order by c.id desc limit 1;
	if last.id is null or not last.given or last.document_id <> document then
		return false;
	end if;
	insert into consent (account_id, document_id, kind, number, given, place)
	values (last.account_id, last.document_id, last.kind, last.number, false, 'account');
	if last.kind = 'marketing' then
		insert into notification_preference as p (account_id, unwanted, email_digest)
		select last.account_id, array(select distinct u from unnest(
			notice_unwanted(last.account_id) || '{promotions.push,promotions.email,promotions.in_app}') u order by u),
			'at_once'
		on conflict (account_id) do update set unwanted = excluded.unwanted, updated_at = now();
	end if;
	return true;
end $$;
grant execute on function consent_withdraw(uuid) to sebez_customer;
