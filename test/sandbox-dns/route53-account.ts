import {
  type Change,
  ChangeResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from "@aws-sdk/client-route-53";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { type Dns, startDns, type Zone } from "../../src/sandbox/dns/index.ts";
import { type Route53, type Route53Options, startRoute53 } from "../../src/sandbox/route53/index.ts";

export const LB = "lb-1.us-east-1.elb.amazonaws.com";
export const LB_ZONE = "Z35SXDOTRQ7X7K";

/** An account with a client, and a fresh zone for each test. What is assigned here holds for one test. */
export interface Account {
  dns: Dns;
  api: Route53;
  client: Route53Client;
  zone: Zone;
  /** Milliseconds. */
  time: number;
  delay: number;
  onRequest: Route53Options["onRequest"];
  onHandled: NonNullable<Route53Options["onHandled"]>;
}

export const useAccount = (): Account => {
  const account = { time: Date.now() } as Account;
  let count = 0;
  beforeAll(async () => {
    account.dns = await startDns({ now: () => account.time, hosts: new Map([[LB, ["203.0.113.200"]]]) });
    account.api = await startRoute53({
      dns: account.dns,
      now: () => account.time,
      delay: () => account.delay,
      pageLimit: 4,
      aliasZoneOf: () => LB_ZONE,
      onRequest: (request) => account.onRequest?.(request),
      onHandled: (request, response) => account.onHandled(request, response),
    });
    account.client = new Route53Client({
      region: "us-east-1",
      endpoint: account.api.endpoint,
      credentials: { accessKeyId: "rehearsal", secretAccessKey: "rehearsal" },
      maxAttempts: 1,
    });
  });
  beforeEach(async () => {
    count += 1;
    const zone = await account.dns.addZone({ name: `z${count}.example` });
    Object.assign(account, { zone, delay: 0, onRequest: undefined, onHandled: () => undefined });
  });
  afterAll(async () => {
    account.client?.destroy();
    await Promise.all([account.api?.close(), account.dns?.close()]);
  });
  return account;
};

type Shape = Omit<ResourceRecordSet, "Name" | "Type" | "ResourceRecords"> & { readonly values?: readonly string[] };

/** What a test does in the zone of this moment, and what is there then. */
export const writing = (account: Account) => {
  const one = (Action: Change["Action"], name: string, Type: ResourceRecordSet["Type"], shape: Shape): Change => {
    const { values, ...rest } = shape;
    const records = values ? { TTL: 60, ResourceRecords: values.map((Value) => ({ Value })) } : {};
    const Name = `${name}.${account.zone.name}`.replace(/^@\./, "");
    return { Action, ResourceRecordSet: { Name, Type, ...records, ...rest } };
  };
  const change = (...Changes: Change[]) =>
    account.client.send(
      new ChangeResourceRecordSetsCommand({ HostedZoneId: account.zone.id, ChangeBatch: { Changes } }),
    );
  const refused = (...changes: Change[]): Promise<string> =>
    change(...changes).then(
      () => "accepted",
      (error: Error) => `${error.name}: ${error.message.replaceAll(account.zone.name, "ZONE")}`,
    );
  const stored = (): readonly string[] =>
    account.zone.records
      .list()
      .filter(({ name }) => name !== account.zone.name)
      .map(({ name, type, values }) => `${name.replace(`.${account.zone.name}`, "")} ${type} ${values.join(", ")}`);
  return { one, change, refused, stored };
};
