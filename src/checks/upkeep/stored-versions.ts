import { ok, skipped, warn } from "../../core/check.ts";
import { few } from "../../ports/few.ts";
import { at, isRecord, type KubeObject, refOf, textAt, VERSION_LABEL } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { GROUPS } from "../crds.ts";
import { healthCheck } from "../health-check.ts";

interface Behind {
  readonly definition: KubeObject;
  /** Versions in which objects of it may still be stored. */
  readonly old: readonly string[];
  readonly storage: string;
}

const behindIn = (definition: KubeObject): readonly Behind[] => {
  const versions = at(definition, "spec", "versions");
  const all = Array.isArray(versions) ? versions.filter(isRecord) : [];
  const storage = textAt(
    all.find((one) => one.storage === true),
    "name",
  );
  const stored = at(definition, "status", "storedVersions");
  const old = (Array.isArray(stored) ? stored : []).filter((one) => typeof one === "string" && one !== storage);
  return storage !== "" && old.length > 0 ? [{ definition, old, storage }] : [];
};

/** The release's own Job rewrites each object. A definition that no longer has the old version is refused until it has run. */
const migration = async (definition: KubeObject) => {
  const { loadCatalog } = await import("../../releases/index.ts");
  const version = /^v?(\d+\.\d+\.\d+)$/.exec(definition.metadata.labels?.[VERSION_LABEL] ?? "")?.[1];
  if (version === undefined)
    return {
      text: "Run the Jobs of the release that is installed: serving-post-install-jobs.yaml, by kubectl create.",
    };
  const file = (await loadCatalog()).url("serving", version, "serving-post-install-jobs.yaml");
  return {
    text: "Run the Jobs of the release that is installed before the next one is applied.",
    command: sh`kubectl create -f ${file}`,
  };
};

export const storedVersionsCurrent = healthCheck({
  id: "crds.stored-versions",
  title: "No object of Knative is stored in an old version",
  needs: ["crds.established"],
  reads: ["CustomResourceDefinition.apiextensions.k8s.io"],
  meaning:
    'The Jobs that an upgrade ends with have not run. The definitions of the next release are refused: "status.storedVersions: must appear in spec.versions".',
  todo: "Run the installed release's serving-post-install-jobs.yaml, by `kubectl create`.",
  threads: ["knative/docs#5759", "knative/operator#1098", "knative/serving#6726"],
  run: async ({ cluster }) => {
    const definitions = await cluster.list({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
    });
    const ours = definitions.filter(({ metadata }) => GROUPS.test(metadata.name));
    if (ours.length === 0) return skipped("no CustomResourceDefinition of Knative is here");
    const behind = ours.flatMap(behindIn);
    const [first] = behind;
    if (!first) return ok(`${ours.length} kinds`);
    return warn(
      few(
        behind.map(
          ({ definition, old, storage }) =>
            `${definition.metadata.name} may have objects stored as ${old.join(", ")}; ${storage} is current`,
        ),
      ),
      await migration(first.definition),
      {
        evidence: behind.map(({ definition, old, storage }) => ({
          object: refOf(definition),
          field: ".status.storedVersions",
          observed: [...old, storage],
          expected: [storage],
        })),
      },
    );
  },
});
