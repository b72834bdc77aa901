import { type Check, fail, ok } from "../../../core/check.ts";
import type { ClusterRead } from "../../../ports/cluster.ts";
import type { Remedy } from "../../../ports/error.ts";
import { commandOf, type Fix } from "../../../ports/fix.ts";
import { mend } from "../../../ports/mend.ts";
import { dataOf } from "../../../ports/object.ts";
import { inNamespace, sh } from "../../../ports/shell.ts";
import { CONFIG } from "../names.ts";
import { readSettings, type Settings, serviceAt, type Trouble } from "../settings.ts";
import { netIstioVersion } from "./versions.ts";

const NAME = "ConfigMap knative-serving/config-istio";
const edit = sh`kubectl edit configmap ${CONFIG.name} ${inNamespace(CONFIG.namespace)}`;

/** @param version of the net-istio that is to read them; undefined: of the one that runs */
export const settingsOf = async (cluster: Pick<ClusterRead, "get">, version: string | undefined): Promise<Settings> => {
  const [config, running] = await Promise.all([cluster.get(CONFIG), version ?? netIstioVersion(cluster)]);
  return readSettings(dataOf(config), running ?? "");
};

/** A bad config-istio goes unnoticed: the controller that runs keeps what it had read, and the next one does not start. */
export const settingsReadable = (version?: string): Check => ({
  id: "istio.settings",
  title: "net-istio goes by what config-istio says",
  run: async ({ cluster }) => {
    const { trouble, gateways } = await settingsOf(cluster, version);
    if (!trouble) return ok(gateways.map(({ namespace, name }) => `${namespace}/${name}`).join(", "));
    const evidence = trouble.keys.map((key) => ({ object: CONFIG, field: `.data["${key}"]` }));
    return fail(`${NAME}: ${trouble.what}`, remedyFor(trouble), { evidence });
  },
});

const remedyFor = ({ kind, keys, isRepeated }: Trouble): Remedy => {
  if (kind === "two-forms") {
    const removal: Fix = {
      action: "patch",
      object: CONFIG,
      patch: { data: Object.fromEntries(keys.map((key) => [key, null])) },
      safe: "The lists beside them say the same, and net-istio reads neither while both are there.",
    };
    return isRepeated
      ? mend("The lists say the same as the old keys: remove these.", removal)
      : {
          text: "Say in external-gateways and local-gateways what the old keys say, and remove these:",
          command: commandOf(removal),
        };
  }
  if (kind === "unknown-form")
    return {
      text: "Write each gateway as a key gateway.NAMESPACE.NAME or local-gateway.NAMESPACE.NAME with its Service's host name, or take a newer Knative.",
      command: edit,
    };
  return { text: "Write it as the example in that ConfigMap has it.", command: edit };
};

/** Admission lets a short name pass, and every Route then waits: the first two parts are read as name and namespace, and three are asked for. */
export const servicesNamed = (version?: string): Check => ({
  id: "istio.service-names",
  title: "The gateways' Services are named in full",
  run: async ({ cluster }) => {
    const { gateways } = await settingsOf(cluster, version);
    const short = gateways.find((gateway) => serviceAt(gateway) === undefined);
    if (!short) return ok(gateways.map(({ service }) => service).join(", "));
    const { namespace, name, service, key = "" } = short;
    return fail(
      `${NAME}: the Service of Gateway ${namespace}/${name} is "${service}", which names no namespace`,
      { text: "Write NAME.NAMESPACE.svc.cluster.local.", command: edit },
      { evidence: [{ object: CONFIG, field: `.data["${key}"]`, observed: service }] },
    );
  },
});
