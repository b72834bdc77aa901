import type { Step } from "../changes/step.ts";
import type { HealthCheck } from "../checks/health-check.ts";
import type { OptionKey } from "../config/options.ts";
import { part as canary } from "./canary/index.ts";
import { part as certManager } from "./cert-manager/index.ts";
import { part as doctor } from "./doctor/index.ts";
import { part as domain } from "./domain/index.ts";
import { part as gatewayCertificate } from "./gateway-certificate/index.ts";
import { part as hello } from "./hello/index.ts";
import { part as hpa } from "./hpa/index.ts";
import { part as ingress } from "./ingress/index.ts";
import type { Installation, Removal } from "./installation.ts";
import { part as logging } from "./logging/index.ts";
import { part as mesh } from "./mesh/index.ts";
import { part as metrics } from "./metrics/index.ts";
import type { Part, Seen } from "./part.ts";
import { part as proof } from "./proof/index.ts";
import { part as records } from "./records/index.ts";
import { part as renewal } from "./renewal/index.ts";
import type { Right } from "./rights.ts";
import { part as serving } from "./serving/index.ts";
import { part as state } from "./state/index.ts";
import { part as workloads } from "./workloads/index.ts";

/** The installation: its parts, in order. A new one is a folder beside this file and a line here. */
const LIST = [
  state, //              the namespace kn-bootstrap, and what was chosen
  serving, //            Knative Serving, its configuration already in
  hpa, //                the HPA autoscaler, on request
  ingress, //            the gateway and its controller, and where it can be reached
  mesh, //               mutual TLS between them, on request
  metrics, //            who may measure it all, and how, on request
  records, //            names that lead to that address
  domain, //             one default domain, ours
  certManager, //        asked for a certificate for each Route, on request
  logging, //            what was asked, seen where people look, on request
  gatewayCertificate, // one for every URL that Knative will print, or plain http
  proof, //              a temporary Service answers like a user's will
  hello, //              one that stays for looking at, on request
  workloads, //          on the way back: people's own come before what they need
  renewal, //            on the way back: the CronJob comes first
  doctor, //             on the way back: nobody looks at what goes
  canary, //             on the way back: what a doctor that was killed has left
] as const;

type Listed = (typeof LIST)[number];
type StepIn<Of extends "steps" | "removal"> = Listed extends infer P
  ? P extends { readonly [K in Of]: (...given: never) => readonly (infer S)[] }
    ? S
    : never
  : never;
type ListedStep = StepIn<"steps"> | StepIn<"removal">;
type OptionIn = Extract<Listed, { readonly options: unknown }>["options"][number];
type Needed = ListedStep["needs"][number] | NonNullable<ListedStep["before"]>[number];

export type PartId = Listed["id"];
export type StepId = ListedStep["id"];
export type CheckId = Extract<Listed, { readonly checks: unknown }>["checks"][number]["id"];

type FoundBy<P> = P extends { readonly status: { readonly read: (seen: Seen) => Promise<infer Found> } }
  ? Found
  : never;
type All<U> = (U extends unknown ? (one: Partial<U>) => void : never) extends (all: infer I) => void ? I : never;
/** What the sections of `status` find; nothing of it where there is no Knative. */
export type StatusFound = All<FoundBy<Listed>>;

type Lacking<What extends string, Id> = [Id] extends [never] ? unknown : { readonly [K in What]: Id };
/** A need that is no step's id, and an option that is not in the table, do not compile: the message says which. */
type Complete = Lacking<"noStepIsCalled", Exclude<Needed, StepId>> &
  Lacking<"notInTheTableOfOptions", Exclude<OptionIn["key"], OptionKey>>;

export const PARTS: readonly Part[] & Complete = LIST;

/**
 * The registry of checks: every check of health, what others need before them. Each finds what it is about in the cluster. The verification
 * of a step is the same check, made for what the step has planned.
 */
export const CHECKS: readonly HealthCheck<CheckId>[] = LIST.flatMap<HealthCheck<CheckId>>((part) =>
  "checks" in part ? part.checks : [],
);

/**
 * Its steps, in order. A step starts as soon as the steps it needs are done, so what is independent runs at once; `uninstall` is the same
 * list with the goal "absent", backwards.
 */
export const steps = (install: Installation, removal?: Removal): readonly Step[] => {
  const going = removal && { ...removal, products: PARTS.flatMap(({ products = [] }) => products) };
  const all = [
    ...PARTS.flatMap((part) => part.steps?.(install, going) ?? []),
    ...(going ? PARTS.flatMap((part) => part.removal?.(going) ?? []) : []),
  ];
  const whatNames = (id: string) => all.filter(({ before }) => before?.includes(id));
  return all.map((step) => ({ ...step, needs: [...step.needs, ...whatNames(step.id).map(({ id }) => id)] }));
};

/**
 * Everything that `renew` does to a cluster, and no more. What it waits for it also follows. Pure: Roles and pre-flight are made from the
 * same table.
 */
export const renewalRights = (install: Installation): readonly Right[] =>
  PARTS.flatMap((part) => part.rights?.(install) ?? []);
