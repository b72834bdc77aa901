import { isIP } from "node:net";
import { hostFor } from "../certificates/names.ts";
import { inspect, type TlsSecret } from "../certificates/secret.ts";
import type { Config } from "../config/config.ts";
import { type Check, type Finding, fail, ok, type ReadContext } from "../core/check.ts";
import { isOurs } from "../core/inventory.ts";
import { type Address, findAddress } from "../ingress/address.ts";
import type { IngressProvider } from "../ingress/provider.ts";
import type { Resolver } from "../ports/dns.ts";
import { messageOf } from "../ports/error.ts";
import { at, type KubeObject, type ObjectRef } from "../ports/object.ts";
import { readerOf } from "../ports/reader.ts";
import { type Before, podsProblem } from "./pods.ts";
import { pullProblem } from "./pull.ts";

/** What the proof looks at. */
export interface Proof {
  readonly config: Config;
  readonly ingress: IngressProvider;
  readonly service: ObjectRef;
  /** What the answer's body must contain. */
  readonly greeting: string;
  /** The base domain as it stands in the cluster. */
  readonly domain: (ctx: ReadContext) => Promise<string | undefined>;
  /** Finds the Secret whose certificate the gateway serves for it. Absent with `--tls none`. */
  readonly secret?: (cluster: ReadContext["cluster"]) => Promise<ObjectRef | undefined>;
  /** PEM of a private CA's root. */
  readonly root?: string;
  /** Finds every address behind a host name; absent: the system's choice has to do. */
  readonly resolver?: Resolver;
}

const READY_COMMAND = {
  text: "See why Knative does not call it ready.",
  command: "kubectl get ksvc,route,configuration,revision -n kn-bootstrap -o wide",
};

const conditions = (object: KubeObject | undefined): readonly unknown[] => {
  const all = at(object, "status", "conditions");
  return Array.isArray(all) ? all : [];
};

/** Knative calls the Service ready, under the URL that the template and the domain give. */
export const serviceReady = (proof: Proof): Check => {
  const before: Before = new Map();
  return {
    id: "proof.ready",
    title: "A Knative Service becomes ready",
    run: async (ctx) => {
      const { namespace, name } = proof.service;
      const live = await ctx.cluster.get(proof.service);
      if (!live) return fail(`Service ${namespace}/${name} does not exist`, READY_COMMAND);
      const ready = conditions(live).find((condition) => at(condition, "type") === "Ready");
      if (
        at(ready, "status") !== "True" ||
        Number(at(live, "status", "observedGeneration") ?? 0) < (live.metadata.generation ?? 0)
      ) {
        return notReady(ctx, proof.service, ready, before);
      }
      const domain = await proof.domain(ctx);
      const host = domain && hostFor(proof.config.domainTemplate, { namespace: namespace ?? "", name }, domain);
      const url = String(at(live, "status", "url") ?? "");
      const wanted = `${proof.secret ? "https" : "http"}://${host}`;
      if (url === wanted) return ok(url);
      const others = await strangers(ctx);
      return fail(`Knative gives the Service the URL ${url}, not ${wanted}${others ? `: ${others}` : ""}`, {
        text: others
          ? "Teach it to leave these keys alone, or configure Knative there."
          : "Look at config-domain and config-network.",
        command: "kubectl get cm config-domain config-network -n knative-serving -o yaml --show-managed-fields",
      });
    },
  };
};

/** What stands in the way: its pods, its image, else Knative's own words. */
const notReady = async (
  ctx: ReadContext,
  { namespace = "", name }: ObjectRef,
  ready: unknown,
  before: Before,
): Promise<Finding> => {
  const subject = `Knative Service ${namespace}/${name}`;
  const cause = await podsProblem(ctx, subject, namespace, { "serving.knative.dev/service": name }, before);
  if (cause) return cause;
  const reason = [at(ready, "reason"), at(ready, "message")].filter((part) => part).join(": ");
  // Knative asks the registry itself which digest a tag means.
  const [, image, why] = /Unable to fetch image "([^"]+)": (.*)/s.exec(reason) ?? [];
  if (image && why) {
    const { summary, remedy } = pullProblem(image, why, READY_COMMAND.command);
    return fail(`${subject} cannot get its image: ${summary}`, remedy);
  }
  return fail(`${subject} is not ready yet${reason ? `: ${reason}` : ""}`, READY_COMMAND);
};

