import { ok, skipped, warn } from "../../core/check.ts";
import { compareVersions } from "../../ports/version.ts";
import { installedMinor, isOpenShift, KNATIVE, OPENSHIFT } from "../found.ts";
import { healthCheck } from "../health-check.ts";

const DAY_MS = 86_400_000;
/** Whoever has to upgrade the cluster first needs some weeks for it. */
const SOON_DAYS = 60;
const RED_HAT = "Red Hat looks after the Knative of OpenShift, by dates of its own";

const namespace = { apiVersion: "v1", kind: "Namespace", name: KNATIVE };

export const supported = healthCheck({
  id: "knative.support",
  title: "The Knative project still looks after this minor",
  needs: ["knative.installed"],
  symptomOf: ["cluster.clock"],
  reads: ["Namespace", "version", OPENSHIFT],
  meaning: "Security fixes come for the two newest minors alone.",
  todo: "Upgrade, one minor after another; docs/versions.md says what each needs.",
  run: async ({ cluster, now }) => {
    const { loadCatalog } = await import("../../releases/index.ts");
    const [{ supportOf, newestFor }, minor, isRedHats, server] = await Promise.all([
      loadCatalog(),
      installedMinor(cluster),
      isOpenShift(cluster),
      cluster.version(),
    ]);
    if (isRedHats) return skipped(RED_HAT);
    const until = minor && supportOf(minor);
    if (!minor || until === undefined) return skipped("until when this Knative is looked after is not known here");
    const seen = { evidence: [{ object: namespace, field: "label app.kubernetes.io/version", observed: minor }] };
    if (until !== "past" && until >= now().toISOString().slice(0, 10)) return ok(`${minor}, until ${until}`, seen);
    const newest = newestFor(server);
    const canGo = newest !== undefined && compareVersions(newest, minor) > 0;
    return warn(
      `support of Knative ${minor} ended ${until === "past" ? "long ago" : `on ${until}`}`,
      canGo
        ? { text: `Upgrade, one minor after another: this server can run ${newest}.` }
        : { text: `Upgrade Kubernetes first: no newer Knative runs on ${server}.` },
      seen,
    );
  },
});

export const nextFits = healthCheck({
  id: "knative.next",
  title: "The server can run the Knative that has to come next",
  needs: ["knative.installed"],
  symptomOf: ["cluster.clock"],
  reads: ["Namespace", "version", OPENSHIFT],
  meaning:
    'Support of this minor ends soon, and the next one needs a newer Kubernetes: its controllers would end with "Version check failed".',
  todo: "Upgrade the cluster before Knative.",
  run: async ({ cluster, now }) => {
    const { loadCatalog } = await import("../../releases/index.ts");
    const [{ after, supportOf }, minor, isRedHats, server] = await Promise.all([
      loadCatalog(),
      installedMinor(cluster),
      isOpenShift(cluster),
      cluster.version(),
    ]);
    if (isRedHats) return skipped(RED_HAT);
    const next = minor === undefined ? undefined : after(minor);
    if (!minor || !next) return skipped("what comes next is not known here");
    const needs = `Knative ${next.minor} needs Kubernetes ${next.minimumKubernetes}`;
    const seen = {
      facts: { version: server },
      evidence: [{ field: "version", observed: server, expected: next.minimumKubernetes }],
    };
    if (compareVersions(server, next.minimumKubernetes) >= 0)
      return ok(`${needs} or newer, and this server is ${server}`, seen);
    const until = supportOf(minor);
    const isSoon =
      until === "past" || (until !== undefined && Date.parse(until) - now().getTime() < SOON_DAYS * DAY_MS);
    if (!isSoon) return ok(`${needs}; this server is ${server}, and ${minor} is looked after until ${until}`, seen);
    return warn(
      `${needs}, and this server is ${server}; support of ${minor} ${until === "past" ? "has ended" : `ends on ${until}`}`,
      { text: "Upgrade the cluster before Knative." },
      seen,
    );
  },
});
