import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { look } from "../../src/cli/wizard/sight.ts";
import { sightText } from "../../src/cli/wizard/sight-text.ts";
import type { Zone } from "../../src/sandbox/dns/index.ts";
import type { Route53Response } from "../../src/sandbox/route53/index.ts";
import { kn, type Outcome } from "../engine/cli.ts";
import { type DnsStage, DOMAIN, dnsStage } from "../engine/dns/stage.ts";

/** Nobody listens there. */
const NOBODY = "127.0.0.1:1";

/** One try of each request, and little patience, so that nobody waits for the table. */
const QUICK = { AWS_MAX_ATTEMPTS: "1", COLUMNS: "200", KN_BOOTSTRAP_TIMEOUT: "2s" };

type Env = Readonly<Record<string, string>>;

interface Begun {
  readonly env?: Env;
  readonly end?: () => void;
}

/** Something that is wrong with the world outside. `begin` sets it up and resolves to what ends it. */
export interface Trouble {
  readonly name: string;
  /** Where there is such a thing. */
  readonly only?: Scene["provider"];
  readonly begin: (scene: Scene) => Begun;
}

export interface Scene {
  readonly provider: "route53" | "rfc2136";
  /** One that is installed, and one in which nothing is yet. */
  readonly running: DnsStage;
  readonly fresh: DnsStage;
  /** What Route 53 answers in place of the truth, in both. */
  instead: Route53Response | undefined;
  /** The account has no zone. */
  isBare: boolean;
  readonly close: () => Promise<void>;
}

const WAY = (provider: string): readonly string[] => ["--domain", DOMAIN, "--dns", provider];

export const openScene = async (provider: Scene["provider"]): Promise<Scene> => {
  const state: Pick<Scene, "instead" | "isBare"> = { instead: undefined, isBare: false };
  const options = {
    zones: ["example.com", "elsewhere.example"],
    route53: { onRequest: () => state.instead, owns: (zone: Zone) => !zone.isAutomatic && !state.isBare },
  };
  const [running, fresh] = await Promise.all([dnsStage(options), dnsStage(options)]);
  const installed = await running.run("install", "--yes", ...WAY(provider), ...running.letsEncrypt);
  if (installed.code !== 0) throw new Error(installed.stderr);
  return Object.assign(state, {
    provider,
    running,
    fresh,
    close: async () => {
      await Promise.all([running.close(), fresh.close()]);
    },
  });
};

const refusal = (status: number, code: string, message: string): Route53Response => ({
  status,
  body: `<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
});

const answering = (scene: Scene, response: Route53Response): Begun => {
  scene.instead = response;
  return {
    end: () => {
      scene.instead = undefined;
    },
  };
};

/** The zone's first server, over TCP: where DNS UPDATE goes. What resolvers ask comes over UDP, and is well. */
const overTcp = (scene: Scene, verdict: "servfail" | "lame"): Begun => {
  const stages = [scene.running, scene.fresh];
  const set = (isOn: boolean): void => {
    for (const { internet } of stages)
      for (const server of internet.zones[0]?.nameServers ?? [])
        internet.dns.setFault(
          server,
          isOn ? ({ transport }) => (transport === "tcp" ? verdict : undefined) : undefined,
        );
  };
  set(true);
  return { end: () => set(false) };
};

export const TROUBLES: readonly Trouble[] = [
  {
    name: "provider silent",
    begin: ({ provider }) => ({
      env: provider === "route53" ? { AWS_ENDPOINT_URL_ROUTE_53: `http://${NOBODY}` } : { RFC2136_NAMESERVER: NOBODY },
    }),
  },
  {
    name: "provider refuses",
    begin: (scene) =>
      scene.provider === "route53"
        ? answering(scene, refusal(400, "Throttling", "Rate exceeded"))
        : overTcp(scene, "servfail"),
  },
  {
    name: "wrong credentials",
    begin: (scene) =>
      scene.provider === "route53"
        ? answering(
            scene,
            refusal(403, "InvalidClientTokenId", "The security token included in the request is invalid."),
          )
        : { env: { RFC2136_TSIG_SECRET: Buffer.alloc(32, 1).toString("base64") } },
  },
  {
    name: "STS silent",
    only: "route53",
    begin: () => {
      // The SDK looks for these in the process itself.
      const sts = {
        AWS_WEB_IDENTITY_TOKEN_FILE: import.meta.filename,
        AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/rehearsal",
        AWS_ENDPOINT_URL_STS: `http://${NOBODY}`,
      };
      Object.assign(process.env, sts);
      return {
        env: { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", ...sts },
        end: () => {
          for (const name of Object.keys(sts)) delete process.env[name];
        },
      };
    },
  },
  {
    name: "no rights",
    begin: (scene) => {
      if (scene.provider === "rfc2136") return overTcp(scene, "lame");
      const allow = [scene.running, scene.fresh].flatMap(({ internet: { route53 } }) =>
        ["ListHostedZonesByName", "ListResourceRecordSets"].map((action) => route53.deny(action)),
      );
      return {
        end: () => {
          for (const undo of allow) undo();
        },
      };
    },
  },
  {
    name: "zone missing",
    begin: (scene) => {
      scene.isBare = true;
      return {
        end: () => {
          scene.isBare = false;
        },
      };
    },
  },
  {
    name: "resolver silent",
    begin: ({ running, fresh }) => {
      const set = (fault?: "servfail"): void => {
        for (const { internet } of [running, fresh]) internet.dns.setFault("resolver", fault);
      };
      set("servfail");
      return { end: () => set() };
    },
  },
  {
    name: "CA silent",
    begin: ({ running, fresh }) => {
      for (const { internet } of [running, fresh]) internet.acme.setFaults({ unavailable: { status: 503 } });
      return {
        end: () => {
          for (const { internet } of [running, fresh]) internet.acme.setFaults({});
        },
      };
    },
  },
];

