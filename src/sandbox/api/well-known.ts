/** Paths that are no resources: discovery, version and health. */

import { AGGREGATED_SINCE, EMULATION_SINCE, minorOf } from "./ages.ts";
import { aggregated, apiGroup, apiGroups, apiResources, coreVersions, type Together, wanted } from "./discovery.ts";
import { openapiIndex, openapiOf } from "./openapi.ts";
import type { Registry } from "./registry.ts";
import { noSuchResource } from "./status.ts";

export interface Page {
  readonly contentType: string;
  readonly body: string | object;
}

const json = (body: object): Page => ({ contentType: "application/json", body });

/**
 * `version` is the server's, e.g. `v1.36.2`, `address` where it listens. Undefined for a path nobody serves.
 * Throws StatusError for an unknown version of a known group.
 */
export function wellKnown(
  registry: Registry,
  path: string,
  accept: string,
  version: string,
  address: string,
): Page | undefined {
  const [root, group, groupVersion] = path.split("/").filter((part) => part !== "");
  const together = wanted(accept).find((form) => minorOf(version) >= AGGREGATED_SINCE[form]);
  switch (root) {
    case "healthz":
    case "livez":
    case "readyz":
      return { contentType: "text/plain; charset=utf-8", body: "ok" };
    case "version":
      return json(versionInfo(version));
    case "openapi":
      return openapiPage(registry, path, version);
    case "api":
      if (group === "v1") return json(apiResources(registry, "", "v1"));
      if (group !== undefined) return undefined;
      return together ? inOne(registry, together, true) : json(coreVersions(address));
    case "apis":
      if (group !== undefined) return groupPage(registry, group, groupVersion);
      return together ? inOne(registry, together, false) : json(apiGroups(registry));
    default:
      return undefined;
  }
}

/** Version 2 is not served: clients that know the third ask for that. */
function openapiPage(registry: Registry, path: string, version: string): Page | undefined {
  if (path === "/openapi/v3") return json(openapiIndex(registry));
  const [, place] = /^\/openapi\/v3\/(.+)$/.exec(path) ?? [];
  const found = place === undefined ? undefined : openapiOf(registry, place, version);
  return found && json(found);
}

const inOne = (registry: Registry, form: Together, core: boolean): Page => ({
  contentType: `application/json;g=apidiscovery.k8s.io;v=${form};as=APIGroupDiscoveryList`,
  body: aggregated(registry, form, core),
});

function groupPage(registry: Registry, group: string, version: string | undefined): Page | undefined {
  if (!registry.hasGroup(group)) return undefined;
  if (version === undefined) return json(apiGroup(registry, group));
  if (registry.hasVersion(group, version)) return json(apiResources(registry, group, version));
  if (registry.isBuiltin(group)) throw noSuchResource();
  return undefined;
}

function versionInfo(gitVersion: string): object {
  const [major = "1", minor = "0"] = gitVersion.replace(/^v/, "").split(".");
  const emulation = {
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: String(Number(minor) - 1),
  };
  return {
    major,
    minor,
    ...(Number(minor) >= EMULATION_SINCE ? emulation : {}),
    gitVersion,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "2026-01-01T00:00:00Z",
    goVersion: "",
    compiler: "gc",
    platform: "linux/amd64",
  };
}
