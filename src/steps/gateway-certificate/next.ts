import { strategyOf } from "../../certificates/index.ts";
import { sh } from "../../ports/shell.ts";
import type { Part } from "../part.ts";

/** How the root is trusted; where it is not in a file yet, the command that puts it there and says that. */
export const next: NonNullable<Part["next"]> = async ({ config }, { trust }) => {
  const { root } = strategyOf(config.tls);
  if (!root) return [];
  if (trust) return trust;
  return [
    {
      text: `Put ${root.title} into a file, and see how this machine is made to trust it (once; it is kept over reinstalls):`,
      command: sh`kn-bootstrap status --save-root kn-bootstrap-root.crt`,
    },
  ];
};
