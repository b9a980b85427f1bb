import type { Event, EventPage, PassingEvent } from "./api.gen.ts";
import type { Sebez } from "./client.ts";
import { backOffMs, pause } from "./time.ts";

/** What a feed gives. Keep the last `cursor` that is not null, and start from it next time. */
export type FeedItem =
  | { type: "event"; event: Event; cursor: string | null }
  /** Somebody is writing, for example; it may be lost. */
  | { type: "passing"; event: PassingEvent }
  /** Events between are not known any more: read the state anew. */
  | { type: "resync"; cursor: string };

export interface FeedOptions {
  /** The feed of a vendor; without it the customer's. */
  vendor_id?: string;
  /** The cursor of what was seen last. Without it the feed begins with a resync. */
  after?: string;
  signal?: AbortSignal;
}

/** How long the server may wait for an event; proxies often end requests after a minute. */
const WAIT_S = 25;

/**
 * Everything that happens, in order and without gaps, as long as the signal is not aborted. Losing
 * the network pauses it; a session that has ended ends it with the problem. An event counts as
 * received by this device when the next one is asked for.
 */
export async function* feed(client: Sebez, options: FeedOptions = {}):
    AsyncGenerator<FeedItem, void, undefined> {
  const { signal, vendor_id } = options;
  let after = options.after;
  let failures = 0;
  while (!signal?.aborted) {
    const input = { ...(after ? { after } : {}), wait: WAIT_S };
    let page: EventPage;
    try {
      page = vendor_id ? await client.getVendorEvents({ ...input, vendor_id }, { signal })
        : await client.getEvents(input, { signal });
      failures = 0;
    } catch (error) {
      if (signal?.aborted) return;
      const status = (error as { status?: number }).status ?? 0;
      if (status >= 400 && status < 500 && status !== 429) throw error;
      failures++;
      await pause(backOffMs(failures), signal).catch(() => undefined);
      continue;
    }
    after = page.cursor;
    if (page.resync) yield { type: "resync", cursor: page.cursor };
    const last = page.items.at(-1);
    for (const event of page.items)
      yield { type: "event", event, cursor: event === last ? page.cursor : null };
    for (const event of page.passing) yield { type: "passing", event };
    if (page.next_poll_ms > 0) await pause(page.next_poll_ms, signal).catch(() => undefined);
  }
}
