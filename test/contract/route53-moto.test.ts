import { describe } from "vitest";
import { openRoute53 } from "../../src/dns/route53/open.ts";
import { writeSet } from "../../src/dns/route53/record-sets.ts";
import { startDns } from "../../src/sandbox/dns/index.ts";
import { startRoute53 } from "../../src/sandbox/route53/index.ts";
import { hasMoto, startMoto } from "../real/moto.ts";
import { ask } from "./ask.ts";
import { BALANCER } from "./record-kinds.ts";
import { type ZonesFixture, zonesContract } from "./zones.ts";

const NAME = "apps.example.com";

const open = async (): Promise<ZonesFixture> => {
  const [dns, moto] = await Promise.all([
    startDns({ hosts: new Map([[BALANCER.target, [BALANCER.address]]]) }),
    startMoto(),
  ]);
  const parent = await moto.createZone("example.com");
  const zone = await moto.createZone(NAME);
  const twin = await moto.createZone(NAME);
  const hidden = await moto.createZone(NAME, true);
  await dns.addZone({ id: zone.id, name: zone.name, nameServers: zone.nameServers });
  const { env, close } = await startRoute53({ dns, onRequest: moto.instead(() => dns) });
  const zones = await openRoute53(
    { env, signal: new AbortController().signal, onTrouble: () => undefined },
    { maxAttempts: 2, pollMs: [10] },
  );
  return {
    zones,
    zone,
    others: [twin, hidden, parent],
    tamper: async ({ from, to }) => {
      const changes = [
        ...(from ? [{ Action: "DELETE", ResourceRecordSet: writeSet(zone, from) } as const] : []),
        ...(to ? [{ Action: "CREATE", ResourceRecordSet: writeSet(zone, to) } as const] : []),
      ];
      // Through the bridge, so that the name servers have it too.
      const { Route53 } = await import("@aws-sdk/client-route-53");
      const client = new Route53({
        region: "us-east-1",
        endpoint: env.AWS_ENDPOINT_URL_ROUTE_53 ?? "",
        credentials: { accessKeyId: "somebody", secretAccessKey: "else" },
      });
      await client.changeResourceRecordSets({ HostedZoneId: zone.id, ChangeBatch: { Changes: changes } });
      client.destroy();
    },
    lookup: (asked, type) => Promise.all(zone.nameServers.map((server) => ask(dns.endpoint(server), asked, type))),
    close: async () => {
      zones.close();
      await close();
      await Promise.all([moto.close(), dns.close()]);
    },
  };
};

const RECREATES = "moto looks for what is to be created before it deletes, so it refuses a set that was there once";

describe.runIf(hasMoto())("route53 before moto", () => {
  zonesContract("keeps the contract of a zone provider", {
    open,
    routing: true,
    alias: true,
    lists: true,
    untrue: {
      "adds a value and takes it away, keeping other people's": RECREATES,
      "creates, replaces and deletes an alias": RECREATES,
      "refuses to create what is there, and writes nothing of the batch":
        "moto refuses to create what is there only when it is the very same",
    },
  });
});
