import type { Api, Obj } from "../types.ts";
import { no, passedOn, unknown, type Verdict } from "./conditions.ts";
import { SERVING } from "./names.ts";

/** A Route's traffic, resolved to Revisions. */
export interface Traffic {
  /** As `status.traffic` lists it. */
  readonly targets: readonly Target[];
  /** Where each tag goes; the empty tag is the Route's own name. */
  readonly byTag: ReadonlyMap<string, readonly Target[]>;
}

export interface Target {
  readonly revisionName: string;
  readonly percent: number;
  readonly latestRevision: boolean;
  readonly tag?: string;
}

/** Resolves the traffic of a Route, or says what is still missing (serving pkg/reconciler/route/traffic). */
export const resolveTraffic = (api: Api, route: Obj): Traffic | Verdict => {
  const targets: Target[] = [];
  for (const wanted of route.spec.traffic as Obj[]) {
    const found = resolveTarget(api, route.metadata.namespace ?? "", wanted);
    if (typeof found !== "string") return found;
    targets.push({
      revisionName: found,
      percent: wanted.percent ?? 0,
      latestRevision: wanted.revisionName === undefined,
      ...(wanted.tag ? { tag: wanted.tag } : {}),
    });
  }
  const byTag = new Map<string, Target[]>([["", targets.filter(({ percent }) => percent > 0)]]);
  for (const target of targets) if (target.tag) byTag.set(target.tag, [{ ...target, percent: 100 }]);
  return { targets, byTag };
};

const resolveTarget = (api: Api, namespace: string, { revisionName, configurationName }: Obj): string | Verdict => {
  if (revisionName) {
    const revision = api.get({ apiVersion: SERVING, kind: "Revision", namespace, name: revisionName });
    if (!revision) return no("RevisionMissing", `Revision "${revisionName}" referenced in traffic not found.`);
    const { status } = passedOn(revision, "Ready") ?? unknown();
    if (status === "False") return no("RevisionMissing", `Revision "${revisionName}" failed to become ready.`);
    return status === "True"
      ? revisionName
      : unknown("RevisionMissing", `Revision "${revisionName}" is not yet ready.`);
  }
  const name = configurationName;
  const configuration = api.get({ apiVersion: SERVING, kind: "Configuration", namespace, name });
  if (!configuration) return no("ConfigurationMissing", `Configuration "${name}" referenced in traffic not found.`);
  const { latestReadyRevisionName } = configuration.status ?? {};
  if (latestReadyRevisionName) return latestReadyRevisionName;
  return passedOn(configuration, "Ready")?.status === "False"
    ? no("RevisionMissing", `Configuration "${name}" does not have any ready Revision.`)
    : unknown("RevisionMissing", `Configuration "${name}" is waiting for a Revision to become ready.`);
};
