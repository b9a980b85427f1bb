-- Invariants. Each check selects the rows that violate it, by a readable name; `sebez check --data` runs them.

-- check: the usage of an owner is the sum of its uploads
select coalesce(n.owner_id, s.owner_id)::text from upload_usage s full join (
	select u.owner_id, count(*) filter (where u.state <> 'failed' and u.bytes is not null) uploads, sum(u.charged) bytes
	from upload u group by 1) n on n.owner_id = s.owner_id
where (coalesce(s.uploads, 0), coalesce(s.bytes, 0)) <> (coalesce(n.uploads, 0), coalesce(n.bytes, 0));

-- check: uploads belong to accounts and vendors that exist
select u.id::text from upload u
where (u.account_id is not null and not exists (select from account a where a.id = u.account_id))
or (u.vendor_id is not null and not exists (select from vendor v where v.id = u.vendor_id));

-- check: files with the same objects have the same bytes and facts
select a.id::text from upload a join upload b on b.owner_id = a.owner_id and b.object_group = a.object_group
and b.visibility = a.visibility and b.id > a.id
where a.state = 'ready' and b.state = 'ready'
and (a.sha256, a.width, a.height) is distinct from (b.sha256, b.width, b.height);

-- check: uploads that nobody can send to any more are told so within an hour
select u.id::text from upload u where u.state = 'waiting' and u.expires_at < now() - interval '1 hour';

-- check: an upload that is fetched by its address has one successor at most
select a.id::text from upload a join upload b on b.replaces = a.replaces and b.id > a.id
and b.removed_at is null and a.removed_at is null and a.state <> 'failed' and b.state <> 'failed';
