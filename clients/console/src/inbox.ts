// Reading and changing conversations. What is sent is shown at once; the feed makes stale what changes.
import { keepPreviousData, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import {
  freshKey, NoAnswer, type FoundMessage, type MessageAttachment, type Note, type SendMessageInput, type Staff,
  type VendorConversation, type VendorConversationState, type VendorMessage,
} from "@sebez/sdk";
import { useEffect } from "react";
import { useLive } from "./live.ts";
import { say } from "./problems.ts";
import { sebez } from "./sebez.ts";
import { mayManage, useShop } from "./shop.ts";
import { t } from "./texts/index.ts";
import { tell } from "./ui/toasts.tsx";
import type { View } from "./views.ts";
import { isOnScreen, outgoing, setOutgoing, type Outgoing } from "./written.ts";

const PAGE = 100;
const FOUND = 30;

async function first<T>(pages: AsyncIterable<T>, most: number): Promise<{ items: T[]; more: boolean }> {
  const items: T[] = [];
  for await (const item of pages) {
    if (items.length === most) return { items, more: true };
    items.push(item);
  }
  return { items, more: false };
}

function filterOf(view: View) {
  if (view === "closed") return { status: "closed" } as const;
  return { status: "open", ...(view === "open" ? {} : { [view]: true }) } as const;
}

export function useTalks(view: View, most: number) {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "inbox", view, most],
    queryFn: ({ signal }) => first(sebez.all("listVendorConversations",
      { vendor_id: shop.id, limit: Math.min(PAGE, most), ...filterOf(view) }, { signal }), most),
    placeholderData: keepPreviousData,
  });
}

export function useTalk(id: string) {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "talk", id],
    queryFn: ({ signal }) => sebez.getVendorConversation({ vendor_id: shop.id, conversation_id: id }, { signal }),
  });
}

/** What the feed says of it at this moment; only open conversations are known. */
export function useTalkState(id: string): VendorConversationState | undefined {
  return useLive().state?.conversations[id];
}

export interface Messages {
  items: VendorMessage[]; // oldest first
  more: boolean;
}

/** The newest, at least as far back as a message. */
export function useMessages(id: string, most: number, from: number) {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "talk", id, "messages", most, from],
    queryFn: async ({ signal }): Promise<Messages> => {
      const items: VendorMessage[] = [];
      let more = false;
      for await (const item of sebez.all("listVendorMessages",
        { vendor_id: shop.id, conversation_id: id, order: "newest", limit: Math.min(PAGE, most) }, { signal })) {
        if (items.length >= most && item.seq < from) {
          more = true;
          break;
        }
        items.push(item);
      }
      return { items: items.reverse(), more };
    },
    placeholderData: keepPreviousData,
  });
}

export function useNotes(id: string) {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "talk", id, "notes"],
    queryFn: async ({ signal }): Promise<Note[]> => (await first(
      sebez.all("listNotes", { vendor_id: shop.id, conversation_id: id, limit: PAGE }, { signal }), 500)).items,
  });
}

export function useFound(q: string) {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "inbox", "found", q], enabled: q !== "",
    queryFn: async ({ signal }): Promise<FoundMessage[]> =>
      (await sebez.searchVendorMessages({ vendor_id: shop.id, q, limit: FOUND }, { signal })).items,
    placeholderData: keepPreviousData,
  });
}

export function useCanned(isWanted: boolean) {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "canned"], enabled: isWanted,
    queryFn: async ({ signal }) =>
      (await first(sebez.all("listCannedReplies", { vendor_id: shop.id, limit: PAGE }, { signal }), 500)).items,
  });
}

/** Staff to whom a conversation can be given; those who may not see the team know themselves. */
export function useColleagues() {
  const shop = useShop();
  return useQuery({
    queryKey: ["shop", shop.id, "team"], enabled: mayManage(shop),
    queryFn: async ({ signal }): Promise<Staff[]> =>
      (await first(sebez.all("listStaff", { vendor_id: shop.id, limit: PAGE }, { signal }), 500)).items,
  });
}

function showTalk(queries: QueryClient, vendor: string, talk: VendorConversation): void {
  queries.setQueryData(["shop", vendor, "talk", talk.id], talk);
  void queries.invalidateQueries({ queryKey: ["shop", vendor, "inbox"] });
}

function showMessage(queries: QueryClient, vendor: string, message: VendorMessage): void {
  queries.setQueriesData<Messages>({ queryKey: ["shop", vendor, "talk", message.conversation_id, "messages"] }, (list) =>
    list && { ...list, items: [...list.items.filter((each) => each.id !== message.id), message].sort((a, b) => a.seq - b.seq) });
}

