import { expect, it } from "vitest";
import { zoneRecords } from "../../src/certificates/acme/index.ts";
import { unfinishedOrders } from "../../src/certificates/acme/journal.ts";
import { keyOf } from "../../src/ports/object.ts";
import type { RecordSet } from "../../src/ports/zones.ts";
import { memoryAuthority } from "./acme-authority.ts";
import { memoryZones, scene, TARGET, UNFINISHED, wish } from "./acme-scene.ts";

/**
 * A run that dies after its n-th effect in the cluster, the zone or at the CA: everything that it tries after that fails too, as after
 * SIGKILL. Resolves to whether it got that far.
 */
const dieAfter = async (effects: number, world: Awaited<ReturnType<typeof newWorld>>): Promise<boolean> => {
  let left = effects;
  const count = (): void => {
    left -= 1;
    if (left < 0) throw new Error("killed");
  };
  world.arm(count);
  const died = await world.issuer.issue(wish(), world.tools()).then(
    () => false,
    () => true,
  );
  world.arm(() => {});
  return died;
};

const THEIRS: RecordSet = { name: "_acme-challenge", type: "TXT", ttl: 300, values: ["theirs"] };
const COPY: RecordSet = { name: "*.le", type: "A", ttl: 300, values: ["192.0.2.1"] };

/** `before`: what stands in the zone. Without it the challenge would hide what {@link COPY} is of. */
const newWorld = async (before: readonly RecordSet[] = [THEIRS]) => {
  const zones = memoryZones();
  zones.sets.push(...before);
  const ca = await memoryAuthority((name) => zones.txt.get(name) ?? []);
  const companions = async () => (zones.sets.some(({ name }) => name === COPY.name) ? [] : [COPY]);
  const rest = scene(ca, zones, { records: zoneRecords({ access: zones, companions }) });
  return {
    ...rest,
    ca,
    arm: (count: () => void): void => {
      ca.onRequest = count;
      zones.before = count;
      zones.after = count;
      rest.cluster.after = count;
    },
  };
};

it.each([
  ["beside a value of somebody's", [THEIRS]],
  ["with a copy of what it hides", []],
])(
  "killed anywhere and run again, %s: one certificate, no record, no second account, nothing unfinished",
  async (_, before) => {
    let points = 0;
    for (; ; points += 1) {
      const world = await newWorld(before);
      const died = await dieAfter(points, world);
      // What the next plan would say.
      const unfinished = await unfinishedOrders(world.cluster.read, TARGET);
      const isThere = world.cluster.objects.has(keyOf(TARGET));
      if (unfinished.length > 0 || !isThere) {
        await world.issuer.issue(wish(undefined, isThere ? UNFINISHED : "missing"), world.tools());
      }
      const where = `killed after ${points} effects`;
      expect(world.ca.certificates.length, where).toBe(1);
      expect(world.ca.accounts.size, where).toBe(1);
      // One more order is what a kill between newOrder and storing its URL may cost (rule 23).
      expect(world.ca.orders.length, where).toBeLessThanOrEqual(2);
      expect(world.zones.sets, where).toEqual(before);
      expect(world.kept("acme-order-"), where).toEqual([]);
      expect(world.secret("tls.crt"), where).toContain(world.ca.certificates[0]?.trim());
      if (!died) break;
    }
    expect(points).toBeGreaterThan(15);
  },
);

it("killed twice in a row, at every pair of places near each other", async () => {
  for (let first = 3; first < 18; first += 2) {
    const world = await newWorld();
    await dieAfter(first, world);
    await dieAfter(6, world);
    if (!world.cluster.objects.has(keyOf(TARGET)) || (await unfinishedOrders(world.cluster.read, TARGET)).length > 0) {
      await world.issuer.issue(wish(), world.tools());
    }
    expect(world.ca.certificates.length).toBe(1);
    expect(world.zones.txt.get("_acme-challenge.example.com")).toEqual(["theirs"]);
  }
});

it("names changed after a kill: the values of the order before them go too", async () => {
  const world = await newWorld();
  world.zones.after = () => {
    throw new Error("killed");
  };
  world.zones.before = () => {
    if (world.zones.batches.length > 0) throw new Error("killed");
  };
  await expect(world.issuer.issue(wish(), world.tools())).rejects.toThrow("killed");
  expect(world.zones.txt.get("_acme-challenge.example.com")).toHaveLength(3);
  world.zones.after = () => {};
  world.zones.before = () => {};
  await world.issuer.issue(wish(["*.apps.example.com"]), world.tools());
  expect([...world.zones.txt]).toEqual([["_acme-challenge.example.com", ["theirs"]]]);
  expect(world.kept("acme-order-")).toEqual([]);
});
