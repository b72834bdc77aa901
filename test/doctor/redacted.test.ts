import { describe, expect, it } from "vitest";
import { withoutSecrets } from "../../src/app/doctor/redacted.ts";
import { object } from "./scene.ts";

const CONTAINER = {
  image: "registry.example.com/app",
  command: ["sh", "-c", "mysql -pXsecretX"],
  args: ["--token", "XsecretX"],
  env: [{ name: "PASSWORD", value: "XsecretX" }],
  readinessProbe: { httpGet: { path: "/", httpHeaders: [{ name: "X-Auth", value: "XsecretX" }] } },
  livenessProbe: { exec: { command: ["check", "XsecretX"] } },
};
const PODS = { spec: { containers: [CONTAINER] } };
const LABELS = { labels: { "serving.knative.dev/revision": "app-00001" } };

describe("a recording", () => {
  it.each([
    object("Service.serving.knative.dev/v1", "shop/app", { spec: { template: PODS } }),
    object("Revision.serving.knative.dev/v1", "shop/app-00001", PODS),
    object("Deployment.apps/v1", "shop/app-00001-deployment", { spec: { template: PODS } }, LABELS),
    object("Pod", "shop/app-00001-x", PODS, LABELS),
  ])("keeps of people's containers what they are, and nothing that they are told: $kind", (one) => {
    const kept = JSON.stringify(withoutSecrets(one));
    expect(kept).not.toContain("secretX");
    for (const name of [CONTAINER.image, "PASSWORD", "X-Auth"]) expect(kept).toContain(name);
  });

  it("keeps the command line of a controller, which says what it is for", () => {
    const controller = object("Deployment.apps/v1", "dns/external-dns", {
      spec: { template: { spec: { containers: [{ args: ["--txt-owner-id=me"] }] } } },
    });
    expect(JSON.stringify(withoutSecrets(controller))).toContain("--txt-owner-id=me");
  });
});
