import { isAcme, issuerInfo } from "../certificates/index.ts";
import type { Issue } from "../core/apply.ts";
import type { Installation } from "./installation.ts";

/** How certificates of this installation are made; loaded when the first one is. */
export const issueFor =
  (install: Installation): Issue =>
  async (change, tools) => {
    const { tls } = install.config;
    if (isAcme(tls)) throw new Error("not yet");
    if (tls !== "self-signed") throw new Error(`${issuerInfo(tls).id} makes no certificate of ours`);
    const { issue } = await import("../certificates/self-signed.ts");
    return issue(change, tools);
  };
