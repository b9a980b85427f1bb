// Which shop to work for.
import type { User } from "@sebez/sdk";
import { Link } from "@tanstack/react-router";
import { ChevronRight, Store } from "lucide-react";
import { say } from "../problems.ts";
import { resume, signOut } from "../sebez.ts";
import { useT } from "../texts/index.ts";
import { Avatar, Button, Empty } from "../ui/index.tsx";
import { tell, Toasts } from "../ui/toasts.tsx";
import { Alone } from "./SignIn.tsx";

export function Shops({ user }: { user: User }) {
  const t = useT();
  const leave = <Button look="quiet" onClick={() => void signOut().catch((error) => tell(say(error), "bad"))}>{t("sign_out")}</Button>;
  if (user.vendors.length === 0)
    return (
      <Alone>
        <Empty icon={Store} title={t("no_shop")} action={
          <div className="row"><Button look="primary" onClick={() => void resume()}>{t("look_again")}</Button>{leave}</div>}>
          {t("no_shop_about", { email: user.email ?? user.phone ?? user.name })}
        </Empty>
        <Toasts />
      </Alone>
    );
  return (
    <Alone>
      <div className="stack">
        <div><h1>{t("choose_shop")}</h1><p className="quiet">{t("choose_shop_about")}</p></div>
        <ul className="shops">
          {user.vendors.map((shop) => (
            <li key={shop.id}>
              <Link to="/shop/$shop" params={{ shop: shop.slug }} className="shop-link">
                <Avatar name={shop.name} square size="medium" />
                <span><b>{shop.name}</b><span className="quiet">{t(`role_${shop.role}`)}</span></span>
                <ChevronRight size={18} aria-hidden className="turns" />
              </Link>
            </li>
          ))}
        </ul>
        <div>{leave}</div>
      </div>
      <Toasts />
    </Alone>
  );
}
