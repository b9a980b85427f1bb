// The parts of pages. Addresses name them, so the first page knows them.
export const VIEWS = ["open", "unread", "mine", "unassigned", "closed"] as const;
export type View = (typeof VIEWS)[number];
export const MONEY_PARTS = ["overview", "ledger", "payouts", "statements"] as const;
export type MoneyPart = (typeof MONEY_PARTS)[number];
