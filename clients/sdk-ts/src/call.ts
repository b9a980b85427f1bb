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

export interface Operation {
  method: string;
  path: string;
  query: string[];
  /** Its body is made of the members of the input that are in neither path nor query. */
  body: boolean;
  /** Its body is `input.body` as it is, of this type. */
  file: string | null;
  guests: boolean;
  key: boolean;
  public: boolean;
}

/**
 * The operations of a table by name. Its lines are in the order of their paths: "shared rest
 * METHODflags name query media", where `shared` is the number of segments that the path has in
 * common with the one before, and `rest` are its others.
 */
export function operationsOf(table: string): Record<string, Operation> {
  const operations: Record<string, Operation> = {};
  let path: string[] = [];
  for (const line of table.trim().split("\n")) {
    const [shared, rest, call = "", name = "", query, media = null] = line.split(" ");
    path = [...path.slice(0, Number(shared)), ...(rest ? rest.split("/") : [])];
    const method = call.replace(/[a-z]+/, "");
    const has = (flag: string) => call.includes(flag);
    operations[name] = {
      method, path: `/v1/${path.join("/")}`, query: query ? query.split(",") : [],
      body: has("b"), file: media, guests: has("g"), key: has("k"), public: has("p"),
    };
  }
  return operations;
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
