/**
 * The embedded Kubernetes API: the smallest faithful API server, on loopback and in this process.
 *
 * A request goes server → handler → verbs or patching → write (or delete) → store; watch and read show what is stored.
 * `schema/` says what objects look like, `kinds/` what is special about the built-in ones, `crd/` about custom ones,
 * `apply/` who owns which field. `controllers/` are those without which a cluster is none.
 */

import { randomBytes } from "node:crypto";
import type { Api, ApiOptions, ApiRequest, ApiResponse } from "../types.ts";
import { createAdmission } from "./admission.ts";
import { minorOf } from "./ages.ts";
import { createServing } from "./certificate.ts";
import { createClient } from "./client.ts";
import { startControllers } from "./controllers/index.ts";
import { registerGroups } from "./crd/api-services.ts";
import { watchDefinitions } from "./crd/controller.ts";
import type { Reply, Server } from "./handler.ts";
import { handle } from "./handler.ts";
import { createRegistry } from "./registry.ts";
import { listen } from "./server.ts";
import { createStore } from "./store.ts";

/** Changes kept for watches to resume: more than an install makes. */
const HISTORY = 20_000;
const SYSTEM_NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"];

/** Starts an empty cluster: the system namespaces, nothing else. */
export async function createApi(options: ApiOptions): Promise<Api> {
  const { clock = () => new Date(), version = "v1.36.2", second = 20, lag = () => 0 } = options;
  const store = createStore(HISTORY);
  const registry = createRegistry(minorOf(version));
  const world = { store, admission: createAdmission(store, options.callWebhook) };
  const client = createClient(world, registry);
  const stops = [watchDefinitions(world, registry), registerGroups(client)];

  const serving = await createServing(clock());
  let address = "127.0.0.1";
  const server: Server = {
    world,
    registry,
    token: randomBytes(24).toString("base64url"),
    version,
    address: () => address,
    now: clock,
    onNode: options.onNode,
  };
  const answer = async (request: ApiRequest, trusted: boolean): Promise<Reply> => {
    const instead = await options.onRequest?.(request);
    return instead ? fromResponse(instead) : handle(server, request, trusted);
  };
  const listening = await listen(serving, options.port ?? 0, clock, lag, (request) => answer(request, false));
  address = `127.0.0.1:${listening.port}`;

  for (const name of SYSTEM_NAMESPACES)
    await client.create("kube-apiserver", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  if (options.controllers !== false)
    stops.push(await startControllers({ client, world, registry, ca: serving.ca, version, second }));

  return {
    ...client,
    url: `https://${address}`,
    ca: serving.ca,
    token: server.token,
    request: async (request) => toResponse(await answer(request, true)),
    down: listening.down,
    up: listening.up,
    close: async () => {
      for (const stop of stops) stop();
      await listening.close();
    },
  };
}

const fromResponse = ({ status, body, headers }: ApiResponse): Reply => ({
  status,
  contentType: typeof body === "string" ? "text/plain" : "application/json",
  warnings: [],
  ...(headers ? { headers } : {}),
  body: typeof body === "string" ? body : JSON.stringify(body),
});

/** In-process callers get the parsed body; a watch needs the wire. */
function toResponse(reply: Reply): ApiResponse {
  if (reply.stream) throw new TypeError("what goes on is only served over HTTPS; use onChange in this process");
  const isJson = reply.contentType.startsWith("application/json");
  const text = reply.body.toString();
  return { status: reply.status, body: isJson ? JSON.parse(text) : text };
}
