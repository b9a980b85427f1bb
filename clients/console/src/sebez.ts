// The client of this server, and who is signed in. The refresh token is in a cookie that no script
// can read; the access token is in memory only.
import { exclusive, Sebez, SebezProblem, type SignedIn, type User, type Saved } from "@sebez/sdk";
import { startWriting } from "./written.ts";

const KEPT = "sebez.session"; // says that there may be a cookie: a page that opens need not ask
const COOKIE = "cookie"; // what the server calls a token that is in the cookie

export type Session =
  | { status: "starting" }
  | { status: "unreachable" }
  | { status: "out"; ended: boolean } // ended: it was not signed out here
  | { status: "in"; user: User };

let saved: Saved | null = null;
let session: Session = { status: "starting" };
const listeners = new Set<() => void>();
const tabs = new BroadcastChannel("sebez-session");

function become(next: Session): void {
  session = next;
  if (next.status === "in") localStorage.setItem(KEPT, next.user.id);
  else if (next.status === "out") localStorage.removeItem(KEPT);
  if (next.status === "in") startWriting(next.user.id);
  else if (next.status === "out" && !next.ended) startWriting("");
  for (const listener of listeners) listener();
}

export const sebez = new Sebez({
  url: location.origin,
  attempts: 3,
  store: {
    load: () => saved,
    save: (next) => {
      saved = next;
    },
  },
  fetch: (input, init) => {
    const headers = new Headers(init?.headers);
    if (String(input).startsWith(`${location.origin}/v1/auth/`)) headers.set("X-Refresh-Token", COOKIE);
    return fetch(input, { ...init, headers });
  },
  onSignedOut: () => become({ status: "out", ended: true }),
});

export function subscribeSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function currentSession(): Session {
  return session;
}

/** After an answer that signs in. */
export function signedIn(answer: SignedIn): void {
  become({ status: "in", user: answer.user });
  tabs.postMessage(answer.user.id);
}

/** Goes on with the session that the cookie has, if there is one. One tab at a time, like the SDK. */
export async function resume(): Promise<void> {
  if (!localStorage.getItem(KEPT)) return become({ status: "out", ended: false });
  try {
    const answer = await exclusive(() => sebez.refresh({ refresh_token: COOKIE }));
    become({ status: "in", user: answer.user });
  } catch (error) {
    const isOver = error instanceof SebezProblem && error.status < 500 && error.status !== 429;
    become(isOver ? { status: "out", ended: true } : { status: "unreachable" });
  }
}

export async function signOut(): Promise<void> {
  try {
    await sebez.logout({});
  } catch (error) {
    // Without an answer the session may live on: the person has to know.
    if (!(error instanceof SebezProblem) || error.status !== 401) throw error;
  }
  become({ status: "out", ended: false });
  tabs.postMessage("out");
}

/** Another tab says "out", or who signed in. All tabs have one cookie, so they show one person. */
tabs.onmessage = (message) => {
  const isOther = session.status === "in" && message.data !== session.user.id;
  if (isOther) {
    saved = null;
    location.reload();
  } else if (message.data !== "out" && session.status === "out") {
    void resume();
  }
};
