-- Uploads: what `sebez media verify` compares with the objects.

-- uploads_verified (place text, first uuid, last uuid, ids uuid[], count_max int): many -> (unit uuid, id uuid,
--     state text, work text?, is_removed bool, content_type text?, bytes bigint?, part_count int?, files text?,
--     bytes_stored bigint)
-- place: incoming, private or public. unit: what follows it in the keys, the id or the group. Of incoming, those that
-- have or may have parts, and these ids. Up to count_max, and those with the last one's group. files: renditions.
select c.unit, u.id, u.state, u.work, u.removed_at is not null as is_removed, u.content_type, u.bytes, u.part_count,
       (select string_agg(w.width || '.' || f.format, ' ')
        from unnest(u.widths) w (width), unnest(u.formats) f (format)) as files,
       u.bytes_stored
from (
	(select i.id as unit, i.id from upload i
	 where :place = 'incoming' and i.id between :first and :last
	 and (i.state in ('waiting', 'processing') or i.work is not null or i.removed_at is not null or i.id = any (:ids))
	 order by i.id limit :count_max)
	union all
	(select g.object_group::uuid, g.id from upload g
	 where g.visibility = :place and g.object_group between replace(:first::text, '-', '')
	                                              and replace(:last::text, '-', '')
	 order by g.object_group fetch first :count_max rows with ties)
) c
join upload u on u.id = c.id
order by c.unit, u.id;

-- upload_hold_group (object_group text, hold_s int): one writes
-- For so long no process begins to make objects of the group.
select upload_hold_group(:object_group, :hold_s);

-- upload_free_group (object_group text): none
delete from upload_group_hold where object_group = :object_group;
