import type {
  ConversationState, Event, LastMessage, OrderState, SubOrderState, Sync, VendorConversationState,
  VendorSync,
} from "./api.gen.ts";

type Talk = ConversationState | VendorConversationState;
type Side = "customer" | "vendor";
type Changes<T> = Partial<T> | null;

/** What a customer's app shows live: open orders, and conversations, by id. */
export interface CustomerState {
  side: "customer";
  cursor: string;
  orders: Readonly<Record<string, OrderState>>;
  conversations: Readonly<Record<string, ConversationState>>;
}

/** What a vendor's staff see live: open sub-orders, and conversations, by id. */
export interface VendorState {
  side: "vendor";
  cursor: string;
  status: VendorSync["status"];
  sub_orders: Readonly<Record<string, SubOrderState>>;
  conversations: Readonly<Record<string, VendorConversationState>>;
}

export type State = CustomerState | VendorState;

function byId<T, K extends keyof T>(items: T[], id: K): Record<string, T> {
  return Object.fromEntries(items.map((item) => [item[id] as string, item]));
}

export function stateOf(sync: Sync | VendorSync): State {
  if ("sub_orders" in sync)
    return {
      side: "vendor", cursor: sync.cursor, status: sync.status,
      sub_orders: byId(sync.sub_orders, "id"),
      conversations: byId(sync.conversations, "conversation_id"),
    };
  return {
    side: "customer", cursor: sync.cursor, orders: byId(sync.orders, "order_id"),
    conversations: byId(sync.conversations, "conversation_id"),
  };
}

/** Messages that a side has not written are unread to it until it reads them. */
function isUnread(side: Side, author: string): boolean {
  return (side === "customer") !== (author === "customer");
}

/** The state with other conversations, of the same side. */
function withTalks<S extends State>(state: S, conversations: Record<string, Talk>): S {
  return { ...state, conversations } as S;
}

function changeTalk<S extends State>(state: S, id: string, change: (talk: Talk) => Changes<Talk>): S {
  const talk: Talk | undefined = state.conversations[id];
  const changes = talk && change(talk);
  if (!talk || !changes) return state; // closed before the state was read, for example
  return withTalks(state, { ...state.conversations, [id]: { ...talk, ...changes } as Talk });
}

function partOf(part: SubOrderState): SubOrderState {
  const { id, order_id, vendor_id, number, status, cancelled_total, version } = part;
  return { id, order_id, vendor_id, number, status, cancelled_total, version };
}

function changePart<S extends State>(state: S, part: SubOrderState): S {
  if (state.side === "vendor")
    return { ...state, sub_orders: { ...state.sub_orders, [part.id]: partOf(part) } };
  const order = state.orders[part.order_id];
  if (!order) return state;
  const others = order.sub_orders.filter((each) => each.id !== part.id);
  const sub_orders = [...others, partOf(part)].sort((a, b) => (a.number < b.number ? -1 : 1));
  return { ...state, orders: { ...state.orders, [order.order_id]: { ...order, sub_orders } } };
}

const BEGIN = { status: "open", last_seq: 0, unread: 0, last_message: null } as const;

function openTalk<S extends State>(state: S, payload: { conversation_id: string }): S {
  const marks = () => ({ customer: 0, vendor: 0 });
  const talk = {
    ...payload, ...BEGIN, read: marks(), delivered: marks(),
    ...(state.side === "vendor" ? { staff_id: null } : {}),
  } as unknown as Talk;
  return withTalks(state, { ...state.conversations, [payload.conversation_id]: talk });
}

function forgetTalk<S extends State>(state: S, id: string): S {
  const { [id]: _, ...rest } = state.conversations as Record<string, Talk>;
  return withTalks(state, rest);
}

