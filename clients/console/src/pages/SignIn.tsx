// Password, then the second factor when the account has one.
import { SebezProblem, type SignedIn, type SignInChallenge } from "@sebez/sdk";
import { Eye, EyeOff, KeyRound, ShieldCheck } from "lucide-react";
import { useState, type FormEvent, type ReactNode } from "react";
import { LANGUAGES, setPrefs, usePrefs, type Language } from "../prefs.ts";
import { say } from "../problems.ts";
import { currentSession, sebez, signedIn } from "../sebez.ts";
import { useT } from "../texts/index.ts";
import { Button, Field, IconButton, Notice } from "../ui/index.tsx";

/** A page without the shop around it. */
export function Alone({ children }: { children: ReactNode }) {
  const { language } = usePrefs();
  const t = useT();
  return (
    <div className="alone">
      <header className="alone-head"><Mark /><span>Sebez</span></header>
      <main className="alone-card">{children}</main>
      <footer className="alone-foot">
        <select aria-label={t("language")} value={language}
          onChange={(event) => setPrefs({ language: event.target.value as Language })}>
          {Object.entries(LANGUAGES).map(([code, name]) => <option key={code} value={code}>{name}</option>)}
        </select>
      </footer>
    </div>
  );
}

export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="9" />
      <path d="M9.5 12.5h13l-1 11h-11zM12.5 12.5v-1.3a3.5 3.5 0 0 1 7 0v1.3" />
    </svg>
  );
}

function isChallenge(answer: SignedIn | SignInChallenge): answer is SignInChallenge {
  return "challenge_id" in answer;
}

function Password({ onChallenge }: { onChallenge: (challenge: SignInChallenge) => void }) {
  const t = useT();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const [shown, setShown] = useState(false);
  const was = currentSession();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem("");
    try {
      const answer = await sebez.login({ email: String(form.get("email")), password: String(form.get("password")) });
      if (isChallenge(answer)) onChallenge(answer);
      else signedIn(answer);
    } catch (error) {
      const isWrong = error instanceof SebezProblem && ["bad_credentials", "invalid_input"].includes(error.code);
      setProblem(isWrong ? t("problem_bad_credentials") : say(error));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit} className="stack">
      <div><h1>{t("sign_in")}</h1><p className="quiet">{t("sign_in_about")}</p></div>
      {was.status === "out" && was.ended && !problem && <Notice>{t("session_ended")}</Notice>}
      {problem && <Notice kind="bad">{problem}</Notice>}
      <Field label={t("email")} name="email" type="email" autoComplete="username" autoFocus required maxLength={254} />
      <Field label={t("password")} name="password" type={shown ? "text" : "password"} required maxLength={200}
        autoComplete="current-password" tail={
          <IconButton icon={shown ? EyeOff : Eye} label={t(shown ? "hide_password" : "show_password")}
            onClick={() => setShown(!shown)} />} />
      <Button look="primary" type="submit" busy={busy} className="wide">{t(busy ? "signing_in" : "sign_in")}</Button>
    </form>
  );
}

function SecondFactor({ challenge, onOver }: { challenge: SignInChallenge; onOver: () => void }) {
  const t = useT();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const [byRecovery, setByRecovery] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget).get("code")).trim();
    setBusy(true);
    setProblem("");
    try {
      signedIn(await sebez.answerChallenge({ challenge_id: challenge.challenge_id, code }));
    } catch (error) {
      const status = error instanceof SebezProblem ? error.status : 0;
      setProblem(status === 401 ? t("problem_bad_code") : status === 404 ? t("problem_challenge_over") : say(error));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit} className="stack">
      <span className="empty-icon">{byRecovery ? <KeyRound aria-hidden /> : <ShieldCheck aria-hidden />}</span>
      <div>
        <h1>{t("second_step")}</h1>
        <p className="quiet">{t(byRecovery ? "second_step_recovery" : "second_step_about")}</p>
      </div>
      {problem && <Notice kind="bad">{problem}</Notice>}
      <Field key={String(byRecovery)} label={t(byRecovery ? "recovery_code" : "code")} name="code" autoFocus required
        autoComplete="one-time-code" inputMode={byRecovery ? "text" : "numeric"} maxLength={40} className="field-code"
        dir="ltr" />
      <Button look="primary" type="submit" busy={busy} className="wide">{t("continue")}</Button>
      <div className="row-between">
        <Button look="quiet" onClick={onOver}>{t("back")}</Button>
        {challenge.methods.includes("recovery_code") && (
          <Button look="quiet" onClick={() => setByRecovery(!byRecovery)}>
            {t(byRecovery ? "use_app" : "use_recovery_code")}
          </Button>
        )}
      </div>
    </form>
  );
}

export function SignIn() {
  const [challenge, setChallenge] = useState<SignInChallenge | null>(null);
  return (
    <Alone>
      {challenge ? <SecondFactor challenge={challenge} onOver={() => setChallenge(null)} />
        : <Password onChallenge={setChallenge} />}
    </Alone>
  );
}
