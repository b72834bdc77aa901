import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import { nothingMissing } from "../../src/checks/whole/index.ts";
import { KOURIER, type Needed, SERVING } from "../../src/checks/whole/needed.ts";
import { at, type KubeObject } from "../../src/ports/object.ts";
import { configMap, findingOf, object } from "../doctor/scene.ts";
import { upstream } from "../releases/upstream.ts";
import { sampled } from "../thorough.ts";

const releasesOf = (component: string): readonly string[] =>
  readdirSync(join(upstream ?? "", component)).map((version) => join(upstream ?? "", component, version));
const labelsOf = (maker: KubeObject | undefined) => at(maker, "spec", "template", "metadata", "labels");

describe("what Knative's processes ask for by name", () => {
  it.skipIf(!upstream).each([
    ["serving", "serving-core.yaml", SERVING],
    ["net-kourier", "kourier.yaml", KOURIER],
  ] as const)("is in every release of %s, beside its Deployment", (component, file, needed: Needed) => {
    for (const release of sampled(releasesOf(component), 3)) {
      const objects = loadAll(readFileSync(join(release, file), "utf8")) as KubeObject[];
      const find = (kind: string, name: string) =>
        objects.find((one) => one?.kind === kind && one.metadata.name === name);
      for (const { name, by } of needed.services) {
        const [service, maker] = [find("Service", name), find("Deployment", by)];
        expect(service?.metadata.namespace, `${release}: ${name}`).toBe(maker?.metadata.namespace);
        expect(labelsOf(maker), `${release}: ${name}`).toMatchObject(at(service, "spec", "selector") as object);
      }
      for (const { name, by } of needed.configMaps)
        expect(find("ConfigMap", name)?.metadata.namespace, `${release}: ${name}`).toBe(
          find("Deployment", by)?.metadata.namespace,
        );
    }
  });

  const labelled = { labels: { "app.kubernetes.io/version": "1.23.0" } };
  const deployments = SERVING.services.map(({ by }) =>
    object(
      "Deployment.apps/v1",
      `knative-serving/${by}`,
      { spec: { template: { metadata: { labels: { app: by } } } } },
      labelled,
    ),
  );
  const services = SERVING.services.map(({ name, by }) =>
    object("Service", `knative-serving/${name}`, { spec: { selector: { app: by } } }),
  );
  const maps = SERVING.configMaps.map(({ name }) => configMap(name, {}));
  const find = (...objects: readonly KubeObject[]) => findingOf({ objects }, nothingMissing);

  it("is well where all of it is there", async () => {
    expect(await find(...deployments, ...services, ...maps)).toMatchObject({ status: "ok" });
  });

  it("names what is gone, and creates it from the release that runs, over nothing", async () => {
    expect(await find(...deployments, ...services.slice(1), ...maps.slice(1))).toMatchObject({
      status: "fail",
      summary: "Service knative-serving/activator-service, ConfigMap knative-serving/config-autoscaler do not exist",
      remedy: {
        command:
          "kubectl create -f https://github.com/knative/serving/releases/download/knative-v1.23.0/serving-core.yaml",
      },
    });
  });

  it("runs install again where it is ours", async () => {
    const state = object("ConfigMap", "kn-bootstrap/state", { data: { choices: '{"ingress":"kourier"}' } });
    expect(await find(state, ...deployments, ...services.slice(1), ...maps)).toMatchObject({
      remedy: { command: "kn-bootstrap install" },
    });
  });

  it("says nothing of what belongs to a Deployment that is not there", async () => {
    expect(await find(...deployments.slice(1), ...services.slice(1), ...maps)).toMatchObject({ status: "ok" });
  });
});
