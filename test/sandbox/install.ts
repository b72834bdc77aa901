import { existsSync, readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import { loadAll } from "js-yaml";
import { isTrue } from "../../src/sandbox/objects.ts";
import type { Obj, Ref } from "../../src/sandbox/types.ts";
import type { World } from "../../src/sandbox/world.ts";

/** What the tests of the world share: applying objects as a client would, waiting for a state, asking the gateway. */

const CLUSTER_SCOPED = new Set([
  "Namespace",
  "Node",
  "CustomResourceDefinition",
  "ClusterRole",
  "ClusterRoleBinding",
  "MutatingWebhookConfiguration",
  "ValidatingWebhookConfiguration",
]);

const pluralOf = (kind: string): string => {
  const word = kind.toLowerCase();
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return /(s|x|ch)$/.test(word) ? `${word}es` : `${word}s`;
};

export const pathOf = ({ apiVersion, kind, namespace, name }: Ref): string => {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = CLUSTER_SCOPED.has(kind) ? "" : `/namespaces/${namespace ?? "default"}`;
  return `${root}${scope}/${pluralOf(kind)}/${name}`;
};

/** Server-side apply under `kn-bootstrap`; throws with the API's message when it is refused. */
export const apply = async (world: Pick<World, "api">, ...objects: Obj[]): Promise<void> => {
  for (const object of objects) {
    const { namespace, name } = object.metadata;
    const ref = { apiVersion: object.apiVersion, kind: object.kind, name, ...(namespace ? { namespace } : {}) };
    const { status, body } = await world.api.request({
      method: "PATCH",
      path: pathOf(ref),
      query: { fieldManager: "kn-bootstrap", force: "true" },
      headers: { "content-type": "application/apply-patch+yaml" },
      body: object,
    });
    if (status >= 300) throw new Error(`${object.kind} ${name}: ${status} ${(body as Obj).message}`);
  }
};

/** Merge patch, as a person would change one field; answers the status and the message of a refusal. */
export const merge = async (world: World, ref: Ref, patch: object): Promise<{ status: number; message: string }> => {
  const { status, body } = await world.api.request({
    method: "PATCH",
    path: pathOf(ref),
    headers: { "content-type": "application/merge-patch+json" },
    body: patch,
  });
  return { status, message: (body as Obj).message ?? "" };
};

/** Waits until the state holds; the error names what was waited for. */
export const until = <T>(
  world: World,
  what: string,
  state: () => T | undefined | false,
  milliseconds = 10_000,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const check = (): void => {
      const value = state();
      if (value === undefined || value === false) return;
      clearTimeout(timer);
      unsubscribe();
      resolve(value);
    };
    const unsubscribe = world.api.onChange(check);
    const timer = setTimeout(() => {
      unsubscribe();
      reject(new Error(`not within ${milliseconds} ms: ${what}`));
    }, milliseconds);
    check();
  });

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

export const deployment = (name: string, namespace = "knative-serving"): Ref => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace,
  name,
});

export const knative = (kind: string, name: string, namespace = "default"): Ref => ({
  apiVersion: "serving.knative.dev/v1",
  kind,
  namespace,
  name,
});

export const config = (name: string): Ref => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  namespace: "knative-serving",
  name,
});

export const isAvailable = (world: World, ...refs: Ref[]): boolean =>
  refs.every((ref) => isTrue(world.api.get(ref), "Available"));

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly location?: string | undefined;
  /** Serial number of the certificate, over TLS. */
  readonly serial?: string | undefined;
}

/** Asks the gateway through a port as the cluster names it. Rejects with the socket's error, e.g. ECONNREFUSED. */
export const ask = (world: World, port: number, host: string, path = "/", address = "127.0.0.1"): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const isTls = port === 443 || port === 31443;
    const options = {
      host: address,
      port: world.connectTo.get(port),
      path,
      headers: { host },
      agent: false as const,
      ...(isTls ? { servername: host, rejectUnauthorized: false } : {}),
    };
    const request = (isTls ? httpsRequest : httpRequest)(options, (response) => {
      const serial = isTls ? (response.socket as TLSSocket).getPeerCertificate().serialNumber : undefined;
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body, location: response.headers.location, serial }),
      );
    });
    request.on("error", reject);
    request.end();
  });

/** Waits until nobody listens on a port, as when the gateway has gone. */
export const untilRefused = async (world: World, port: number): Promise<void> => {
  for (let attempt = 0; attempt < 100; attempt++) {
    const error = await ask(world, port, "nobody.example.com").then(
      () => undefined,
      ({ code }: NodeJS.ErrnoException) => code,
    );
    if (error === "ECONNREFUSED") return;
    await pause(20);
  }
  throw new Error(`port ${port} is still answered`);
};

const UPSTREAM = "../shared/upstream";

export const hasReleases = existsSync(`${UPSTREAM}/serving/1.23.0/serving-core.yaml`);
if (!hasReleases) process.stderr.write(`skipping tests with the real releases: ${UPSTREAM} is absent\n`);

export const release = (path: string): Obj[] =>
  (loadAll(readFileSync(`${UPSTREAM}/${path}`, "utf8")) as (Obj | null)[]).filter((object) => object !== null);

/** A Knative Service of the hello sample. */
export const hello = (name = "hello", extra: { annotations?: Record<string, string>; target?: string } = {}): Obj => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { name, namespace: "default" },
  spec: {
    template: {
      metadata: { annotations: extra.annotations ?? {} },
      spec: {
        containers: [
          {
            image: "ghcr.io/knative/helloworld-go:latest",
            env: [{ name: "TARGET", value: extra.target ?? "rehearsal" }],
          },
        ],
      },
    },
  },
});
