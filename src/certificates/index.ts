import type { Issue } from "../core/apply.ts";
import { UserError } from "../ports/error.ts";

/** Ways to a certificate. A new issuer is a file beside this one and a line here. */
const issuers: Readonly<Record<string, () => Promise<Issue>>> = {
  "self-signed": async () => (await import("./self-signed.ts")).issue,
};

export const ids: readonly string[] = [...Object.keys(issuers), "none"];

export const issuer =
  (id: string): Issue =>
  async (change, tools) => {
    const load = issuers[id];
    if (!load)
      throw new UserError({
        id: "tls.unknown",
        what: `There is no issuer "${id}".`,
        remedy: `Choose one of ${ids.join(", ")}.`,
        exitCode: 2,
      });
    return (await load())(change, tools);
  };
