import { createHash } from "node:crypto";
import { refOf, type Stage } from "../objects.ts";
import type { Api, Obj } from "../types.ts";
import { CONTROLLER } from "./names.ts";
import { readConfig } from "./settings.ts";

/** The registry's refusal of an image; undefined where it can be pulled. */
export type Pull = ((image: string) => string | undefined) | undefined;

/** How long the registry takes still, in milliseconds, or its refusal; undefined: the digests are in the status. */
type Resolution = { readonly wait: number } | { readonly refusal: string } | undefined;

/**
 * Asks the registry which digests the tags of a Revision mean, in the background: an answer takes a second, and after a refusal the
 * next question waits twice as long each time (serving pkg/reconciler/revision/background.go).
 */
export const digestResolver = ({ api, second }: Stage, pull: Pull): ((revision: Obj) => Promise<Resolution>) => {
  const questions = new Map<string, { readonly due: number; readonly failures: number }>();
  return async (revision) => {
    if (revision.status?.containerStatuses) return undefined;
    const uid = revision.metadata.uid ?? "";
    const { due = performance.now() + second, failures = 0 } = questions.get(uid) ?? {};
    questions.set(uid, { due, failures });
    if (due > performance.now()) return { wait: due - performance.now() };
    const skipped = skippedRegistries(api);
    const isSkipped = (image: string): boolean => skipped.has(registryOf(image));
    const containers: Obj[] = revision.spec.containers;
    for (const { image } of containers) {
      const refusal = isSkipped(image) ? undefined : pull?.(image);
      if (refusal === undefined) continue;
      questions.set(uid, { due: performance.now() + second * 2 ** (failures + 1), failures: failures + 1 });
      return { refusal: unresolved(image, refusal) };
    }
    questions.delete(uid);
    await api.update(
      CONTROLLER,
      refOf(revision),
      (draft) => {
        const containerStatuses = containers.map(({ name, image }) => ({
          name,
          imageDigest: isSkipped(image) ? "" : digestOf(image),
        }));
        draft.status = { ...draft.status, containerStatuses };
      },
      { subresource: "status" },
    );
    return undefined;
  };
};

/** A stand-in digest, the same for the same image: there is no registry to ask. */
const digestOf = (image: string): string =>
  image.includes("@")
    ? image
    : `${image.replace(/:[^/:]+$/, "")}@sha256:${createHash("sha256").update(image).digest("hex")}`;

const registryOf = (image: string): string => {
  const [first = ""] = image.split("/");
  return image.includes("/") && /[.:]|^localhost$/.test(first) ? first : "index.docker.io";
};

const skippedRegistries = (api: Api): ReadonlySet<string> => {
  const data = readConfig(api, "config-deployment");
  const text = data["registries-skipping-tag-resolving"] ?? data.registriesSkippingTagResolving;
  return new Set((text ?? "kind.local,ko.local,dev.local").split(",").map((name) => name.trim()));
};

/** As go-containerregistry tells it, which the controller asks with; `refusal` may be containerd's text. */
const unresolved = (image: string, refusal: string): string => {
  const isMissing = /: not found$/.test(refusal);
  const status = isMissing ? "404 Not Found" : / ([45]\d\d [A-Z][A-Za-z ]+)$/.exec(refusal)?.[1];
  const [, path = "", tag = "latest"] = /^(?:[^/]*[.:][^/]*\/)?(.*?)(?::([^:@]+))?(?:@.*)?$/.exec(image) ?? [];
  const url = `https://${registryOf(image)}/v2/${path}/manifests/${tag}`;
  const why = status
    ? `HEAD ${url}: unexpected status code ${status} (HEAD responses have no body, use GET for details)`
    : refusal;
  return `Unable to fetch image "${image}": failed to resolve image to digest: ${why}`;
};
