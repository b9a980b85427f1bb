// The shop that is open, and what the person may do in it.
import type { Membership, StaffRole } from "@sebez/sdk";
import { createContext, useContext } from "react";

export const ShopContext = createContext<Membership | null>(null);

export function useShop(): Membership {
  const shop = useContext(ShopContext);
  if (!shop) throw new Error("no shop is open");
  return shop;
}

const FULFILS: StaffRole[] = ["owner", "manager", "fulfilment"];
const CANCELS: StaffRole[] = ["owner", "manager"];
const TALKS: StaffRole[] = ["owner", "manager", "fulfilment", "support"];

export const mayFulfil = (shop: Membership): boolean => FULFILS.includes(shop.role);
export const mayCancel = (shop: Membership): boolean => CANCELS.includes(shop.role);
export const mayTalk = (shop: Membership): boolean => TALKS.includes(shop.role);
