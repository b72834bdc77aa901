import { afterEach, describe, expect, test } from "vitest";
import { createApi } from "../../src/sandbox/api/index.ts";
import type { Api } from "../../src/sandbox/types.ts";
import { send } from "./wire.ts";

let api: Api;
const start = async (version: string): Promise<void> => {
  await api?.close();
  api = await createApi({ version });
};
afterEach(() => api.close());

describe("an older server", () => {
  const form = (version: string): string =>
    `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

  test.each([
    ["v1.26.1", ["v2", "v2beta1"], "v1"],
    ["v1.28.3", ["v2", "v2beta1"], "apidiscovery.k8s.io/v2beta1"],
    ["v1.28.3", ["v2"], "v1"],
    ["v1.30.0", ["v2", "v2beta1"], "apidiscovery.k8s.io/v2"],
    ["v1.36.2", ["v2beta1"], "apidiscovery.k8s.io/v2beta1"],
  ])("of %s answers discovery, asked for %j, in %s", async (version, forms, apiVersion) => {
    await start(version);
    const accept = [...forms.map(form), "application/json"].join(",");
    expect(JSON.parse((await send(api, "/apis", { headers: { accept } })).text).apiVersion ?? "v1").toBe(apiVersion);
  });

  test.each([
    ["v1.28.3", 422],
    ["v1.32.0", 200],
    ["v1.33.5", 422],
    ["v1.34.0", 200],
  ])("of %s answers a watch that begins with a list with %i", async (version, status) => {
    await start(version);
    const query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1";
    expect((await send(api, `/api/v1/namespaces/default/configmaps?${query}`)).status).toBe(status);
  });

  test("says what it is, and since 1.33 what it emulates", async () => {
    await start("v1.28.3");
    const version = async () => JSON.parse((await send(api, "/version")).text);
    expect(await version()).toMatchObject({ minor: "28", gitVersion: "v1.28.3" });
    expect(await version()).not.toHaveProperty("emulationMinor");
    await start("v1.33.0");
    expect(await version()).toMatchObject({ minor: "33", emulationMinor: "33", minCompatibilityMinor: "32" });
  });

  test("drops fields that came later, refuses them if it is asked to be strict, and has the defaults of its time", async () => {
    const job = (spec: object) => ({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "j", namespace: "default" },
      spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } }, ...spec },
    });
    const made = async (version: string, spec: object, query = "") => {
      await start(version);
      const path = `/apis/batch/v1/namespaces/default/jobs${query}`;
      return send(api, path, { method: "POST", body: JSON.stringify(job(spec)) });
    };
    const specOf = ({ text }: { text: string }) => JSON.parse(text).spec;
    expect(specOf(await made("v1.28.0", {}))).not.toHaveProperty("podReplacementPolicy");
    expect(specOf(await made("v1.29.0", {})).podReplacementPolicy).toBe("TerminatingOrFailed");
    expect(specOf(await made("v1.31.0", { managedBy: "example.com/x" }))).not.toHaveProperty("managedBy");
    expect(specOf(await made("v1.32.0", { managedBy: "example.com/x" })).managedBy).toBe("example.com/x");
    const strict = await made("v1.31.0", { managedBy: "example.com/x" }, "?fieldValidation=Strict");
    expect(strict.status).toBe(400);
    expect(strict.text).toContain('unknown field \\"spec.managedBy\\"');
  });
});
