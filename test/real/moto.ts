import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Route53 as Client } from "@aws-sdk/client-route-53";
import type { Dns, Zone } from "../../src/sandbox/dns/index.ts";
import { batchIn, type Route53Options } from "../../src/sandbox/route53/index.ts";
import { startDaemon } from "./daemon.ts";
import { freePort } from "./ports.ts";
import { isInstalled } from "./programs.ts";

/** Whether somebody else's emulator of AWS is here; says so when it is not. */
export const hasMoto = (): boolean => isInstalled(["moto_server"], "PyPI: moto[route53], flask, flask-cors");

export interface Moto {
  /** The SDK, past everything of ours. */
  readonly client: Client;
  /** A zone at moto, with the id that it gave; its name servers are the same for all zones. */
  readonly createZone: (
    name: string,
    isPrivate?: boolean,
  ) => Promise<Pick<Zone, "id" | "name" | "isPrivate" | "nameServers">>;
  /**
   * For our emulation: every request goes to moto and its answer comes back. moto has no name servers: what it accepts is written to the
   * zone of this id in `dns`, from which it is answered.
   */
  readonly instead: (dns: () => Dns) => NonNullable<Route53Options["onRequest"]>;
  readonly close: () => Promise<void>;
}

export const startMoto = async (): Promise<Moto> => {
  const port = await freePort();
  const { close } = await startDaemon(mkdtempSync(join(tmpdir(), "moto-")), port, "moto_server", [
    ...["-H", "127.0.0.1", "-p", String(port)],
  ]);
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: "moto", secretAccessKey: "moto" };
  const client = new Client({ region: "us-east-1", endpoint, credentials });
  let count = 0;
  return {
    client,
    createZone: async (Name, isPrivate = false) => {
      const { HostedZone, DelegationSet } = await client.createHostedZone({
        Name,
        CallerReference: `zone-${++count}`,
        ...(isPrivate
          ? { VPC: { VPCId: "vpc-1", VPCRegion: "us-east-1" }, HostedZoneConfig: { PrivateZone: true } }
          : {}),
      });
      const id = HostedZone?.Id?.replace("/hostedzone/", "") ?? "";
      return { id, name: Name, isPrivate, nameServers: DelegationSet?.NameServers ?? [] };
    },
    instead: (dns) => async (request) => {
      const { method, path, query, headers, body, action, id = "" } = request;
      const { authorization = "", "content-type": type = "application/xml" } = headers;
      const answer = await fetch(`${endpoint}${path}?${new URLSearchParams(query)}`, {
        method,
        headers: { authorization, "content-type": type },
        ...(method === "GET" ? {} : { body }),
      });
      if (answer.ok && action === "ChangeResourceRecordSets")
        dns()
          .zone(id)
          .records.edit((draft) => {
            for (const change of batchIn(body).changes)
              if (change.action === "DELETE") draft.remove(change.set.name, change.set.type, change.set.routing?.id);
              else draft.put(change.set);
          });
      return { status: answer.status, body: await answer.text() };
    },
    close: async () => {
      client.destroy();
      await close();
    },
  };
};
