import { type Finding, fail, ok, skipped, warn } from "../../core/check.ts";
import { GATEWAY_CONFIG, gatewaysNamed } from "../../ingress/seen/gateway-api.ts";
import { listIn } from "../../ingress/seen/places.ts";
import { at, conditionOf, describe, type KubeObject, keyOf, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { FOUND_BY, findInstallation } from "../found.ts";
import { healthCheck } from "../health-check.ts";

/** Of a Gateway (Gateway API, GatewaySpec.Listeners). net-gateway-api adds one for each certificate. */
const MOST_LISTENERS = 64;
/** From here on it is said before it strikes. */
const MANY_LISTENERS = 56;

const EDIT = sh`kubectl edit configmap ${GATEWAY_CONFIG.name} ${inNamespace(GATEWAY_CONFIG.namespace)}`;

export const gatewaysProgrammed = healthCheck({
  id: "gateway-api.gateways",
  title: "The Gateways that Routes are attached to are programmed",
  needs: ["knative.installed"],
  reads: [...FOUND_BY, "Gateway.gateway.networking.k8s.io"],
  meaning:
    "net-gateway-api attaches each Route to the Gateways that config-gateway names. Where one is not there, is not taken up by its controller, or has no listener left, new Routes wait, or get no certificate.",
  todo: "Do what the Gateway's conditions say; name another Gateway in ConfigMap config-gateway; with more than 64 certificates use a wildcard.",
  threads: ["knative-extensions/net-gateway-api#665"],
  run: async ({ cluster }) => {
    const { seen } = await findInstallation(cluster);
    if (seen?.id !== "gateway-api") return skipped("the ingress is not Gateway API");
    const [config, all] = await Promise.all([
      cluster.get(GATEWAY_CONFIG),
      cluster.list({ apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway" }),
    ]);
    const { gateways, unusable } = gatewaysNamed(config);
    const [key] = unusable;
    if (key)
      return fail(
        `config-gateway names no Gateway under ${key}`,
        { text: "Write a list whose entries have class and gateway, as its example has it:", command: EDIT },
        { evidence: [{ object: GATEWAY_CONFIG, field: `.data["${key}"]` }] },
      );
    const findings = gateways.map(({ gateway }): Finding => {
      const live = all.find((one) => keyOf(one) === keyOf(gateway));
      return live
        ? judge(live)
        : fail(
            `${describe(gateway)}, which config-gateway names, does not exist`,
            { text: "Make it, or name another:", command: EDIT },
            { evidence: [{ object: gateway, field: "" }] },
          );
    });
    const worst = ["fail", "warn"].flatMap((status) => findings.find((one) => one.status === status) ?? []);
    return worst[0] ?? ok(gateways.map(({ gateway: { namespace, name } }) => `${namespace}/${name}`).join(", "));
  },
});

const judge = (gateway: KubeObject): Finding => {
  const { namespace, name } = gateway.metadata;
  const object = { apiVersion: gateway.apiVersion, kind: gateway.kind, ...(namespace ? { namespace } : {}), name };
  const look = sh`kubectl describe gateways.gateway.networking.k8s.io ${name} ${inNamespace(namespace)}`;
  const bad = ["Accepted", "Programmed"].find((type) => conditionOf(gateway, type)?.status === "False");
  if (bad) {
    const condition = conditionOf(gateway, bad);
    const why = [textAt(condition, "reason"), textAt(condition, "message")].filter(Boolean).join(": ");
    return fail(
      `${describe(gateway)} is not ${bad.toLowerCase()}${why ? `: ${why}` : ""}`,
      { text: "Look at its class and listeners.", command: look },
      { evidence: [{ object, field: `.status.conditions[?(@.type=="${bad}")].status`, observed: "False" }] },
    );
  }
  const count = listIn(at(gateway, "spec", "listeners")).length;
  const seen = {
    evidence: [{ object, field: ".spec.listeners", observed: count, expected: `less than ${MOST_LISTENERS}` }],
  };
  const remedy = {
    text: "A Gateway has room for 64 listeners, and each certificate takes one: use a wildcard for each namespace.",
    command: look,
  };
  if (count >= MOST_LISTENERS)
    return fail(`${describe(gateway)} has ${count} listeners, and no room for another certificate`, remedy, seen);
  if (count >= MANY_LISTENERS)
    return warn(`${describe(gateway)} has ${count} of ${MOST_LISTENERS} listeners`, remedy, seen);
  return ok(describe(gateway));
};
