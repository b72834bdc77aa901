import { PARTS } from "../parts.ts";
import type { Obj } from "../types.ts";

/** @throws TypeError for an asset that has no stand-in */
export const standInObjects = (component: string, version: string, asset: string): readonly Obj[] => {
  const part = PARTS.find(({ standIns }) => Object.hasOwn(standIns, `${component}/${asset}`));
  const objects = part?.standIns[`${component}/${asset}`];
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
