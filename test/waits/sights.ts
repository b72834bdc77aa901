import type { Api, Obj } from "../../src/sandbox/types.ts";
import type { Sees } from "./scene.ts";

/** Without a name: of all Deployments. */
const podsOf = (api: Api, deployment = ""): readonly Obj[] =>
  api.list("v1", "Pod").filter(({ metadata }) => metadata.name.startsWith(deployment && `${deployment}-`));

export const conditionOf = (object: Obj, type: string): Obj | undefined =>
  object.status?.conditions?.find((condition: Obj) => condition.type === type);

export const podWaits =
  (reason: string, deployment?: string): Sees =>
  (api) =>
    podsOf(api, deployment).some(({ status }) =>
      status?.containerStatuses?.some(({ state }: Obj) => state.waiting?.reason === reason),
    );

export const refusedTwice =
  (deployment: string): Sees =>
  (api) =>
    api
      .list("v1", "Event")
      .some(
        ({ involvedObject, message, count }) =>
          involvedObject.name.startsWith(`${deployment}-`) && message.startsWith("Failed to pull") && count > 1,
      );

export const unscheduled =
  (deployment: string): Sees =>
  (api) =>
    podsOf(api, deployment).some((pod) => conditionOf(pod, "PodScheduled")?.status === "False");

export const podsRefused: Sees = (api) =>
  api.list("apps/v1", "Deployment").some((deployment) => conditionOf(deployment, "ReplicaFailure") !== undefined);

export const exists =
  (apiVersion: string, kind: string, name: string): Sees =>
  (api) =>
    api.list(apiVersion, kind).some(({ metadata }) => metadata.name === name);

export const writes =
  (path: string): Sees =>
  (_api, request) =>
    request !== undefined && request.method !== "GET" && !request.query?.dryRun && request.path.includes(path);

export const isTerminating: Sees = (api) =>
  api.get({ apiVersion: "v1", kind: "Namespace", name: "knative-serving" })?.metadata.deletionTimestamp !== undefined;

export const available =
  (...deployments: readonly string[]): Sees =>
  (api) =>
    deployments.every((name) =>
      api
        .list("apps/v1", "Deployment", "knative-serving")
        .some(({ metadata, status }) => metadata.name === name && status?.availableReplicas > 0),
    );

export const revisionFailed: Sees = (api) =>
  api.list("serving.knative.dev/v1", "Revision").some((revision) => conditionOf(revision, "Ready")?.status === "False");

/** The registry has refused Knative's controller the digest a second time. */
export const askedTwice: Sees = (api) =>
  api.list("v1", "Event").some(({ message, count }) => message.startsWith("Unable to fetch image") && count > 1);

export const takenBack: Sees = (api) =>
  api
    .list("v1", "ConfigMap", "knative-serving")
    .some(({ metadata }) => metadata.managedFields?.some(({ manager }) => manager === "gitops"));

export const always: Sees = () => true;
