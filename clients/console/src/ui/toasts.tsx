// Short messages about what was done, at the edge of the screen.
import { Check, CircleAlert, X } from "lucide-react";
import { useEffect, useSyncExternalStore } from "react";
import { t } from "../texts/index.ts";
import { IconButton } from "./index.tsx";

interface Toast {
  id: number;
  text: string;
  kind: "done" | "bad";
}

const SHOWN_MS = 5000;
const PROBLEM_SHOWN_MS = 12_000;
let toasts: Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function become(next: Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

export function tell(text: string, kind: Toast["kind"] = "done"): void {
  become([...toasts.slice(-2), { id: ++last, text, kind }]);
}

function One({ toast }: { toast: Toast }) {
  const close = () => become(toasts.filter((each) => each.id !== toast.id));
  useEffect(() => {
    const timer = setTimeout(close, toast.kind === "bad" ? PROBLEM_SHOWN_MS : SHOWN_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={`toast toast-${toast.kind}`} role={toast.kind === "bad" ? "alert" : "status"}>
      {toast.kind === "bad" ? <CircleAlert size={17} aria-hidden /> : <Check size={17} aria-hidden />}
      <span>{toast.text}</span>
      <IconButton icon={X} label={t("close")} onClick={close} />
    </div>
  );
}

export function Toasts() {
  const shown = useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, () => toasts);
  return <div className="toasts">{shown.map((toast) => <One key={toast.id} toast={toast} />)}</div>;
}
