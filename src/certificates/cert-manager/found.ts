import type { BadFinding } from "../../core/finding-error.ts";
import { ownerOf } from "../../kube/inventory.ts";
import { UserError } from "../../ports/error.ts";
import { at, type KubeObject, type ObjectRef, refOf, textAt, VERSION_LABEL } from "../../ports/object.ts";
import type { Reader } from "../../ports/reader.ts";
import { sh } from "../../ports/shell.ts";
import { NAMESPACE } from "./names.ts";

/** A cert-manager that runs in the cluster, whoever made it: release manifest, Helm, OLM. */
export interface Found {
  readonly namespace: string;
  /** `1.18.0`; undefined when neither its labels nor its image say. */
  readonly version: string | undefined;
  readonly deployments: readonly ObjectRef[];
  /** Where it looks for the Secrets that a ClusterIssuer names (its flag --cluster-resource-namespace). */
  readonly resourceNamespace: string;
  /** Whether ClusterIssuers may use the credentials of its pod (--cluster-issuer-ambient-credentials). */
  readonly ambient: boolean;
  /** Made by an earlier run of ours; anything else is adopted and never changed. */
  readonly isOurs: boolean;
}

const CRD = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };
const DEFINITION = "certificates.cert-manager.io";

type Part = "controller" | "webhook" | "cainjector";

/** The parts by their images' names, else by the labels that every chart of it sets. */
const partOf = (deployment: KubeObject): Part | undefined => {
  const containers = at(deployment, "spec", "template", "spec", "containers");
  for (const container of Array.isArray(containers) ? containers : []) {
    const image = textAt(container, "image");
    const [, part] = /(?:^|\/)cert-manager-(controller|webhook|cainjector)(?:[:@]|$)/.exec(image) ?? [];
    if (part) return part as Part;
  }
  const { "app.kubernetes.io/name": name, "app.kubernetes.io/component": component } = deployment.metadata.labels ?? {};
  return name === "cert-manager" && component === "controller" ? "controller" : undefined;
};

const flagsOf = (deployment: KubeObject): ReadonlyMap<string, string> => {
  const containers = at(deployment, "spec", "template", "spec", "containers");
  const texts = (Array.isArray(containers) ? containers : []).flatMap((container) => at(container, "args") ?? []);
  return new Map(
    texts.flatMap((text) => {
      const [, name, value = "true"] = /^--?([a-z0-9-]+)(?:=(.*))?$/.exec(textAt(text)) ?? [];
      return name ? [[name, value] as const] : [];
    }),
  );
};

const versionOf = (controller: KubeObject): string | undefined => {
  const label = controller.metadata.labels?.[VERSION_LABEL] ?? "";
  const image = textAt(controller, "spec", "template", "spec", "containers", 0, "image");
  return /^v?(\d+\.\d+\.\d+)/.exec(label)?.[1] ?? /:v?(\d+\.\d+\.\d+)/.exec(image)?.[1];
};

/**
 * The cert-manager of this cluster, or undefined: none. Reads Deployments and one CustomResourceDefinition.
 * @throws UserError, exit 2: `cert-manager.leftover` its kinds are there, made by others, and no controller · `cert-manager.old` it does
 *   not serve cert-manager.io/v1
 */
export const findCertManager = async (reader: Reader): Promise<Found | undefined> => {
  const [definition, deployments] = await Promise.all([
    reader.get({ ...CRD, name: DEFINITION }),
    reader.list("apps/v1", "Deployment"),
  ]);
  const controllers = deployments.filter((deployment) => partOf(deployment) === "controller");
  const controller = controllers.find(({ metadata }) => ownerOf({ metadata } as KubeObject)) ?? controllers[0];
  if (!controller) {
    if (definition && !ownerOf(definition) && !definition.metadata.deletionTimestamp) throw leftover();
    return undefined;
  }
  const isOurs = ownerOf(controller) !== undefined;
  if (definition && !isOurs && !serves(definition, "v1")) throw old(versionOf(controller));
  const { namespace = NAMESPACE } = controller.metadata;
  const flags = flagsOf(controller);
  const resources = flags.get("cluster-resource-namespace") ?? "$(POD_NAMESPACE)";
  return {
    namespace,
    version: versionOf(controller),
    deployments: deployments
      .filter((deployment) => deployment.metadata.namespace === namespace && partOf(deployment))
      .map(refOf),
    resourceNamespace: resources === "$(POD_NAMESPACE)" ? namespace : resources,
    ambient: flags.get("cluster-issuer-ambient-credentials") !== "false",
    isOurs,
  };
};

const serves = (definition: KubeObject, version: string): boolean => {
  const versions = at(definition, "spec", "versions");
  return Array.isArray(versions) && versions.some((one) => at(one, "name") === version && at(one, "served") === true);
};

const leftover = (): UserError =>
  new UserError({
    id: "cert-manager.leftover",
    what: "The kinds of cert-manager are in this cluster, but no cert-manager runs.",
    why: "Somebody removed its Deployments and kept its CustomResourceDefinitions, and with them Certificates that may be in use.",
    remedy: {
      text: "Install it again the way it was installed, or, if these Certificates are needed no more, delete its kinds:",
      command: sh`kubectl get crd -o name | grep cert-manager.io | xargs kubectl delete`,
    },
    kind: "input",
  });

const old = (version: string | undefined): UserError =>
  new UserError({
    id: "cert-manager.old",
    what: `This cluster runs cert-manager${version ? ` ${version}` : ""}, which does not serve cert-manager.io/v1.`,
    why: "Knative asks for certificates in that version, and what others installed is not changed.",
    remedy: {
      text: "Upgrade it first, the way it was installed. What runs:",
      command: sh`kubectl get deployments -A -l app.kubernetes.io/component=controller -o wide`,
    },
    kind: "input",
  });

/**
 * Since 1.15 Serving's own controller asks cert-manager for certificates; before, net-certmanager.yaml did, which we do not install.
 * @param minor `1.23`
 */
export const knativeProblem = (minor: string): BadFinding | undefined => {
  const [, second = 0] = minor.split(".").map(Number);
  if (second >= 15) return undefined;
  return {
    status: "fail",
    permanent: true,
    summary: `--tls cert-manager does not go with Knative ${minor}.`,
    remedy: {
      text: "Choose a newer Knative, or another way to a certificate:",
      command: sh`kn-bootstrap install --tls letsencrypt`,
    },
    error: {
      id: "cert-manager.knative",
      why: "Up to 1.14 a component of its own, net-certmanager, stands between the two; it is archived and not installed here.",
      kind: "input",
    },
    facts: { version: minor },
  };
};
