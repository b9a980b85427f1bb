-- check: a support view ends within its time
select w.id::text from support_view w
where w.expires_at not between w.started_at and w.started_at + interval '1 hour' or w.ended_at < w.started_at;
