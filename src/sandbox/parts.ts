import { certManager } from "./cert-manager/index.ts";
import { hpa } from "./hpa/index.ts";
import { istio } from "./istio/index.ts";
import { serving } from "./knative/index.ts";
import { kourier } from "./kourier/index.ts";
import { logging } from "./logging/index.ts";
import type { Part } from "./part.ts";

/** The parts of an installation that the world knows by heart: a folder and a line for each. */
export const PARTS: readonly Part[] = [serving, hpa, kourier, istio, certManager, logging];
