import {
  behindService,
  holdKingress,
  KINGRESS_FINALIZER,
  WAITING,
  writeKingressStatus,
} from "../ingress/kingress-status.ts";
import { unknown, yes } from "../knative/conditions.ts";
import { bucketsOf } from "../knative/elections.ts";
import { INGRESS_CLASS, NAMESPACE, NETWORKING } from "../knative/names.ts";
import { fatal, knativeMinor, livingIn, versionRefusal } from "../knative/process.ts";
import { readConfig } from "../knative/settings.ts";
import { recordEvent } from "../kubernetes/events.ts";
import type { Election } from "../kubernetes/leader-election.ts";
import type { Logs } from "../kubernetes/logs/files.ts";
import { deploymentOf, type Program } from "../kubernetes/processes.ts";
import {
  dropFinalizer,
  ensure,
  isOwnedBy,
  isPodReady,
  isTrue,
  keyOf,
  keysOfKind,
  keysOfOwner,
  refAt,
  refOf,
  type Stage,
} from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import { type Obj, StatusError } from "../types.ts";
import { hashOf } from "./kingress.ts";
import { COMPONENT, CONTROLLER, INGRESS_CLASS_NAME, INGRESS_LABEL, ISTIO, MANAGER } from "./names.ts";
import { isCopyOf, openTls, ownGateways } from "./own-gateways.ts";
import { createProber, type Dial } from "./prober.ts";
import { gatewaysFor, nameOf, readSettings, type Settings } from "./settings.ts";
import { targetsOf } from "./targets.ts";
import { virtualServicesOf } from "./virtual-services.ts";

const KIND = "Ingress";
const DEPLOYMENT = `${NAMESPACE}/${CONTROLLER}`;
const CRDS = [
  "virtualservices.networking.istio.io",
  "gateways.networking.istio.io",
  `ingresses.${NETWORKING.split("/")[0]}`,
];

export interface NetIstio {
  readonly program: Program;
  readonly reconciler: Reconciler;
  readonly election: Election;
}

/**
 * net-istio's controller (pkg/reconciler/ingress): makes VirtualServices and Gateways of kingresses of its class, or of none, and asks the
 * gateways whether they have them.
 */
