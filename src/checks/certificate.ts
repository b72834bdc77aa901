import { strategyOf } from "../certificates/index.ts";
import { daysLeft, inspect } from "../certificates/secret.ts";
import { type Check, type Finding, fail, ok, skipped } from "../core/check.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import { few } from "../ports/few.ts";
import { describe, type ObjectRef } from "../ports/object.ts";
import { readable } from "../ports/readable.ts";
import { inNamespace, joined, sh } from "../ports/shell.ts";
import { type Found, findInstallation, KNATIVE } from "./found.ts";
import { healthCheck } from "./health-check.ts";
import { SERVED_BY, servedNow } from "./served.ts";

const NONE = "the gateway has no certificate for all names";

/** What helps, where `again` does not say it: whoever else makes this certificate. */
const helping = (by: "install" | "renew", again: string | undefined) => ({
  words: again ?? (by === "install" ? "kn-bootstrap install makes it again" : "kn-bootstrap renew replaces it"),
  remedy: again
    ? { text: `${again.slice(0, 1).toUpperCase()}${again.slice(1)}.`, command: sh`kn-bootstrap install` }
    : { text: by === "install" ? "Install makes it again." : "Renew it.", command: sh`kn-bootstrap ${by}` },
});

/** The certificate in this Secret can be served at all. `again`: how its owner makes another one. */
export const certificateUsable = (secret: ObjectRef, again?: string): Check => ({
  id: "certificate.usable",
  title: "The certificate's key and chain match",
  run: async (ctx) => {
    const found = inspect(await ctx.cluster.get(secret));
    const wrong = (what: string, by: "install" | "renew", field: string): Finding => {
      const { words, remedy } = helping(by, again);
      return fail(`${describe(secret)}: ${what}; ${words}`, remedy, { evidence: [{ object: secret, field }] });
    };
    if (!found) return wrong("there is no certificate in it", "install", '.data["tls.crt"]');
    if (!found.keyMatches) return wrong("its key does not match", "renew", '.data["tls.key"]');
    if (!found.chainMatches) return wrong("its chain does not match", "renew", '.data["tls.crt"]');
    const { names, notAfter } = found;
    return ok(`${few(names)} until ${notAfter.toISOString().slice(0, 10)}`, {
      facts: { names, notAfter: notAfter.toISOString(), daysLeft: daysLeft(found, ctx.now()) },
    });
  },
});

/** Whether it can be served. How others have built its chain is theirs. */
const ofOthers = (secret: ObjectRef): Pick<Check, "run"> => ({
  run: async ({ cluster }) => {
    const live = await cluster.get(secret);
    const found = inspect(live);
    if (found?.keyMatches) return ok(few(found.names), { facts: { names: found.names } });
    const { namespace, name } = secret;
    const wrong = !live
      ? "does not exist"
      : found
        ? "holds a key of another certificate"
        : "holds no certificate with its key";
    const elsewhere = live ? undefined : await foundElsewhere(cluster, secret);
    if (elsewhere)
      return fail(
        `Secret ${namespace}/${name}, which the gateway is to serve, does not exist; there is one of that name in namespace ${elsewhere}, where the gateway does not look`,
        {
          text: "Copy it there, and again after each renewal; or let what renews it write it there:",
          command: copied(secret, elsewhere),
        },
        {
          evidence: [
            { object: secret, field: "" },
            {
              object: { ...secret, namespace: elsewhere },
              field: ".metadata.namespace",
              observed: elsewhere,
              expected: namespace,
            },
          ],
        },
      );
    return fail(
      `Secret ${namespace}/${name}, which the gateway is to serve, ${wrong}`,
      live
        ? { text: "Replace it.", command: sh`kubectl describe secret ${name} ${inNamespace(namespace)}` }
        : {
            text: "Put it there; these are all that there are.",
            command: sh`kubectl get secrets --all-namespaces --field-selector type=kubernetes.io/tls`,
          },
      { evidence: [{ object: secret, field: live ? '.data["tls.key"]' : "" }] },
    );
  },
});

/** Where people put it: beside the Gateway, beside Istio, beside Knative. Each is read by its name. */
const USUAL_PLACES = ["istio-system", KNATIVE, "default"];

