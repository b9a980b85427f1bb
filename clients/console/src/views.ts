// The parts of the inbox. The address names them, so the first page knows them.
export const VIEWS = ["open", "unread", "mine", "unassigned", "closed"] as const;
export type View = (typeof VIEWS)[number];
