import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { examplesUntouched } from "../../src/checks/configuration/example.ts";
import { ingressClassServed } from "../../src/checks/configuration/ingress-class.ts";
import { keysKnown } from "../../src/checks/configuration/keys.ts";
import { configMap, findingOf, KNATIVE, object } from "./scene.ts";

const KOURIER = "kourier.ingress.networking.knative.dev";
// As the release has it; the annotation is its own (serving 1.23.0, config-gc trimmed to one key).
const EXAMPLE = "\n# an example\n# ingress-class: istio\n# domain-template: x\n# http-protocol: Enabled\n";

describe("network.class", () => {
  const find = (data: Readonly<Record<string, string>>, more = KNATIVE) =>
    findingOf({ objects: [...more, configMap("config-network", data)] }, ingressClassServed);

  it("holds where the class's controller runs", async () => {
    expect(await find({ "ingress-class": KOURIER })).toMatchObject({ status: "ok" });
  });

  it("names the class that nobody serves, the one that runs, and the patch", async () => {
    const finding = await find({});
    expect(finding).toMatchObject({ status: "fail" });
    expect(finding.summary).toMatch(
      /istio\.ingress\S+, and no net-istio-controller runs here; what runs serves kourier/,
    );
    expect(finding).toMatchObject({
      remedy: { command: expect.stringMatching(/^kubectl patch configmap config-network .*"ingress\.class":null/) },
    });
  });

  it("sends to the operator's object where there is one: it writes the ConfigMap", async () => {
    const operator = object("KnativeServing.operator.knative.dev/v1beta1", "knative-serving/knative-serving");
    expect(await find({}, [...KNATIVE, operator])).toMatchObject({
      remedy: { command: expect.stringMatching(/^kubectl patch knativeserving knative-serving -n knative-serving/) },
    });
  });

  it("believes a class of somebody's own", async () => {
    expect(await find({ "ingress-class": "own.example.com" })).toMatchObject({ status: "skipped" });
  });

  it("finds a known class that is written otherwise, and names it as it is", async () => {
    for (const written of ["Kourier", "kourier", "Kourier.ingress.networking.knative.dev", `${KOURIER} `])
      expect(await find({ "ingress-class": written })).toMatchObject({
        status: "fail",
        remedy: { command: expect.stringContaining(`"ingress-class":"${KOURIER}"`) },
      });
  });

  it("believes no class that is nobody's where the state says which ingress was chosen", async () => {
    const state = object("ConfigMap", "kn-bootstrap/state", { data: { choices: '{"ingress":"kourier"}' } });
    const unknown = { "ingress-class": "own.example.com" };
    expect(await find(unknown, [...KNATIVE, state])).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(
        /^the ingress class is own\.example\.com, and no controller has that one; what runs/,
      ),
    });
    const readyBehind = (domainInternal: string) =>
      object(
        "Ingress.networking.internal.knative.dev/v1alpha1",
        "default/hello",
        {
          status: {
            conditions: [{ type: "Ready", status: "True" }],
            publicLoadBalancer: { ingress: [{ domainInternal }] },
          },
        },
        { annotations: { "networking.knative.dev/ingress-class": "own.example.com" } },
      );
    const stale = readyBehind("kourier.kourier-system.svc.cluster.local");
    expect(await find(unknown, [...KNATIVE, state, stale])).toMatchObject({ status: "fail" });
    const served = readyBehind("own.gateways.svc.cluster.local");
    expect(await find(unknown, [...KNATIVE, state, served])).toMatchObject({ status: "skipped" });
  });
});

describe("config.keys", () => {
  const find = (data: Readonly<Record<string, string>>) =>
    findingOf({ objects: [...KNATIVE, configMap("config-network", { _example: EXAMPLE, ...data })] }, keysKnown);

  it("holds for keys that the example explains, older names of them, and those that resemble none", async () => {
    expect(await find({ "ingress-class": KOURIER, domainTemplate: "x", somethingElse: "y" })).toMatchObject({
      status: "ok",
    });
  });

  it.each([
    [{ "ingres-class": KOURIER }, /ingres-class is no key; ingress-class is/],
    [{ "ingress.class": "a", "ingress-class": "b" }, /ingress\.class has no effect beside ingress-class/],
  ])("names the key that is read: %j", async (data, words) => {
    const finding = await find(data);
    expect(finding.status).toBe("warn");
    expect(finding.summary).toMatch(words);
  });
});