function blockTalks<S extends State>(state: S, payload: Extract<Event, { kind: "block_changed" }>["payload"]): S {
  const isConcerned = (talk: Talk) => ("vendor_id" in talk ? talk.vendor_id === payload.vendor_id
    : talk.customer.id === payload.customer_id);
  const talks = Object.values<Talk>(state.conversations).map((talk) => (isConcerned(talk)
    ? { ...talk, blocked: { ...talk.blocked, [payload.side]: payload.blocked } } : talk));
  return withTalks(state, byId(talks, "conversation_id"));
}

/**
 * The state after an event. It changes nothing: what is not concerned is the same object as before.
 * The state of a sync and all events after its cursor give the state of a later sync. Kinds that no
 * state shows, and those that this version does not know, leave it as it is.
 */
export function fold<S extends State>(state: S, event: Event): S {
  switch (event.kind) {
    case "order_placed":
      return state.side === "vendor" ? state : {
        ...state,
        orders: { ...state.orders, [event.payload.order_id]: { ...event.payload, paid: false } },
      };
    case "sub_order_changed":
      return changePart(state, event.payload);
    case "payment_received": {
      const order = state.side === "customer" && state.orders[event.payload.order_id];
      return !order ? state : {
        ...state, orders: { ...state.orders, [order.order_id]: { ...order, paid: true } },
      } as S;
    }
    case "vendor_status_changed":
      return state.side === "customer" ? state : { ...state, status: event.payload.status };
    case "conversation_opened":
      return openTalk(state, event.payload);
    case "conversation_forgotten":
      return forgetTalk(state, event.payload.conversation_id);
    case "block_changed":
      return blockTalks(state, event.payload);
    default:
      return foldTalk(state, event);
  }
}

/** Events of one conversation. */
function foldTalk<S extends State>(state: S, event: Event): S {
  const side: Side = state.side;
  switch (event.kind) {
    case "message_sent": {
      const { seq, author, kind, text, created_at, deleted_at } = event.payload;
      const last_message: LastMessage = { seq, author, kind, text, created_at, deleted_at };
      return changeTalk(state, event.payload.conversation_id, (talk) => (seq <= talk.last_seq ? null : {
        last_seq: seq, last_message, unread: talk.unread + (isUnread(side, author) ? 1 : 0),
      }));
    }
    case "message_edited": {
      const { seq, text } = event.payload;
      return changeTalk(state, event.payload.conversation_id, (talk) => (talk.last_message?.seq !== seq
        ? null : { last_message: { ...talk.last_message, text } }));
    }
    case "message_deleted": {
      const { seq, author, deleted_at } = event.payload;
      return changeTalk(state, event.payload.conversation_id, (talk) => ({
        unread: talk.unread - (isUnread(side, author) && seq > talk.read[side] ? 1 : 0),
        last_message: talk.last_message?.seq !== seq ? talk.last_message
          : { ...talk.last_message, text: "", deleted_at },
      }));
    }
    case "message_delivered": {
      const { seq, side: of } = event.payload;
      return changeTalk(state, event.payload.conversation_id, (talk) => ({
        delivered: { ...talk.delivered, [of]: Math.max(seq, talk.delivered[of]) },
      }));
    }
    case "message_read": {
      const { seq, side: of, unread } = event.payload;
      return changeTalk(state, event.payload.conversation_id, (talk) => ({
        read: { ...talk.read, [of]: Math.max(seq, talk.read[of]) },
        delivered: { ...talk.delivered, [of]: Math.max(seq, talk.delivered[of]) },
        ...(of === side ? { unread } : {}),
      }));
    }
    case "conversation_closed":
      return changeTalk(state, event.payload.conversation_id, () => ({ status: "closed" }));
    case "conversation_reopened":
      return changeTalk(state, event.payload.conversation_id, () => ({ status: "open" }));
    case "conversation_assigned":
      return changeTalk(state, event.payload.conversation_id, () => ({ staff_id: event.payload.staff_id }));
    case "customer_erased":
      return changeTalk(state, event.payload.conversation_id, () => ({ customer: event.payload.customer }));
    default:
      return state;
  }
}
