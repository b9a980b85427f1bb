import { TABLE, type Api, type SignedIn } from "./api.gen.ts";
import { operationsOf, targetOf, type CallOptions, type Operation } from "./call.ts";
import { NoAnswer, problemOf, type SebezProblem } from "./problem.ts";
import { exclusive, memoryStore, NOBODY, type Saved, type SessionStore } from "./session.ts";
import { backOffMs, pause, within } from "./time.ts";

export interface SebezOptions {
  /** Where the server is: "https://shop.example.com". */
  url: string;
  /** Where tokens are kept; without one, in memory. */
  store?: SessionStore;
  /** Language of texts for people, "am" or "fr-CA". */
  language?: string;
  /** Called when the session has ended: it expired, or was ended elsewhere. */
  onSignedOut?: () => void;
  /** How often a call is sent at most, when it may be sent again. */
  attempts?: number;
  /** How long one attempt may take. */
  timeoutMs?: number;
  fetch?: typeof fetch;
}

type Method<A, N extends keyof A> = Extract<A[N], (...given: never[]) => Promise<unknown>>;
type Answer<A, N extends keyof A> = Awaited<ReturnType<Method<A, N>>>;
type Given<A, N extends keyof A> = NonNullable<Parameters<Method<A, N>>[0]>;
/** Operations that answer pages. */
export type ListName<A = Api> =
  { [N in keyof A]: PageOf<A, N> extends never ? never : N }[keyof A];
interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
/** An answer with all of its body. */
interface Whole {
  response: Response;
  text: string;
}
/** Not the text that a call answers when the input asks for a file. */
type PageOf<A, N extends keyof A> = Extract<Answer<A, N>, Page<unknown>>;
type ItemOf<A, N extends keyof A> = PageOf<A, N> extends Page<infer T> ? T : never;

/** A refresh that is repeated within 30 seconds gets the same tokens; later it ends the session. */
const REFRESH = "/v1/auth/refresh";
const REFRESH_ATTEMPT_MS = 7000;
const REFRESH_ATTEMPTS = 3;
/** What the server wants to be asked later than this is told to the caller at once. */
const WAIT_MAX_MS = 30_000;

/** May be sent again when no answer came: it has its effect once. */
function isRepeatable(operation: Operation): boolean {
  return operation.key || operation.path === REFRESH
    || ["GET", "PUT", "DELETE"].includes(operation.method);
}

/** Whether the server wants it to be sent again. */
function isLater(problem: SebezProblem, operation: Operation): boolean {
  if ((problem.retryAfterMs ?? 0) > WAIT_MAX_MS) return false;
  if (problem.code === "overloaded" || problem.status === 429) return true;
  const undecided = problem.status >= 502 || problem.code === "request_in_progress";
  return undecided && isRepeatable(operation);
}

/** The client of one server for one account. Every operation of A is a method. */
export interface Sebez<A = Api> extends Api {}
export class Sebez<A = Api> {
  readonly options: SebezOptions;
  #store: SessionStore;
  #saved: Promise<Saved> | null = null;
  #refreshing: Promise<void> | null = null;

  constructor(options: SebezOptions) {
    this.options = { ...options, url: options.url.replace(/\/+$/, "") };
    this.#store = options.store ?? memoryStore();
  }

  /** Whether there is a session; it may have ended elsewhere. */
  async isSignedIn(): Promise<boolean> {
    return (await this.#load()).access_token !== null;
  }

  /** All items of a list, page after page. */
  async *all<N extends ListName<A>>(name: N, input?: Given<A, N>, options?: CallOptions):
      AsyncGenerator<ItemOf<A, N>, void, undefined> {
    let cursor: string | null = null;
    do {
      const given = { ...(input as object), ...(cursor && { cursor }) } as Given<A, N>;
      const page = (await this.call(name, given, options)) as Page<ItemOf<A, N>>;
      yield* page.items;
      cursor = page.next_cursor;
    } while (cursor !== null);
  }

  /** An operation by its name. */
  call<N extends keyof A>(name: N, input?: Given<A, N>, options?: CallOptions):
      Promise<Answer<A, N>> {
    const methods = this as unknown as Record<N, (...given: unknown[]) => Promise<Answer<A, N>>>;
    return methods[name](input, options);
  }

  /** Makes methods of the operations of a table (operationsOf()). */
  static add(table: string): void {
    for (const [name, operation] of Object.entries(operationsOf(table)))
      Object.defineProperty(this.prototype, name, {
        value(this: Sebez, input?: object, options?: CallOptions) {
          return this.#run(operation, input, options);
        },
      });
  }

  async #run(operation: Operation, input: object = {}, options: CallOptions = {}): Promise<unknown> {
    const target = targetOf(operation, input as Record<string, unknown>);
    const headers = this.#headers(operation, options);
    const { response, text } = await this.#sendUntilAnswered(operation, target, headers, options);
    options.onResponse?.(response);
    if (operation.path === "/v1/auth/logout") await this.#save({ ...NOBODY });
    const isJson = response.headers.get("Content-Type")?.includes("json");
    const answer = text === "" ? undefined : isJson ? JSON.parse(text) : text;
    await this.#learn(response, answer);
    return answer;
  }

