// The components that pages are made of.
import { LoaderCircle } from "lucide-react";
import {
  useEffect, useId, useRef, useState, type ButtonHTMLAttributes, type ComponentType, type InputHTMLAttributes,
  type ReactNode, type TextareaHTMLAttributes,
} from "react";
import { t } from "../texts/index.ts";

export function cx(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(" ");
}

type IconType = ComponentType<{ size?: number; "aria-hidden"?: boolean }>;

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: "primary" | "plain" | "quiet" | "danger";
  icon?: IconType;
  busy?: boolean;
  keys?: string;
}

export function Button({ look = "plain", icon: Icon, busy, keys, children, className, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} className={cx("button", `button-${look}`, className)} aria-busy={busy}
      aria-keyshortcuts={keys} disabled={rest.disabled || busy}>
      {busy ? <LoaderCircle size={16} aria-hidden className="spin" /> : Icon && <Icon size={16} aria-hidden />}
      {children}
      {keys && <Kbd>{keys}</Kbd>}
    </button>
  );
}

export function IconButton({ icon: Icon, label, className, ...rest }:
    ButtonHTMLAttributes<HTMLButtonElement> & { icon: IconType; label: string }) {
  return (
    <button type="button" {...rest} className={cx("icon-button", className)} aria-label={label} title={label}>
      <Icon size={18} aria-hidden />
    </button>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className="kbd" aria-hidden>{children}</kbd>;
}

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: string | undefined;
  isOptional?: boolean;
  problem?: string | undefined;
  tail?: ReactNode;
}

export function Field({ label, hint, isOptional, problem, tail, className, ...rest }: FieldProps) {
  const id = useId();
  const about = problem || hint ? `${id}-about` : undefined;
  return (
    <div className={cx("field", className)}>
      <label htmlFor={id}>{label}{isOptional && <span className="field-optional">{t("optional")}</span>}</label>
      <div className="field-box">
        <input {...rest} id={id} aria-invalid={problem ? true : undefined} aria-describedby={about} />
        {tail}
      </div>
      {about && <p id={about} className={problem ? "field-problem" : "field-hint"}>{problem ?? hint}</p>}
    </div>
  );
}

interface AreaProps extends TextareaHTMLAttributes<HTMLTextAreaElement> {
  label: string;
  hint?: string | undefined;
  isOptional?: boolean;
  problem?: string | undefined;
}

/** A field of several lines. */
export function Area({ label, hint, isOptional, problem, className, ...rest }: AreaProps) {
  const id = useId();
  const about = problem || hint ? `${id}-about` : undefined;
  return (
    <div className={cx("field", className)}>
      <label htmlFor={id}>{label}{isOptional && <span className="field-optional">{t("optional")}</span>}</label>
      <textarea {...rest} id={id} aria-invalid={problem ? true : undefined} aria-describedby={about} />
      {about && <p id={about} className={problem ? "field-problem" : "field-hint"}>{problem ?? hint}</p>}
    </div>
  );
}

/** Initials on a ground whose colour comes from the name. */
export function Avatar({ name, size = "medium", square = false }:
    { name: string; size?: "small" | "medium" | "large"; square?: boolean }) {
  const words = name.trim().split(/\s+/);
  const initials = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "").join("");
  let sum = 0;
  for (const char of name) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return (
    <span className={cx("avatar", `avatar-${size}`, `hue-${sum % 6}`, square && "avatar-square")} aria-hidden>
      {initials.toUpperCase()}
    </span>
  );
}

/** A picture, or the initials while there is none or it cannot be read. */
export function Picture({ url, name }: { url: string | null | undefined; name: string }) {
  const [failed, setFailed] = useState<string | null>(null);
  if (!url || failed === url) return <Avatar name={name} square />;
  return <img src={url} alt="" width={44} height={44} loading="lazy" onError={() => setFailed(url)} />;
}

export function Dot({ kind }: { kind: string }) {
  return <span className={`dot dot-${kind}`} aria-hidden />;
}

export function Notice({ kind = "info", children }: { kind?: "info" | "warn" | "bad"; children: ReactNode }) {
  return <div className={`notice notice-${kind}`} role={kind === "bad" ? "alert" : "status"}>{children}</div>;
}

export function Empty({ icon: Icon, title, children, action }:
    { icon: IconType; title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <span className="empty-icon"><Icon size={26} aria-hidden /></span>
      <h2>{title}</h2>
      <p>{children}</p>
      {action}
    </div>
  );
}

export function Skeleton({ lines, className }: { lines: number; className?: string }) {
  return (
    <div className={cx("skeletons", className)} aria-hidden>
      {Array.from({ length: lines }, (_, index) => <span key={index} className={`skeleton skeleton-${index % 4}`} />)}
    </div>
  );
}

/** A dialog of the browser: it keeps the focus inside, and Escape closes it. */
export function Dialog({ title, about, onClose, children, className }:
    { title: string; about?: string; onClose: () => void; children: ReactNode; className?: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} className={cx("dialog", className)} aria-labelledby={id} onCancel={(event) => {
      event.preventDefault();
      onClose();
    }} onClick={(event) => {
      if (event.target === dialog.current) onClose();
    }}>
      <div className="dialog-inside">
        <h2 id={id}>{title}</h2>
        {about && <p className="dialog-about">{about}</p>}
        {children}
      </div>
    </dialog>
  );
}

/** One of a few, as radio buttons that look like one control. */
export function Choice<T extends string>({ label, value, options, onChange }:
    { label: string; value: T; options: Record<T, string>; onChange: (value: T) => void }) {
  const name = useId();
  return (
    <fieldset className="choice">
      <legend>{label}</legend>
      <div className="choice-options">
        {(Object.entries(options) as [T, string][]).map(([option, text]) => (
          <label key={option} className={cx("choice-option", option === value && "is-chosen")}>
            <input type="radio" name={name} checked={option === value} onChange={() => onChange(option)} />
            {text}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export function Failed({ title, children, onRetry }: { title: string; children: ReactNode; onRetry: () => void }) {
  return (
    <div className="empty" role="alert">
      <h2>{title}</h2>
      <p>{children}</p>
      <Button look="primary" onClick={onRetry}>{t("try_again")}</Button>
    </div>
  );
}