async function deliver(queries: QueryClient, message: Outgoing): Promise<void> {
  const { key, vendor, talk, input } = message;
  const isStillThere = () => outgoing().some((each) => each.key === key); // the person may have signed out
  try {
    const sent = await sebez.sendVendorMessage({ vendor_id: vendor, conversation_id: talk, ...input, client_id: key });
    if (!isStillThere()) return;
    if ("seq" in sent) showMessage(queries, vendor, sent);
    else tell(t("message_held"));
    setOutgoing(outgoing().filter((each) => each.key !== key));
  } catch (error) {
    if (!isStillThere()) return;
    const problem = say(error);
    setOutgoing(outgoing().map((each) => (each.key === key ? { ...each, problem } : each)));
    if (!isOnScreen(talk)) tell(t("message_failed_to", { name: message.customer, problem }), "bad");
    if (!(error instanceof NoAnswer)) void queries.invalidateQueries({ queryKey: ["shop", vendor, "talk", talk] });
  }
}

const delivering = new Set<string>(); // conversations

/** One message after the other, so they arrive as they were written. */
async function deliverAll(queries: QueryClient, talk: string): Promise<void> {
  if (delivering.has(talk)) return;
  delivering.add(talk);
  const next = () => outgoing().find((each) => each.talk === talk && each.problem === null);
  for (let message = next(); message; message = next()) await deliver(queries, message);
  delivering.delete(talk);
}

/** Sends what was on the way when the page was loaded again; each has its effect once. */
export function useUnsent(): void {
  const queries = useQueryClient();
  const shop = useShop();
  useEffect(() => {
    for (const each of outgoing())
      if (each.vendor === shop.id) void deliverAll(queries, each.talk);
  }, [queries, shop.id]);
}

export interface TalkMoves {
  send(input: Omit<SendMessageInput, "client_id">, shown: { text: string; files: string[]; customer: string }): void;
  sendAgain(message: Outgoing): void;
  throwAway(key: string): void;
  remove(message: VendorMessage): Promise<void>;
  note(text: string): Promise<boolean>;
  read(seq: number): void;
  typing(): void;
  assign(user: { id: string; name: string } | null): Promise<void>;
  close(): Promise<void>;
  reopen(): Promise<void>;
  block(isBlocked: boolean, name: string): Promise<boolean>;
}

export function useTalkMoves(id: string): TalkMoves {
  const queries = useQueryClient();
  const shop = useShop();
  const at = { vendor_id: shop.id, conversation_id: id };
  const told = async (work: Promise<unknown>, text?: string): Promise<boolean> => {
    try {
      await work;
      if (text) tell(text);
      return true;
    } catch (error) {
      tell(say(error), "bad");
      return false;
    }
  };
  const deliver = (message: Outgoing) => {
    setOutgoing([...outgoing().filter((each) => each.key !== message.key), { ...message, problem: null }]);
    void deliverAll(queries, id);
  };
  const change = async (guess: Partial<VendorConversation>, call: () => Promise<VendorConversation>) => {
    const key = ["shop", shop.id, "talk", id];
    queries.setQueryData<VendorConversation>(key, (talk) => talk && { ...talk, ...guess });
    try {
      showTalk(queries, shop.id, await call());
    } catch (error) {
      void queries.invalidateQueries({ queryKey: key });
      throw error;
    }
  };
  return {
    send: (input, shown) => deliver({ key: freshKey(), vendor: shop.id, talk: id, ...shown, input, problem: null }),
    sendAgain: deliver,
    throwAway: (key) => setOutgoing(outgoing().filter((each) => each.key !== key)),
    async remove(message) {
      await told(sebez.deleteVendorMessage({ ...at, message_id: message.id }).then(() =>
        showMessage(queries, shop.id, { ...message, text: "", attachments: [], card: null, deleted_at: new Date().toISOString() })),
      t("deleted"));
    },
    note: (text) => told(sebez.createNote({ ...at, text }).then((note) =>
      queries.setQueryData<Note[]>(["shop", shop.id, "talk", id, "notes"], (notes) =>
        notes && [...notes.filter((each) => each.number !== note.number), note]))), // the feed may have brought it
    read: (seq) => void sebez.markVendorRead({ ...at, seq }).catch(() => undefined), // the next one says it again
    typing: () => void sebez.setVendorTyping(at).catch(() => undefined),
    assign: async (user) => void await told(change({ assignee: user }, () =>
      sebez.assignConversation({ ...at, user_id: user?.id ?? null }))),
    close: async () => void await told(change({ status: "closed" }, () => sebez.closeConversation(at)), t("done_closed")),
    reopen: async () => void await told(change({ status: "open" }, () => sebez.reopenConversation(at)), t("done_reopened")),
    block: (isBlocked, name) => told((isBlocked ? sebez.blockCustomer(at) : sebez.unblockCustomer(at)).then(() =>
      queries.invalidateQueries({ queryKey: ["shop", shop.id, "talk", id] })),
    t(isBlocked ? "done_blocked" : "done_unblocked", { name })),
  };
}

/** The smallest picture that is large enough. */
export function pictureOf(attachment: MessageAttachment, width: number): string | undefined {
  const image = attachment.image;
  const sizes = (image?.variants ?? []).filter((each) => each.format === "webp").sort((a, b) => a.width - b.width);
  return (sizes.find((each) => each.width >= width) ?? sizes.at(-1))?.url ?? image?.url;
}
