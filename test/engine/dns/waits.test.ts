import { afterEach, expect, it } from "vitest";
import { type DnsStage, DOMAIN, dnsStage } from "./stage.ts";

let world: DnsStage;
afterEach(() => world?.close());

it("says while it waits for the challenge's TXT which server is behind, and what it answers", async () => {
  world = await dnsStage();
  const { dns } = world.internet;
  const [, second = ""] = dns.zone("example.com").nameServers;
  let looks = 0;
  dns.setFault(second, ({ name }) =>
    name === `_acme-challenge.${DOMAIN}` && ++looks < 6 ? { lag: Number.POSITIVE_INFINITY } : undefined,
  );
  const { code, stderr } = await world.run(
    ...["install", "--yes", "--dns", "route53", "--domain", DOMAIN, ...world.letsEncrypt],
  );
  expect(code, stderr).toBe(0);
  expect(stderr.replace(/\s+/g, " ")).toContain(
    `${second} (${dns.addressesOf(second)[0]}) still answers NXDOMAIN for _acme-challenge.${DOMAIN} TXT; `,
  );
});
