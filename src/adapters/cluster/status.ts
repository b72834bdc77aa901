import { ApiError, type ApiResource, type ApiSubject, type FieldConflict } from "../../ports/cluster.ts";
import { at, groupOf, type ObjectRef } from "../../ports/object.ts";
import { isDeep } from "../../ports/tree.ts";

/** The error of an answer that is not a success. `request` is method and path: no query, no headers. */
export const apiError = (request: string, status: number, text: string): ApiError => {
  const body = parseJson(text);
  const isStatus = at(body, "kind") === "Status";
  const message = at(body, "message");
  return new ApiError({
    status,
    reason: isStatus ? wordOf(at(body, "reason")) : "",
    message:
      isStatus && typeof message === "string" && message !== "" ? clipped(message) : `${status}: ${excerpt(text)}`,
    request,
    conflicts: isStatus ? conflictsOf(at(body, "details", "causes")) : [],
    subject: isStatus ? subjectOf(at(body, "details")) : undefined,
  });
};

/** Whether the server itself says why it has nothing else to answer. */
export const isStatus = (text: string): boolean => at(parseJson(text), "kind") === "Status";

/** Longer than any that is meant to be read: those of a CRD's validation list every field. */
const MOST_OF_MESSAGE = 16_000;

const clipped = (text: string): string => (text.length > MOST_OF_MESSAGE ? `${text.slice(0, MOST_OF_MESSAGE)}…` : text);

/** A text, short enough for people; anything else is none. */
const wordOf = (value: unknown): string => (typeof value === "string" ? clipped(value) : "");

/** Source: k8s.io/apimachinery/pkg/api/errors, NewNotFound and its siblings: `kind` holds the resource. */
const subjectOf = (details: unknown): ApiSubject | undefined => {
  const [name, resource] = [at(details, "name"), at(details, "kind")];
  return typeof name === "string" && typeof resource === "string"
    ? { group: wordOf(at(details, "group")), resource, name }
    : undefined;
};

/** No object of Kubernetes comes near it: definitions of resources have some 80. */
const MOST_LEVELS = 500;

/** Undefined when it is not JSON, or nests as nothing does that is meant. */
export const parseJson = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text);
    return isDeep(value, MOST_LEVELS) ? undefined : value;
  } catch {
    return undefined;
  }
};

/** The first line of what was answered instead of a Status: `404 page not found`, or a proxy's page. */
export const excerpt = (text: string): string =>
  text.slice(0, 4000).trim().split("\n")[0]?.slice(0, 200) || "no further explanation";

/** Source: k8s.io/apimachinery/pkg/apis/meta/v1, CauseTypeFieldManagerConflict. */
const conflictsOf = (causes: unknown): readonly FieldConflict[] =>
  (Array.isArray(causes) ? causes : [])
    .filter((cause) => at(cause, "reason") === "FieldManagerConflict")
    .map((cause) => {
      const message = wordOf(at(cause, "message"));
      return {
        field: wordOf(at(cause, "field")),
        owner: message.match(/conflict with "([^"]*)"/)?.[1] ?? "",
        message,
      };
    });

const UNKNOWN = "the server could not find the requested resource";

/** What the server would say, had it been asked: discovery knows better. */
export const unknownKind = (method: string, { apiVersion, kind, name }: ObjectRef): ApiError =>
  new ApiError({
    status: 404,
    reason: "NotFound",
    message: `${UNKNOWN}: kind ${kind} of ${apiVersion}`,
    request: `${method} ${kind} ${name}`,
  });

/** The server says of this very object that it does not exist. Any other 404 says nothing: proxies have their own. */
export const isAbsence = (error: unknown, { apiVersion, plural }: ApiResource, name: string): boolean =>
  error instanceof ApiError &&
  error.status === 404 &&
  error.reason === "NotFound" &&
  error.subject?.name === name &&
  error.subject.resource === plural &&
  error.subject.group === groupOf(apiVersion);

/** The kind may not be served, or not yet: a new CRD's path answers in plain text. Unlike for an absent object, nothing is named. */
export const isPathMissing = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 404 && (error.reason === "" || error.message.startsWith(UNKNOWN));
