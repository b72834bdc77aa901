import { describe, expect, it } from "vitest";
import { schemeServed } from "../../src/checks/configuration/scheme.ts";
import { gatewayLetIn } from "../../src/checks/gateway-quota.ts";
import { configMap, findingOf, object } from "./scene.ts";

/** What an install leaves that has stopped before its proof. */
const chosen = (more: Readonly<Record<string, string>> = {}, expose = "loadbalancer") => [
  object("ConfigMap", "kn-bootstrap/state", {
    data: { choices: JSON.stringify({ tls: "self-signed", expose }), ...more },
  }),
];
const NETWORK = { "ingress-class": "kourier.ingress.networking.knative.dev", "default-external-scheme": "http" };

describe("network.scheme, while an install has not come to its end", () => {
  const find = (manager: string, state = chosen()) => {
    const network = configMap("config-network", NETWORK);
    const managedFields = [{ manager, fieldsV1: { "f:data": { "f:default-external-scheme": {} } } }];
    const kept = { ...network, metadata: { ...network.metadata, managedFields } };
    return findingOf({ objects: [...state, kept] }, schemeServed);
  };

  it("names who else writes it", async () => {
    const finding = await find("gitops");
    expect(finding).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(/; gitops writes default-external-scheme$/),
    });
  });

  it("waits for what the install itself sets later", async () => {
    expect(await find("kn-bootstrap-domain")).toMatchObject({ status: "skipped" });
    expect(await find("kn-bootstrap-domain", chosen({ proved: "a" }))).toMatchObject({ status: "fail" });
  });
});

describe("ingress.quota", () => {
  const find = (
    hard: Readonly<Record<string, string>>,
    used = hard,
    expose?: string,
    ...more: ReturnType<typeof object>[]
  ) =>
    findingOf(
      {
        objects: [
          ...chosen({}, expose),
          configMap("config-network", NETWORK),
          object("ResourceQuota", "kourier-system/compute", { spec: { hard }, status: { used } }),
          ...more,
        ],
      },
      gatewayLetIn,
    );

  it("names the measure that is used up", async () => {
    expect(await find({ "services.loadbalancers": "1" })).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(
        /compute has no room for Service kourier-system\/kourier: services.loadbalancers 1 of 1/,
      ),
      remedy: { command: "kubectl describe resourcequota compute -n kourier-system" },
    });
    // Nobody has counted yet.
    expect(await find({ "count/services": "0" }, {})).toMatchObject({ status: "fail" });
  });

  it("holds where there is room, where it is no matter, and where the Service is there", async () => {
    expect(await find({ "services.loadbalancers": "2" }, { "services.loadbalancers": "1" })).toMatchObject({
      status: "ok",
    });
    expect(await find({ "services.loadbalancers": "0" }, {}, "nodeport")).toMatchObject({ status: "ok" });
    const service = object("Service", "kourier-system/kourier");
    expect(await find({ "services.loadbalancers": "1" }, undefined, undefined, service)).toMatchObject({
      status: "ok",
    });
  });
});
