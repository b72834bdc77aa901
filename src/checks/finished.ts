import { fail, ok, skipped } from "../core/check.ts";
import { choicesOf } from "../kube/choices.ts";
import { PROVED, STATE } from "../kube/prior.ts";
import { dataOf } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { healthCheck } from "./health-check.ts";

export const installFinished = healthCheck({
  id: "knative.finished",
  title: "The installation has come to its end",
  needs: ["knative.installed"],
  symptomOf: ["knative.stopped"],
  reads: ["ConfigMap"],
  meaning:
    "`kn-bootstrap install` has begun and has ended before its proof: what its later steps make, such as the domain and the certificate, may be missing.",
  todo: "Run `kn-bootstrap install` again: it goes on where it stopped, and says what stands in the way.",
  run: async ({ cluster }) => {
    const state = await cluster.get(STATE);
    if (Object.keys(choicesOf(state)).length === 0) return skipped("kn-bootstrap has installed nothing here");
    if (dataOf(state)[PROVED]) return ok("it has proved that Services answer");
    return fail(
      "kn-bootstrap install has begun here, and has not come to its end",
      {
        text: "Run it again: it goes on where it stopped, and says what stands in the way.",
        command: sh`kn-bootstrap install`,
      },
      { evidence: [{ object: STATE, field: `.data.${PROVED}`, expected: "what was proved" }] },
    );
  },
});
