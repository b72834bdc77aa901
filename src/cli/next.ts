import type { Tools } from "../app/tools.ts";
import { trackReads } from "../kube/tracked-reads.ts";
import type { Remedy } from "../ports/error.ts";
import { sh } from "../ports/shell.ts";
import { PARTS } from "../steps/index.ts";
import type { Installation } from "../steps/installation.ts";

/** What to do when the installation answers: what each part has to say, a look at it, the way back. */
export const nextSteps = async (
  install: Installation,
  tools: Tools,
  trust?: readonly Remedy[],
): Promise<readonly Remedy[]> => {
  const asked = { ...tools, cluster: trackReads(tools.cluster).cluster, ...(trust ? { trust } : {}) };
  const said = await Promise.all(PARTS.map((part) => part.next?.(install, asked) ?? []));
  return [
    ...said.flat(),
    { text: "See how it is:", command: sh`kn-bootstrap status` },
    {
      text: "Take it all away again. Services of yours go first (kubectl delete ksvc NAME -n NAMESPACE), or with --delete-workloads:",
      command: sh`kn-bootstrap uninstall`,
    },
  ];
};
