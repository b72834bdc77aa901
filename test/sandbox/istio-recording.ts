import { readFileSync } from "node:fs";
import type { Obj } from "../../src/sandbox/types.ts";
import { hasShared, sharedPath } from "../sandbox-api/shared.ts";

/** What was recorded of the real net-istio on a real API server, in the words that the world can be compared in. */

export const hasRecording = hasShared("conformance/real-istio/cases.json");

export interface Recorded {
  readonly case: string;
  readonly steps: readonly {
    readonly step: string;
    readonly ready?: Readonly<Record<string, readonly (readonly string[])[]>>;
    readonly stderr?: string;
  }[];
  readonly observed: readonly Obj[];
  readonly probesAtStub: readonly ProbeCount[];
  readonly controllerLog: readonly { readonly message: string }[];
}

export interface ProbeCount {
  readonly scheme: string;
  readonly host: string;
  readonly sni: string;
  readonly dialled: string;
  readonly answer: string;
  readonly count: number;
}

const read = (file: string) => JSON.parse(readFileSync(sharedPath(`conformance/real-istio/${file}`), "utf8"));

export const recordings: readonly Recorded[] = hasRecording ? read("cases.json") : [];

/** Case to `kind/namespace/name@generation` to the object. */
export const recordedObjects: Readonly<Record<string, Readonly<Record<string, { readonly object: Obj }>>>> =
  hasRecording ? read("objects.json") : {};

const IDENTITY = new Set([
  "uid",
  "resourceVersion",
  "creationTimestamp",
  "deletionTimestamp",
  "managedFields",
  "lastTransitionTime",
]);

/** Annotations that Serving's own controllers and webhook write. */
const OF_SERVING = /^(networking\.internal\.knative\.dev\/rollout|serving\.knative\.dev\/(creator|lastModifier))$/;

/** Without what differs from one cluster to the next. The version in which one reads it is Istio's choice. */
export const comparable = (object: unknown): unknown =>
  JSON.parse(
    JSON.stringify(object ?? null, (key, value) => {
      if (IDENTITY.has(key)) return undefined;
      if (key === "apiVersion" && /^networking\.istio\.io/.test(value)) return "networking.istio.io";
      if (key !== "annotations" || value === null) return value;
      const kept = Object.entries(value).filter(([name]) => !OF_SERVING.test(name));
      return kept.length > 0 ? Object.fromEntries(kept) : undefined;
    }),
  );

/** What a Service leads to; the rest of it the API server adds. */
export const leadsTo = (service: Obj | undefined): unknown => {
  const { type, ports, externalName } = service?.spec ?? {};
  return { type, ports, externalName };
};

/** The lines that net-istio's own code writes about gateways and its configuration, each once. */
export const told = (lines: readonly string[], isOther: RegExp): readonly string[] =>
  [
    ...new Set(
      lines
        .map((line) => line.replace(/ \(depth: \w+\)$/, ""))
        .filter((line) => /^(Probing|Queuing|Skipping|Error) /.test(line) && !isOther.test(line)),
    ),
  ].toSorted();