describe("config.keys, where no example explains them", () => {
  it.each([
    ["config-network", "ingress_class", "ingress-class"],
    ["config-network", "external-domain-tl", "external-domain-tls"],
    ["config-autoscaler", "scale-to-zero-grace", "scale-to-zero-grace-period"],
    ["config-autoscaler", "enable_scale_to_zero", "enable-scale-to-zero"],
    ["config-deployment", "registries-skipping-tag-resolvin", "registries-skipping-tag-resolving"],
  ])("goes by what the releases read: %s has no %s", async (name, key, read) => {
    const finding = await findingOf({ objects: [...KNATIVE, configMap(name, { [key]: "x" })] }, keysKnown);
    expect(finding).toMatchObject({ status: "warn", summary: `${name}: ${key} is no key; ${read} is` });
  });

  it.each([
    ["config-network", "rolloutDuration"],
    ["config-network", "internal-encryption"],
    ["config-deployment", "queue-sidecar-image"],
    ["config-autoscaler", "scale-to-zero"],
    ["config-own", "ingress_class"],
  ])("leaves what some release reads, and what may be anything: %s %s", async (name, key) => {
    const finding = await findingOf({ objects: [...KNATIVE, configMap(name, { [key]: "x" })] }, keysKnown);
    expect(finding).toMatchObject({ status: "ok" });
  });
});

describe("config.keys, where the example itself is wrong", () => {
  const kourier = (data: Readonly<Record<string, string>>) =>
    findingOf(
      {
        objects: [...KNATIVE, configMap("config-kourier", { _example: '# extauthz-pack-as-byte: "false"\n', ...data })],
      },
      keysKnown,
    );

  it("goes by what the program reads", async () => {
    expect(await kourier({ "extauthz-pack-as-bytes": "true" })).toMatchObject({ status: "ok" });
    expect(await kourier({ "extauthz-pack-as-byte": "true" })).toMatchObject({
      status: "warn",
      summary: "config-kourier: extauthz-pack-as-byte is no key; extauthz-pack-as-bytes is",
    });
  });
});

describe("config.example", () => {
  const find = (example: string) =>
    findingOf(
      {
        objects: [
          ...KNATIVE,
          configMap("config-gc", { _example: example }, { "knative.dev/example-checksum": "9fbadef3" }),
        ],
      },
      examplesUntouched,
    );

  it("tells an example that was edited from one that was not, whatever its line ends", async () => {
    const untouched = "a\nb";
    expect(await find(untouched)).toMatchObject({ status: "ok" });
    expect(await find("\r\na\r\n\r\nb  \n")).toMatchObject({ status: "ok" });
    expect(await find("a\r\nb\n\n")).toMatchObject({ status: "ok" });
    const edited = await find("a\nb: 1");
    expect(edited).toMatchObject({ status: "warn" });
    expect(edited.summary).toMatch(/example of config-gc/);
  });
});

describe("a setting in the example", () => {
  const RELEASED = "\n# enable-x: false\n# minor-limit: 3\nkept: 1\n";
  const checksum = (text: string) => crc32(text.trim().replace(/\n+/g, "\\n")).toString(16).padStart(8, "0");
  const fixesOf = async (example: string, name = "config-gc", data: Readonly<Record<string, string>> = {}) => {
    const annotations = { "knative.dev/example-checksum": checksum(RELEASED) };
    const finding = await findingOf(
      { objects: [...KNATIVE, configMap(name, { _example: example, ...data }, annotations)] },
      examplesUntouched,
    );
    return "remedy" in finding ? finding.remedy.fixes?.map((fix) => (fix.action === "patch" ? fix.patch : fix)) : [];
  };
  const moved = (key: string, value: string) => [{ data: { _example: RELEASED, [key]: value } }];

  it.each([
    ["uncommented and changed", RELEASED.replace("# enable-x: false", "enable-x: true"), undefined],
    ["uncommented as it was", RELEASED.replace("# enable-x: false", "enable-x: false"), moved("enable-x", "false")],
    ["added", `${RELEASED}minor-limit: 5\n`, moved("minor-limit", "5")],
    ["added, and unknown", `${RELEASED}nothing: 5\n`, undefined],
    ["changed in its place", RELEASED.replace("kept: 1", "kept: 2"), undefined],
    ["added with a structure", `${RELEASED}minor-limit: {}\n`, undefined],
  ])("moves up where the release's own text can be had back: %s", async (_what, example, patch) => {
    expect(await fixesOf(example)).toEqual(patch);
  });

  it("moves any name up where names are free, and none that has a value already", async () => {
    const example = `${RELEASED}apps.example.com: ""\n`;
    expect(await fixesOf(example, "config-domain")).toEqual(moved("apps.example.com", ""));
    expect(await fixesOf(example, "config-domain", { "apps.example.com": "selector:" })).toBeUndefined();
  });
});
