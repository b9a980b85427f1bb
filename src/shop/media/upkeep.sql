-- Uploads: the jobs that end and remove them.

-- uploads_measured (most int): one -> (unpublished int, published int, oldest_s int, unfetched int)
-- Counts up to so many.
select count(*) filter (where w.work = 'publish')::int as unpublished,
       count(*) filter (where w.work <> 'publish')::int as published,
       coalesce(extract(epoch from now() - min(w.created_at) filter (where w.work = 'publish')), 0)::int as oldest_s,
       (select count(*) from (select from upload u where u.work = 'fetch' and (u.uses > 0 or u.replaces is not null)
                              limit :most) f)::int as unfetched
from (select u.work, u.created_at from upload u where u.work <> 'fetch'
      order by u.priority, u.id limit :most) w;

-- uploads_expire (count_max int): many -> (id uuid, account_id uuid, purpose text)
update upload u set state = 'failed', failure = 'expired', work = 'tidy'
where u.id in (select e.id from upload e where e.state = 'waiting' and e.expires_at < now()
               order by e.expires_at limit :count_max for update skip locked)
returning u.id, u.account_id, u.purpose;

-- uploads_release (count_max int, hours int): many -> (id uuid)
-- What nothing has used for so long is to be removed.
update upload u set removed_at = now(), work = null
where u.id in (select e.id from upload e
               where e.released_at < now() - make_interval(hours => :hours) and not e.kept and e.removed_at is null
               and (e.state in ('ready', 'failed') or e.work = 'fetch')
               order by e.released_at limit :count_max for update skip locked)
returning u.id;

-- uploads_to_show (count_max int): many -> (id uuid)
select s.id from upload_showing s where s.due_at <= now() order by s.due_at limit :count_max;

-- upload_show (id uuid, most int): one writes
-- Tells up to so many rows that show an upload (functions_images.sql).
select upload_show(:id, :most);

-- upload_show_later (id uuid): none
update upload_showing set due_at = now() + interval '10 seconds' where id = :id;

-- fetch_hosts_forget (): none
-- Those that nothing was fetched from for a day.
delete from fetch_host where next_at < now() - interval '1 day';

-- uploads_removed (count_max int): many -> (id uuid, visibility text, object_group text?)
-- Those whose objects are to be deleted; not while a process may still put some.
select u.id, u.visibility, u.object_group from upload u
where u.removed_at is not null and (u.claimed_until is null or u.claimed_until < now())
order by u.removed_at limit :count_max;

-- upload_is_referred (id uuid): one writes -> (referred bool)
select upload_is_referred(:id) as referred;

-- upload_group_is_shared (id uuid): one writes -> (shared bool)
select upload_group_is_shared(:id) as shared;

-- upload_delete (id uuid): maybe
delete from upload where id = :id and removed_at is not null returning id;

-- upload_unremove (id uuid): none
-- A row refers to it that track_uploads() has not counted.
update upload set removed_at = null, released_at = now() where id = :id;
