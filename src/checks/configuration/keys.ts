import { similar } from "../../config/similar.ts";
import { ok, skipped, warn } from "../../core/check.ts";
import type { Remedy } from "../../ports/error.ts";
import type { Evidence } from "../../ports/facts.ts";
import { few } from "../../ports/few.ts";
import type { Fix } from "../../ports/fix.ts";
import { mend } from "../../ports/mend.ts";
import { dataOf, type KubeObject, refOf } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { configMaps, EXAMPLE, FREE, keysExplained } from "./maps.ts";
import { releasedKeys } from "./released.ts";

/** Keys of older releases that newer ones still read (knative.dev/networking pkg/config, serving pkg/deployment). */
const OLDER: ReadonlyMap<string, string> = new Map([
  ["ingress.class", "ingress-class"],
  ["certificate.class", "certificate-class"],
  ["domainTemplate", "domain-template"],
  ["tagTemplate", "tag-template"],
  ["autoTLS", "external-domain-tls"],
  ["auto-tls", "external-domain-tls"],
  ["httpProtocol", "http-protocol"],
  ["rolloutDuration", "rollout-duration"],
  ["autocreateClusterDomainClaims", "autocreate-cluster-domain-claims"],
  ["defaultExternalScheme", "default-external-scheme"],
  ["queueSidecarImage", "queue-sidecar-image"],
  ["registriesSkippingTagResolving", "registries-skipping-tag-resolving"],
  ["digestResolutionTimeout", "digest-resolution-timeout"],
  ["progressDeadline", "progress-deadline"],
]);

/** Keys that an example has wrong, in every release so far: what the program reads is another (net-kourier pkg/reconciler/ingress/config). */
const MISPRINTED: ReadonlyMap<string, string> = new Map([["extauthz-pack-as-byte", "extauthz-pack-as-bytes"]]);

/** Those that the example explains first: they are of the release that runs. */
const keysRead = (config: KubeObject): ReadonlySet<string> =>
  new Set([...keysExplained(config), ...releasedKeys(config.metadata.name)].map((key) => MISPRINTED.get(key) ?? key));

/** The one key that goes on where this one ends: `scale-to-zero-grace`. One word alone may be anything. */
const cutShort = (key: string, known: readonly string[]): string | undefined => {
  const start = key.replaceAll("_", "-");
  const [longer, ...others] = start.includes("-") ? known.filter((one) => one.startsWith(start)) : [];
  return others.length === 0 ? longer : undefined;
};

interface Odd {
  readonly config: KubeObject;
  readonly key: string;
  readonly because: string;
  /** What mends it in `data`. Absent: both keys have a value, and nobody knows which one is meant. */
  readonly data?: Readonly<Record<string, string | null>>;
}

const oddIn = (config: KubeObject): readonly Odd[] => {
  const data = dataOf(config);
  const known = keysRead(config);
  if (known.size === 0 || FREE.has(config.metadata.name)) return [];
  return Object.keys(data).flatMap((key): readonly Odd[] => {
    const newer = OLDER.get(key);
    if (newer !== undefined) {
      const hides = newer in data && data[newer] !== data[key];
      return hides ? [{ config, key, because: `${key} has no effect beside ${newer}`, data: { [key]: null } }] : [];
    }
    if (key === EXAMPLE || known.has(key)) return [];
    const meant = similar(key, [...known]) ?? cutShort(key, [...known]);
    if (meant === undefined) return [];
    if (data[meant] === data[key])
      return [{ config, key, because: `${key} is no key; ${meant} is`, data: { [key]: null } }];
    const moved = meant in data ? {} : { data: { [meant]: data[key] ?? "", [key]: null } };
    return [{ config, key, because: `${key} is no key; ${meant} is`, ...moved }];
  });
};

export const keysKnown = healthCheck({
  id: "config.keys",
  title: "Every setting has a name that Knative reads",
  needs: ["knative.installed"],
  reads: ["ConfigMap"],
  meaning: "A setting is ignored without a word, because Knative reads another key, or a newer one beside it.",
  todo: "Write the key that is named, and remove the other one. Its example in the ConfigMap has every key.",
  threads: ["knative/serving#13766"],
  run: async (ctx) => {
    const all = await configMaps(ctx);
    if (all.length === 0) return skipped("there are no ConfigMaps of Knative");
    const odd = all.flatMap(oddIn);
    const [first] = odd;
    if (!first) return ok(`${all.length} ConfigMaps`);
    return warn(few(odd.map(({ config, because }) => `${config.metadata.name}: ${because}`)), remedyFor(first, odd), {
      evidence: odd.map(
        ({ config, key }): Evidence => ({
          object: refOf(config),
          field: `.data["${key}"]`,
          observed: dataOf(config)[key],
        }),
      ),
    });
  },
});

const remedyFor = ({ config }: Odd, odd: readonly Odd[]): Remedy => {
  const text = "Write the setting under the key that is read, and remove the other.";
  const known = odd.filter(({ data }) => data !== undefined);
  if (known.length < odd.length)
    return { text, command: sh`kubectl edit configmap ${config.metadata.name} -n ${KNATIVE}` };
  return mend(
    text,
    ...[...Map.groupBy(known, ({ config }) => config)].map(
      ([config, same]): Fix => ({
        action: "patch",
        object: refOf(config),
        patch: { data: Object.assign({}, ...same.map(({ data }) => data)) },
        safe: "Knative does not read what is removed; what is set is what was meant.",
      }),
    ),
  );
};
