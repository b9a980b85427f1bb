import type { Node } from "constructs";
import { SIZES, type Size, type SizeName } from "./sizes.js";

/** What the owner of the marketplace decides: `cdk deploy --all -c name=value`, or cdk.context.json. */
export interface Settings {
  size: Size;
  /** Name of the marketplace's API: shop.example.com. */
  domain: string;
  /** The hosted zone of Route 53 that has it. */
  zoneId: string;
  zoneName: string;
  account: string;
  region: string;
  /** Three zones of the region. */
  zones: string[];
  /** Where alarms and the budget's warnings go. */
  alarms: string;
  /** Where copies of the backups go, in another region. */
  copyRegion: string;
  /** Version of the image in the repository. */
  version: string;
  /** Origins whose pages may call the API, beside its own. */
  origins: string[];
  /** Repository on GitHub that may deploy: owner/name. Without it none may. */
  github?: string;
  /** Dollars a month above which the budget warns. */
  budget: number;
}

function text(node: Node, name: string, otherwise?: string): string {
  const value: unknown = node.tryGetContext(name) ?? otherwise;
  if (typeof value !== "string" || value === "")
    throw new Error(`${name} is required: -c ${name}=…`);
  return value;
}

function matching(value: string, name: string, shape: RegExp, like: string): string {
  if (!shape.test(value)) throw new Error(`${name} must look like ${like}: ${value}`);
  return value;
}

export function settingsOf(node: Node): Settings {
  const size = text(node, "size", "shop");
  if (!(size in SIZES)) throw new Error(`size must be one of ${Object.keys(SIZES).join(", ")}: ${size}`);
  const region = matching(text(node, "region"), "region", /^[a-z]{2}(-[a-z]+)+-\d$/, "eu-central-1");
  const copyRegion = text(node, "copyRegion");
  if (copyRegion === region) throw new Error("copyRegion must be another region than region");
  const domain = text(node, "domain");
  const zoneName = text(node, "zoneName");
  if (domain !== zoneName && !domain.endsWith(`.${zoneName}`))
    throw new Error(`domain must be in the zone ${zoneName}: ${domain}`);
  const budget = Number(text(node, "budget"));
  if (!(budget > 0)) throw new Error("budget must be a number of dollars a month");
  const github = text(node, "github", "none");
  const origins = text(node, "origins", " ").split(" ").filter((origin) => origin !== "");
  for (const origin of origins)
    matching(origin, "origins", /^https:\/\/[^/\s]+$/, "https://shop.example.com");
  return {
    size: SIZES[size as SizeName], domain, zoneName, zoneId: text(node, "zoneId"), region, copyRegion,
    account: matching(text(node, "account"), "account", /^\d{12}$/, "111122223333"),
    zones: text(node, "zones", ["a", "b", "c"].map((zone) => region + zone).join(" ")).split(" "),
    alarms: matching(text(node, "alarms"), "alarms", /^\S+@\S+$/, "you@example.com"),
    version: text(node, "version"), origins, budget,
    ...(github === "none" ? {} : {
      github: matching(github, "github", /^[\w.-]+\/[\w.-]+$/, "owner/name"),
    }),
  };
}
