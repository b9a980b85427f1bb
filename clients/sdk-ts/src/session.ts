/** What a device keeps between starts. */
export interface Saved {
  access_token: string | null;
  refresh_token: string | null;
  /** Of a guest, until it signs in. */
  cart_token: string | null;
}

/** Where it is kept: the keychain, AsyncStorage, localStorage. Both may be called at any time. */
export interface SessionStore {
  load(): Saved | null | Promise<Saved | null>;
  save(saved: Saved): void | Promise<void>;
}

export const NOBODY: Saved = { access_token: null, refresh_token: null, cart_token: null };

/** Keeps it as long as the program runs. */
export function memoryStore(): SessionStore {
  let kept: Saved | null = null;
  return {
    load: () => kept,
    save: (saved) => {
      kept = saved;
    },
  };
}

/** Runs one function at a time in all tabs of a browser, or in this program elsewhere. */
export function exclusive<T>(work: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks;
  return locks ? (locks.request("sebez-session", work) as Promise<T>) : work();
}
