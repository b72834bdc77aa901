import { fail, ok, skipped } from "../../core/check.ts";
import { few } from "../../ports/few.ts";
import { type KubeObject, refOf, VERSION_LABEL } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { minorOf } from "../../ports/version.ts";
import { KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";

/** What a release has taken out, with the first minor that is without it (release notes of 1.12 and 1.15). */
const REMOVED: readonly { readonly name: string; readonly since: number }[] = [
  { name: "domain-mapping", since: 12 },
  { name: "domainmapping-webhook", since: 12 },
  { name: "net-nscert-controller", since: 12 },
  { name: "net-certmanager-controller", since: 15 },
  { name: "net-certmanager-webhook", since: 15 },
];

/** `1.23.0` → 23. Undefined: no release's. */
const numberOf = (version: string): number | undefined => {
  const minor = minorOf(version)?.split(".")[1];
  return minor === undefined ? undefined : Number(minor);
};

const versionOf = ({ metadata }: KubeObject): string => metadata.labels?.[VERSION_LABEL] ?? "";

export const versionsFit = healthCheck({
  id: "knative.versions",
  title: "All of Knative is of one release",
  needs: ["knative.installed"],
  reads: ["Deployment.apps", "CustomResourceDefinition.apiextensions.k8s.io"],
  meaning:
    "An upgrade was left half done: controllers write what others do not understand, or one that a release has taken out still runs.",
  todo: "Bring everything to the newest of the versions, one minor after another, and delete what that release no longer has.",
  threads: ["knative/serving#11966", "knative/operator#1465"],
  run: async ({ cluster }) => {
    const [deployments, kinds] = await Promise.all([
      cluster.list({ apiVersion: "apps/v1", kind: "Deployment", namespace: KNATIVE }),
      cluster.list({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" }),
    ]);
    const ofKnative = kinds.filter(({ metadata }) => metadata.name.endsWith(".serving.knative.dev"));
    const versioned = [...deployments, ...ofKnative].flatMap((object) => {
      const minor = numberOf(versionOf(object));
      return minor === undefined ? [] : [{ object, minor }];
    });
    if (versioned.length === 0) return skipped("nothing of it says its version");
    const newest = Math.max(...versioned.map(({ minor }) => minor));
    const core = Math.max(
      ...versioned.flatMap(({ object, minor }) => (object.metadata.name === "controller" ? [minor] : [])),
      0,
    );
    // The network layer of a minor may be one behind.
    const old = versioned.filter(({ minor }) => newest - minor > 1);
    const left = deployments.filter(({ metadata }) =>
      REMOVED.some(({ name, since }) => name === metadata.name && core >= since),
    );
    const evidence = [...old.map(({ object }) => object), ...left].map((object) => ({
      object: refOf(object),
      field: `label ${VERSION_LABEL}`,
      observed: versionOf(object),
    }));
    if (left.length > 0)
      return fail(
        `${few(left.map(({ metadata }) => metadata.name))} still runs, which Knative 1.${core} no longer has`,
        {
          text: "Delete it: what it did is done by the controller now.",
          command: sh`kubectl delete deployment ${left[0]?.metadata.name ?? ""} -n ${KNATIVE}`,
        },
        { evidence },
      );
    if (old.length > 0)
      return fail(
        `some of it is 1.${newest}, and ${few(old.map(({ object }) => `${object.metadata.name} is ${versionOf(object)}`))}`,
        {
          text: "An upgrade has stopped halfway, or two hands apply two releases. Bring all of it to one release, one minor after another. Which Deployment is of which:",
          command: sh`kubectl get deployments -n ${KNATIVE} -L ${VERSION_LABEL}`,
        },
        { evidence },
      );
    return ok(`1.${newest}`);
  },
});
