import { z } from "zod";
import { AuthorityError, AuthorityUnreachable } from "../../ports/authority.ts";
import { ApiError, BrokenAnswer, Unreachable } from "../../ports/cluster.ts";
import { NoAnswer } from "../../ports/dns.ts";
import { UserError } from "../../ports/error.ts";
import { isRecord } from "../../ports/object.ts";
import { ZonesUnreachable } from "../../ports/zones.ts";

/** A check asks what was not asked when the recording was made: it is newer than that. */
export class NotRecorded extends Unreachable {
  constructor(question: string) {
    super("the recording", `the recording does not hold this: ${question}`);
    this.name = "NotRecorded";
  }
}

/** Errors of the ports, by name. Any other is kept as an Error with its name and code. */
const CLASSES: Readonly<Record<string, { readonly prototype: object }>> = {
  ApiError,
  Unreachable,
  BrokenAnswer,
  NoAnswer,
  AuthorityError,
  AuthorityUnreachable,
  ZonesUnreachable,
  UserError,
};

const simple = z.union([z.string(), z.number(), z.boolean(), z.null()]);

export const recordedError = z.looseObject({ name: z.string(), message: z.string() });
export type RecordedError = z.infer<typeof recordedError>;

/** Its name, its message and its plain fields. */
export const toRecorded = (error: unknown): RecordedError => {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const fields = Object.entries(error).filter(([key, value]) => key !== "cause" && simple.safeParse(value).success);
  const { subject, conflicts } = error as Partial<ApiError>;
  const { problem } = error as Partial<AuthorityError>;
  const { remedy, seen } = error as Partial<UserError>;
  const code = codeOf(error.cause);
  return {
    ...Object.fromEntries(fields),
    ...(subject ? { subject } : {}),
    ...(conflicts?.length ? { conflicts } : {}),
    ...(problem ? { problem } : {}),
    ...(remedy ? { remedy } : {}),
    ...(seen ? { seen } : {}),
    // It tells a CA that is not trusted from one that is away.
    ...(code === undefined ? {} : { cause: { code } }),
    name: error.name,
    message: error.message,
  };
};

/** What {@link toRecorded} has kept, as an instance of its class. */
export const fromRecorded = ({ message, ...fields }: RecordedError): Error => {
  const prototype = CLASSES[fields.name]?.prototype ?? Error.prototype;
  const error: Error = Object.create(prototype);
  return Object.assign(error, prototype === ApiError.prototype ? { conflicts: [] } : {}, fields, revived(fields), {
    message,
  });
};

const codeOf = (cause: unknown): string | undefined => {
  const code = isRecord(cause) ? cause.code : undefined;
  return typeof code === "string" ? code : undefined;
};

/** JSON has no dates. */
const revived = ({ problem }: Readonly<Record<string, unknown>>): object =>
  isRecord(problem) && typeof problem.retryAfter === "string"
    ? { problem: { ...problem, retryAfter: new Date(problem.retryAfter) } }
    : {};
