-- Invariants. Each check selects the rows that violate it, by a readable name; `sebez check --data` runs them.

-- check: a campaign counts those whom it has told
select c.id::text from campaign c
where c.counts is null and c.sent_a + c.sent_b <>
      (select count(*) from campaign_recipient r where r.campaign_id = c.id);

-- check: whoever is told by a campaign is one of its recipients
select n.id::text from notice n
where n.kind = 'promotion' and n.number = 0
and not exists (select from campaign_recipient r where r.notice_id = n.id and r.account_id = n.account_id
                and r.campaign_id = n.owner_id)
and not exists (select from campaign c where c.id = n.owner_id and c.counts is not null);
