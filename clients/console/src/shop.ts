// The shop that is open, and what the person may do in it.
import type { Membership, StaffRole, User } from "@sebez/sdk";
import { createContext, useContext } from "react";
import { currentSession } from "./sebez.ts";

export const ShopContext = createContext<Membership | null>(null);

export function useShop(): Membership {
  const shop = useContext(ShopContext);
  if (!shop) throw new Error("no shop is open");
  return shop;
}

let me: User | null = null;

/** Who is signed in; for pages that are being left after signing out, who was. */
export function useMe(): User {
  const session = currentSession();
  if (session.status === "in") me = session.user;
  if (!me) throw new Error("nobody is signed in");
  return me;
}

const MANAGES: StaffRole[] = ["owner", "manager"];
const FULFILS: StaffRole[] = ["owner", "manager", "fulfilment"];
const TALKS: StaffRole[] = ["owner", "manager", "fulfilment", "support"];
const HOSTS: StaffRole[] = ["owner", "manager", "support"];

export const mayManage = (shop: Membership): boolean => MANAGES.includes(shop.role);
export const mayFulfil = (shop: Membership): boolean => FULFILS.includes(shop.role);
export const mayCancel = (shop: Membership): boolean => MANAGES.includes(shop.role);
/** Blocks customers, and keeps saved replies. */
export const mayHost = (shop: Membership): boolean => HOSTS.includes(shop.role);
export const maySeeMoney = (shop: Membership): boolean => shop.role === "owner" || shop.role === "finance";
export const mayTalk = (shop: Membership): boolean => TALKS.includes(shop.role);
