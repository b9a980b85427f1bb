import type { Event, PassingEvent } from "./api.gen.ts";
import type { Sebez } from "./client.ts";
import { feed } from "./feed.ts";
import { fold, stateOf, type CustomerState, type State, type VendorState } from "./state.ts";

/** The state, and the event that made it; null for a state that was read anew. */
export interface Change<S extends State> {
  state: S;
  event: Event | null;
  passing: PassingEvent | null;
}

export interface LiveOptions {
  vendor_id?: string;
  signal?: AbortSignal;
}

/**
 * The state of a customer or a vendor, now and after each event, until the signal is aborted. When
 * events have been missed for too long the state is read anew.
 */
export function live(client: Sebez, options: LiveOptions & { vendor_id: string }):
    AsyncGenerator<Change<VendorState>, void, undefined>;
export function live(client: Sebez, options?: LiveOptions):
    AsyncGenerator<Change<CustomerState>, void, undefined>;
export async function* live(client: Sebez, options: LiveOptions = {}):
    AsyncGenerator<Change<State>, void, undefined> {
  const { vendor_id, signal } = options;
  while (!signal?.aborted) {
    let state = stateOf(vendor_id ? await client.getVendorSync({ vendor_id }, { signal })
      : await client.getSync({}, { signal }));
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
