import type { IngressRelease } from "../../ingress/provider.ts";
import { type KubeObject, keyOf } from "../../ports/object.ts";
import type { Installation } from "../installation.ts";
import { isFoundation, objectsOf } from "../part.ts";

/** What the ingress is told of the release, to say what makes it serve. */
export const releaseOf = (install: Pick<Installation, "manifests">): IngressRelease => ({
  setting: install.manifests.setting,
  ingress: objectsOf(install, "ingress").filter((object) => !isFoundation(object)),
});

/** The ingress's objects without those that say what is served: they come after the certificate, by the step that serves it (rule 14). */
export const withoutServed = (install: Installation): readonly KubeObject[] => {
  const release = releaseOf(install);
  const served = new Set(install.ingress.serve(undefined, release).objects.map(keyOf));
  return release.ingress.filter((object) => !served.has(keyOf(object)));
};
