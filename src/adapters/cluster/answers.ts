import type { ApiResource } from "../../ports/cluster.ts";
import { at, groupOf, isRecord, textAt } from "../../ports/object.ts";

type Expectation = (body: unknown) => boolean;

const isNamed = (body: unknown): boolean => {
  const name = at(body, "metadata", "name");
  return typeof name === "string" && name !== "";
};

type Kind = Pick<ApiResource, "apiVersion" | "kind">;

/** Which one it is; absent: whichever the server makes of it. Of kinds without namespaces there is none to be in. */
interface Place {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

const isAt = (body: unknown, { namespace, name }: Place): boolean => {
  const [ownNamespace, ownName] = [at(body, "metadata", "namespace"), at(body, "metadata", "name")];
  return (
    (name === undefined || ownName === name) &&
    (namespace === undefined || ownNamespace === undefined || ownNamespace === namespace)
  );
};

/** An object of this kind, and this one where a name or a namespace is given. */
export const isObject =
  ({ apiVersion, kind }: Kind, place: Place): Expectation =>
  (body) =>
    at(body, "apiVersion") === apiVersion && at(body, "kind") === kind && isNamed(body) && isAt(body, place);

/** Kubernetes' own groups; a CRD's group has a dot, and the protected ones under k8s.io keep to what is usual. */
const isOfKubernetes = (group: string): boolean => !group.includes(".") || group.endsWith(".k8s.io");

/** CRDs may name their lists as they like. */
const isListKind = ({ apiVersion, kind }: Kind, listKind: string): boolean =>
  isOfKubernetes(groupOf(apiVersion)) ? listKind === `${kind}List` : listKind.endsWith("List");

/** A list of this kind, from this namespace where one is given. Items of built-in kinds say no kind; an empty list of Go may be null. */
export const isListOf =
  (resource: Kind, namespace?: string): Expectation =>
  (body) => {
    const items = at(body, "items");
    const isItem = (item: unknown): boolean =>
      isNamed(item) &&
      isAt(item, { namespace }) &&
      [undefined, resource.kind].includes(at(item, "kind") as string | undefined);
    return (
      at(body, "apiVersion") === resource.apiVersion &&
      isListKind(resource, textAt(body, "kind")) &&
      isRecord(at(body, "metadata")) &&
      (items === null || (Array.isArray(items) && items.every(isItem)))
    );
  };

/** The same list, of nothing but metadata (k8s.io/apiserver, pkg/endpoints/handlers/response.go). */
export const isMetadataList =
  (namespace?: string): Expectation =>
  (body) => {
    const items = at(body, "items");
    return (
      at(body, "apiVersion") === "meta.k8s.io/v1" &&
      at(body, "kind") === "PartialObjectMetadataList" &&
      isRecord(at(body, "metadata")) &&
      (items === null || (Array.isArray(items) && items.every((item) => isNamed(item) && isAt(item, { namespace }))))
    );
  };

/** What a deletion answers: the object on its way, or that it is done. */
export const isDeletion = (resource: Kind, place: Place): Expectation => {
  const isIt = isObject(resource, place);
  return (body) => isIt(body) || (at(body, "kind") === "Status" && at(body, "status") === "Success");
};

/** What is served below `/api` or `/apis`: the kinds of the answer, its entries, and what each of them must be. A server serves something of both. */
export const isDiscovery =
  (root: "/api" | "/apis"): Expectation =>
  (body) => {
    const all = (field: string, is: Expectation): boolean => {
      const entries = at(body, field);
      return Array.isArray(entries) && entries.length > 0 && entries.every(is);
    };
    const isGroup: Expectation = (group) =>
      isRecord(at(group, "metadata")) && (textAt(group, "metadata", "name") === "") === (root === "/api");
    switch (at(body, "kind")) {
      case "APIGroupDiscoveryList":
        return all("items", (group) => isGroup(group) && Array.isArray(at(group, "versions")));
      case "APIVersions":
        return root === "/api" && all("versions", (version) => typeof version === "string");
      case "APIGroupList":
        return root === "/apis" && all("groups", (group) => Array.isArray(at(group, "versions")));
      default:
        return false;
    }
  };

/** The kinds of one version, where each version is asked for. */
export const isResourcesOf =
  (apiVersion: string): Expectation =>
  (body) => {
    const resources = at(body, "resources");
    return (
      at(body, "kind") === "APIResourceList" &&
      at(body, "groupVersion") === apiVersion &&
      (resources === null || Array.isArray(resources))
    );
  };
