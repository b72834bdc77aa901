import { ELASTIC_CREDENTIALS, ELASTICSEARCH, LOGGING } from "../../checks/logging/names.ts";
import { at, type KubeObject, type ObjectRef } from "../../ports/object.ts";
import { SUPERUSER } from "./elastic-secret.ts";
import { isOf } from "./objects.ts";

/** Anybody but root, as the image has it. */
const USER = 1000;
const TIMES = { active: 600, kept: 3_600 };
const CERTIFICATES = "/certificates";

/** Elasticsearch's own image has curl, and is on a node already. */
export const imageOf = (manifests: readonly KubeObject[]): string => {
  const set = manifests.find((object) => isOf(object, "StatefulSet", ELASTICSEARCH.name));
  return String(at(set, "spec", "template", "spec", "containers", 0, "image"));
};

/** Curl, as this user: a password in an argument would be seen on the node. */
export const CURL = `printf 'user = "${SUPERUSER}:%s"\\n' "$PASSWORD" | curl --config - --silent --show-error --fail --cacert ${CERTIFICATES}/ca.crt`;

const inBash = (script: string) => {
  const command = ["bash", "-c", script];
  return { command };
};

/**
 * A pod that asks Elasticsearch or Kibana from inside, and writes their answer into its log: the API server takes the header Authorization off
 * what it carries on, and whoever installs need not reach the network of pods.
 */
export const askingJob = (
  { apiVersion, kind, namespace = LOGGING, name }: ObjectRef,
  image: string,
  script: string,
  env: Readonly<Record<string, string>>,
  folder?: { readonly configMap: string; readonly path: string },
): KubeObject => ({
  apiVersion,
  kind,
  metadata: { namespace, name },
  spec: {
    backoffLimit: 0,
    activeDeadlineSeconds: TIMES.active,
    // Whoever waits for it may be killed.
    ttlSecondsAfterFinished: TIMES.kept,
    template: {
      metadata: { labels: { "app.kubernetes.io/name": name } },
      spec: {
        restartPolicy: "Never",
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: USER,
          fsGroup: USER,
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [
          {
            name: "ask",
            image,
            ...inBash(script),
            env: [
              ...Object.entries(env).map(([key, value]) => ({ name: key, value })),
              {
                name: "PASSWORD",
                valueFrom: { secretKeyRef: { name: ELASTIC_CREDENTIALS.name, key: "password" } },
              },
            ],
            resources: { requests: { cpu: "10m", memory: "32Mi" } },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ["ALL"] },
            },
            terminationMessagePolicy: "FallbackToLogsOnError",
            volumeMounts: [
              { name: "certificates", mountPath: CERTIFICATES, readOnly: true },
              ...(folder ? [{ name: "folder", mountPath: folder.path, readOnly: true }] : []),
            ],
          },
        ],
        volumes: [
          {
            name: "certificates",
            secret: { secretName: ELASTIC_CREDENTIALS.name, items: [{ key: "ca.crt", path: "ca.crt" }] },
          },
          ...(folder ? [{ name: "folder", configMap: { name: folder.configMap } }] : []),
        ],
      },
    },
  },
});
