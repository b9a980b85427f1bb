-- Uploads: what those who send them do.

-- upload_same (account uuid, vendor uuid?, purpose text, sha256 bytea): maybe -> (id uuid)
select u.id from upload u
where u.owner_id = coalesce(:vendor, :account) and u.account_id = :account and u.sha256 = :sha256 and u.state = 'ready'
and u.purpose = :purpose and u.removed_at is null
order by u.id limit 1;

-- upload_make (id uuid, is_known bool, purpose text, visibility text, vendor uuid?, staff_roles int,
--     admin_roles int, address text, content_type text, bytes bigint, part_count int, sha256 bytea?, created_at time,
--     send_s int, waiting_max int, uploads_max int, bytes_max bigint): one writes
-- is_known: it is there, with the same bytes, and nothing is made.
select upload_create(:id, :is_known, :purpose, :visibility, :vendor, :staff_roles, :admin_roles, :address,
                     :content_type, :bytes, :part_count, :sha256, :created_at, :send_s, :waiting_max, :uploads_max,
                     :bytes_max);

-- upload_own (id uuid, account uuid): one -> (id uuid, vendor_id uuid?, purpose text, visibility text, state text,
--     failure text?, content_type text, bytes bigint, part_count int, created_at time, object_group text?,
--     facts json?)
-- facts: of an image that is ready.
select u.id, u.vendor_id, u.purpose, u.visibility, u.state, u.failure, u.content_type, u.bytes, u.part_count,
       u.created_at, u.object_group,
       case when u.state = 'ready' and u.width is not null then upload_facts(u) end as facts
from upload u
where u.id = :id and u.account_id = :account and u.removed_at is null;

-- upload_complete (id uuid): maybe
update upload set state = 'processing', work = 'publish' where id = :id and state = 'waiting' returning id;

-- upload_remove (id uuid): maybe
-- Nothing may use it from now on; the job deletes its objects, then the row.
update upload set removed_at = now(), work = null where id = :id and uses = 0 and not kept and removed_at is null
returning id;

-- uploads_named (ids uuid[]): many -> (id uuid, purpose text, state text, content_type text?, bytes bigint?,
--     source_url text?, facts json)
-- Those of them that the actor may use (row level security). What is fetched by its address has a type and a size
-- when it is ready.
select u.id, u.purpose, u.state, u.content_type, u.bytes, u.source_url, upload_facts(u) as facts
from upload u
where u.id = any (:ids) and u.removed_at is null;
