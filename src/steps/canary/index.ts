import { part as partOf } from "../part.ts";
import { options } from "./options.ts";
import { canaryRemoval } from "./step.ts";

/** What `doctor --probe` makes and takes away; an uninstall takes what a killed run has left. */
export const part = partOf({
  id: "canary",
  options,
  removal: () => [canaryRemoval("workloads")],
});
