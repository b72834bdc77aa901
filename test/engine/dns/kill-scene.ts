import { readFileSync, writeFileSync } from "node:fs";
import { Interrupted } from "../../../src/ports/error.ts";
import { isWrite } from "../../trust/scene.ts";
import { openWire } from "../../trust/wire.ts";
import { dead, kn, type Outcome } from "../cli.ts";
import { type DnsStage, type DnsStageOptions, dnsStage } from "./stage.ts";

/** A moment in which a run can die: `after zone change`, `before CA /finalize/…`. */
export type Moment = string;

export interface KillScene extends DnsStage {
  /**
   * Runs the program until its n-th moment, and lets it reach nothing any more: not the cluster, not the zone, not the CA, as SIGKILL
   * would. Resolves to the moments that it lived to see.
   */
  readonly killAt: (n: number, ...args: readonly string[]) => Promise<readonly Moment[]>;
  /** Presses Ctrl-C when a moment that begins like this comes for the n-th time. Resolves when the program has ended by itself. */
  readonly interruptAt: (moment: Moment, n: number, ...args: readonly string[]) => Promise<Outcome>;
}

/** What a certificate and records keep in the cluster; everything else has its own tests (test/trust). */
const isKept = (path: string): boolean => /\/namespaces\/kn-bootstrap\/(secrets|configmaps)\//.test(path);

class Dead extends Error {}

let clients = 0;

export const killScene = async (options: DnsStageOptions = {}): Promise<KillScene> => {
  let isDead = false;
  let reached: (moment: Moment) => void = () => {};
  const alive = (): void => {
    if (isDead) throw new Dead("nobody is there any more");
  };
  const at = (moment: Moment): void => {
    reached(moment);
    alive();
  };
  const scene = await dnsStage({
    ...options,
    world: {
      onRequest: (request) => {
        if (isWrite(request) && isKept(request.path))
          reached(`after ${request.method} ${request.path.split("/").at(-1)}`);
        return undefined;
      },
    },
    route53: {
      onRequest: async ({ action }) => {
        alive();
        if (action === "ChangeResourceRecordSets") at("before the zone's change");
        return undefined;
      },
      onHandled: async ({ action }) => {
        alive();
        if (action === "ChangeResourceRecordSets") at("after the zone's change");
      },
    },
    acme: {
      onRequest: async ({ writes, path }) => {
        alive();
        if (writes) at(`before CA ${path}`);
        return undefined;
      },
      onAnswer: async ({ writes, path }) => {
        alive();
        if (writes) at(`after CA ${path}`);
      },
    },
  });
  scene.internet.dns.setFault(scene.internet.zones[0]?.nameServers[0] ?? "", ({ operation }) => {
    if (operation !== "update") return undefined;
    if (isDead) return "drop";
    reached("before the zone's update");
    if (isDead) return "drop";
    reached("after the zone's update");
    return isDead ? "mute" : undefined;
  });

  return {
    ...scene,
    interruptAt: async (moment, n, ...args) => {
      const stop = new AbortController();
      let times = 0;
      reached = (now) => {
        if (now.startsWith(moment) && ++times === n) stop.abort(new Interrupted("SIGINT"));
      };
      const outcome = await kn(scene, args, { signal: stop.signal });
      reached = () => {};
      return outcome;
    },
    killAt: async (n, ...args) => {
      const { port, cut } = await openWire(Number(new URL(scene.api.url).port));
      const kubeconfig = `${scene.kubeconfig}-${port}`;
      const text = readFileSync(scene.kubeconfig, "utf8").replace(scene.api.url, `https://127.0.0.1:${port}`);
      writeFileSync(kubeconfig, text, { mode: 0o600 });
      const holder = { name: `dns-client/${clients++}` };
      const stop = new AbortController();
      const moments: Moment[] = [];
      reached = (moment) => {
        if (isDead) return;
        moments.push(moment);
        if (moments.length !== n) return;
        isDead = true;
        cut();
        stop.abort(new Interrupted("SIGTERM"));
      };
      const outcome: Outcome = await kn({ ...scene, kubeconfig }, args, { signal: stop.signal, holder });
      reached = () => {};
      isDead = false;
      cut();
      dead.add(holder.name);
      if (moments.length < n && outcome.code !== 0) throw new Error(outcome.stderr);
      return moments;
    },
  };
};
