/** What admins of a marketplace do, beside what everybody does: `new SebezAdmin({ url })`. */
import { TABLE } from "./admin.gen.ts";
import type { AdminApi, Api } from "./api.gen.ts";
import { Sebez } from "./client.ts";

/** The client of one server for one account; the operations of admins are methods too. */
export interface SebezAdmin extends AdminApi {}
export class SebezAdmin extends Sebez<Api & AdminApi> {}

SebezAdmin.add(TABLE);
