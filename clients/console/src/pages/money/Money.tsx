// What the vendor has earned, what it was paid, and what each amount was for.
import { getRouteApi } from "@tanstack/react-router";
import { Download, Landmark, ReceiptText, ScrollText } from "lucide-react";
import { useState } from "react";
import { dayLong, moment, money, monthOf, number, relative, signed, useNow } from "../../format.ts";
import { save, useBalance, useLedger, usePayoutAccount, usePayouts, useSales, useStatements } from "../../money.ts";
import { say } from "../../problems.ts";
import { sebez } from "../../sebez.ts";
import { useShop } from "../../shop.ts";
import { MONEY_PARTS, type MoneyPart } from "../../views.ts";
import { named, useT, type Key } from "../../texts/index.ts";
import { Button, Choice, cx, Dot, Empty, Failed, IconButton, Notice, Skeleton } from "../../ui/index.tsx";
import { tell } from "../../ui/toasts.tsx";
import "../../styles/money.css";
import { Chart, daysOf } from "./Chart.tsx";

const route = getRouteApi("/inside/shop/$shop/money");
const DAY_MS = 86_400_000;
const PERIODS = { "7": 7, "30": 30, "90": 90 } as const;
type Period = keyof typeof PERIODS;

/** A day of UTC, as reports count them. */
function dayBefore(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
}

