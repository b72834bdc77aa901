import { isTrue, keysOfKind, keysOfOwner, ownerReference, refAt, refOf, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import { type Api, type Obj, StatusError } from "../types.ts";
import { livingConditions, no, passedOn, unknown, type Verdict, yes } from "./conditions.ts";
import { CONTROLLER, SERVING } from "./names.ts";
import { livingIn } from "./process.ts";

const GENERATION = "serving.knative.dev/configurationGeneration";

/** Configurations: one Revision per generation of the template, and which of them is the latest ready one. */
export const configurations = (stage: Stage): Reconciler => {
  const { api } = stage;
  return livingIn(
    stage,
    CONTROLLER,
    { apiVersion: SERVING, kind: "Configuration" },
    {
      name: "knative-configuration",
      keys: (event) => [...keysOfKind(event, SERVING, "Configuration"), ...keysOfOwner(event, "Configuration")],
      reconcile: async (key) => {
        const configuration = api.get(refAt(SERVING, "Configuration", key));
        if (!configuration || configuration.metadata.deletionTimestamp) return undefined;
        const latest = await latestCreated(api, configuration);
        const ready = latestReady(api, configuration) ?? configuration.status?.latestReadyRevisionName;
        await api.update(
          CONTROLLER,
          refOf(configuration),
          (draft) => {
            const condition = "refusal" in latest ? latest.refusal : judge(latest.revision, ready);
            draft.status = {
              observedGeneration: configuration.metadata.generation,
              conditions: livingConditions(draft.status?.conditions, { Ready: condition }),
              ...("revision" in latest ? { latestCreatedRevisionName: latest.revision.metadata.name } : {}),
              ...(ready ? { latestReadyRevisionName: ready } : {}),
            };
          },
          { subresource: "status" },
        );
        return undefined;
      },
    },
  );
};

const judge = (revision: Obj, ready: string | undefined): Verdict => {
  const { name } = revision.metadata;
  const state = passedOn(revision, "Ready");
  if (state?.status === "False") {
    return no("RevisionFailed", `Revision "${name}" failed with message: ${state.message ?? ""}.`);
  }
  return ready === name ? yes() : unknown();
};

const latestCreated = async (api: Api, configuration: Obj): Promise<{ revision: Obj } | { refusal: Verdict }> => {
  const { template } = configuration.spec;
  const { name: ownName, namespace = "", uid = "", generation = 1, labels, annotations } = configuration.metadata;
  const name = template.metadata?.name ?? `${ownName}-${String(generation).padStart(5, "0")}`;
  const existing = api.get({ apiVersion: SERVING, kind: "Revision", namespace, name });
  if (existing) {
    const isOurs = existing.metadata.ownerReferences?.some((owner) => owner.uid === uid);
    if (isOurs) return { revision: existing };
    const message = `Revision creation failed with message: revisions.serving.knative.dev "${name}" already exists.`;
    return { refusal: no("RevisionFailed", message) };
  }
  const creator = annotations?.["serving.knative.dev/lastModifier"];
  try {
    const revision = await api.create(CONTROLLER, {
      apiVersion: SERVING,
      kind: "Revision",
      metadata: {
        name,
        namespace,
        labels: {
          ...template.metadata?.labels,
          "serving.knative.dev/configuration": ownName,
          "serving.knative.dev/configurationUID": uid,
          [GENERATION]: String(generation),
          "serving.knative.dev/routingState": "pending",
          ...pick(labels, "serving.knative.dev/service", "serving.knative.dev/serviceUID"),
        },
        annotations: {
          ...template.metadata?.annotations,
          ...(creator ? { "serving.knative.dev/creator": creator } : {}),
        },
        ownerReferences: [ownerReference(configuration)],
      },
      spec: template.spec,
    });
    return { revision };
  } catch (error) {
    if (!(error instanceof StatusError) || error.status.code >= 500 || error.status.code === 409) throw error;
    return { refusal: no("RevisionFailed", `Revision creation failed with message: ${error.message}.`) };
  }
};

const latestReady = (api: Api, configuration: Obj): string | undefined =>
  api
    .list(SERVING, "Revision", configuration.metadata.namespace)
    .filter((revision) => revision.metadata.ownerReferences?.some(({ uid }) => uid === configuration.metadata.uid))
    .filter((revision) => isTrue(revision, "Ready"))
    .sort((a, b) => Number(b.metadata.labels?.[GENERATION]) - Number(a.metadata.labels?.[GENERATION]))[0]?.metadata
    .name;

const pick = (labels: Record<string, string> | undefined, ...keys: string[]): Record<string, string> =>
  Object.fromEntries(keys.flatMap((key) => (labels?.[key] === undefined ? [] : [[key, labels[key]]])));
