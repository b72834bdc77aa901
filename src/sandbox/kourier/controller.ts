import type { Certificate } from "../front.ts";
import { certificateIn, isLoadable, secretOf } from "../ingress/certificate.ts";
import {
  behindService,
  holdKingress,
  KINGRESS_FINALIZER,
  WAITING,
  writeKingressStatus,
} from "../ingress/kingress-status.ts";
import { no, unknown, type Verdict, yes } from "../knative/conditions.ts";
import { bucketsOf } from "../knative/elections.ts";
import { INGRESS_CLASS, NETWORKING } from "../knative/names.ts";
import { fatal, versionRefusal } from "../knative/process.ts";
import { readyEndpoints } from "../kubernetes/endpoint-slices.ts";
import type { Election } from "../kubernetes/leader-election.ts";
import type { Program } from "../kubernetes/processes.ts";
import { conditionOf, dropFinalizer, isTrue, isUp, keyOf, keysOfKind, refAt, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { ChangeEvent, Obj } from "../types.ts";
import { configMap, type Environment, readCertificate } from "./certificate.ts";
import type { Envoy } from "./gateway.ts";
import {
  CONTROLLER,
  CONTROLLER_NAMESPACE,
  EXTERNAL_SERVICE,
  GATEWAY_NAMESPACE,
  INGRESS_CLASS_NAME,
  INTERNAL_SERVICE,
  LEASES,
  MANAGER,
} from "./names.ts";
import { servicesOf, type Translation, tlsOf, translate } from "./translate.ts";

const KIND = "Ingress";
const SLICE_SERVICE = "kubernetes.io/service-name";

/** How long it takes, in seconds, to see at the gateway what was written to it. */
const PROBE = 0.1;

/**
 * net-kourier's controller (pkg/reconciler/ingress): programs the gateway from kingresses of its class. It reads the
 * certificate's Secret when it starts and whenever it reconciles a kingress, and at no other time.
 */
export const kourierController = (
  stage: Stage,
  gateway: Pick<Envoy, "program">,
): { program: Program; reconciler: Reconciler; election: Election } => {
  const { api } = stage;
  const translations = new Map<string, Translation>();
  /** Ready addresses per EndpointSlice: only their change is news. */
  const addresses = new Map<string, string>();
  /** Which version of each kingress the gateway was asked about, and whether it has shown it. */
  const probes = new Map<string, { readonly version: string; isShown: boolean }>();
  let environment: Environment = {};
  let certificate: Certificate | undefined;
  let wasUp = false;
  let look: (key: string) => void = () => {};

  const isOurs = (kingress: Obj): boolean => kingress.metadata.annotations?.[INGRESS_CLASS] === INGRESS_CLASS_NAME;
  const ours = (): Obj[] => api.list(NETWORKING, KIND).filter(isOurs);

  /** Host, as the kingress has it, to certificate. */
  const ownCertificates = (): ReadonlyMap<string, Certificate> =>
    new Map(
      [...translations.values()].flatMap(({ tls }) =>
        tls.flatMap((one) => {
          const secret = secretOf(api, one);
          const own = secret && certificateIn(secret);
          return own && isLoadable(own) ? one.hosts.map((host) => [host, own] as const) : [];
        }),
      ),
    );

  /** Sends the present state to the gateway; an error leaves the gateway as it is. */
  const publish = (env: Environment): string | undefined => {
    const read = readCertificate(stage, env);
    if ("error" in read) return read.error;
    // Envoy refuses a listener whose certificate it cannot load, and keeps the one it had.
    if (!read.certificate || isLoadable(read.certificate)) certificate = read.certificate;
    const hosts = [...translations.values()].flatMap((translation) => translation.hosts);
    gateway.program({
      hosts: new Map(hosts.filter(({ isExternal }) => isExternal).map((host) => [host.host, host])),
      ...(certificate ? { certificate } : {}),
      certificates: ownCertificates(),
    });
    return undefined;
  };

  const translateNow = (key: string, kingress: Obj, env: Environment): Translation | undefined =>
    translate(api, key, kingress, env.KOURIER_HTTPOPTION_DISABLED === undefined);

  const start = (pod: Obj): string | undefined => {
    const tooOld = versionRefusal(stage, pod);
    if (tooOld) return tooOld;
    const name = `ingresses.${NETWORKING.split("/")[0]}`;
    const crd = api.get({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name });
    if (!isTrue(crd, "Established")) {
      return fatal("failed to start informers", "the server could not find the requested resource");
    }
    for (const config of ["config-network", "config-kourier"]) {
      if (configMap(api, config)) continue;
      return `Timed out waiting for configuration in ConfigMaps: failed to fetch ${config.slice("config-".length)} config: configmaps "${config}" not found`;
    }
    const variables: Obj[] = pod.spec.containers.flatMap((container: Obj) => container.env ?? []);
    const env = Object.fromEntries(
      variables.flatMap(({ name: key, value }) => (value === undefined ? [] : [[key, value]])),
    );
    const read = readCertificate(stage, env);
    if ("error" in read) return fatal("Failed to create snapshot", read.error);
    environment = env;
    translations.clear();
    for (const kingress of ours()) {
      if (kingress.metadata.deletionTimestamp || !isTrue(kingress, "NetworkConfigured")) continue;
      const translation = translateNow(keyOf(kingress), kingress, env);
      if (translation) translations.set(keyOf(kingress), translation);
    }
    publish(env);
    for (const kingress of ours()) look(keyOf(kingress));
    return undefined;
  };

  const isInConflict = (translation: Translation): boolean => {
    const wanted = new Set(translation.hosts.map(({ host }) => host));
    return [...translations.values()].some(
      (other) => other.key !== translation.key && other.hosts.some(({ host }) => wanted.has(host)),
    );
  };

  const isRefused = (kingress: Obj): boolean => conditionOf(kingress, "LoadBalancerReady")?.reason === "DomainConflict";

  const addressOf = (service: string): object => behindService(`${service}.${GATEWAY_NAMESPACE}.svc.cluster.local`);
  const known = { open: addressOf(EXTERNAL_SERVICE), local: addressOf(INTERNAL_SERVICE) };

  const write = (kingress: Obj, configured: Verdict, balanced: Verdict, error?: string): Promise<void> =>
    writeKingressStatus(api, MANAGER, kingress, { configured, balanced, error, addresses: known });

  const reconcileLive = async (key: string, kingress: Obj): Promise<number | undefined> => {
    await holdKingress(api, MANAGER, kingress);
    const absent = tlsOf(kingress).find((one) => !secretOf(api, one));
    if (absent) {
      const why = `failed to translate ingress: failed to fetch secret: secret "${absent.name}" not found`;
      await write(kingress, unknown(), unknown(), why);
      return stage.second;
    }
    const translation = translateNow(key, kingress, environment);
    if (translation && isInConflict(translation)) {
      translations.delete(key);
      publish(environment);
      const reason = "Ingress rejected: ingress has a conflicting domain with another ingress";
      await write(kingress, unknown(), no("DomainConflict", reason));
      return undefined;
    }
    if (translation) translations.set(key, translation);
    const error = publish(environment);
    if (error) {
      await write(kingress, unknown(), unknown(), `failed to update ingress: ${error}`);
      return stage.second;
    }
    const isSettled = isTrue(kingress, "Ready") && kingress.status.observedGeneration === kingress.metadata.generation;
    const canAnswer = translations.has(key) && readyEndpoints(api, GATEWAY_NAMESPACE, INTERNAL_SERVICE).length > 0;
    await write(kingress, yes(), isSettled || (canAnswer && isShown(key, kingress)) ? yes() : WAITING);
    return undefined;
  };

  /** Asks the gateway, and looks again when it has shown this version: never at once, so that others see the moment in between. */
  const isShown = (key: string, { metadata: { uid, generation } }: Obj): boolean => {
    const version = `${uid} ${generation}`;
    const known = probes.get(key);
    if (known?.version === version) return known.isShown;
    const probe = { version, isShown: false };
    probes.set(key, probe);
    const show = (): void => {
      probe.isShown = true;
      look(key);
    };
    setTimeout(show, PROBE * stage.second).unref();
    return false;
  };

  const onSlice = ({ object, type }: ChangeEvent): readonly string[] => {
    const id = keyOf(object);
    const ready = ((object.endpoints ?? []) as Obj[])
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap((endpoint) => endpoint.addresses as string[])
      .sort()
      .join(" ");
    if (type === "DELETED") addresses.delete(id);
    else if (addresses.get(id) === ready) return [];
    else addresses.set(id, ready);
    const service = object.metadata.labels?.[SLICE_SERVICE];
    if (object.metadata.namespace === GATEWAY_NAMESPACE && service === INTERNAL_SERVICE) {
      return ours()
        .filter((kingress) => !isTrue(kingress, "Ready"))
        .map(keyOf);
    }
    return behind(`${object.metadata.namespace}/${service}`);
  };

  const behind = (service: string): readonly string[] =>
    ours()
      .filter((kingress) => servicesOf(kingress).has(service))
      .map(keyOf);

  const isController = ({ kind, metadata }: Obj): boolean =>
    kind === "Deployment" && metadata.namespace === CONTROLLER_NAMESPACE && metadata.name === CONTROLLER;

  const isConfig = ({ kind, metadata }: Obj): boolean =>
    kind === "ConfigMap" &&
    metadata.namespace === CONTROLLER_NAMESPACE &&
    (metadata.name === "config-kourier" || metadata.name === "config-network");

  return {
    program: { deployment: `${CONTROLLER_NAMESPACE}/${CONTROLLER}`, start },
    election: {
      deployment: `${CONTROLLER_NAMESPACE}/${CONTROLLER}`,
      manager: MANAGER,
      leases: () => bucketsOf(stage, LEASES),
    },
    reconciler: {
      name: "kourier",
      keys: (event) => {
        const { object } = event;
        if (object.kind === "EndpointSlice") return onSlice(event);
        if (object.kind === "Service" && object.apiVersion === "v1") return behind(keyOf(object));
        // Unlike the one certificate of its configuration, it tracks those that kingresses name.
        if (object.kind === "Secret")
          return ours()
            .filter((kingress) =>
              tlsOf(kingress).some(
                ({ namespace, name }) => namespace === object.metadata.namespace && name === object.metadata.name,
              ),
            )
            .map(keyOf);
        const isWakeUp = isController(object) && !wasUp && isUp(api, CONTROLLER_NAMESPACE, CONTROLLER);
        if (isController(object)) wasUp = isUp(api, CONTROLLER_NAMESPACE, CONTROLLER);
        if (isWakeUp || isConfig(object)) return ours().map(keyOf);
        return keysOfKind(event, NETWORKING, KIND);
      },
      listen: (add) => {
        look = add;
      },
      reconcile: async (key) => {
        if (!isUp(api, CONTROLLER_NAMESPACE, CONTROLLER)) return undefined;
        const kingress = api.get(refAt(NETWORKING, KIND, key));
        if (!kingress) {
          probes.delete(key);
          if (!translations.delete(key)) return undefined;
          publish(environment);
          // Its hosts are free now for a kingress that was refused them.
          for (const other of ours()) if (isRefused(other)) look(keyOf(other));
          return undefined;
        }
        if (!isOurs(kingress)) return undefined;
        if (kingress.metadata.deletionTimestamp) {
          await dropFinalizer(api, MANAGER, kingress, KINGRESS_FINALIZER);
          return undefined;
        }
        return await reconcileLive(key, kingress);
      },
    },
  };
};
