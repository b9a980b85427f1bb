-- Invoices, and who sells for the law, as customers, vendors and admins see them.

-- invoices_page (kind text?, vendor uuid?, slug text?, order uuid?, sub_order uuid?, after_id uuid,
--     page_size int): many
-- Newest first.
select i.id, i.number, i.kind, i.issued_at, i.vendor_id, i.order_id, left(s.number, 9) as order_number, i.sub_order_id,
       s.number as sub_order_number, to_char(i.period, 'YYYY-MM') as period, i.corrects_id, i.total as "total.amount",
       i.currency as "total.currency", 0::bigint as "_key"
from invoice i
left join sub_order s on s.vendor_id = i.vendor_id and s.id = i.sub_order_id
where i.id < :after_id
[kind: and i.kind = :kind]
[vendor: and i.vendor_id = :vendor]
[slug: and i.vendor_id = (select x.id from vendor x where x.slug = :slug)]
[order: and i.order_id = :order]
[sub_order: and i.sub_order_id = :sub_order]
order by i.id desc
limit :page_size;

-- invoice_read (id uuid): maybe
select i.id, i.number, i.kind, i.issued_at, i.vendor_id, i.order_id, left(s.number, 9) as order_number, i.sub_order_id,
       s.number as sub_order_number, to_char(i.period, 'YYYY-MM') as period, i.corrects_id, i.total as "total.amount",
       i.currency as "total.currency", c.number as corrects_number, i.supplied_at, i.seller,
       coalesce(i.buyer, b.party) as buyer, i.lines,
       i.goods as "goods.amount", i.currency as "goods.currency", i.shipping as "shipping.amount",
       i.currency as "shipping.currency", i.discount as "discount.amount", i.currency as "discount.currency",
       i.goodwill as "goodwill.amount", i.currency as "goodwill.currency", i.tax as "tax.amount",
       i.currency as "tax.currency", case i.tax when 0 then '[]' else json_build_array(json_build_object(
	       'rate_basis_points', null,
	       'base', json_build_object('amount', i.total - i.tax, 'currency', i.currency),
	       'amount', json_build_object('amount', i.tax, 'currency', i.currency))) end as taxes,
       i.service_fee as "service_fee.amount", i.currency as "service_fee.currency"
from invoice i
left join sub_order s on s.vendor_id = i.vendor_id and s.id = i.sub_order_id
left join invoice c on c.vendor_id = i.vendor_id and c.id = i.corrects_id
left join invoice_buyer b on b.vendor_id = i.vendor_id and b.invoice_id = coalesce(i.corrects_id, i.id)
where i.id = :id;

-- tax_profile_of_vendor (vendor uuid): one
select t.kind, t.legal_name, t.address, t.tax_number, t.tax_country, t.vat_number, t.registration_number,
       t.birth_date::text as birth_date, t.invoice_prefix, t.updated_at
from vendor v left join tax_profile t on t.vendor_id = v.id
where v.id = :vendor;

-- tax_profile_of_marketplace (): one
select t.kind, t.legal_name, t.address, t.tax_number, t.tax_country, t.vat_number, t.registration_number,
       t.birth_date::text as birth_date, t.invoice_prefix, t.updated_at
from platform f left join tax_profile t on t.issuer_id = '00000000-0000-0000-0000-000000000000';

-- tax_profile_put (vendor uuid?, kind text, legal_name text, line1 text, line2 text?, city text, region text?,
--     postal_code text?, country text, tax_number text?, tax_country text?, vat_number text?,
--     registration_number text?, birth_date text?, invoice_prefix text?): none
insert into tax_profile as t (issuer_id, vendor_id, kind, legal_name, address, tax_number, tax_country, vat_number,
	registration_number, birth_date, invoice_prefix)
values (coalesce(:vendor, '00000000-0000-0000-0000-000000000000'), :vendor, :kind, :legal_name,
        json_build_object('line1', :line1::text, 'line2', :line2::text, 'city', :city::text, 'region', :region::text,
                          'postal_code', :postal_code::text, 'country', :country::text),
        :tax_number, case when :tax_number is not null then coalesce(:tax_country, :country) end, :vat_number,
        :registration_number, :birth_date::date, coalesce(:invoice_prefix, ''))
on conflict (issuer_id) do update
set kind = excluded.kind, legal_name = excluded.legal_name, address = excluded.address,
    tax_number = excluded.tax_number, tax_country = excluded.tax_country, vat_number = excluded.vat_number,
    registration_number = excluded.registration_number, birth_date = excluded.birth_date,
    invoice_prefix = excluded.invoice_prefix, version = t.version + 1, updated_at = now();

-- invoices_issue_commissions (most int): one writes -> (done int)
select invoices_issue_commissions(:most) as done;
