import { createHash } from "node:crypto";
import type { Step } from "../../changes/step.ts";
import { managerFor } from "../../kube/inventory.ts";
import { creation, type PlanContext } from "../../kube/reconcile.ts";
import { type KubeObject, type ObjectRef, textAt } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { homeIn } from "./home.ts";
import { RESULT } from "./objects.ts";

/** What is wrong by itself, or could not be seen: as it is kept from one look to the next. */
export interface Noted {
  readonly id: string;
  readonly status: string;
  readonly summary: string;
  /** What to do. */
  readonly advice: string;
  /** Absent: it is about none. */
  readonly object?: ObjectRef;
}

export interface Publication {
  /** ISO 8601. */
  readonly at: string;
  readonly noted: readonly Noted[];
  /** Beside `state.json`. */
  readonly data: Readonly<Record<string, string>>;
}

const STATE = "state.json";
const KNATIVE: ObjectRef = { apiVersion: "v1", kind: "Namespace", name: "knative-serving" };
/** Of an Event's message (core/v1 validation). */
const MOST = 1_024;

/** Writes what was found into the ConfigMap, and an Event for each thing that was not so at the last look. */
export const publication = (found: Publication): Step<"publication"> => ({
  id: "publication",
  title: "Publish what was found",
  undo: "Remove what was published",
  needs: [],
  plan: async (ctx) => {
    const before = notedIn(await ctx.live.get(RESULT));
    const result: KubeObject = {
      apiVersion: RESULT.apiVersion,
      kind: RESULT.kind,
      metadata: { namespace: RESULT.namespace ?? "", name: RESULT.name },
      data: { ...found.data, [STATE]: JSON.stringify(found.noted) },
    };
    const news = [
      ...found.noted.filter(isNewTo(before)).map((one) => eventOf(one, "Warning", found.at)),
      ...before.filter(isGoneFrom(found.noted)).map((one) => eventOf(one, "Normal", found.at)),
    ];
    return [
      ...(await homeIn(ctx)),
      ...(await ctx.reconcile([result], { manager: managerFor("doctor") })),
      ...(await Promise.all(news.map((event) => withUid(ctx, event)))).map((event) => creation(event)),
    ];
  },
  verify: [],
});

/** Words change with the days that are left; what is wrong does not. */
const isNewTo = (before: readonly Noted[]) => (one: Noted) =>
  !before.some(({ id, status }) => id === one.id && status === one.status);
const isGoneFrom = (now: readonly Noted[]) => (one: Noted) => !now.some(({ id }) => id === one.id);

const notedIn = (result: KubeObject | undefined): readonly Noted[] => {
  try {
    const kept: unknown = JSON.parse(textAt(result, "data", STATE));
    return Array.isArray(kept) ? kept.filter((one) => textAt(one, "id") !== "") : [];
  } catch {
    return [];
  }
};

/** `kubectl describe` shows the Events of this very object, and of none that had its name. */
const withUid = async ({ live }: PlanContext, { involvedObject, ...event }: EventObject): Promise<KubeObject> => {
  const found = await readable(live.get(involvedObject));
  const uid = found?.metadata.uid;
  return { ...event, involvedObject: { ...involvedObject, ...(uid ? { uid } : {}) } };
};

type EventObject = KubeObject & { readonly involvedObject: ObjectRef };

/** `ServingWebhook` */
const reasonOf = (id: string): string =>
  id.replaceAll(/(?:^|[.-])(\w)/g, (_all, letter: string) => letter.toUpperCase());

/** An Event is in the namespace of what it is about, in `default` where that has none (core/v1 validation). */
const eventOf = (
  { id, status, summary, advice, object = KNATIVE }: Noted,
  type: "Warning" | "Normal",
  at: string,
): EventObject => {
  const namespace = object.namespace ?? "default";
  const hash = createHash("sha256").update(`${id} ${status} ${type} ${at}`).digest("hex").slice(0, 16);
  const words = type === "Warning" ? `${summary}. ${advice}` : `No longer: ${summary}`;
  const time = at.replace(/\.\d+Z$/, "Z");
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { namespace, name: `doctor.${id}.${hash}` },
    involvedObject: { ...object },
    type,
    reason: reasonOf(id),
    message: words.length > MOST ? `${words.slice(0, MOST - 1)}…` : words,
    source: { component: "kn-bootstrap-doctor" },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
};