const foundElsewhere = async (cluster: ClusterRead, secret: ObjectRef): Promise<string | undefined> => {
  const places = USUAL_PLACES.filter((namespace) => namespace !== secret.namespace);
  const found = await Promise.all(places.map((namespace) => readable(cluster.get({ ...secret, namespace }))));
  return places.find((_place, index) => found[index] !== undefined);
};

/** Its two halves alone, so that nothing of where it was comes along, and nothing is shown. */
const copied = ({ name, namespace = "" }: ObjectRef, from: string) => {
  const half = (key: string): string => `"${key}":"{{index .data "${key}"}}"`;
  const meta = `"metadata":{"name":"${name}","namespace":"${namespace}"}`;
  const data = `"data":{${half("tls.crt")},${half("tls.key")}}`;
  const template = `{"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/tls",${meta},${data}}`;
  const get = sh`kubectl get secret ${name} -n ${from} -o ${[`go-template=${template}`]}`;
  return joined(" | ", [get, sh`kubectl apply -f -`]);
};

const againOf = ({ tls }: Pick<Found, "tls">): string | undefined => tls && strategyOf(tls).elsewhere?.again;

export const gatewayCertificateUsable = healthCheck({
  id: "certificate.usable",
  title: "The certificate's key and chain match",
  needs: ["knative.finished"],
  symptomOf: ["certificate.limits"],
  reads: [...SERVED_BY, "Secret"],
  meaning:
    "The gateway cannot serve the certificate, or browsers refuse it. Where the Secret is missing, Kourier's controller ends again and again, and Istio answers no handshake, so that new Routes wait.",
  todo: "Run `kn-bootstrap install` again, which makes it anew; one that was brought has to be replaced by its owner, in the namespace where the gateway looks for it.",
  threads: ["knative/serving#4133", "knative/serving#7337", "istio/istio#37078"],
  run: async (ctx, memory) => {
    const found = await findInstallation(ctx.cluster);
    const secret = await servedNow(ctx.cluster, found);
    if (!secret) return skipped(NONE);
    return (found.tls === undefined ? ofOthers(secret) : certificateUsable(secret, againOf(found))).run(ctx, memory);
  },
});

/** Clocks are not the same, and nobody notices by less. */
const TOLERATED_MS = 5 * 60_000;

export const gatewayCertificateCurrent = healthCheck({
  id: "certificate.current",
  title: "The certificate has begun and has not expired",
  needs: ["certificate.usable"],
  symptomOf: ["renew.cronjob", "cluster.clock"],
  reads: [...SERVED_BY, "Secret"],
  meaning:
    "Browsers refuse the certificate since its last day. One that has not begun yet was made by a machine whose clock is ahead, or is looked at from one whose clock is behind.",
  todo: "Run `kn-bootstrap renew`, and see in `kn-bootstrap status` who renews it; one that was brought has to be replaced by its owner.",
  run: async (ctx) => {
    const installation = await findInstallation(ctx.cluster);
    const secret = await servedNow(ctx.cluster, installation);
    const found = secret && inspect(await ctx.cluster.get(secret));
    if (!secret || !found) return skipped(NONE);
    const until = found.notAfter.toISOString().slice(0, 10);
    const seen = (time: Date) => ({
      evidence: [{ object: secret, field: '.data["tls.crt"]', observed: time.toISOString() }],
    });
    if (found.notBefore.getTime() - ctx.now().getTime() > TOLERATED_MS)
      return fail(
        `${describe(secret)}: begins at ${found.notBefore.toISOString()}, and here it is ${ctx.now().toISOString()}`,
        {
          text: "Set this machine's clock, if it is that which is wrong; else wait until the certificate begins, and set the clock of what has made it.",
          command: sh`timedatectl set-ntp true`,
        },
        seen(found.notBefore),
      );
    if (ctx.now() < found.notAfter) return ok(`until ${until}`);
    const { words, remedy } = helping("renew", againOf(installation));
    return fail(`${describe(secret)}: expired on ${until}; ${words}`, remedy, seen(found.notAfter));
  },
});
