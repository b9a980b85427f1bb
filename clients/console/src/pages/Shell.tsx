// What is around the pages of a shop: where one is, what there is, whether it is live.
import { useQueryClient } from "@tanstack/react-query";
import type { Membership, User } from "@sebez/sdk";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { ChevronsUpDown, House, Keyboard, LogOut, Menu, MessageSquareText, Package, Wallet, Settings2, X } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { unanswered } from "../counts.ts";
import { follow, useLive } from "../live.ts";
import { useCounts } from "../orders.ts";
import { LANGUAGES, setPrefs, usePrefs } from "../prefs.ts";
import { say } from "../problems.ts";
import { signOut } from "../sebez.ts";
import { maySeeMoney, mayTalk, ShopContext } from "../shop.ts";
import { useT, type Key } from "../texts/index.ts";
import { Avatar, Button, Choice, cx, Dialog, Dot, IconButton, Kbd, Notice } from "../ui/index.tsx";
import { useKeys } from "../ui/keys.ts";
import { tell, Toasts } from "../ui/toasts.tsx";
import { number } from "../format.ts";

function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => setOnline(navigator.onLine);
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  return online;
}

function Liveness() {
  const t = useT();
  const { state, problem, connected } = useLive();
  const online = useOnline();
  const isLive = online && connected && state !== null && !problem;
  return (
    <p className="liveness" role="status">
      <Dot kind={isLive ? "good" : online ? "wait" : "bad"} />
      {problem ? say(problem) : t(isLive ? "live" : online ? "connecting" : "offline")}
    </p>
  );
}

function Settings({ onClose }: { onClose: () => void }) {
  const t = useT();
  const { language, theme, density } = usePrefs();
  return (
    <Dialog title={t("settings")} onClose={onClose}>
      <div className="stack">
        <Choice label={t("language")} value={language} options={LANGUAGES}
          onChange={(value) => setPrefs({ language: value })} />
        <Choice label={t("theme")} value={theme} onChange={(value) => setPrefs({ theme: value })}
          options={{ system: t("theme_system"), light: t("theme_light"), dark: t("theme_dark") }} />
        <Choice label={t("density")} value={density} onChange={(value) => setPrefs({ density: value })}
          options={{ comfortable: t("density_comfortable"), compact: t("density_compact") }} />
        <div className="dialog-foot"><Button look="primary" onClick={onClose}>{t("close")}</Button></div>
      </div>
    </Dialog>
  );
}

const HELP: [string[], Key][] = [
  [["j", "k"], "key_move"], [["Enter"], "key_open"], [["x"], "key_select"], [["a"], "key_accept"],
  [["p"], "key_pack"], [["s"], "key_ship"], [["/"], "key_find"], [["1", "6"], "key_tabs"],
  [["g h", "g o", "g i", "g m"], "key_go"], [["Esc"], "key_close"], [["?"], "key_help"],
];

function Help({ onClose }: { onClose: () => void }) {
  const t = useT();
  return (
    <Dialog title={t("shortcuts")} onClose={onClose}>
      <dl className="help">
        {HELP.map(([keys, text]) => (
          <div key={text}><dt>{t(text)}</dt><dd>{keys.map((each) => <Kbd key={each}>{each}</Kbd>)}</dd></div>
        ))}
      </dl>
      <div className="dialog-foot"><Button look="primary" onClick={onClose}>{t("close")}</Button></div>
    </Dialog>
  );
}

const WARNINGS: Partial<Record<string, Key>> = {
  applied: "shop_applied", suspended: "shop_suspended", rejected: "shop_rejected", closed: "shop_closed",
};

