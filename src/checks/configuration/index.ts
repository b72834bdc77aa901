import { classesServed } from "./classes.ts";
import { examplesUntouched } from "./example.ts";
import { ingressClassServed } from "./ingress-class.ts";
import { keysKnown } from "./keys.ts";
import { schemeServed } from "./scheme.ts";
import { settingsKept } from "./writers.ts";

/** What Knative's ConfigMaps say, whoever has written them. */
export const configurationChecks = [
  keysKnown,
  examplesUntouched,
  ingressClassServed,
  classesServed,
  settingsKept,
  schemeServed,
] as const;
