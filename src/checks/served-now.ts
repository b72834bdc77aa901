import { type Finding, fail, ok, skipped } from "../core/check.ts";
import { type Address, findAddress } from "../ingress/address.ts";
import { messageOf, type Remedy } from "../ports/error.ts";
import { describe } from "../ports/object.ts";
import { readerOf } from "../ports/reader.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { type HealthContext, healthCheck } from "./health-check.ts";
import { isReady } from "./knative-service/index.ts";
import { NOBODY } from "./outside/view.ts";
import { SERVED_BY } from "./served.ts";
import { type Served, withCertificate } from "./served-certificate.ts";
import { knativeServices } from "./services.ts";

const TIMEOUT_MS = 3_000;
/** What a client says of a certificate, in place of a connection that did not come about (OpenSSL, Node). */
const ABOUT_CERTIFICATE = /certificate|altname|self.signed|unable to verify|issuer|CERT_|ERR_TLS/i;

/** A host of the certificate that nobody has, so that no Service is woken. */
const hostFor = ([name = ""]: readonly string[]): string => name.replace(/^\*/, NOBODY);

type Handshake =
  | { readonly serial: string; readonly notAfter: string }
  /** Another certificate, which does not verify by this one's chain. */
  | { readonly refused: string }
  | { readonly silent: string };

const handshake = async (
  ctx: HealthContext,
  { certificate: { names, chain, ca } }: Served,
  { host: address, https: port }: Address,
): Promise<Handshake> => {
  const host = hostFor(names);
  const ask = (roots: string | undefined) =>
    ctx.probe({
      scheme: "https",
      address,
      port,
      host,
      timeoutMs: TIMEOUT_MS,
      signal: ctx.signal,
      ...(roots ? { ca: roots } : {}),
    });
  try {
    // Its own chain is trusted: what browsers make of it is not asked here.
    const { certificate } = await ask([...chain.slice(-1), ...(ca ? [ca] : [])].join("\n"));
    return certificate ?? { silent: "there was no certificate in the handshake" };
  } catch (error) {
    ctx.signal.throwIfAborted();
    const reason = messageOf(error);
    if (!ABOUT_CERTIFICATE.test(reason)) return { silent: reason };
    // One of the same names from an earlier issuer verifies by the public roots.
    const other = await ask(undefined).catch(() => undefined);
    ctx.signal.throwIfAborted();
    return other?.certificate ?? { refused: reason };
  }
};

/** Kourier takes a new certificate up when its controller starts; an Istio gateway by itself, where istiod may give it the Secret. */
const remedyOf = async (ctx: HealthContext, { found }: Served): Promise<Remedy> => {
  const deployments = await ctx.cluster.list({ apiVersion: "apps/v1", kind: "Deployment" });
  const controller = deployments.find(({ metadata }) => metadata.name === "net-kourier-controller");
  if (found.ingress?.id === "kourier" && controller)
    return {
      text: "Kourier reads the certificate when its controller starts: start it anew. If that does not help, something in front of the gateway ends TLS.",
      command: sh`kubectl rollout restart deployment ${controller.metadata.name} ${inNamespace(controller.metadata.namespace)}`,
    };
  return {
    text: "See whether the gateway takes it up: whether it may read the Secret, and what its controller says. Or something in front of the gateway ends TLS.",
    command: sh`kn-bootstrap doctor --check istio,ingress`,
  };
};

const answersHttp = async (
  ctx: HealthContext,
  { host: address, http: port }: Address,
  host: string,
): Promise<boolean> => {
  try {
    await ctx.probe({ scheme: "http", address, port, host, timeoutMs: TIMEOUT_MS, signal: ctx.signal });
    return true;
  } catch {
    ctx.signal.throwIfAborted();
    return false;
  }
};

export const certificateServed = healthCheck({
  id: "certificate.served",
  title: "The gateway serves the certificate that stands in its Secret",
  needs: ["certificate.usable", "ingress.deployments", "ingress.address"],
  symptomOf: ["ingress.endpoints"],
  reads: [...SERVED_BY, "Secret", "Service.serving.knative.dev", "Service", "Node", "probe"],
  meaning:
    "The gateway still serves an older certificate, until it ends, or none: it has not taken the new one up, may not read it, or something in front of it ends TLS.",
  todo: "With Kourier, start its controller anew, which reads the Secret then. With Istio, see whether the gateway's ServiceAccount may read it.",
  threads: [
    "knative-extensions/net-kourier#1210",
    "knative-extensions/net-kourier#105",
    "knative/serving#7035",
    "istio/istio#37078",
  ],
  run: withCertificate(async (served, ctx): Promise<Finding> => {
    const { found, secret, certificate } = served;
    const address = found.ingress && (await findAddress(readerOf(ctx.cluster), found.exposure, found.ingress));
    if (!address) return skipped("the gateway's address is not known");
    if (!(await knativeServices(ctx)).some(isReady))
      return skipped("a gateway listens for TLS while there is a Service that is ready");
    const said = await handshake(ctx, served, address);
    const place = `${address.host}:${address.https}`;
    if ("serial" in said && said.serial === certificate.serial) return ok(`serial ${said.serial} at ${place}`);
    const host = hostFor(certificate.names);
    if ("silent" in said && !(await answersHttp(ctx, address, host)))
      return skipped(`the gateway does not answer at ${place} from here: ${said.silent}`);
    const what =
      "serial" in said
        ? `serves the certificate ${said.serial} until ${said.notAfter}, and ${certificate.serial} stands in ${describe(secret)}`
        : "refused" in said
          ? `serves another certificate than the one in ${describe(secret)}: ${said.refused}`
          : `answers http, and no handshake: ${said.silent}`;
    return fail(`the gateway at ${place} ${what}`, await remedyOf(ctx, served), {
      evidence: [
        {
          object: secret,
          field: "serial",
          observed: "serial" in said ? said.serial : "refused" in said ? said.refused : said.silent,
          expected: certificate.serial,
        },
      ],
    });
  }),
});
