import type { TlsStrategy } from "../strategy.ts";
import { ROOT } from "./root.ts";

export const selfSigned = {
  id: "self-signed",
  title: "a root of this cluster",
  offer: { title: "A root of this cluster's own", hint: "Works everywhere; you import its root once." },
  help: "a root made for this cluster, kept over reinstalls; --save-root FILE writes it to a file for import. The default where no record can be written.",
  serves: "gateway",
  root: { title: "the root of this cluster", secret: ROOT },
  issue: async (change, tools) => (await import("./issue.ts")).issue(change, tools),
} as const satisfies TlsStrategy;
