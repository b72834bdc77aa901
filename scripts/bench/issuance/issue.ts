/**
 * The measured program: what install does for a certificate, as it is put together there, but with a cluster in memory. Bundled as the
 * program is. Writes `{ "seconds" }`, which is the issuance without the start of the process and the reading of its modules.
 */
import { randomBytes } from "node:crypto";
import process from "node:process";
import type { ClusterRead } from "../../../src/ports/cluster.ts";
import { dataOf, type KubeObject, keyOf } from "../../../src/ports/object.ts";
import { absolute } from "../../../src/ports/zones.ts";
import type { BenchAuthority, BenchInternet } from "./internet.ts";

const { BENCH_ISSUANCE = "{}" } = process.env;
const { internet, ca } = JSON.parse(BENCH_ISSUANCE) as { internet: BenchInternet; ca: BenchAuthority };
const { zone: domain, key } = internet;
const signal = AbortSignal.timeout(60_000);

const [
  { createAuthority },
  { createResolver },
  { createAcmeIssuer, zoneRecords },
  { createPlaces },
  { awaitEverywhere },
  { companionsOf, setsAround },
  { chooseZone },
  { dnsProvider },
] = await Promise.all([
  import("../../../src/adapters/authority/index.ts"),
  import("../../../src/adapters/resolver/index.ts"),
  import("../../../src/certificates/acme/index.ts"),
  import("../../../src/dns/place.ts"),
  import("../../../src/dns/await-everywhere.ts"),
  import("../../../src/dns/shadows.ts"),
  import("../../../src/dns/zone-choice.ts"),
  import("../../../src/dns/index.ts"),
]);

const started = performance.now();
const resolver = createResolver({ server: internet.resolver, connectTo: new Map(internet.connectTo) });
const env = {
  RFC2136_NAMESERVER: internet.nameServer,
  RFC2136_TSIG_KEY: key.name,
  RFC2136_TSIG_SECRET: key.secret,
  RFC2136_TSIG_ALGORITHM: key.algorithm,
};
const zones = await dnsProvider("rfc2136")?.open({ env, signal, onTrouble: () => {}, resolver, interactive: false });
if (!zones) throw new Error("there is no provider rfc2136");
const { zone, delegation } = await chooseZone(await zones.find(domain), domain, { resolver, signal });

const objects = new Map<string, KubeObject>();
const secret = { apiVersion: "v1", kind: "Secret", namespace: "kn-bootstrap", name: "wildcard-tls" };
const cluster: Pick<ClusterRead, "get" | "list"> = {
  get: async (ref) => objects.get(keyOf(ref)),
  list: async ({ kind }) => [...objects.values()].filter((object) => object.kind === kind),
};

const issuer = createAcmeIssuer({
  authority: createAuthority({ directory: ca.directory, ca: ca.tlsCa, env: {} }),
  clusterUid: "bench",
  settings: { keyType: "ecdsa", root: ca.root },
  records: zoneRecords({
    access: zones,
    companions: async (of, names) =>
      companionsOf(
        of,
        await setsAround({ zone: of, zones }, names),
        names.map((name) => absolute(of, name)),
      ),
  }),
  placeOf: createPlaces({
    resolver,
    provider: { title: "RFC 2136" },
    zones,
    zone,
    servers: delegation?.servers ?? [],
    random: () => randomBytes(8).toString("hex"),
    signal,
  }).challenge,
  awaitTxt: async (expected) => {
    const published = expected.map(({ name, values }) => ({
      zone: zone.name,
      expectations: [{ name, type: "TXT" as const, values }],
    }));
    await awaitEverywhere(resolver, published, { signal });
  },
});
await issuer.issue(
  {
    kind: "certificate",
    action: "create",
    names: [`*.${domain}`, domain],
    secret,
    reason: "missing",
    issuer: "Pebble",
  },
  {
    cluster: cluster as ClusterRead,
    store: async (object) => void objects.set(keyOf(object), object),
    forget: async (ref) => void objects.delete(keyOf(ref)),
    now: () => new Date(),
    signal,
    onWaiting: () => {},
  },
);
zones.close();
if (!dataOf(objects.get(keyOf(secret)))["tls.crt"]) throw new Error("no certificate was stored");
process.stdout.write(`${JSON.stringify({ seconds: (performance.now() - started) / 1000 })}\n`);
