import { examplesUntouched } from "./example.ts";
import { ingressClassServed } from "./ingress-class.ts";
import { keysKnown } from "./keys.ts";

/** What Knative's ConfigMaps say, whoever has written them. */
export const configurationChecks = [keysKnown, examplesUntouched, ingressClassServed] as const;