export const netIstioController = (stage: Stage, logs: Logs, dial: Dial): NetIstio => {
  const { api } = stage;
  let settings: Settings | undefined;
  let look: (key: string) => void = () => {};

  const write = (pod: Obj, severity: string, message: string): void =>
    logs.write(pod, "controller", JSON.stringify({ severity, timestamp: new Date().toISOString(), message }));
  const log = (severity: string, message: string): void => {
    const pods = api.list("v1", "Pod", NAMESPACE).filter((pod) => deploymentOf(pod) === DEPLOYMENT);
    const pod = pods.find(isPodReady) ?? pods[0];
    if (pod) write(pod, severity, message);
  };
  const prober = createProber(stage, dial, log, (key) => look(key));

  const isOurs = ({ metadata: { annotations = {} } }: Obj): boolean =>
    (annotations[INGRESS_CLASS] ?? INGRESS_CLASS_NAME) === INGRESS_CLASS_NAME;
  const ours = (): Obj[] => api.list(NETWORKING, KIND).filter(isOurs);

  const load = () => readSettings(readConfig(api, "config-istio"), knativeMinor(stage, NAMESPACE, CONTROLLER));

  const start = (pod: Obj): string | undefined => {
    const tooOld = versionRefusal(stage, pod);
    if (tooOld) return tooOld;
    const lacks = CRDS.some(
      (name) =>
        !isTrue(
          api.get({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name }),
          "Established",
        ),
    );
    if (lacks) return fatal("failed to start informers", "the server could not find the requested resource");
    for (const name of ["config-istio", "config-network"])
      if (!api.get({ apiVersion: "v1", kind: "ConfigMap", namespace: NAMESPACE, name }))
        return fatal("Failed to start the ConfigMap watcher", `configmaps "${name}" not found`);
    const read = load();
    if ("error" in read)
      return fatal(`Error initializing ingress config "config-istio": ${JSON.stringify(read.error)}`, read.error);
    settings = read;
    prober.reset();
    return undefined;
  };

  /** A bad configuration leaves the one that there was. */
  const reload = (): void => {
    const read = load();
    if ("error" in read) log("ERROR", `Error updating ingress config "config-istio": ${JSON.stringify(read.error)}`);
    else settings = read;
  };

  const ensureAll = async (objects: readonly Obj[]): Promise<void> => {
    for (const object of objects) await ensure(api, MANAGER, object, { exactly: true });
  };

  const removeOthers = async (kingress: Obj, kind: string, kept: readonly Obj[]): Promise<void> => {
    const names = new Set(kept.map(keyOf));
    for (const object of api.list(ISTIO, kind, kingress.metadata.namespace))
      if (object.metadata.labels?.[INGRESS_LABEL] === kingress.metadata.name)
        if (isOwnedBy(object, kingress) && !names.has(keyOf(object))) await api.remove(refOf(object));
  };

  /** Writes everything that a gateway is to have of it. */
  const configure = async (kingress: Obj, { external, local }: Settings): Promise<void> => {
    const isMeshOnly = external.length + local.length === 0;
    const own = isMeshOnly ? { secrets: [], gateways: [] } : ownGateways(stage, kingress, external);
    await ensureAll([...own.secrets, ...own.gateways]);
    const open = own.gateways.length > 0 ? own.gateways.map(keyOf) : external.map(nameOf);
    const services = virtualServicesOf(kingress, { open, local: local.map(nameOf) });
    await ensureAll(services);
    await removeOthers(kingress, "VirtualService", services);
    if (isMeshOnly) await removeOthers(kingress, "Gateway", []);
  };

  const judge = async (key: string, kingress: Obj, present: Settings): Promise<void> => {
    const chosen = gatewaysFor(present, kingress.metadata.labels);
    const at = (list: Settings["external"]): object => (list[0] ? behindService(list[0].service) : { meshOnly: true });
    const addresses = { open: at(chosen.external), local: at(chosen.local) };
    const report = (state: Pick<Parameters<typeof writeKingressStatus>[3], "configured" | "balanced" | "error">) =>
      writeKingressStatus(api, MANAGER, kingress, { ...state, addresses });
    let configured = unknown();
    try {
      await configure(kingress, chosen);
      configured = yes();
      const isSettled =
        isTrue(kingress, "Ready") && kingress.status.observedGeneration === kingress.metadata.generation;
      const targets = () => targetsOf(api, kingress, present, (message) => log("INFO", message));
      const isReady = isSettled || prober.isReady(key, hashOf(kingress), targets);
      await report({ configured, balanced: isReady ? yes() : WAITING });
    } catch (error) {
      if (error instanceof StatusError) throw error;
      const what = configured.status === "True" ? `failed to probe Ingress ${key}: ` : "";
      await report({ configured, balanced: unknown(), error: "Ingress reconciliation failed" });
      await recordEvent(api, COMPONENT, kingress, "Warning", "InternalError", `${what}${(error as Error).message}`);
      throw error;
    }
  };

  const finalize = async (kingress: Obj): Promise<void> => {
    for (const tls of openTls(kingress))
      for (const secret of api.list("v1", "Secret")) if (isCopyOf(secret, tls)) await api.remove(refOf(secret));
    await dropFinalizer(api, MANAGER, kingress, KINGRESS_FINALIZER);
  };

  const reconcile = async (key: string): Promise<number | undefined> => {
    const kingress = api.get(refAt(NETWORKING, KIND, key));
    if (!kingress) prober.forget(key);
    if (!kingress || !settings || !isOurs(kingress)) return undefined;
    if (kingress.metadata.deletionTimestamp) await finalize(kingress);
    if (kingress.metadata.deletionTimestamp) return undefined;
    await holdKingress(api, MANAGER, kingress);
    try {
      await judge(key, kingress, settings);
      return undefined;
    } catch (error) {
      if (error instanceof StatusError) throw error;
      return stage.second;
    }
  };

  const isConfig = ({ kind, metadata }: Obj): boolean =>
    kind === "ConfigMap" && metadata.namespace === NAMESPACE && /^config-(istio|network)$/.test(metadata.name);
  const secretName = ({ metadata }: Obj): string => `${metadata.namespace}/${metadata.name}`;

  return {
    program: { deployment: DEPLOYMENT, start },
    election: {
      deployment: DEPLOYMENT,
      manager: MANAGER,
      leases: () =>
        ["ingress", "serverlessservice"].flatMap((name) =>
          bucketsOf(stage, `${CONTROLLER}.knative.dev.net-istio.pkg.reconciler.${name}.reconciler.`),
        ),
    },
    reconciler: livingIn(
      stage,
      CONTROLLER,
      { apiVersion: NETWORKING, kind: KIND },
      {
        name: "net-istio",
        keys: (event) => {
          const { object, type } = event;
          if (object.kind === "Pod" && type === "DELETED" && object.status?.podIP)
            prober.forgetPod(object.status.podIP);
          if (isConfig(object)) {
            if (settings && object.metadata.name === "config-istio" && type !== "DELETED") reload();
            return ours().map(keyOf);
          }
          if (object.kind === "Secret")
            return ours()
              .filter((kingress) =>
                openTls(kingress).some(
                  (tls) => `${tls.secretNamespace}/${tls.secretName}` === secretName(object) || isCopyOf(object, tls),
                ),
              )
              .map(keyOf);
          if (object.kind === "VirtualService") return keysOfOwner(event, KIND);
          return keysOfKind(event, NETWORKING, KIND);
        },
        listen: (add) => {
          look = add;
        },
        reconcile,
      },
    ),
  };
};
