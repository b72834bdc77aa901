import { fail, ok, skipped, warn } from "../../core/check.ts";
import { describe, refOf } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { configMap, KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { targetOf, terminatedAt } from "./balancer.ts";
import { ENTERED_BY, entranceOf } from "./entrance.ts";

export const tlsBeforeGateway = healthCheck({
  id: "ingress.terminated",
  title: "TLS that the load balancer ends comes to a port that takes plain text",
  needs: ["knative.installed"],
  reads: ENTERED_BY,
  meaning:
    "The load balancer has a certificate of its own and sends on what it has decrypted. At the gateway's TLS port nobody understands that; and Knative prints URLs with http until it is told otherwise.",
  todo: "Let port 443 of the gateway's Service lead to the same port as 80, and set `default-external-scheme: https`; or leave TLS to the gateway and take the annotation off.",
  threads: ["knative/serving#15156", "knative/serving#15014"],
  run: async (ctx) => {
    const { found, service } = await entranceOf(ctx);
    const ended = service && terminatedAt(service);
    if (!service || !ended) return skipped("no load balancer ends TLS before the gateway");
    const { name, namespace } = service.metadata;
    const seen = (field: string, observed: unknown, expected: unknown) => ({
      evidence: [
        { object: refOf(service), field: `.metadata.annotations["${ended.annotation}"]` },
        { object: field.startsWith(".data") ? configMap("config-network") : refOf(service), field, observed, expected },
      ],
    });
    const [plain, tls] = [targetOf(service, 80), targetOf(service, 443)];
    if (!ended.isEncrypted && plain && tls && plain.target !== tls.target) {
      const field = `.spec.ports[${tls.index}].targetPort`;
      const patch = JSON.stringify([
        { op: "replace", path: `/spec/ports/${tls.index}/targetPort`, value: plain.target },
      ]);
      return fail(
        `the load balancer of ${describe(service)} decrypts, and sends plain text to port ${tls.target}, where the gateway waits for TLS`,
        {
          text: "Let it lead where http leads:",
          command: sh`kubectl patch service ${name} ${inNamespace(namespace)} --type json -p ${patch}`,
        },
        seen(field, tls.target, plain.target),
      );
    }
    if (found.scheme === "https") return ok(`${describe(service)}, and URLs begin with https`);
    const patch = JSON.stringify({ data: { "default-external-scheme": "https" } });
    return warn(
      `the load balancer of ${describe(service)} answers https, and URLs are printed with http`,
      { text: "Say so:", command: sh`kubectl patch configmap config-network -n ${KNATIVE} --type merge -p ${patch}` },
      seen('.data["default-external-scheme"]', found.scheme, "https"),
    );
  },
});
