import { element, field, xmlDocument } from "./xml.ts";

/** An error as the API words it. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.code = code;
  }
}

export const invalidInput = (message: string): Refusal => new Refusal(400, "InvalidInput", message);

/** Several messages stand in brackets, and so does one. */
export const invalidBatch = (messages: readonly string[]): Refusal =>
  new Refusal(400, "InvalidChangeBatch", `[${messages.join(", ")}]`);

export const throttled = (): Refusal => new Refusal(400, "Throttling", "Rate exceeded");

export const priorRequestNotComplete = (): Refusal =>
  new Refusal(
    400,
    "PriorRequestNotComplete",
    "The request was rejected because Route 53 was still processing a prior request.",
  );

/** @param resource absent for actions that know no resources. */
export const accessDenied = (user: string, action: string, resource: string | undefined): Refusal =>
  new Refusal(
    403,
    "AccessDenied",
    `User: ${user} is not authorized to perform: route53:${action}${resource === undefined ? "" : ` on resource: ${resource}`}` +
      ` because no identity-based policy allows the route53:${action} action`,
  );

export const refusalXml = ({ code, message }: Refusal, requestId: string): string =>
  xmlDocument(
    "ErrorResponse",
    element("Error", field("Type", "Sender"), field("Code", code), field("Message", message)),
    field("RequestId", requestId),
  );
