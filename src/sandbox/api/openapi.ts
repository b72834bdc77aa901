/**
 * OpenAPI v3, as much as clients ask it for: which kinds there are, that field validation and dry runs are the server's, and the schemas of
 * custom resources. Built-in kinds are described as objects of any fields.
 */

import { createHash } from "node:crypto";
import type { Registry } from "./registry.ts";
import type { Resource } from "./resource.ts";
import { apiVersionOf } from "./resource.ts";

const pathOf = (resource: Resource): string =>
  resource.group === "" ? `api/${resource.version}` : `apis/${resource.group}/${resource.version}`;

const isStored = ({ virtual }: Resource): boolean => !virtual;

/** Where the document of each group and version is. */
export const openapiIndex = (registry: Registry): object => {
  const paths = [...new Set(registry.all().filter(isStored).map(pathOf))].sort();
  return {
    paths: Object.fromEntries(
      paths.map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(registry, path)}` }]),
    ),
  };
};

/** Clients keep a document as long as its hash is the same. */
const hashOf = (registry: Registry, path: string): string =>
  createHash("sha256")
    .update(JSON.stringify(document(registry, path, "")))
    .digest("hex")
    .slice(0, 32)
    .toUpperCase();

/** Undefined: nobody serves that group and version. `path`: `api/v1`, `apis/GROUP/VERSION`. */
export const openapiOf = (registry: Registry, path: string, version: string): object | undefined =>
  document(registry, path, version);

function document(registry: Registry, path: string, version: string): object | undefined {
  const served = registry.all().filter((resource) => isStored(resource) && pathOf(resource) === path);
  if (served.length === 0) return undefined;
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version },
    paths: Object.fromEntries(served.map((resource) => [`/${path}/${placeOf(resource)}`, operationsOf(resource)])),
    components: { schemas: Object.fromEntries(served.map((resource) => [nameOf(resource), schemaOf(resource)])) },
  };
}

const placeOf = ({ namespaced, plural }: Resource): string =>
  `${namespaced ? "namespaces/{namespace}/" : ""}${plural}/{name}`;

const nameOf = (resource: Resource): string =>
  `${apiVersionOf(resource)
    .split("/")
    .flatMap((part) => part.split(".").toReversed())
    .join(".")}.${resource.kind}`;

const kindOf = ({ group, version, kind }: Resource) => ({ group, version, kind });

const query = (name: string) => ({ name, in: "query", schema: { type: "string", uniqueItems: true } });

const operationsOf = (resource: Resource): object => ({
  patch: {
    operationId: `patch${resource.kind}`,
    parameters: [query("dryRun"), query("fieldManager"), query("fieldValidation")],
    responses: { 200: { description: "OK" } },
    "x-kubernetes-action": "patch",
    "x-kubernetes-group-version-kind": kindOf(resource),
  },
});

const schemaOf = (resource: Resource): object => ({
  ...(resource.custom?.openapi ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true }),
  "x-kubernetes-group-version-kind": [kindOf(resource)],
});
