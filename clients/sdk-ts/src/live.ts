import type { Event, PassingEvent, Sync, VendorSync } from "./api.gen.ts";
import type { Sebez } from "./client.ts";
import { feed, untilAnswered, type FeedOptions } from "./feed.ts";
import { fold, stateOf, type CustomerState, type State, type VendorState } from "./state.ts";

/** The state, and the event that made it; null for a state that was read anew. */
export interface Change<S extends State> {
  state: S;
  event: Event | null;
  passing: PassingEvent | null;
}

export type LiveOptions = Omit<FeedOptions, "after">;

/**
 * The state of a customer or a vendor, now and after each event, until the signal is aborted. When
 * events have been missed for too long the state is read anew. Losing the network pauses it.
 */
export function live(client: Sebez, options: LiveOptions & { vendor_id: string }):
    AsyncGenerator<Change<VendorState>, void, undefined>;
export function live(client: Sebez, options?: LiveOptions):
    AsyncGenerator<Change<CustomerState>, void, undefined>;
export async function* live(client: Sebez, options: LiveOptions = {}):
    AsyncGenerator<Change<State>, void, undefined> {
  const { vendor_id, signal } = options;
  while (!signal?.aborted) {
    const sync = await untilAnswered<Sync | VendorSync>(() => (vendor_id
      ? client.getVendorSync({ vendor_id }, { signal }) : client.getSync({}, { signal })), options);
    if (!sync) return;
    let state = stateOf(sync);
    yield { state, event: null, passing: null };
    for await (const item of feed(client, { ...options, after: state.cursor })) {
      if (item.type === "resync") break;
      if (item.type === "event") state = fold(state, item.event);
      if (item.type === "event" && item.cursor) state = { ...state, cursor: item.cursor };
      yield { state, event: item.type === "event" ? item.event : null,
        passing: item.type === "passing" ? item.event : null };
    }
  }
}
