import type { Library } from "./build.ts";

/**
 * What is inside the package, as CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/): the libraries of the bundle. package.json cannot say it:
 * for those who install there are no dependencies.
 */
export const sbom = (
  { name, version, license }: Readonly<Record<"name" | "version" | "license", string>>,
  libraries: readonly Library[],
): object => ({
  bomFormat: "CycloneDX",
  specVersion: "1.5",
  version: 1,
  metadata: { component: { type: "application", ...component(name, version, license) } },
  components: libraries.map((library) => ({
    type: "library",
    ...component(library.name, library.version, library.license),
  })),
});

/** A package URL names a scope with its at sign escaped (https://github.com/package-url/purl-spec). */
const component = (name: string, version: string, license: string): object => {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  return { "bom-ref": purl, name, version, purl, licenses: [{ expression: license }] };
};
