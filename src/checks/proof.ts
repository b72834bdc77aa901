import { type Check, fail, ok, type ReadContext, warn } from "../core/check.ts";
import { urlAt } from "../ingress/address.ts";
import { isOurs } from "../kube/inventory.ts";
import type { Remedy } from "../ports/error.ts";
import { few } from "../ports/few.ts";
import { textAt } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { isReady, whyNotReady } from "./knative-service/index.ts";
import type { Proof } from "./proven.ts";
import { addressesOf, answer, authorityOf, through, throughEach } from "./through-gateway.ts";

const readyCommand = ({ service: { namespace } }: Proof): Remedy => ({
  text: "See why Knative does not call it ready.",
  command: sh`kubectl get ksvc,route,configuration,revision ${inNamespace(namespace)} -o wide`,
});

/** Knative calls the Service ready, under the URL that the template and the domain give. */
export const serviceReady = (proof: Proof): Check => ({
  id: "proof.ready",
  title: "A Knative Service becomes ready",
  run: async (ctx, memory) => {
    const { namespace, name } = proof.service;
    const live = await ctx.cluster.get(proof.service);
    const evidence = (field: string, observed?: unknown, expected?: unknown) => ({
      evidence: [{ object: proof.service, field, observed, expected }],
    });
    if (!live) return fail(`Service ${namespace}/${name} does not exist`, readyCommand(proof), evidence(""));
    if (!isReady(live)) return whyNotReady(ctx, live, memory);
    const host = (await proof.naming(ctx))?.host({ namespace: namespace ?? "", name });
    const url = textAt(live, "status", "url");
    const wanted = `${proof.secret ? "https" : "http"}://${host}`;
    if (url === wanted)
      return ok(proof.config.expose === "nodeport" ? `${host} is ready` : url, evidence(".status.url", url, wanted));
    const others = await strangers(ctx);
    const remedy = {
      text: others
        ? "Teach it to leave these keys alone, or configure Knative there."
        : "Look at config-domain and config-network.",
      command: sh`kubectl get cm config-domain config-network -n knative-serving -o yaml --show-managed-fields`,
    };
    const why = others ? `: ${others}` : "";
    return fail(
      `Knative gives the Service the URL ${url}, not ${wanted}${why}`,
      remedy,
      evidence(".status.url", url, wanted),
    );
  },
});

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

/** The Service answers through the gateway; with TLS by SNI, with a chain and a name that verify. */
export const serviceAnswers = (proof: Proof): Check => ({
  id: proof.secret ? "proof.https" : "proof.http",
  title: proof.secret ? "It answers https with a certificate that verifies" : "It answers http",
  run: (ctx) =>
    throughEach(ctx, proof, async (target) => {
      const places = await addressesOf(target.address, proof, ctx.signal);
      const responses = await Promise.all(
        places.map(async (place) => ({ place, ...(await answer(proof, ctx, target, undefined, place)) })),
      );
      const bad = responses.find(({ status, body }) => status !== 200 || !body.includes(proof.greeting));
      const { url } = target;
      if (bad)
        return fail(`${authorityOf(url)} answers ${bad.status}`, readyCommand(proof), {
          facts: { url, status: bad.status, addresses: places },
        });
      const old = responses.find(({ certificate }) => certificate && certificate.serial !== target.serial);
      if (old)
        return fail(
          `${old.place} still serves the certificate ${old.certificate?.serial}, not ${target.serial}`,
          {
            text: "The gateway takes it up when its controller has restarted; look at that.",
            command: sh`kubectl get pods -n knative-serving`,
          },
          {
            facts: { url, address: old.place },
            evidence: [{ field: "serial", observed: old.certificate?.serial, expected: target.serial }],
          },
        );
      const [{ certificate } = { certificate: undefined }] = responses;
      const by = certificate ? `, certificate ${few(certificate.names)} until ${certificate.notAfter}` : "";
      const at = places.length > 1 ? ` at ${places.join(", ")}` : "";
      return ok(`${url} answers 200${at}${by}`, {
        facts: {
          ...{ url, status: 200, addresses: places },
          ...(certificate ? { names: certificate.names, notAfter: certificate.notAfter } : {}),
        },
      });
    }),
});

/** Plain http is sent on to https. */
export const httpRedirects = (proof: Proof): Check => ({
  id: "proof.redirect",
  title: "http is redirected to https",
  run: (ctx) =>
    through(ctx, proof, async ({ address, host, url }) => {
      const from = urlAt(`http://${host}`, address);
      const response = await ctx.probe({
        scheme: "http",
        address: address.host,
        port: address.http,
        host: authorityOf(from),
        timeoutMs: 5_000,
        signal: ctx.signal,
      });
      const location = response.headers.location ?? "";
      const isRedirect = [301, 302, 307, 308].includes(response.status);
      const seen = {
        ...(location ? { facts: { location } } : {}),
        evidence: [{ field: `status of ${from}`, observed: response.status }],
      };
      if (isRedirect && location.startsWith(`${url}/`)) return ok(`http redirects to ${location}`, seen);
      // Envoy keeps the port that it was asked at: with another than 80 that is where plain http is.
      if (isRedirect && url !== `https://${host}` && location.startsWith(`https://${host}:${address.http}/`))
        return warn(
          `${from} redirects to https://${host}:${address.http}, which does not open: only ${url} does`,
          {
            text: `Give people https URLs, or lead ports 80 and 443 of ${address.host} to ${address.http} and ${address.https}.`,
          },
          seen,
        );
      return fail(
        `${from} answers ${response.status}${location ? ` to ${location}` : ""} instead of a redirect to https`,
        readyCommand(proof),
        seen,
      );
    }),
});
