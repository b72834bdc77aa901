import { type Finding, ok, skipped, warn } from "../../core/check.ts";
import { markerName, type Owner, ownerWords, recordOwner } from "../../dns/ownership.ts";
import { askOneOf } from "../../dns/servers.ts";
import { few } from "../../ports/few.ts";
import { sh } from "../../ports/shell.ts";
import { type RecordSet, relativeTo } from "../../ports/zones.ts";
import { type HealthContext, healthCheck } from "../health-check.ts";
import { type Located, OUTSIDE, type Outside, outside } from "./view.ts";
import { worst } from "./worst.ts";

/** Where external-dns writes down that it keeps a name: at the name itself, and with the record's type before the first label. */
const registryNames = (name: string): readonly string[] => [
  name,
  ...["a", "aaaa", "cname"].map((type) => `${type}-${name}`),
];

const textsAt = async (
  { resolver }: Outside,
  { zone, delegation: { servers } }: Located,
  name: string,
  signal: AbortSignal,
): Promise<readonly RecordSet[]> => {
  const said = await askOneOf(resolver, servers, name, "TXT", signal);
  const values = (said?.answer.answers ?? []).filter(({ type, name: owner }) => type === "TXT" && owner === name);
  return values.length > 0
    ? [{ name: relativeTo({ name: zone }, name), type: "TXT", values: values.map(({ value }) => value) }]
    : [];
};

const judge = async (view: Outside, located: Located, uid: string, { signal }: HealthContext): Promise<Finding> => {
  const { domain, zone } = located;
  const names = domain.isMapping ? [domain.name] : [`*.${domain.name}`, ...domain.hosts];
  const asked = [...new Set([markerName(domain.name), ...names.flatMap(registryNames)])];
  const sets = (await Promise.all(asked.map((name) => textsAt(view, located, name, signal)))).flat();
  const relative = names.map((name) => relativeTo({ name: zone }, name));
  const records: readonly RecordSet[] = relative.map((name) => ({ name, type: "A", values: [] }));
  const marker = recordOwner(sets, relativeTo({ name: zone }, markerName(domain.name)), uid);
  // The marker counts before any of external-dns: both are wanted here.
  const registry = sets.filter((set) => set.name !== relativeTo({ name: zone }, markerName(domain.name)));
  const others = relative.map((name) => recordOwner([...records, ...registry], name, uid));
  const owners = [marker, ...others].filter(({ kind }) => kind !== "nobody");
  const distinct = [
    ...new Map(
      owners.map((owner) => [`${owner.kind} ${"id" in owner ? owner.id : "owner" in owner ? owner.owner : ""}`, owner]),
    ).values(),
  ];
  if (distinct.length === 0) return ok(`${domain.name}: nobody has left a mark`);
  const [first] = distinct;
  if (first && distinct.length === 1 && first.kind !== "cluster") return ok(`${domain.name}: ${ownerWords(first)}`);
  return warn(
    distinct.length > 1
      ? `${few(distinct.map(ownerWords))} all write records of ${domain.name}`
      : `the records of ${domain.name} are kept by ${few(distinct.map(ownerWords))}`,
    remedyFor(distinct, domain.name),
    {
      facts: { domain: domain.name },
      evidence: sets.map(({ name, values }) => ({
        field: `${name === "@" ? zone : `${name}.${zone}`} TXT`,
        observed: values,
      })),
    },
  );
};

const remedyFor = (owners: readonly Owner[], domain: string) =>
  owners.some(({ kind }) => kind === "external-dns")
    ? {
        text: `Let one of them keep ${domain}: take it from external-dns by its --domain-filter and --exclude-domains, or from kn-bootstrap by --dns none.`,
        command: sh`kubectl get deployments -A -l app.kubernetes.io/name=external-dns`,
      }
    : {
        text: `Give each cluster a domain of its own; or, where the other cluster is gone, take its records over with kn-bootstrap install --take-ownership.`,
        command: sh`kn-bootstrap plan --domain ${domain} --take-ownership`,
      };

export const oneWriter = healthCheck({
  id: "dns.writers",
  title: "One writes the records of a domain",
  needs: ["dns.delegated"],
  reads: [...OUTSIDE, "Namespace"],
  meaning:
    "Two write the same names: the records change back and forth, or each refuses what the other has written. They are told by the TXT marks that external-dns and kn-bootstrap leave.",
  todo: "Let one of them keep the domain.",
  threads: [
    "kubernetes-sigs/external-dns#1602",
    "kubernetes-sigs/external-dns#1764",
    "kubernetes-sigs/external-dns#3186",
    "kubernetes-sigs/external-dns#5939",
    "cert-manager/cert-manager#5388",
  ],
  run: outside(async (view, ctx) => {
    const system = await ctx.cluster.get({ apiVersion: "v1", kind: "Namespace", name: "kube-system" });
    const uid = system?.metadata.uid ?? "";
    const findings = await Promise.all((await view.located()).map((one) => judge(view, one, uid, ctx)));
    return worst(findings) ?? skipped("there is none");
  }),
});
