// Which address shows which page.
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect, type ErrorComponentProps,
} from "@tanstack/react-router";
import { Compass, TriangleAlert } from "lucide-react";
import { TAB_NAMES, type Tab } from "./counts.ts";
import { MONEY_PARTS, VIEWS } from "./views.ts";
import { currentSession } from "./sebez.ts";
import { learn, useT, type Area } from "./texts/index.ts";
import { Button, Empty } from "./ui/index.tsx";
import type { InboxSearch } from "./pages/inbox/Inbox.tsx";
import type { MoneySearch } from "./pages/money/Money.tsx";
import { Home } from "./pages/Home.tsx";
import { Orders, type OrdersSearch } from "./pages/Orders.tsx";
import { Shell } from "./pages/Shell.tsx";
import { Shops } from "./pages/Shops.tsx";
import { Alone, SignIn } from "./pages/SignIn.tsx";

function user() {
  const session = currentSession();
  return session.status === "in" ? session.user : null;
}

function NotFound() {
  const t = useT();
  return (
    <Alone>
      <Empty icon={Compass} title={t("not_found")} action={<a className="button button-primary" href="/console">{t("to_home")}</a>}>
        {t("not_found_about")}
      </Empty>
    </Alone>
  );
}

function Broken({ error }: ErrorComponentProps) {
  const t = useT();
  console.error(error);
  return (
    <Alone>
      <Empty icon={TriangleAlert} title={t("went_wrong")} action={<Button look="primary" onClick={() => location.reload()}>{t("reload")}</Button>}>
        {t("went_wrong_about")}
      </Empty>
    </Alone>
  );
}

const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet, notFoundComponent: NotFound,
});

/** A page of an area, with its texts, when somebody goes there. */
function lazy<M extends Record<string, unknown>>(area: Area, load: () => Promise<M>, name: keyof M & string) {
  return lazyRouteComponent(async () => {
    const [page] = await Promise.all([load(), learn(area)]);
    return page;
  }, name);
}

/** A text of an address. */
function text(search: Record<string, unknown>, name: string): string | undefined {
  const value = search[name];
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
}

/** Only a path of this console, never another site. */
function placeOf(to: unknown): string | undefined {
  return typeof to === "string" && /^\/(?![/\\])/.test(to) ? to : undefined;
}

const signIn = createRoute({
  getParentRoute: () => root, path: "/sign-in", component: SignIn,
  validateSearch: (search: Record<string, unknown>): { to?: string } => ({ to: placeOf(search["to"]) }),
  beforeLoad: ({ search }) => {
    if (user()) throw redirect({ to: search.to ?? "/" });
  },
});

/** Everything else is for people who are signed in; they come back to where they were. */
const inside = createRoute({
  getParentRoute: () => root, id: "inside", component: Outlet,
  beforeLoad: ({ location }) => {
    const someone = user();
    if (!someone) throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { to: location.href } });
    return { user: someone };
  },
});

const start = createRoute({
  getParentRoute: () => inside, path: "/",
  beforeLoad: ({ context }) => {
    const [shop, ...others] = context.user.vendors;
    if (shop && others.length === 0) throw redirect({ to: "/shop/$shop", params: { shop: shop.slug } });
    throw redirect({ to: "/shops" });
  },
});

const shops = createRoute({
  getParentRoute: () => inside, path: "/shops",
  component: () => <Shops user={shops.useRouteContext().user} />,
});

const shop = createRoute({
  getParentRoute: () => inside, path: "/shop/$shop",
  beforeLoad: ({ context, params }) => {
    const found = context.user.vendors.find((each) => each.slug === params.shop);
    return { shop: found ?? null };
  },
  component: () => {
    const context = shop.useRouteContext();
    return context.shop ? <Shell key={context.shop.id} user={context.user} shop={context.shop} /> : <NotFound />;
  },
});

const home = createRoute({
  getParentRoute: () => shop, path: "/", component: () => <Home name={home.useRouteContext().user.name} />,
});

const orders = createRoute({
  getParentRoute: () => shop, path: "/orders", component: Orders,
  validateSearch: (search: Record<string, unknown>): OrdersSearch => {
    const tab = text(search, "tab");
    return { tab: TAB_NAMES.find((each): each is Tab => each === tab), q: text(search, "q"), open: text(search, "open") };
  },
});

const inbox = createRoute({
  getParentRoute: () => shop, path: "/inbox", component: lazy("inbox", () => import("./pages/inbox/Inbox.tsx"), "Inbox"),
  validateSearch: (search: Record<string, unknown>): InboxSearch => {
    const view = text(search, "view"), at = Number(search["at"]);
    return {
      view: VIEWS.find((each) => each === view), q: text(search, "q"), open: text(search, "open"),
      at: Number.isSafeInteger(at) && at > 0 ? at : undefined,
    };
  },
});

const money = createRoute({
  getParentRoute: () => shop, path: "/money", component: lazy("money", () => import("./pages/money/Money.tsx"), "Money"),
  validateSearch: (search: Record<string, unknown>): MoneySearch => {
    const part = text(search, "part");
    return { part: MONEY_PARTS.find((each) => each === part) };
  },
});

export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: root.addChildren([signIn, inside.addChildren([start, shops, shop.addChildren([home, orders, inbox, money])])]),
    basepath: "/console", context: { queries }, defaultErrorComponent: Broken, defaultNotFoundComponent: NotFound,
    defaultPreload: false, scrollRestoration: false,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
