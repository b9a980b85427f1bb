// Keys of a page. They are not heard while somebody writes, or behind an open dialog.
import { useEffect, useRef } from "react";

export type Keys = Record<string, (event: KeyboardEvent) => void>;

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement
    && (target.isContentEditable || (target.matches("input:not([type=checkbox]), textarea, select")));
}

export function useKeys(keys: Keys): void {
  const kept = useRef(keys);
  kept.current = keys;
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector("dialog[open]")) return;
      if (isWriting(event.target) && event.key !== "Escape") return;
      // The browser's own meaning of these on a button, a link or a box comes first.
      if ((event.key === "Enter" || event.key === " ") && event.target instanceof HTMLElement
        && event.target.closest("button, a, input")) return;
      const act = kept.current[event.key];
      if (!act) return;
      event.preventDefault();
      act(event);
    };
    document.addEventListener("keydown", hear);
    return () => document.removeEventListener("keydown", hear);
  }, []);
}
