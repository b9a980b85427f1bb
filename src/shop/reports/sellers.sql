-- What tax offices are told of sellers: DAC7 (Council Directive (EU) 2021/514) and its like.

-- sellers_page (year int, after uuid, page_size int): many -> (vendor_id uuid, name text, seller_kind text?,
--     legal_name text?, address json?, tax_number text?, tax_country text?, vat_number text?,
--     registration_number text?, birth_date text?, account text?, account_country text?, quarter int?,
--     activities bigint?, consideration.amount bigint?, consideration.currency text, tax.amount bigint?,
--     fees.amount bigint?, fee_tax.amount bigint?)
-- Of these vendors, the quarters in which something was sold or given back; a row without a quarter: none.
with page as materialized (
	select v.id, v.name from vendor v where v.id > :after order by v.id limit :page_size
), part as (
	select p.id, s.start, s.orders, s.gross, s.discount, s.shipping, s.tax, s.refunds, s.refunded_tax, s.commission,
	       s.commission_tax
	from page p
	join vendor_sales s on s.vendor_id = p.id and s.dimension = 'all' and s.grain = 'month'
		and s.start >= make_date(:year, 1, 1) and s.start < make_date(:year + 1, 1, 1)
	union all
	select p.id, s.day, count(distinct s.sub_order), sum(s.gross), sum(s.discount), sum(s.shipping), sum(s.tax),
	       sum(s.refunds), sum(s.refunded_tax), sum(s.commission), sum(s.commission_tax)
	from page p
	cross join lateral sales_of(array(select u.journal_id from sale_uncounted u where u.vendor_id = p.id)) s
	where s.day >= make_date(:year, 1, 1) and s.day < make_date(:year + 1, 1, 1)
	group by p.id, s.day
), quarter as (
	select x.id, extract(quarter from x.start)::int as quarter, sum(x.orders)::bigint as activities,
	       sum(x.gross - x.discount + x.shipping + x.tax - x.refunds)::bigint as consideration,
	       sum(x.tax - x.refunded_tax)::bigint as tax, sum(x.commission)::bigint as fees,
	       sum(x.commission_tax)::bigint as fee_tax
	from part x group by 1, 2
)
select p.id as vendor_id, p.name, t.kind as seller_kind, t.legal_name, t.address, t.tax_number, t.tax_country,
       t.vat_number, t.registration_number, t.birth_date::text as birth_date, a.account, a.country as account_country,
       q.quarter, q.activities, q.consideration as "consideration.amount", f.currency as "consideration.currency",
       q.tax as "tax.amount", f.currency as "tax.currency", q.fees as "fees.amount", f.currency as "fees.currency",
       q.fee_tax as "fee_tax.amount", f.currency as "fee_tax.currency"
from page p cross join platform f
left join quarter q on q.id = p.id
left join tax_profile t on t.vendor_id = p.id
left join lateral (
	select coalesce(x.iban, x.number) as account, x.country from payout_account x
	where x.vendor_id = p.id and x.ended_at is null order by x.active_at desc limit 1) a on true
order by p.id, q.quarter;
