// What a person has written and not sent yet. It stays in the tab, also when the page is loaded again,
// and goes when they sign out or somebody else signs in.
import type { SendMessageInput } from "@sebez/sdk";
import { useSyncExternalStore } from "react";

/** A message that is on the way, or has failed. */
export interface Outgoing {
  key: string;
  vendor: string;
  talk: string;
  customer: string;
  text: string;
  files: string[];
  input: Omit<SendMessageInput, "client_id">;
  problem: string | null;
}

/** A file for the next message. */
export interface Sending {
  name: string;
  percent: number;
  id: string | null; // once it is ready
  ending: AbortController;
}

interface Written {
  user: string;
  drafts: Record<string, string>;
  outgoing: readonly Outgoing[];
  files: Record<string, readonly Sending[]>; // by conversation; not kept when the page is loaded again
}

const KEY = "sebez.written";
const NO_FILES: readonly Sending[] = [];
const nothing = (user: string): Written => ({ user, drafts: {}, outgoing: [], files: {} });

function load(): Written {
  try {
    return { ...nothing(""), ...JSON.parse(sessionStorage.getItem(KEY) ?? "{}") as Partial<Written>, files: {} };
  } catch {
    return nothing("");
  }
}

let written = load();
const listeners = new Set<() => void>();

function become(change: Partial<Written>): void {
  written = { ...written, ...change };
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...written, files: undefined }));
  } catch {
    // the browser keeps nothing: it lasts until the page is loaded again
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Who writes from now on; nobody when the id is empty. */
export function startWriting(user: string): void {
  if (user === written.user) return;
  for (const file of Object.values(written.files).flat()) file.ending.abort();
  become(nothing(user));
}

const draftKey = (talk: string, isNote: boolean) => (isNote ? `note.${talk}` : talk);

export function draft(talk: string, isNote: boolean): string {
  return written.drafts[draftKey(talk, isNote)] ?? "";
}

export function setDraft(talk: string, isNote: boolean, text: string): void {
  const { [draftKey(talk, isNote)]: _, ...others } = written.drafts;
  become({ drafts: text ? { ...others, [draftKey(talk, isNote)]: text } : others });
}

/** Puts back what could not be sent or saved, before what was written since. */
export function putBack(talk: string, isNote: boolean, text: string): void {
  setDraft(talk, isNote, [text, draft(talk, isNote)].filter(Boolean).join("\n"));
}

export function useDraft(talk: string, isNote: boolean): string {
  return useSyncExternalStore(subscribe, () => draft(talk, isNote));
}

export function outgoing(): readonly Outgoing[] {
  return written.outgoing;
}

export function setOutgoing(next: readonly Outgoing[]): void {
  become({ outgoing: next });
}

const onScreen = new Map<() => void, string>(); // conversations whose messages are shown

export function isOnScreen(talk: string): boolean {
  return [...onScreen.values()].includes(talk);
}

export function useOutgoing(talk: string): Outgoing[] {
  return useSyncExternalStore((listener) => {
    onScreen.set(listener, talk);
    const end = subscribe(listener);
    return () => {
      onScreen.delete(listener);
      end();
    };
  }, () => written.outgoing).filter((each) => each.talk === talk);
}

export function useSending(talk: string): readonly Sending[] {
  return useSyncExternalStore(subscribe, () => written.files[talk] ?? NO_FILES);
}

export function changeSending(talk: string, change: (files: readonly Sending[]) => readonly Sending[]): void {
  become({ files: { ...written.files, [talk]: change(written.files[talk] ?? NO_FILES) } });
}
