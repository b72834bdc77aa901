import { insideAnswers } from "../../checks/mesh/inside.ts";
import { plainRefused } from "../../checks/mesh/plain.ts";
import { serviceAnswers } from "../../checks/proof.ts";
import type { Proof } from "../../checks/proven.ts";
import type { Check } from "../../core/check.ts";
import { HOME, ownerOf } from "../../kube/inventory.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { type KubeObject, type ObjectRef, refOf } from "../../ports/object.ts";
import type { Installation } from "../installation.ts";
import { objectsOf } from "../part.ts";
import { strictService } from "./policy.ts";
import { imagesOf, type Joining, joining } from "./sidecars.ts";

/** The proof's Service is the canary: its pods are in the mesh and take nothing but mutual TLS. */
export interface Canary {
  readonly pods: Pick<Joining, "labels" | "annotations">;
  /** Beside the Service. */
  readonly objects: readonly KubeObject[];
}

/** Asks the Service from inside. */
export const CALLER: ObjectRef = { apiVersion: "batch/v1", kind: "Job", namespace: HOME, name: "mesh-caller" };

/** The image that Envoys run in has it. */
const CURL = ["curl"];
/** Seconds, a try each. */
const TRIES = 60;
const TIMES = { active: 600, kept: 3_600 };
/** Anybody but root, and not 1337: what the sidecar's user sends passes it by. */
const USER = 65_532;

/** Undefined: Knative is in no mesh. */
export const canaryIn = async (
  ctx: PlanContext,
  install: Installation,
  service: ObjectRef,
): Promise<Canary | undefined> => {
  if (!install.config.mesh) return undefined;
  const pods = await joining(ctx.live, install.manifests.versions.istio);
  const image = released(install) ?? pods.image ?? `docker.io/istio/proxyv2:${pods.version}`;
  return { pods, objects: [strictService(service), caller(service, pods, image)] };
};

/** What a run that was killed has left of it, where Knative is in no mesh any more. Its Job ends and goes by itself. */
export const leftOfCanary = async (
  ctx: PlanContext,
  { config, ingress }: Installation,
  service: ObjectRef,
  step: string,
): Promise<readonly KubeObject[]> => {
  if (config.mesh || !ingress.mesh) return [];
  const left = await ctx.live.get(refOf(strictService(service)));
  return left && ownerOf(left) === step ? [left] : [];
};

/** What is to be seen of it, in this order. */
export const canaryChecks = (install: Installation, proof: Proof): readonly Check[] =>
  install.config.mesh ? [insideAnswers(CALLER), plainRefused(proof.service, serviceAnswers(proof).run)] : [];

/** Of the release's own Envoys: it is on the nodes already. Of an Istio of others, what its istiod comes from says it. */
const released = (install: Installation): string | undefined =>
  objectsOf(install, "ingress")
    .flatMap(imagesOf)
    .find((image) => /\/proxyv2[:@-]/.test(image));

/** Ends with the first answer that is no error; a sidecar needs some seconds until it knows the Service. */
const caller = (
  { namespace, name }: ObjectRef,
  { labels, annotations }: Canary["pods"],
  image: string,
): KubeObject => ({
  apiVersion: CALLER.apiVersion,
  kind: CALLER.kind,
  metadata: { namespace: HOME, name: CALLER.name },
  spec: {
    backoffLimit: 0,
    activeDeadlineSeconds: TIMES.active,
    // Whoever waits for it may be killed.
    ttlSecondsAfterFinished: TIMES.kept,
    template: {
      metadata: { labels, annotations },
      spec: {
        restartPolicy: "Never",
        containers: [
          {
            name: "ask",
            image,
            command: CURL,
            args: [
              ...["--silent", "--show-error", "--fail", "--output", "/dev/null"],
              ...["--retry", String(TRIES), "--retry-delay", "1", "--retry-all-errors"],
              `http://${name}.${namespace}.svc/`,
            ],
            resources: { requests: { cpu: "10m", memory: "16Mi" } },
            securityContext: {
              allowPrivilegeEscalation: false,
              capabilities: { drop: ["ALL"] },
              runAsNonRoot: true,
              runAsUser: USER,
              runAsGroup: USER,
            },
            terminationMessagePolicy: "FallbackToLogsOnError",
          },
        ],
      },
    },
  },
});