/** What URLs are made from, by ConfigMap; keys may be written in either form. */
const URL_KEYS: Readonly<Record<string, RegExp>> = {
  "config-domain": /./,
  "config-network": /^(default-external-scheme|defaultExternalScheme|domain-?template)$/i,
};

/** Who else writes what URLs are made from: somebody who takes our values back. Empty: nobody. */
const strangers = async (ctx: ReadContext): Promise<string> => {
  const found = await Promise.all(
    Object.entries(URL_KEYS).map(async ([name, pattern]) => {
      const live = await ctx.cluster.get({ apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name });
      return (live?.metadata.managedFields ?? [])
        .filter(({ manager }) => manager && !isOurs(manager))
        .flatMap(({ manager, fieldsV1 }) =>
          Object.keys(fieldsV1?.["f:data"] ?? {})
            .map((field) => field.slice(2))
            .filter((key) => key !== "" && key !== "_example" && pattern.test(key))
            .map((key) => `${manager} writes ${key} in ConfigMap knative-serving/${name}`),
        );
    }),
  );
  return found.flat().join("; ");
};

interface Target {
  readonly address: Address;
  readonly host: string;
  /** PEM up to which the chain must verify; undefined: the public roots. */
  readonly ca: string | undefined;
  /** Of the certificate that should be served. */
  readonly serial: string | undefined;
}

/** A CA whose root nobody has is trusted from its own chain: that it was served, and not that a browser would like it. */
const trustedBy = ({ config, root }: Proof, secret: TlsSecret | undefined): string | undefined =>
  secret?.ca ?? root ?? (config.tls === "letsencrypt-staging" ? secret?.chain.at(-1) : undefined);

/** Every address that the gateway has, so that none is left with an old certificate. */
const addressesOf = async (
  { hosts }: Address,
  { resolver }: Proof,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const found = await Promise.all(
    hosts.map(async (host) => {
      if (!resolver || isIP(host)) return [host];
      const answers = await Promise.all((["A", "AAAA"] as const).map((type) => resolver.ask(host, type, signal)));
      const addresses = answers.flatMap((answer) =>
        answer.answers.filter(({ type }) => type === "A" || type === "AAAA").map(({ value }) => value),
      );
      return addresses.length > 0 ? addresses : [host];
    }),
  );
  return found.flat();
};

/** Sends a request by name to the gateway's address, without asking any DNS. */
const through = async (
  ctx: ReadContext,
  proof: Proof,
  judge: (target: Target) => Promise<Finding>,
): Promise<Finding> => {
  const address = await findAddress(readerOf(ctx.cluster), proof.config, proof.ingress);
  const domain = await proof.domain(ctx);
  if (!address || !domain) return fail("the gateway's address is not known", { text: "Run install again." });
  const host = hostFor(
    proof.config.domainTemplate,
    { namespace: proof.service.namespace ?? "", name: proof.service.name },
    domain,
  );
  const ref = await proof.secret?.(ctx.cluster);
  const secret = ref && inspect(await ctx.cluster.get(ref));
  try {
    return await judge({ address, host, ca: trustedBy(proof, secret), serial: secret?.serial });
  } catch (error) {
    const [scheme, port] = proof.secret ? ["https", address.https] : ["http", address.http];
    const hint = `curl -v --connect-to ::${address.host}:${port} ${scheme}://${host}`;
    return fail(`${host} through ${address.host}: ${messageOf(error)}`, {
      text: "Look at what the gateway says, and that this machine can reach it.",
      command: hint,
    });
  }
};

