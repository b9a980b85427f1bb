-- Pictures that are fetched by their addresses.

-- uploads_queue (purpose text, urls text[], ids uuid[], again_s int): many writes -> (number bigint, facts text)
-- By vendors: the uploads of these addresses, which are made as needed (functions_fetch.sql).
select q.number, q.facts::text as facts from upload_queue(:purpose, :urls, :ids, :again_s) q;

-- The rest is of the media process.

-- upload_fetch_claim (after_vendor uuid, busy_vendors uuid[], busy_hosts text[], interval_ms int, lease_s int):
--     one writes -> (id uuid?, vendor_id uuid?, source_url text?, turned_url text?, source_host text?, etag text?,
--     sha256 bytea?, checks bool?, attempts int?, part_count int?, passed uuid, wait_ms int?)
-- The next upload to fetch. checks: whether the picture, which is ready, has changed.
select (c.claimed).id, (c.claimed).vendor_id, (c.claimed).source_url, (c.claimed).turned_url,
       (c.claimed).source_host, (c.claimed).etag, (c.claimed).sha256, (c.claimed).state = 'ready' as checks,
       (c.claimed).attempts, (c.claimed).part_count, c.passed, c.wait_ms
from upload_fetch_claim(:after_vendor, :busy_vendors, :busy_hosts, :interval_ms, :lease_s) c;

-- upload_has_room (id uuid, bytes bigint, parts int, uploads_max int, bytes_max bigint): one writes
--     -> (fits bool)
select upload_has_room(:id, :bytes, :parts, :uploads_max, :bytes_max) as fits;

-- upload_fetched (id uuid, bytes bigint, part_count int, etag text?, uploads_max int, bytes_max bigint): one writes
--     -> (fits bool)
select upload_fetched(:id, :bytes, :part_count, :etag, :uploads_max, :bytes_max) as fits;

-- upload_succeed (id uuid, new_id uuid): one writes -> (succeeded bool)
select upload_succeed(:id, :new_id) as succeeded;

-- upload_fetch_end (id uuid, failure text, http_status int?): maybe
update upload
set state = 'failed', failure = :failure, http_status = :http_status, claimed_until = null, attempts = 0,
    turned_url = null,
    work = case when part_count is not null then 'tidy' end
where id = :id and state = 'processing' and work = 'fetch'
returning id;

-- upload_fetch_keep (id uuid, etag text?): maybe
-- The picture is as it was, or nobody knows better.
update upload
set work = null, claimed_until = null, attempts = 0, turned_url = null, fetched_at = now(),
    etag = coalesce(:etag, etag)
where id = :id and state = 'ready' and work = 'fetch'
returning id;

-- upload_fetch_again (id uuid, after_s int, counts bool, turned_url text?): maybe
-- Then it is fetched from this URL, if any, to which its own has led.
update upload
set turned_url = :turned_url,
    claimed_until = now() + make_interval(secs => :after_s),
    attempts = case when :counts then attempts else attempts - 1 end
where id = :id and work = 'fetch'
returning id;

-- fetch_host_turn (host text, interval_ms int): one writes -> (taken bool, wait_ms int)
-- Whether it is asked now (functions_fetch.sql), or after how long it may be.
select t.taken, case when t.taken then 0 else fetch_host_wait_ms(:host) end as wait_ms
from fetch_host_take(:host, :interval_ms) as t (taken);

-- fetch_host_answers (host text): none
update fetch_host set failures = 0 where host = :host and failures > 0;

-- fetch_host_fails (host text, after_s int): one -> (failures int)
update fetch_host
set failures = failures + 1, next_at = greatest(next_at, now() + make_interval(secs => :after_s))
where host = :host
returning failures;

-- fetch_host_given_up (host text, count_max int): many -> (id uuid)
-- It has failed for long: so do those that wait for it.
update upload u
set state = case when u.state = 'ready' then 'ready' else 'failed' end, claimed_until = null, attempts = 0,
    turned_url = null,
    work = case when u.state <> 'ready' and u.part_count is not null then 'tidy' end,
    failure = case when u.state = 'ready' then null else 'unreachable' end
where u.id in (select f.id from upload f
               where f.work = 'fetch' and (f.uses > 0 or f.replaces is not null) and f.source_host = :host
               and f.claimed_until < now()
               order by f.claimed_until limit :count_max for update skip locked)
returning u.id;
