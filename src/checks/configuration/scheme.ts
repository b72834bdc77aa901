import { fail, ok, skipped } from "../../core/check.ts";
import { isOurs, ownerOfData } from "../../kube/inventory.ts";
import { PROVED, STATE } from "../../kube/prior.ts";
import { mend } from "../../ports/mend.ts";
import { dataOf } from "../../ports/object.ts";
import { configMap, FOUND_BY, findInstallation } from "../found.ts";
import { healthCheck } from "../health-check.ts";

const NETWORK = configMap("config-network");
const KEY = "default-external-scheme";

export const schemeServed = healthCheck({
  id: "network.scheme",
  title: "URLs begin with https where the gateway serves a certificate",
  needs: ["knative.installed"],
  reads: FOUND_BY,
  meaning:
    "Knative hands out http URLs, though https was installed: people and programs go on unencrypted, or to a redirect.",
  todo: "Set `default-external-scheme: https` in ConfigMap knative-serving/config-network, where whoever writes it reads it from.",
  run: async ({ cluster }) => {
    const [{ serves, scheme }, config] = await Promise.all([findInstallation(cluster), cluster.get(NETWORK)]);
    if (serves !== "gateway") return skipped("no certificate of the gateway's was chosen here");
    if (scheme === "https") return ok("https");
    const owner = ownerOfData(config, KEY);
    // An install sets it before its proof: what somebody else has written there until then is what it stopped at.
    const isTheirs = owner !== undefined && !isOurs(owner);
    if (!isTheirs && !dataOf(await cluster.get(STATE))[PROVED]) return skipped("the installation has not come so far");
    return fail(
      `URLs begin with ${scheme}, and the gateway serves a certificate${owner ? `; ${owner} writes ${KEY}` : ""}`,
      mend("Let URLs begin with https.", {
        action: "patch",
        object: NETWORK,
        patch: { data: { [KEY]: "https" } },
        safe: "The gateway serves a certificate for the names of all Services.",
      }),
      { evidence: [{ object: NETWORK, field: `.data.${KEY}`, observed: scheme, expected: "https" }] },
    );
  },
});
