/** Grows from half a second to eight, half of it random, so that clients do not return together. */
export function backOffMs(attempt: number): number {
  const whole = Math.min(8000, 250 * 2 ** attempt);
  return whole / 2 + (Math.random() * whole) / 2;
}

export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

/** A signal that the caller's or the time ends, whichever is first. Call end() when done. */
export function within(ms: number, signal?: AbortSignal): { signal: AbortSignal; end(): void } {
  const own = new AbortController();
  const abort = () => own.abort(signal?.reason);
  const timer = setTimeout(() => own.abort(new Error("timed out")), ms);
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  return {
    signal: own.signal,
    end() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    },
  };
}
