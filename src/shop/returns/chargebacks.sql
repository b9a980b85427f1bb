-- Chargebacks, as vendors and admins see them, and what providers are asked about them.

-- chargeback_say (id uuid, chargeback uuid, text text): one writes
-- The actor may see the chargeback.
select chargeback_say(:id, :chargeback, :text);

-- chargeback_find (id uuid): one -> (id uuid)
select c.id from chargeback c where c.id = :id;

-- chargeback_files_insert (evidence uuid, files rows(upload uuid, file json)): none
insert into chargeback_file (evidence_id, upload_id, vendor_id, position, file)
select x.id, f.upload, x.vendor_id, f.ordinality, f.file
from chargeback_evidence x cross join :files with ordinality as f (upload, file)
where x.id = :evidence;

-- chargeback_send (id uuid): one writes
select chargeback_send(:id);

-- chargebacks_page (id uuid?, vendor uuid?, status text?, with_evidence bool, after_id uuid, page_size int): many
-- One chargeback, or a page of them, newest first. Of a vendor, its parts and its share of the fee.
select c.id, c.order_id, c.provider, c.reference, c.state as status, c.reason,
       [!vendor: c.amount as "amount.amount", c.currency as "amount.currency", c.fee as "fee.amount",]
       [vendor: (select coalesce(sum(p.amount), 0)::bigint from chargeback_part p
                 where p.chargeback_id = c.id and p.vendor_id = :vendor) as "amount.amount",
                c.currency as "amount.currency",
                (select coalesce(sum(e.amount), 0)::bigint from journal j
                 join journal_entry e on e.journal_id = j.id
                 where j.cause_kind = 'chargeback_fee' and j.cause_id = c.id and e.account = 'available'
                 and e.vendor_id = :vendor) as "fee.amount",]
       c.currency as "fee.currency", c.borne_by,
       (select coalesce(json_agg(json_build_object('vendor_id', p.vendor_id, 'sub_order_id', p.sub_order_id,
	       'sub_order_number', s.number, 'amount', json_build_object('amount', p.amount, 'currency', c.currency))
	       order by p.sub_order_id), '[]')
        from chargeback_part p join sub_order s on s.vendor_id = p.vendor_id and s.id = p.sub_order_id
        where p.chargeback_id = c.id) as parts,
       c.respond_by, c.sent_at,
       [with_evidence: (select coalesce(json_agg(json_build_object('by', e.actor, 'text', e.text, 'files',
	       (select coalesce(json_agg(f.file order by f.position), '[]') from chargeback_file f
	        where f.evidence_id = e.id), 'created_at', json_time(e.created_at)) order by e.id), '[]')
             from chargeback_evidence e where e.chargeback_id = c.id) as evidence,]
       c.created_at, c.updated_at, 0::bigint as "_key"
from chargeback c
where true
[id: and c.id = :id]
[vendor: and c.id in (select p.chargeback_id from chargeback_part p where p.vendor_id = :vendor)]
[status: and c.state = :status]
[!id: and c.id < :after_id
order by c.id desc
limit :page_size];
