import { randomBytes } from "node:crypto";
import { atFluentBit, inElasticsearch, logArrives } from "../../checks/logging/arrived.ts";
import { ELASTICSEARCH, LOGGING, PROOF_JOB } from "../../checks/logging/names.ts";
import type { Proof } from "../../checks/proven.ts";
import { blank } from "../../core/blank.ts";
import type { Check } from "../../core/check.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import type { KubeObject } from "../../ports/object.ts";
import type { Installation } from "../installation.ts";
import { objectsOf } from "../part.ts";
import { askingJob, CURL, imageOf } from "./asking.ts";
import { ID } from "./step.ts";

/** How the log of the proof's request is looked for where logs go. */
export interface LogProof {
  readonly checks: readonly Check[];
  /** What it takes beside the Service, for the run only. */
  readonly objects: (ctx: Pick<PlanContext, "mode">) => readonly KubeObject[];
}

const NOTHING: LogProof = { checks: [], objects: () => [] };

const URL_OF_STORE = `https://${ELASTICSEARCH.name}.${LOGGING}.svc:9200`;
/** Until it is there; the answer is what stands in the log. */
const SCRIPT = [
  `until found=$(${CURL} "${URL_OF_STORE}/filebeat-*/_search?size=1&q=message:$REQUEST") && grep -q "$REQUEST" <<<"$found"`,
  `do sleep 2; done; printf '%s\\n' "$found"`,
].join("; ");

export const logProof = (install: Installation, proof: Proof): LogProof => {
  const { logging, loggingOutput = "stdout", loggingUrl } = install.config;
  // One word for whoever cuts texts into words.
  const id = randomBytes(12).toString("hex");
  if (logging === "fluent-bit") {
    const where = { output: loggingOutput, ...(loggingUrl ? { url: loggingUrl } : {}) };
    return { checks: [logArrives(proof, id, atFluentBit(where))], objects: () => [] };
  }
  if (logging !== "elasticsearch") return NOTHING;
  return {
    checks: [logArrives(proof, id, inElasticsearch)],
    objects: ({ mode }) => [
      askingJob(PROOF_JOB, imageOf(objectsOf(install, ID)), SCRIPT, {
        REQUEST: mode === "final" ? id : blank("the request that proves it"),
      }),
    ],
  };
};
