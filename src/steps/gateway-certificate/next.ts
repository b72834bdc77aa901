import { strategyOf } from "../../certificates/index.ts";
import { TAKE_THE_REAL_ONE } from "../../checks/served-certificate.ts";
import { sh } from "../../ports/shell.ts";
import type { Part } from "../part.ts";

/**
 * Whether browsers trust it, and what to do where they do not: how the root is trusted, or the real one had. Where the root is not in a file yet, the
 * command that puts it there and says that.
 */
export const next: NonNullable<Part["next"]> = async ({ config }, { trust }) => {
  const { root, acme, title } = strategyOf(config.tls);
  if (acme?.isForTrials)
    return [
      {
        text: `Browsers do not trust the certificate: ${title} is for trying out. Once all works, take the real one:`,
        command: TAKE_THE_REAL_ONE,
      },
    ];
  if (!root) return [];
  if (trust) return trust;
  return [
    {
      text: `Put ${root.title} into a file, and see how this machine is made to trust it (once; it is kept over reinstalls):`,
      command: sh`kn-bootstrap status --save-root kn-bootstrap-root.crt`,
    },
  ];
};