function Sidebar({ user, shop, children }: { user: User; shop: Membership; children: ReactNode }) {
  const t = useT();
  const toAccept = useCounts().accept;
  const toAnswer = unanswered(useLive().state);
  const who = (
    <>
      <Avatar name={shop.name} square />
      <span className="who-text"><b>{shop.name}</b><span>{t(`role_${shop.role}`)}</span></span>
    </>
  );
  return (
    <>
      {user.vendors.length > 1
        ? <Link to="/shops" className="who" aria-label={`${shop.name}: ${t("change_shop")}`}>{who}<ChevronsUpDown size={16} aria-hidden /></Link>
        : <div className="who">{who}</div>}
      <ul className="places">
        <li>
          <Link to="/shop/$shop" params={{ shop: shop.slug }} className="place" activeOptions={{ exact: true }}>
            <House size={17} aria-hidden />{t("home")}
          </Link>
        </li>
        <li>
          <Link to="/shop/$shop/orders" params={{ shop: shop.slug }} className="place" activeOptions={{ includeSearch: false }}>
            <Package size={17} aria-hidden />{t("orders")}
            {toAccept !== null && toAccept > 0 && <span className="count">{number(toAccept)}</span>}
          </Link>
        </li>
        {mayTalk(shop) && (
          <li>
            <Link to="/shop/$shop/inbox" params={{ shop: shop.slug }} className="place" activeOptions={{ includeSearch: false }}>
              <MessageSquareText size={17} aria-hidden />{t("inbox")}
              {toAnswer > 0 && <span className="count">{number(toAnswer)}</span>}
            </Link>
          </li>
        )}
        {maySeeMoney(shop) && (
          <li>
            <Link to="/shop/$shop/money" params={{ shop: shop.slug }} className="place" activeOptions={{ includeSearch: false }}>
              <Wallet size={17} aria-hidden />{t("money")}
            </Link>
          </li>
        )}
      </ul>
      {children}
    </>
  );
}

export function Shell({ user, shop }: { user: User; shop: Membership }) {
  const t = useT();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [open, setOpen] = useState<"settings" | "help" | "menu" | null>(null);
  const [going, setGoing] = useState(false);
  const { state } = useLive();
  useEffect(() => follow(queries, shop.id), [queries, shop.id]);
  const go = (to: "/shop/$shop" | "/shop/$shop/orders" | "/shop/$shop/inbox" | "/shop/$shop/money") => () => {
    if (going) void navigate({ to, params: { shop: shop.slug } });
    setGoing(false);
  };
  useKeys({
    "?": () => setOpen("help"), g: () => setGoing(true), h: go("/shop/$shop"), o: go("/shop/$shop/orders"),
    ...(going && mayTalk(shop) ? { i: go("/shop/$shop/inbox") } : {}),
    ...(going && maySeeMoney(shop) ? { m: go("/shop/$shop/money") } : {}),
  });
  const leave = () => void signOut().catch((error) => tell(say(error), "bad"));
  const warning = WARNINGS[state?.status ?? shop.status ?? ""];
  return (
    <ShopContext value={shop}>
      <a href="#content" className="skip">{t("skip")}</a>
      <div className="shell">
        <header className="bar">
          <IconButton icon={open === "menu" ? X : Menu} label={t("menu")} aria-expanded={open === "menu"}
            onClick={() => setOpen(open === "menu" ? null : "menu")} />
          <b>{shop.name}</b>
        </header>
        <nav className={cx("side", open === "menu" && "is-open")} aria-label={t("menu")}
          onClick={(event) => (event.target as HTMLElement).closest("a") && setOpen(null)}>
          <Sidebar user={user} shop={shop}>
            <div className="side-foot">
              <Liveness />
              <ul className="places">
                <li><button type="button" className="place" onClick={() => setOpen("settings")}><Settings2 size={17} aria-hidden />{t("settings")}</button></li>
                <li className="only-wide"><button type="button" className="place" onClick={() => setOpen("help")}><Keyboard size={17} aria-hidden />{t("shortcuts")}<Kbd>?</Kbd></button></li>
                <li><button type="button" className="place" onClick={leave}><LogOut size={17} aria-hidden className="turns" />{t("sign_out")}</button></li>
              </ul>
            </div>
          </Sidebar>
        </nav>
        <main id="content" className="content" tabIndex={-1}>
          {warning && <Notice kind="warn">{t(warning)}</Notice>}
          <Outlet />
        </main>
      </div>
      {open === "settings" && <Settings onClose={() => setOpen(null)} />}
      {open === "help" && <Help onClose={() => setOpen(null)} />}
      <Toasts />
    </ShopContext>
  );
}
