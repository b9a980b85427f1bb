/** Options of one call. */
export interface CallOptions {
  /** Ends the call; it throws what the signal was aborted with. */
  signal?: AbortSignal;
  /** Sent with the call and all its repetitions; without one a fresh key is used. Keep it with what
   *  you queue, and a call that is sent again after the app was killed has its effect once. */
  idempotencyKey?: string;
  /** The ETag or version that the change is based on; 412 `version_mismatch` when it has changed. */
  ifMatch?: string | number;
  /** Language of texts for people, when it is not the client's. */
  language?: string;
  /** Sees each answer, for its headers (ETag, X-Request-Id). */
  onResponse?: (response: Response) => void;
}

/** An operation, read from its line "METHOD path?query flags media". */
export interface Operation {
  method: string;
  path: string;
  query: string[];
  /** Its body is made of the members of the input that are in neither path nor query. */
  body: boolean;
  /** Its body is `input.body` as it is. */
  file: string | null;
  guests: boolean;
  key: boolean;
  public: boolean;
  text: boolean;
}

export function operationOf(line: string): Operation {
  const [method = "", target = "", flags = "", media = null] = line.split(" ");
  const [path = "", query] = target.split("?");
  return {
    method, path, query: query?.split(",") ?? [],
    body: flags.includes("b"), file: flags.includes("f") ? media : null,
    guests: flags.includes("g"), key: flags.includes("k"), public: flags.includes("p"),
    text: flags.includes("t"),
  };
}

type Input = Record<string, unknown>;

/** Adds name=value; a list repeats the name, an object has name[key]=value. */
function append(pairs: string[], name: string, value: unknown): void {
  if (value === undefined || value === null) return;
  if (Array.isArray(value)) {
    for (const each of value) append(pairs, name, each);
  } else if (typeof value === "object") {
    for (const [key, each] of Object.entries(value)) append(pairs, `${name}[${key}]`, each);
  } else {
    pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  }
}

/** Path with its query, and the body, of a call with this input. */
export function targetOf(operation: Operation, input: Input): { path: string; body?: BodyInit } {
  const rest: Input = { ...input };
  const take = (name: string): unknown => {
    const value = rest[name];
    delete rest[name];
    return value;
  };
  let path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = take(name);
    if (typeof value !== "string" || value === "") throw new TypeError(`${name} is required`);
    return encodeURIComponent(value);
  });
  const pairs: string[] = [];
  for (const name of operation.query) append(pairs, name, take(name));
  if (pairs.length > 0) path += `?${pairs.join("&")}`;
  if (operation.file) return { path, body: take("body") as BodyInit };
  return operation.body ? { path, body: JSON.stringify(rest) } : { path };
}