function Balances() {
  const t = useT();
  const now = useNow();
  const balance = useBalance();
  if (balance.isError && !balance.data) return <Failed title={t("went_wrong")} onRetry={() => void balance.refetch()}>{say(balance.error)}</Failed>;
  if (!balance.data) return <Skeleton lines={4} className="cards" />;
  const { available, pending, reserved, in_payout, debt, next_release } = balance.data;
  const cards: [Key, typeof available, Key][] = [
    ["available", available, "available_about"], ["pending", pending, "pending_about"], ["in_payout", in_payout, "in_payout_about"],
    ...(reserved.amount > 0 ? [["reserved", reserved, "reserved_about"] as [Key, typeof available, Key]] : []),
  ];
  return (
    <>
      {debt.amount > 0 && <Notice kind="warn">{t("debt_about", { amount: money(debt) })}</Notice>}
      <ul className="balances">
        {cards.map(([name, amount, about]) => (
          <li key={name} className={cx("balance", name === "available" && "is-first")}>
            <h2 className="balance-name">{t(name)}</h2><b className="balance-amount">{money(amount)}</b>
            <span className="quiet">{name === "pending" && next_release
              ? t("next_release", { amount: money(next_release.amount), when: relative(next_release.at, now) }) : t(about)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Totals({ report }: { report: NonNullable<ReturnType<typeof useSales>["data"]> }) {
  const t = useT();
  const { gross, discounts, shipping, tax, refunds, commission, commission_tax, net, orders, units } = report.totals;
  const rows: [Key, string, boolean][] = [
    ["gross", money(gross), true], ["discounts", money(discounts, true), discounts.amount !== 0], ["shipping", money(shipping), shipping.amount !== 0],
    ["tax", money(tax), tax.amount !== 0], ["refunds", money(refunds, true), refunds.amount !== 0],
    ["commission", money(commission, true), true], ["commission_tax", money(commission_tax, true), commission_tax.amount !== 0],
  ];
  return (
    <dl className="sums totals">
      <div className="quiet"><dt>{t("sold")}</dt><dd>{t("sold_count", { count: orders, units: number(units) })}</dd></div>
      {rows.filter(([, , shown]) => shown).map(([name, amount]) => <div key={name}><dt>{t(name)}</dt><dd>{amount}</dd></div>)}
      <div className="sum"><dt>{t("net")}</dt><dd>{money(net)}</dd></div>
    </dl>
  );
}

function Best({ from, to }: { from: string; to: string }) {
  const t = useT();
  const best = useSales("product", from, to);
  const rows = (best.data?.items ?? []).slice(0, 5);
  if (rows.length === 0) return null;
  return (
    <section>
      <h2 className="section-title">{t("best_selling")}</h2>
      <ol className="best">
        {rows.map((row) => <li key={row.product?.id}><span className="grow"><bdi>{row.product?.title}</bdi></span><span className="quiet">{number(row.units)}</span><b>{money(row.gross)}</b></li>)}
      </ol>
    </section>
  );
}

function Sales() {
  const t = useT();
  const shop = useShop();
  const [period, setPeriod] = useState<Period>("30");
  const from = dayBefore(PERIODS[period] - 1), to = dayBefore(0);
  const sales = useSales("day", from, to);
  const [busy, setBusy] = useState(false);
  const download = () => {
    setBusy(true);
    void save(`sales-${from}-${to}.csv`, sebez.reportSales({ vendor_id: shop.id, by: "day", from, to, format: "csv" }))
      .catch((error) => tell(say(error), "bad")).finally(() => setBusy(false));
  };
  return (
    <section className="sales" aria-labelledby="sales">
      <header className="row-between">
        <h2 id="sales">{t("sales")}</h2>
        <div className="row">
          <Choice label={t("period")} value={period} onChange={setPeriod} options={{ "7": t("days", { count: 7 }), "30": t("days", { count: 30 }), "90": t("days", { count: 90 }) }} />
          <Button icon={Download} busy={busy} onClick={download}>CSV</Button>
        </div>
      </header>
      {sales.isError && !sales.data && <Failed title={t("went_wrong")} onRetry={() => void sales.refetch()}>{say(sales.error)}</Failed>}
      {sales.isPending && <Skeleton lines={5} />}
      {sales.data && (
        <div className={cx("sales-body", sales.isPlaceholderData && "is-old")}>
          <Chart days={daysOf(sales.data.items, sales.data.from, sales.data.to)} currency={sales.data.totals.net.currency} />
          <Totals report={sales.data} />
        </div>
      )}
      <Best from={from} to={to} />
    </section>
  );
}

function Ledger() {
  const t = useT();
  const [most, setMost] = useState(100);
  const ledger = useLedger(most);
  if (ledger.isError && !ledger.data) return <Failed title={t("went_wrong")} onRetry={() => void ledger.refetch()}>{say(ledger.error)}</Failed>;
  if (!ledger.data) return <Skeleton lines={10} className="rows" />;
  if (ledger.data.items.length === 0) return <Empty icon={ScrollText} title={t("ledger_none")}>{t("ledger_none_about")}</Empty>;
  return (
    <div className="list-card">
      <table className="table plain">
        <thead><tr>{(["col_when", "col_cause", "col_item", "col_order", "col_account", "col_amount"] as const).map((each) => <th key={each} scope="col">{t(each)}</th>)}</tr></thead>
        <tbody>
          {ledger.data.items.map((line) => (
            <tr key={line.id}>
              <td className="quiet">{moment(line.at)}</td>
              <td>{named("cause", line.cause)}{line.reason && <span className="quiet reason" dir="auto">{line.reason}</span>}</td>
              <td>{named("item", line.item)}</td>
              <td><span dir="ltr">{line.sub_order_number ?? "—"}</span></td>
              <td>{named("account", line.account)}</td>
              <td className={cx("col-amount", line.amount.amount < 0 && "is-less")}>{signed(line.amount)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {ledger.data.more && <div className="more"><Button busy={ledger.isFetching} onClick={() => setMost(most + 200)}>{t("more")}</Button></div>}
    </div>
  );
}

function Account() {
  const t = useT();
  const account = usePayoutAccount();
  const current = account.data?.current, held = account.data?.held;
  if (!account.data) return null;
  return (
    <section className="account">
      <Landmark size={20} aria-hidden />
      <div className="grow">
        <h2>{t("bank")}</h2>
        {current ? <p><bdi>{current.holder}</bdi> · <span dir="ltr">{current.number}</span></p> : <p className="quiet">{t("bank_none")}</p>}
        {held && <p className="quiet">{t("bank_held", { number: held.number, when: dayLong(held.active_at) })}</p>}
      </div>
    </section>
  );
}

const DOTS: Record<string, string> = { pending: "wait-still", approved: "pack", paid: "good", failed: "bad", returned: "bad" };

function Payouts() {
  const t = useT();
  const payouts = usePayouts();
  if (payouts.isError && !payouts.data) return <Failed title={t("went_wrong")} onRetry={() => void payouts.refetch()}>{say(payouts.error)}</Failed>;
  if (!payouts.data) return <Skeleton lines={6} className="rows" />;
  return (
    <>
      <Account />
      {payouts.data.items.length === 0 ? <Empty icon={Landmark} title={t("payouts_none")}>{t("payouts_none_about")}</Empty> : (
        <div className="list-card">
          <table className="table plain">
            <thead><tr>{(["col_when", "col_status", "col_to", "col_reference", "col_amount"] as const).map((each) => <th key={each} scope="col">{t(each)}</th>)}</tr></thead>
            <tbody>
              {payouts.data.items.map((each) => (
                <tr key={each.id}>
                  <td className="quiet">{moment(each.paid_at ?? each.created_at)}</td>
                  <td><span className="status"><Dot kind={DOTS[each.status] ?? "wait-still"} />{named("payout", each.status)}</span>{each.reason && <span className="quiet reason" dir="auto">{each.reason}</span>}</td>
                  <td><bdi>{each.to.holder}</bdi> <span className="quiet" dir="ltr">{each.to.number}</span></td>
                  <td dir="ltr">{each.reference ?? "—"}</td>
                  <td className="col-amount">{money(each.amount)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Statements() {
  const t = useT();
  const shop = useShop();
  const statements = useStatements();
  if (statements.isError && !statements.data) return <Failed title={t("went_wrong")} onRetry={() => void statements.refetch()}>{say(statements.error)}</Failed>;
  if (!statements.data) return <Skeleton lines={6} className="rows" />;
  if (statements.data.length === 0) return <Empty icon={ReceiptText} title={t("statements_none")}>{t("statements_none_about")}</Empty>;
  const download = (month: string) => void save(`statement-${month}.csv`, sebez.getStatement({ vendor_id: shop.id, month, format: "csv" }))
    .catch((error) => tell(say(error), "bad"));
  return (
    <ul className="list-card statements">
      {statements.data.map((each) => (
        <li key={each.id}>
          <ReceiptText size={18} aria-hidden />
          <b className="grow">{monthOf(each.from)}</b>
          {each.open && <span className="tag">{t("month_open")}</span>}
          <IconButton icon={Download} label={t("statement_download", { month: monthOf(each.from) })} onClick={() => download(each.from.slice(0, 7))} />
        </li>
      ))}
    </ul>
  );
}

export interface MoneySearch {
  part?: MoneyPart;
}

export function Money() {
  const t = useT();
  const { part = "overview" } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <div className="page money">
      <header className="page-head"><h1>{t("money")}</h1></header>
      <div className="views" role="group" aria-label={t("money")}>
        {MONEY_PARTS.map((each) => (
          <button key={each} type="button" className={cx("view", each === part && "is-chosen")} aria-pressed={each === part}
            onClick={() => void navigate({ search: { part: each }, replace: true })}>{t(`part_${each}`)}</button>
        ))}
      </div>
      {part === "overview" && <><Balances /><Sales /></>}
      {part === "ledger" && <Ledger />}
      {part === "payouts" && <Payouts />}
      {part === "statements" && <Statements />}
    </div>
  );
}