  async #sendUntilAnswered(operation: Operation, target: { path: string; body?: BodyInit },
      headers: Record<string, string>, options: CallOptions): Promise<Whole> {
    const most = operation.path === REFRESH ? REFRESH_ATTEMPTS : this.options.attempts ?? 5;
    let refreshed = false;
    for (let attempt = 1; ; attempt++) {
      const saved = await this.#load();
      let whole: Whole;
      try {
        whole = await this.#send(operation, target, this.#identify(operation, saved, headers),
          options.signal);
      } catch (error) {
        options.signal?.throwIfAborted();
        if (attempt >= most || !isRepeatable(operation)) throw new NoAnswer(error);
        await pause(backOffMs(attempt), options.signal);
        continue;
      }
      if (whole.response.ok) return whole;
      const problem = problemOf(whole.response, whole.text);
      const isOld = problem.code === "unauthenticated" && !operation.public && !refreshed;
      if (isOld && saved.access_token) {
        await this.#refresh(saved.access_token);
        refreshed = true;
      } else if (attempt < most && isLater(problem, operation)) {
        await pause((problem.retryAfterMs ?? backOffMs(attempt)) + Math.random() * 1000,
          options.signal);
      } else {
        throw problem;
      }
    }
  }

  #headers(operation: Operation, options: CallOptions): Record<string, string> {
    const headers: Record<string, string> = {};
    const language = options.language ?? this.options.language;
    if (language) headers["Accept-Language"] = language;
    if (operation.body) headers["Content-Type"] = "application/json";
    if (operation.file) headers["Content-Type"] = operation.file;
    if (operation.key) headers["Idempotency-Key"] = options.idempotencyKey ?? freshKey();
    if (options.ifMatch !== undefined)
      headers["If-Match"] = typeof options.ifMatch === "number" ? `"${options.ifMatch}"`
        : options.ifMatch;
    return headers;
  }

  #identify(operation: Operation, saved: Saved, headers: Record<string, string>):
      Record<string, string> {
    const more: Record<string, string> = {};
    if (saved.access_token && !operation.public) more.Authorization = `Bearer ${saved.access_token}`;
    if (saved.cart_token && (operation.guests || operation.path.startsWith("/v1/auth/")))
      more["X-Cart-Token"] = saved.cart_token;
    return { ...headers, ...more };
  }

  async #send(operation: Operation, target: { path: string; body?: BodyInit },
      headers: Record<string, string>, signal?: AbortSignal): Promise<Whole> {
    const usual = this.options.timeoutMs ?? 60_000;
    const limit = within(operation.path === REFRESH ? Math.min(usual, REFRESH_ATTEMPT_MS) : usual,
      signal);
    try {
      const send = this.options.fetch ?? fetch;
      const response = await send(this.options.url + target.path, {
        method: operation.method, headers, body: target.body, signal: limit.signal,
      });
      return { response, text: await response.text() };
    } finally {
      limit.end();
    }
  }

  /** One at a time: a refresh token works once. */
  #refresh(used: string): Promise<void> {
    this.#refreshing ??= exclusive(() => this.#exchange(used)).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #exchange(used: string): Promise<void> {
    this.#saved = null; // another tab may have done it
    const saved = await this.#load();
    if (saved.access_token !== used || saved.refresh_token === null) return;
    try {
      await this.refresh({ refresh_token: saved.refresh_token });
    } catch (error) {
      if ((error as SebezProblem).status === 401) {
        await this.#save({ ...NOBODY });
        this.options.onSignedOut?.();
      }
      throw error;
    }
  }

  /** Tokens that an answer brings. */
  async #learn(response: Response, answer: unknown): Promise<void> {
    const cart = response.headers.get("X-Cart-Token");
    const tokens = answer as Partial<SignedIn> | undefined;
    if (typeof tokens?.access_token === "string" && typeof tokens.refresh_token === "string")
      await this.#save({
        access_token: tokens.access_token, refresh_token: tokens.refresh_token, cart_token: null,
      });
    else if (cart) await this.#save({ ...(await this.#load()), cart_token: cart });
  }

  #load(): Promise<Saved> {
    this.#saved ??= this.#loadAnew().catch((error) => {
      this.#saved = null; // a keychain that is locked may be open later
      throw error;
    });
    return this.#saved;
  }

  async #loadAnew(): Promise<Saved> {
    return (await this.#store.load()) ?? NOBODY;
  }

  async #save(saved: Saved): Promise<void> {
    this.#saved = Promise.resolve(saved);
    await this.#store.save(saved);
  }
}

Sebez.add(TABLE);

/** A key that no other call has; React Native has no crypto.randomUUID. */
export function freshKey(): string {
  const random = globalThis.crypto?.randomUUID?.();
  if (random) return random;
  const part = () => Math.random().toString(36).slice(2, 12);
  return `${Date.now().toString(36)}-${part()}-${part()}`;
}
