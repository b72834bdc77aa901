import type { Obj } from "../types.ts";
import { certManager } from "./cert-manager.ts";
import { servingCrds } from "./crds.ts";
import { kourier } from "./kourier.ts";
import { servingCore, servingHpa } from "./serving.ts";

/**
 * What a release contains, from our own inventory: names, labels, selectors, ports, kinds and webhooks agree with the real one, the
 * rest is as little as a rehearsal needs. For machines that have neither the release's files nor a network.
 */
const ASSETS: Readonly<Record<string, (version: string) => readonly Obj[]>> = {
  "serving/serving-crds.yaml": servingCrds,
  "serving/serving-core.yaml": servingCore,
  "serving/serving-hpa.yaml": servingHpa,
  "net-kourier/kourier.yaml": kourier,
  "cert-manager/cert-manager.yaml": certManager,
};

/** @throws TypeError for an asset that has no stand-in */
export const standInObjects = (component: string, version: string, asset: string): readonly Obj[] => {
  const objects = ASSETS[`${component}/${asset}`];
  if (objects === undefined) throw new TypeError(`no stand-in for ${component}/${asset}`);
  return objects(version);
};

/** The objects as a manifest: JSON documents, which YAML contains. */
export const standIn = (component: string, version: string, asset: string): string =>
  [
    `# A stand-in made by kn-bootstrap for ${component} ${version}: not a release.`,
    ...standInObjects(component, version, asset).map((object) => JSON.stringify(object, null, 2)),
    "",
  ].join("\n---\n");
