/** The client of a Sebez marketplace. Start with `new Sebez({ url })`. */
export * from "./api.gen.ts";
export type { CallOptions } from "./call.ts";
export { freshKey, Sebez, type ListName, type SebezOptions } from "./client.ts";
export { feed, type FeedItem, type FeedOptions } from "./feed.ts";
export { live, type Change, type LiveOptions } from "./live.ts";
export { NoAnswer, SebezProblem } from "./problem.ts";
export { exclusive, memoryStore, type Saved, type SessionStore } from "./session.ts";
export { fold, stateOf, type CustomerState, type State, type VendorState } from "./state.ts";
export { upload, type UploadOptions } from "./upload.ts";
