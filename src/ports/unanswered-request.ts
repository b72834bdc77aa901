import { ApiError, Unreachable } from "./cluster.ts";
import type { UnansweredRequest } from "./facts.ts";

const VERBS: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };

/** `/apis/apps/v1/namespaces/n/deployments/d/log`, and the same of the core group. A namespace itself is a resource. */
const RESOURCE =
  /^\/(?:api\/[^/]+|apis\/(?<group>[^/]+)\/[^/]+)\/(?:namespaces\/(?<namespace>[^/]+)\/)?(?<plural>[^/]+)(?:\/(?<name>[^/]+)(?:\/(?<sub>[^/]+).*)?)?$/;

/** Which request failed, as its errors have it: method and path. Undefined: the error is about no request of the cluster's. */
export const unansweredRequest = (error: unknown): UnansweredRequest | undefined => {
  if (!(error instanceof ApiError) && !(error instanceof Unreachable)) return undefined;
  const [, method = "", path = ""] = /^([A-Z]+) (\/\S*)$/.exec(error.request ?? "") ?? [];
  if (path === "") return undefined;
  const status = error instanceof ApiError ? { status: error.status } : {};
  const { group, namespace, plural, name, sub } = RESOURCE.exec(path)?.groups ?? {};
  if (plural === undefined) return { verb: VERBS[method] ?? "get", resource: path, ...status };
  return {
    verb: VERBS[method] ?? (name === undefined ? "list" : "get"),
    resource: `${plural}${group === undefined ? "" : `.${group}`}${sub === undefined ? "" : `/${sub}`}`,
    ...(namespace === undefined ? {} : { namespace: decodeURIComponent(namespace) }),
    ...(name === undefined ? {} : { name: decodeURIComponent(name) }),
    ...status,
  };
};

/** `list pods`, `get secrets/tls in namespace n`. */
export const requestText = ({ verb, resource, namespace, name }: UnansweredRequest): string =>
  `${verb} ${resource}${name === undefined ? "" : `/${name}`}${namespace === undefined ? "" : ` in namespace ${namespace}`}`;
