import { answering, envoyAnswers, hostOf, type Split } from "../../src/sandbox/ingress/envoy.ts";
import { behindService, WAITING, writeKingressStatus } from "../../src/sandbox/ingress/kingress-status.ts";
import { yes } from "../../src/sandbox/knative/conditions.ts";
import { INGRESS_CLASS, NETWORKING } from "../../src/sandbox/knative/names.ts";
import { isUp, keyOf, keysOfKind, refAt, type Stage } from "../../src/sandbox/objects.ts";
import type { Ground, Part, Playing } from "../../src/sandbox/part.ts";
import { deployment, labels, object, service } from "../../src/sandbox/stand-ins/pieces.ts";
import type { Obj } from "../../src/sandbox/types.ts";

/**
 * The ingress of the recipe as it behaves in the rehearsal world. It is unlike Kourier where an ingress can be: one process routes and
 * serves, it reads Secrets of its own namespace only and follows them, and its listeners are an object of its own release.
 */
const NAMESPACE = "example-system";
const NAME = "example";
const CLASS = "example.ingress.networking.knative.dev";

const standIn = (version: string): readonly Obj[] => {
  const own = labels(version, "net-example");
  return [
    object("v1 Namespace", NAMESPACE, own, {}),
    object("v1 ConfigMap", `${NAMESPACE}/listeners`, own, { data: { http: "serve" } }),
    deployment({
      name: `${NAMESPACE}/${NAME}`,
      labels: own,
      selector: `app=${NAME}`,
      container: NAME,
      image: "registry.example.com/net-example:1",
      requests: "50m/64Mi",
      ports: "http:8000 https:8400",
    }),
    service(`${NAMESPACE}/${NAME}`, own, `app=${NAME}`, "http:80>8000 https:443>8400", "LoadBalancer"),
  ];
};

const play = ({ stage, dataPlane }: Ground): Playing => {
  const { api } = stage;
  const answers = envoyAnswers(stage, dataPlane);
  let look: () => void = () => {};
  const listeners = (): Record<string, string> =>
    api.get({ apiVersion: "v1", kind: "ConfigMap", namespace: NAMESPACE, name: "listeners" })?.data ?? {};
  const certificate = () => {
    const name = listeners().certificate;
    const data = name && api.get({ apiVersion: "v1", kind: "Secret", namespace: NAMESPACE, name })?.data;
    const text = (key: string): string => Buffer.from(data?.[key] ?? "", "base64").toString();
    return data ? { cert: text("tls.crt"), key: text("tls.key") } : undefined;
  };
  const splitFor = (host: string): Split | undefined => {
    const rules = api
      .list(NETWORKING, "Ingress")
      .filter(isOurs)
      .flatMap(({ spec }) => spec.rules as Obj[]);
    const rule = rules.find(({ hosts, visibility }) => visibility !== "ClusterLocal" && hosts.includes(host));
    const split = rule?.http.paths[0].splits.at(-1);
    return split && { namespace: split.serviceNamespace, revision: split.serviceName, percent: 100 };
  };

  return {
    programs: [{ deployment: `${NAMESPACE}/${NAME}` }],
    reconcilers: [
      {
        name: NAME,
        keys: (event) => {
          const { kind, metadata } = event.object;
          if (metadata.namespace !== NAMESPACE) return keysOfKind(event, NETWORKING, "Ingress");
          look();
          return kind === "Deployment" ? api.list(NETWORKING, "Ingress").map(keyOf) : [];
        },
        reconcile: async (key) => {
          const kingress = api.get(refAt(NETWORKING, "Ingress", key));
          if (kingress && isOurs(kingress)) await writeStatus(stage, kingress);
          return undefined;
        },
      },
    ],
    gateway: {
      runs: ({ metadata }) => metadata.namespace === NAMESPACE,
      listensAt: (port) => (port === 8000 ? "http" : port === 8400 && certificate() ? "https" : undefined),
      certificateFor: certificate,
      onNews: (onNews) => {
        look = onNews;
      },
      handle: (request, response, isTls) =>
        answering(request, response, async () => {
          const split = splitFor(hostOf(request));
          if (!split) return answers.notFound(response);
          if (!isTls && listeners().http === "redirect") return answers.toHttps(request, response);
          return answers.carry([split], request, response);
        }),
    },
  };
};

const isOurs = ({ metadata }: Obj): boolean => metadata.annotations?.[INGRESS_CLASS] === CLASS;

const writeStatus = async ({ api }: Stage, kingress: Obj): Promise<void> => {
  const address = behindService(`${NAME}.${NAMESPACE}.svc.cluster.local`);
  await writeKingressStatus(api, NAME, kingress, {
    configured: yes(),
    balanced: isUp(api, NAMESPACE, NAME) ? yes() : WAITING,
    addresses: { open: address, local: address },
  });
};

export const exampleGateway: Part = {
  name: "example-gateway",
  standIns: { "net-example/example.yaml": standIn },
  play,
};
