import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { CloudOff } from "lucide-react";
import { useEffect, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { SebezProblem } from "@sebez/sdk";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/pages.css";
import { Alone } from "./pages/SignIn.tsx";
import { currentPrefs, usePrefs } from "./prefs.ts";
import { makeRouter } from "./router.tsx";
import { currentSession, resume, subscribeSession } from "./sebez.ts";
import { speak, useT } from "./texts/index.ts";
import { Button, Empty } from "./ui/index.tsx";

// What is shown is made stale by events, never by time; the SDK sends again what may be sent again.
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity, refetchOnWindowFocus: false, refetchOnReconnect: true,
      retry: (count, error) => !(error instanceof SebezProblem) && count < 2,
    },
  },
});
const router = makeRouter(queries);

function Unreachable() {
  const t = useT();
  return (
    <Alone>
      <Empty icon={CloudOff} title={t("unreachable")} action={<Button look="primary" onClick={() => void resume()}>{t("try_again")}</Button>}>
        {t("unreachable_about")}
      </Empty>
    </Alone>
  );
}

function App() {
  const session = useSyncExternalStore(subscribeSession, currentSession);
  const { language } = usePrefs();
  const t = useT();
  useEffect(() => void speak(language), [language]);
  useEffect(() => {
    document.title = t("console");
  });
  useEffect(() => {
    if (session.status === "out") queries.clear(); // what one person saw is not for the next
    if (session.status === "in" || session.status === "out") void router.invalidate();
  }, [session]);
  if (session.status === "starting") return <div className="starting" aria-busy="true" />;
  if (session.status === "unreachable") return <Unreachable />;
  return <RouterProvider router={router} />;
}

const root = document.getElementById("root");
if (root)
  void Promise.all([speak(currentPrefs().language), resume()]).finally(() => createRoot(root).render(
    <QueryClientProvider client={queries}><App /></QueryClientProvider>,
  ));
