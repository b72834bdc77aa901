import { setTimeout as sleep } from "node:timers/promises";
import type { Request } from "../knative/request.ts";
import type { Ended, Work } from "../kubernetes/processes.ts";
import type { Stage } from "../objects.ts";
import type { Ground } from "../part.ts";
import type { Obj } from "../types.ts";
import type { Plain } from "./gateway.ts";
import { ISTIO } from "./names.ts";
import { hasSidecar } from "./peers.ts";
import { decide } from "./routes.ts";

/** curl in a pod, of the image that Envoys run in: it asks a name of the cluster until that answers. */

const LOCAL_PORT = 8081;
/** Exit codes of curl: the server closed without an answer; it answered with an error. */
const EMPTY = 52;
const REFUSED = 22;
/** Of a runtime that cannot find the program. */
const NO_PROGRAM = 128;

const isProxy = (image: unknown): boolean => /\/proxyv2[:@-]/.test(String(image));

/** What such a pod runs; undefined for others. */
export const callerWork =
  ({ stage, dataPlane }: Pick<Ground, "stage" | "dataPlane">, plain: Plain) =>
  (pod: Obj): Work | undefined => {
    const [container] = pod.spec.containers as Obj[];
    if (container?.command?.[0] !== "curl" || !isProxy(container.image)) return undefined;
    if (/-distroless/.test(container.image))
      return async () => ({ exitCode: NO_PROGRAM, log: 'exec: "curl": executable file not found in $PATH: unknown' });
    return async ({ args, signal }) => {
      const tries = Number(args[args.indexOf("--retry") + 1] ?? 0);
      const url = new URL(args.at(-1) ?? "");
      for (let attempt = 0; ; attempt++) {
        const ended = await ask(stage, dataPlane, plain, pod, url);
        if (ended.exitCode === 0 || attempt >= tries || signal.aborted) return ended;
        await sleep(stage.second, undefined, { ref: false });
      }
    };
  };

const ask = async (stage: Stage, dataPlane: Ground["dataPlane"], plain: Plain, pod: Obj, url: URL): Promise<Ended> => {
  const asked = { authority: url.host, path: url.pathname, headers: {} };
  // A sidecar knows every Route; whoever has none is sent to the gateway for names inside the cluster.
  const decision = hasSidecar(pod) ? decide(inMesh(stage), virtualServices(stage), asked) : plain(LOCAL_PORT, asked);
  if (decision === "closed") return { exitCode: EMPTY, log: "curl: (52) Empty reply from server" };
  const [to] = decision && "destinations" in decision ? decision.destinations : [];
  const request: Request = {
    method: "GET",
    uri: url.pathname,
    host: url.host,
    headers: {},
    remoteAddress: `${pod.status?.podIP}:40000`,
    from: pod,
  };
  const reply = to ? await dataPlane(to.namespace, to.service, request) : { status: 404, body: "" };
  if (reply.status < 400) return { exitCode: 0, log: reply.body };
  return { exitCode: REFUSED, log: `curl: (22) The requested URL returned error: ${reply.status}` };
};

const virtualServices = ({ api }: Stage): readonly Obj[] => api.list(ISTIO, "VirtualService");

/** The listener of a sidecar, of which VirtualServices speak as the gateway `mesh`. */
const inMesh = (stage: Stage): Parameters<typeof decide>[0] =>
  [...new Set(virtualServices(stage).map(({ metadata }) => metadata.namespace))].map((namespace) => ({
    gateway: { apiVersion: ISTIO, kind: "Gateway", metadata: { name: "mesh", ...(namespace ? { namespace } : {}) } },
    isTls: false,
    hosts: [{ host: "*", ...(namespace ? { namespace } : {}) }],
    tls: {},
  }));
