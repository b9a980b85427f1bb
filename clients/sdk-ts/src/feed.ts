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
  /** Told each time that no answer comes, and null when there is one. */
  onTrouble?: (error: unknown) => void;
}

/** How long the server may wait for an event; proxies often end requests after a minute. */
const WAIT_S = 25;

/** Calls until there is an answer, or until the signal; throws what no repetition can mend. */
export async function untilAnswered<T>(call: () => Promise<T>, { signal, onTrouble }: FeedOptions):
    Promise<T | undefined> {
  for (let failures = 1; !signal?.aborted; failures++) {
    try {
      const answer = await call();
      onTrouble?.(null);
      return answer;
    } catch (error) {
      if (signal?.aborted) break;
      const status = (error as { status?: number }).status ?? 0;
      if (status >= 400 && status < 500 && status !== 429) throw error;
      onTrouble?.(error);
      await pause(backOffMs(failures), signal).catch(() => undefined);
    }
  }
  return undefined;
}

/**
 * Everything that happens, in order and without gaps, as long as the signal is not aborted. Losing
 * the network pauses it; a session that has ended ends it with the problem. An event counts as
 * received by this device when the next one is asked for.
 */
export async function* feed(client: Sebez, options: FeedOptions = {}):
    AsyncGenerator<FeedItem, void, undefined> {
  const { signal, vendor_id } = options;
  let after = options.after;
  while (!signal?.aborted) {
    const input = { ...(after ? { after } : {}), wait: WAIT_S };
    const page = await untilAnswered<EventPage>(() => (vendor_id
      ? client.getVendorEvents({ ...input, vendor_id }, { signal })
      : client.getEvents(input, { signal })), options);
    if (!page) return;
    after = page.cursor;
    if (page.resync) yield { type: "resync", cursor: page.cursor };
    const last = page.items.at(-1);
    for (const event of page.items)
      yield { type: "event", event, cursor: event === last ? page.cursor : null };
    for (const event of page.passing) yield { type: "passing", event };
    if (page.next_poll_ms > 0) await pause(page.next_poll_ms, signal).catch(() => undefined);
  }
}
