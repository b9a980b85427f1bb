import type { Plural } from "../index.ts";

const plural = (forms: Plural): Plural => forms;

const en = {
  part_overview: "Overview", part_ledger: "Every amount", part_payouts: "Payouts", part_statements: "Statements",
  available: "Available", available_about: "With the next payout it goes to your bank.",
  pending: "Earned, not released", pending_about: "Available some days after delivery.",
  next_release: "{amount} of it {when}",
  in_payout: "On its way to you", in_payout_about: "The marketplace has sent it.",
  reserved: "Held back", reserved_about: "Released later, against returns and disputes.",
  debt_about: "You owe the marketplace {amount}. What you earn pays it first.",
  sales: "Sales", period: "Period", days: plural({ one: "{count} day", other: "{count} days" }),
  net_by_day: "What is left to you, by day (UTC)", orders_count: plural({ one: "{count} order", other: "{count} orders" }),
  sold: "Sold", sold_count: plural({ one: "{count} order, {units} pieces", other: "{count} orders, {units} pieces" }),
  gross: "Goods", discounts: "Discounts", refunds: "Given back", net: "Left to you",
  best_selling: "What sells best",
  col_when: "When", col_cause: "What happened", col_item: "What for", col_account: "Account", col_amount: "Amount",
  col_to: "To", col_reference: "Reference",
  ledger_none: "No amounts yet", ledger_none_about: "When an order is paid, what you earn of it appears here.",
  payouts_none: "No payouts yet", payouts_none_about: "When money is available, the marketplace sends it to your bank. Each payout is here.",
  statements_none: "No statements yet", statements_none_about: "For each month with amounts there is one.",
  month_open: "not over", statement_download: "Download {month} as CSV",
  bank: "Bank details", bank_none: "None yet: nothing can be paid out. The owner enters them.",
  bank_held: "From {when}: {number}",
  payout_pending: "Waits for approval", payout_approved: "Approved", payout_paid: "Paid", payout_failed: "Failed", payout_returned: "Returned",
  cause_payment_received: "Paid", cause_cash_received: "Cash taken", cause_cancelled: "Cancelled", cause_refund_granted: "Refund granted",
  cause_held: "Held: dispute", cause_hold_released: "Dispute over", cause_refunded: "Refunded", cause_released: "Released",
  cause_debt_paid: "Debt paid", cause_reversed: "Taken back", cause_reserve_released: "Reserve released",
  cause_payout_stamped: "Payout", cause_payout_paid: "Payout paid", cause_payout_failed: "Payout failed", cause_payout_returned: "Payout returned",
  cause_extra_received: "Paid twice", cause_extra_refunded: "Second payment given back",
  cause_refund_failed: "Refund failed", cause_extra_refund_failed: "Second payment not given back",
  cause_chargeback_taken: "Chargeback", cause_chargeback_won: "Chargeback won", cause_chargeback_lost: "Chargeback lost",
  cause_chargeback_fee: "Fee of a chargeback",
  item_payment: "Payment", item_goods: "Goods", item_shipping: "Shipping", item_discount: "Discount", item_tax: "Tax",
  item_service_fee: "Service fee", item_commission: "Commission", item_commission_tax: "Tax on commission", item_refund_due: "To be refunded",
  item_refund: "Refund", item_set_off: "Set off", item_release: "Release", item_debt: "Debt", item_reserve: "Reserve", item_payout: "Payout",
  item_extra: "Overpayment", item_goodwill: "Goodwill", item_hold: "Hold",
  item_chargeback: "Chargeback", item_chargeback_fee: "Fee of a chargeback",
  account_pending: "Not released", account_available: "Available", account_reserved: "Held back", account_in_payout: "On its way",
  account_vendor_cash: "Cash",
};

export default en;
