// What the last message of a conversation was, in a line.
import type { LastMessage, VendorConversation } from "@sebez/sdk";
import { useTalkState } from "../../inbox.ts";
import { useT, type Key } from "../../texts/index.ts";

const KINDS: Partial<Record<string, Key>> = {
  image: "last_image", file: "last_file", voice: "last_voice", video: "last_video", product: "last_product", order: "last_order",
};

function later(a: LastMessage | null | undefined, b: LastMessage | null): LastMessage | null {
  return !a || (b && b.seq > a.seq) ? b : a;
}

export function useLastWords(talk: VendorConversation): string {
  const t = useT();
  const last = later(useTalkState(talk.id)?.last_message, talk.last_message);
  if (!last) return "";
  const kind = KINDS[last.kind];
  const text = last.deleted_at ? t("last_deleted") : last.text || (kind ? t(kind) : "");
  return last.author === "vendor" ? t("you", { text }) : text;
}
