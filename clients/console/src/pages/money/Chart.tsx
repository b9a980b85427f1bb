// Amounts by day, as bars. The file that can be saved has them as a table.
import type { SalesRow } from "@sebez/sdk";
import { useState } from "react";
import { dayShort, money } from "../../format.ts";
import { useT } from "../../texts/index.ts";

const WIDTH = 720, HEIGHT = 180, FOOT = 22;
const DAY_MS = 86_400_000;

export interface Day {
  day: string;
  net: number;
  orders: number;
}

/** All days from one to another, also those without sales. */
export function daysOf(rows: SalesRow[], from: string, to: string): Day[] {
  const by = new Map(rows.map((row) => [row.from, row]));
  const days: Day[] = [];
  for (let time = Date.parse(from); time <= Date.parse(to); time += DAY_MS) {
    const day = new Date(time).toISOString().slice(0, 10);
    days.push({ day, net: by.get(day)?.net.amount ?? 0, orders: by.get(day)?.orders ?? 0 });
  }
  return days;
}

export function Chart({ days, currency }: { days: Day[]; currency: string }) {
  const t = useT();
  const [here, setHere] = useState<number | null>(null);
  const top = Math.max(1, ...days.map((each) => each.net)), bottom = Math.min(0, ...days.map((each) => each.net));
  const span = top - bottom, step = WIDTH / days.length, bar = Math.max(2, step * 0.66);
  const y = (amount: number) => ((top - amount) / span) * HEIGHT;
  const shown = here === null ? null : days[here];
  const every = Math.ceil(days.length / 7);
  return (
    <figure className="chart">
      <figcaption className="chart-head">
        <span>{t("net_by_day")}</span>
        <span className="chart-here" aria-hidden>{shown && `${dayShort(shown.day)} · ${money({ amount: shown.net, currency })} · ${t("orders_count", { count: shown.orders })}`}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT + FOOT}`} role="img" aria-label={t("net_by_day")} onPointerLeave={() => setHere(null)}>
        <line className="chart-line" x1="0" x2={WIDTH} y1={y(0)} y2={y(0)} />
        {days.map((each, index) => (
          <g key={each.day} onPointerEnter={() => setHere(index)}>
            <rect className="chart-ground" x={index * step} y="0" width={step} height={HEIGHT} />
            <rect className={each.net < 0 ? "chart-bar is-less" : "chart-bar"} x={index * step + (step - bar) / 2} rx={Math.min(3, bar / 2)}
              y={Math.min(y(0), y(each.net))} width={bar} height={Math.max(each.net === 0 ? 0 : 2, Math.abs(y(each.net) - y(0)))} />
            {index % every === 0 && <text className="chart-text" x={index * step + step / 2} y={HEIGHT + FOOT - 5}>{dayShort(each.day)}</text>}
          </g>
        ))}
      </svg>
    </figure>
  );
}