export interface Command {
  readonly name: string;
  readonly run: (scene: Scene, env: Env) => Promise<Outcome>;
}

const on =
  (where: "running" | "fresh", ...args: readonly string[]): Command["run"] =>
  (scene, env) =>
    kn(scene[where], args, { env: envFor(scene, scene[where], env) });

/** A name server that has other zones than ours, where the zone is to be missing. */
const envFor = (scene: Scene, { internet }: DnsStage, env: Env): Env => {
  const [other = ""] = internet.zones[1]?.nameServers ?? [];
  return {
    ...QUICK,
    ...(scene.provider === "rfc2136" && scene.isBare ? { RFC2136_NAMESERVER: internet.dns.endpoint(other) } : {}),
    ...env,
  };
};

const looking: Command["run"] = async (scene, env) => {
  const signal = new AbortController().signal;
  const cluster = openCluster(await loadKubeconfig({ env: {}, path: scene.running.kubeconfig }), {
    signal,
    interactive: false,
    onTrouble: () => {},
  });
  const all = { ...scene.running.internet.env, ...envFor(scene, scene.running, env) };
  const sight = await look(cluster, { env: all, signal });
  cluster.close();
  const text = sightText(sight, { color: false, columns: 500, unicode: true } as Parameters<typeof sightText>[1]);
  const line = text.split("\n").find((each) => each.startsWith("DNS zones")) ?? "";
  return { code: 0, stdout: line, stderr: "", events: [], stats: cluster.stats() };
};

export const COMMANDS: readonly Command[] = [
  { name: "plan", run: on("running", "plan") },
  {
    name: "install",
    run: (scene, env) =>
      on(
        "fresh",
        "install",
        "--yes",
        "--timeout",
        "2s",
        ...WAY(scene.provider),
        ...scene.fresh.letsEncrypt,
      )(scene, env),
  },
  { name: "renew", run: on("running", "renew", "--yes") },
  { name: "renew --check", run: on("running", "renew", "--check") },
  { name: "status", run: on("running", "status") },
  { name: "iam-policy", run: on("running", "iam-policy", "--domain", DOMAIN) },
  { name: "the wizard's look", run: looking },
  { name: "uninstall", run: on("running", "uninstall", "--yes") },
  { name: "uninstall --purge", run: on("running", "uninstall", "--purge", "--yes", "--timeout", "2s") },
];

/** What was said about the trouble, without what differs from run to run. */
export const saidIn = ({ code, stdout, stderr }: Outcome): string => {
  const error = stderr.lastIndexOf("Error: ");
  const warned = /^! .*(?:\n {2}.*)*/m.exec(stderr)?.[0];
  const text = error >= 0 ? stderr.slice(error) : (warned ?? (/^(DNS zones|Nothing)/m.test(stdout) ? stdout : "fine"));
  return `${code} ${text.replace(/\s+/g, " ").trim()}`
    .replace(/127\.0\.0\.1( -p |:)\d{2,}/g, "127.0.0.1$1PORT")
    .replace(/zone\/Z\w+/g, "zone/ZONE");
};
