-- Uploads: what the media process does with them, as sebez_media.

-- upload_claim (lease_s int, priority_max int): maybe -> (id uuid, account_id uuid?, owner_id uuid, purpose text,
--     visibility text, work text, content_type text?, bytes bigint?, part_count int?, sha256 bytea?,
--     object_group text?, attempts int)
-- The next upload with work to do, for as long as the lease. attempts counts this one.
update upload u
set claimed_until = now() + make_interval(secs => :lease_s), attempts = u.attempts + 1
where u.id = (
	select w.id from upload w
	where w.work <> 'fetch' and w.priority <= :priority_max
	and (w.claimed_until is null or w.claimed_until < now()) and w.removed_at is null
	order by w.priority, w.id limit 1 for update skip locked)
returning u.id, u.account_id, u.owner_id, u.purpose, u.visibility, u.work, u.content_type, u.bytes, u.part_count,
          u.sha256, u.object_group, u.attempts;

-- uploads_renew (ids uuid[], lease_s int): none
update upload set claimed_until = now() + make_interval(secs => :lease_s)
where id = any (:ids) and work is not null and claimed_until is not null;

-- upload_import (id uuid): one
-- Its parts are there. As sebez_jobs, who may say that nobody waits for it.
update upload set state = 'processing', work = 'publish', priority = 2 where id = :id and state = 'waiting';

-- upload_release (id uuid): maybe
-- The next claim may follow at once.
update upload set claimed_until = null where id = :id and work is not null returning id;

-- upload_postpone (id uuid): maybe
-- This attempt does not count, and the next one comes later the older the upload is.
update upload
set claimed_until = now() + least(greatest((now() - created_at) / 2, interval '2 seconds'), interval '5 minutes'),
    attempts = attempts - 1
where id = :id and work is not null
returning id;

-- upload_refund (id uuid): maybe
-- An attempt that the database prevented does not count.
update upload set attempts = greatest(attempts - 1, 0) where id = :id and work is not null returning id;

-- upload_take_group (id uuid, object_group text, sha256 bytea, content_types text[]): one writes -> (outcome text)
-- Before the objects of a group are put: make, shared or later (functions_process.sql).
select upload_take_group(:id, :object_group, :sha256, :content_types) as outcome;

-- upload_publish (id uuid, work text, sha256 bytea, bytes bigint, content_type text, width int?, height int?,
--     thumbhash bytea?, color int?, near_hash bigint?, animated bool, widths int[], formats text[],
--     bytes_stored bigint): maybe
-- processing -> ready. work: avif or tidy.
update upload
set state = 'ready', work = :work, priority = priority | 1, claimed_until = null,
    attempts = 0, sha256 = :sha256, bytes = :bytes, content_type = :content_type, width = :width, height = :height,
    thumbhash = :thumbhash, color = :color, near_hash = :near_hash, animated = :animated, widths = :widths,
    formats = :formats, formats_at = now(), bytes_stored = :bytes_stored
where id = :id and state = 'processing' and removed_at is null
returning id;

-- upload_add_format (id uuid, format text, bytes_stored bigint): maybe
-- The AVIF files are there, of all rows with these objects; bytes_stored are those of them.
update upload u
set formats = u.formats || :format, formats_at = now(), bytes_stored = u.bytes_stored + :bytes_stored, work = 'tidy',
    claimed_until = case when u.id = :id then null else u.claimed_until end, attempts = 0
from upload m
where m.id = :id and u.owner_id = m.owner_id and u.object_group = m.object_group and u.visibility = m.visibility
and u.state = 'ready' and not :format = any (u.formats)
returning u.id;

-- upload_fail (id uuid, failure text): maybe
-- processing -> failed.
update upload set state = 'failed', failure = :failure, work = 'tidy', claimed_until = null, attempts = 0
where id = :id and state = 'processing'
returning id;

-- upload_tidied (id uuid): maybe
-- Its parts are deleted, or it stays without AVIF: nothing is left to do.
update upload set work = null, claimed_until = null, attempts = 0 where id = :id and work in ('avif', 'tidy')
returning id;
