-- Images of products that are fetched from other servers, as the vendor's staff sees them.

-- failed_images_page (vendor uuid, after_key time, after_id uuid, page_size int): many
select u.id, u.source_url as url, u.failure, u.http_status, u.created_at, coalesce((
		select json_agg(json_build_object('id', p.id, 'handle', p.handle, 'title', p.title) order by p.id)
		from (select s.id, s.handle, s.title from product s
		      where s.vendor_id = :vendor and s.deleted_at is null
		      and s.id in (select i.product_id from product_image i where i.upload_id = u.id
		                   union select v.product_id from variant v where v.image_upload_id = u.id)
		      order by s.id limit 10) p), '[]') as products, u.created_at as "_key"
from upload u
where u.vendor_id = :vendor and u.source_url is not null and not u.superseded and u.uses > 0 and u.state = 'failed'
and (u.created_at, u.id) < (:after_key, :after_id)
order by u.created_at desc, u.id desc
limit :page_size;

-- fetched_images (vendor uuid, most int): one
select count(*) filter (where u.state = 'processing') as waiting,
       count(*) filter (where u.state = 'ready') as ready,
       count(*) filter (where u.state = 'failed') as failed
from (select s.state from upload s
      where s.vendor_id = :vendor and s.source_url is not null and not s.superseded and s.removed_at is null
      and s.uses > 0
      limit :most) u;