const answer = (
  proof: Proof,
  ctx: ReadContext,
  { address, host, ca }: Target,
  timeoutMs = 5_000,
  place = address.host,
) =>
  ctx.probe({
    scheme: proof.secret ? "https" : "http",
    address: place,
    port: proof.secret ? address.https : address.http,
    host,
    timeoutMs,
    signal: ctx.signal,
    ...(ca ? { ca } : {}),
  });

/** The Service answers through the gateway; with TLS by SNI, with a chain and a name that verify. */
export const serviceAnswers = (proof: Proof): Check => ({
  id: proof.secret ? "proof.https" : "proof.http",
  title: proof.secret ? "It answers https with a certificate that verifies" : "It answers http",
  run: (ctx) =>
    through(ctx, proof, async (target) => {
      const places = await addressesOf(target.address, proof, ctx.signal);
      const responses = await Promise.all(
        places.map(async (place) => ({ place, ...(await answer(proof, ctx, target, undefined, place)) })),
      );
      const bad = responses.find(({ status, body }) => status !== 200 || !body.includes(proof.greeting));
      if (bad) return fail(`${target.host} answers ${bad.status}`, READY_COMMAND);
      const old = responses.find(({ certificate }) => certificate && certificate.serial !== target.serial);
      if (old)
        return fail(`${old.place} still serves the certificate ${old.certificate?.serial}, not ${target.serial}`, {
          text: "The gateway takes it up when its controller has restarted; look at that.",
          command: "kubectl get pods -n knative-serving",
        });
      const [{ certificate } = { certificate: undefined }] = responses;
      const by = certificate ? `, certificate ${certificate.names.join(", ")} until ${certificate.notAfter}` : "";
      const at = places.length > 1 ? ` at ${places.join(", ")}` : "";
      return ok(`${proof.secret ? "https" : "http"}://${target.host} answers 200${at}${by}`);
    }),
});

/** Plain http is sent on to https. */
export const httpRedirects = (proof: Proof): Check => ({
  id: "proof.redirect",
  title: "http is redirected to https",
  run: (ctx) =>
    through(ctx, proof, async ({ address, host }) => {
      const response = await ctx.probe({
        scheme: "http",
        address: address.host,
        port: address.http,
        host,
        timeoutMs: 5_000,
        signal: ctx.signal,
      });
      const location = response.headers.location ?? "";
      return [301, 302, 307, 308].includes(response.status) && location.startsWith(`https://${host}`)
        ? ok(`http redirects to ${location}`)
        : fail(
            `http://${host} answers ${response.status}${location ? ` to ${location}` : ""} instead of a redirect to https`,
            READY_COMMAND,
          );
    }),
});

/** Scaled to zero, it comes back with the next request. */
export const startsFromZero = (proof: Proof): Check => {
  let seenAtZero = false;
  return {
    id: "proof.cold-start",
    title: "It starts from zero",
    run: async (ctx) => {
      const { namespace = "", name } = proof.service;
      if (!seenAtZero) {
        const deployments = await ctx.cluster.list({
          apiVersion: "apps/v1",
          kind: "Deployment",
          namespace,
          labelSelector: `serving.knative.dev/service=${name}`,
        });
        const running = deployments.reduce(
          (sum, deployment) => sum + Number(at(deployment, "spec", "replicas") ?? 1),
          0,
        );
        if (deployments.length === 0 || running > 0) {
          return fail("waiting for the autoscaler to scale the Service to zero (about 40 seconds without requests)", {
            text: "Look at the autoscaler.",
            command: "kubectl logs deployment/autoscaler -n knative-serving",
          });
        }
        seenAtZero = true;
      }
      const started = performance.now();
      return through(ctx, proof, async (target) => {
        const response = await answer(proof, ctx, target, 60_000);
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        return response.status === 200 && response.body.includes(proof.greeting)
          ? ok(`answers from zero in ${seconds} s`)
          : fail(`${target.host} answers ${response.status} after a start from zero`, READY_COMMAND);
      });
    },
  };
};
