import type { FieldError, Problem, ProblemCode } from "./api.gen.ts";

/** The server refused a call: an RFC 9457 problem. Branch on `code`, show `message` to people. */
export class SebezProblem extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  readonly requestId: string;
  /** What is wrong, by field; empty when no field is. */
  readonly errors: FieldError[];
  /** The whole answer, with what only this problem has (the new quote, for example). */
  readonly problem: Problem & Record<string, unknown>;
  /** Milliseconds after which the server wants to be asked again; null when it did not say. */
  readonly retryAfterMs: number | null;

  constructor(problem: Problem & Record<string, unknown>, retryAfterMs: number | null) {
    super(problem.detail || problem.title);
    this.name = "SebezProblem";
    this.status = problem.status;
    this.code = problem.code;
    this.requestId = problem.request_id;
    this.errors = problem.errors ?? [];
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  /** The message for one field, as the contract names it: "/lines/0/quantity", "?limit". */
  of(field: string): string | undefined {
    return this.errors.find((error) => error.field === field)?.detail;
  }
}

/** No answer came: no network, a time-out, or a connection that broke. What was sent may have had
 *  its effect; the same call with the same `idempotencyKey` tells. */
export class NoAnswer extends Error {
  constructor(cause: unknown) {
    super("The server could not be reached.", { cause });
    this.name = "NoAnswer";
  }
}

/** The answer as a problem, also when something between here and the server answered. */
export function problemOf(response: Response, text: string): SebezProblem {
  const seconds = Number(response.headers.get("Retry-After") ?? NaN);
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : null;
  let problem: (Problem & Record<string, unknown>) | undefined;
  try {
    problem = JSON.parse(text);
  } catch {
    // Not JSON: a proxy's page.
  }
  if (typeof problem?.code !== "string")
    problem = {
      type: "about:blank", title: response.statusText, status: response.status, detail: "",
      code: response.status >= 500 ? "unavailable" : "internal",
      request_id: response.headers.get("X-Request-Id") ?? "",
    };
  return new SebezProblem(problem, retryAfterMs);
}
