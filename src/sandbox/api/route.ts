/** What a path asks for. */

export interface Route {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/**
 * `/api/v1/namespaces/a/pods/b/status`, `/apis/apps/v1/deployments` and so on; undefined for every other path.
 * `/api/v1/namespaces/a` is the Namespace a, in the namespace a: that is how refusals name it.
 */
export function parsePath(path: string): Route | undefined {
  const parts = path
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  const [root, ...rest] = parts;
  let group = "";
  if (root === "apis") group = rest.shift() ?? "";
  else if (root !== "api") return undefined;
  const version = rest.shift();
  if (version === undefined || rest.length === 0) return undefined;
  let namespace = "";
  let [resource = "", name = "", ...more] = rest;
  const OWN = ["status", "finalize"];
  if (resource === "namespaces" && name !== "") {
    namespace = name;
    const [inner] = more;
    if (inner !== undefined && !OWN.includes(inner)) [resource = "", name = "", ...more] = more;
  }
  return { group, version, resource, namespace, name, subresource: more.join("/") };
}
