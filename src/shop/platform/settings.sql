-- The single row of settings.

-- admin_settings (): one
select f.currency, f.service_fee_fixed as "service_fee_fixed.amount",
       f.currency as "service_fee_fixed.currency", f.service_fee_basis_points, f.commission_basis_points,
       f.commission_tax_basis_points, f.payment_hours, f.accept_hours, f.ship_grace_days, f.complete_days, f.hold_days,
       f.campaigns_per_week, f.payout_schedule, f.payout_minimum as "payout_minimum.amount",
       f.currency as "payout_minimum.currency", f.payout_approvals, f.payout_reserve_basis_points,
       f.payout_reserve_days, f.two_factor_admins_since is not null as two_factor_admins,
       f.two_factor_staff_since is not null as two_factor_staff, f.two_factor_grace_days,
       to_json(f.admin_networks) as admin_networks, f.refund_keeps_commission,
       f.return_days, f.return_answer_days, f.return_ship_days, f.dispute_days, f.dispute_answer_days,
       f.chargebacks_borne_by, f.chargeback_fees_borne_by, f.version, f.version as "_version"
from platform f;

-- admin_settings_put (if_match int[]?, fee_fixed bigint, fee_currency text, fee_basis_points int,
--     commission_basis_points int, payment_hours int, accept_hours int, ship_grace_days int, complete_days int,
--     hold_days int, campaigns_per_week int?, commission_tax_basis_points int?, two_factor_admins bool?,
--     two_factor_staff bool?, two_factor_grace_days int?, admin_networks text[]?, payout_schedule text?,
--     payout_minimum bigint?, payout_currency text?, payout_approvals int?, payout_reserve_basis_points int?,
--     payout_reserve_days int?, refund_keeps_commission bool?, return_days int?, return_answer_days int?,
--     return_ship_days int?, dispute_days int?, dispute_answer_days int?, chargebacks_borne_by text?,
--     chargeback_fees_borne_by text?): maybe
update platform
set service_fee_fixed = case when marketplace_currency(:fee_currency, '/service_fee_fixed/currency')
                        is not null then :fee_fixed end,
    service_fee_basis_points = :fee_basis_points, commission_basis_points = :commission_basis_points,
    payment_hours = :payment_hours, accept_hours = :accept_hours, ship_grace_days = :ship_grace_days,
    complete_days = :complete_days, hold_days = :hold_days,
    campaigns_per_week = coalesce(:campaigns_per_week, campaigns_per_week),
    commission_tax_basis_points = coalesce(:commission_tax_basis_points, commission_tax_basis_points),
    payout_schedule = coalesce(:payout_schedule, payout_schedule),
    payout_minimum = coalesce(case when marketplace_currency(:payout_currency, '/payout_minimum/currency')
                              is not null then :payout_minimum end, payout_minimum),
    payout_approvals = coalesce(:payout_approvals, payout_approvals),
    payout_reserve_basis_points = coalesce(:payout_reserve_basis_points, payout_reserve_basis_points),
    payout_reserve_days = coalesce(:payout_reserve_days, payout_reserve_days),
    two_factor_admins_since = case when coalesce(:two_factor_admins, two_factor_admins_since is not null)
                              then coalesce(two_factor_admins_since, now()) end,
    two_factor_staff_since = case when coalesce(:two_factor_staff, two_factor_staff_since is not null)
                             then coalesce(two_factor_staff_since, now()) end,
    two_factor_grace_days = coalesce(:two_factor_grace_days, two_factor_grace_days),
    admin_networks = coalesce(:admin_networks::cidr[], admin_networks),
    refund_keeps_commission = coalesce(:refund_keeps_commission, refund_keeps_commission),
    return_days = coalesce(:return_days, return_days),
    return_answer_days = coalesce(:return_answer_days, return_answer_days),
    return_ship_days = coalesce(:return_ship_days, return_ship_days),
    dispute_days = coalesce(:dispute_days, dispute_days),
    dispute_answer_days = coalesce(:dispute_answer_days, dispute_answer_days),
    chargebacks_borne_by = coalesce(:chargebacks_borne_by, chargebacks_borne_by),
    chargeback_fees_borne_by = coalesce(:chargeback_fees_borne_by, chargeback_fees_borne_by), version = version + 1
where true
[if_match: and version = any (:if_match)]
returning currency, service_fee_fixed as "service_fee_fixed.amount",
          currency as "service_fee_fixed.currency", service_fee_basis_points, commission_basis_points,
          commission_tax_basis_points, payment_hours, accept_hours, ship_grace_days, complete_days, hold_days,
          campaigns_per_week, payout_schedule, payout_minimum as "payout_minimum.amount",
          currency as "payout_minimum.currency", payout_approvals, payout_reserve_basis_points, payout_reserve_days,
          two_factor_admins_since is not null as two_factor_admins,
          two_factor_staff_since is not null as two_factor_staff, two_factor_grace_days,
          to_json(admin_networks) as admin_networks, refund_keeps_commission, return_days, return_answer_days,
          return_ship_days, dispute_days, dispute_answer_days, chargebacks_borne_by,
          chargeback_fees_borne_by, version, version as "_version";

-- admin_networks_clear (): one writes -> (had bool)
select platform_clear_admin_networks() as had;
