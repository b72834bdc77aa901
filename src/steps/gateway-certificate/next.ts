import { strategyOf } from "../../certificates/index.ts";
import { inspect } from "../../certificates/secret.ts";
import { WILDCARD } from "../../certificates/served.ts";
import { sh } from "../../ports/shell.ts";
import type { Part } from "../part.ts";

export const next: NonNullable<Part["next"]> = async ({ config }, { cluster }) => {
  const { root } = strategyOf(config.tls);
  const ca = root && inspect(await cluster.get(WILDCARD))?.ca;
  if (!ca) return [];
  return [
    {
      text: `Trust ${root.title} where your browsers and clients keep theirs (once; it is kept over reinstalls):`,
      // One line: a here-document would not end where it is copied with its margin.
      command: sh`echo ${Buffer.from(ca).toString("base64")} | base64 -d > kn-bootstrap-root.crt`,
    },
  ];
};
