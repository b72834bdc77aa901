import { createHash } from "node:crypto";
import { LOGGING, VIEWS, VIEWS_JOB } from "../../checks/logging/names.ts";
import { viewsImported } from "../../checks/logging/views.ts";
import { managerFor } from "../../kube/inventory.ts";
import { dataOf } from "../../ports/object.ts";
import type { Installation } from "../installation.ts";
import { objectsOf, step } from "../part.ts";
import { askingJob, CURL, imageOf } from "./asking.ts";
import { configMap } from "./objects.ts";
import { FILE, TITLE, viewsObject } from "./saved.ts";
import { ID } from "./step.ts";

const FOLDER = "/objects";
const IMPORTED = "imported";
const KIBANA_URL = `http://kibana.${LOGGING}.svc:5601`;
const MANAGER = managerFor("logging-views");

/** Imported, and given out again, as what was taken is what is wanted: both APIs are supported for this. */
const SCRIPT = [
  "set -e",
  `${CURL} -X POST -H 'kbn-xsrf: true' -F file=@${FOLDER}/${FILE} '${KIBANA_URL}/api/saved_objects/_import?overwrite=true'`,
  "echo",
  `${CURL} -X POST -H 'kbn-xsrf: true' -H 'content-type: application/json' -d '${JSON.stringify({
    objects: [{ type: "search", id: VIEWS.id }],
    includeReferencesDeep: true,
  })}' ${KIBANA_URL}/api/saved_objects/_export`,
].join("\n");

/** What people look at in Kibana. Imported once for each form of it, so that what somebody changes there stays. */
export const views = (install: Installation) => {
  const isWanted = install.config.logging === "elasticsearch";
  return step({
    id: "logging-views",
    title: isWanted ? `Show "${TITLE}" in Kibana` : "Show no logs in Kibana",
    undo: "Leave Kibana as it is",
    needs: ["logging"],
    before: ["proof"],
    plan: async (ctx) => {
      if (!isWanted) return [];
      const wanted = viewsObject();
      const digest = createHash("sha256").update(JSON.stringify(wanted.data)).digest("hex").slice(0, 16);
      const done = configMap(VIEWS.configMap, { [IMPORTED]: digest });
      const live = await ctx.live.get({ ...VIEWS_JOB, apiVersion: "v1", kind: "ConfigMap", name: VIEWS.configMap });
      const left = await ctx.live.get(VIEWS_JOB);
      if (dataOf(live)[IMPORTED] === digest && !left) return [];
      const folder = { configMap: VIEWS.configMap, path: FOLDER };
      return [
        ...(await ctx.temporary([askingJob(VIEWS_JOB, imageOf(objectsOf(install, ID)), SCRIPT, {}, folder)])),
        ...(await ctx.reconcile([done], { manager: MANAGER, partial: true, afterVerify: true })),
      ];
    },
    absent: async () => [],
    verify: isWanted ? [viewsImported] : [],
  });
};
