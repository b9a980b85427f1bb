// What a problem means to the person, and what they can do.
import { NoAnswer, SebezProblem } from "@sebez/sdk";
import { t, type Key } from "./texts/index.ts";

const TEXTS: Partial<Record<string, Key>> = {
  rate_limited: "problem_rate_limited",
  overloaded: "problem_rate_limited",
  account_locked: "problem_account_locked",
  forbidden: "problem_forbidden",
  second_factor_required: "problem_second_factor",
  transition_not_allowed: "problem_transition",
  version_mismatch: "problem_transition",
};

export function say(error: unknown): string {
  if (error instanceof NoAnswer) return t("problem_no_answer");
  if (!(error instanceof SebezProblem)) return t("problem_other", { detail: String(error) });
  const key = TEXTS[error.code];
  if (key) return t(key);
  const fields = error.errors.map((each) => each.detail).join(" ");
  return t("problem_other", { detail: fields || error.message });
}
