import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  readonly method: string;
  /** With its query, without the version: `/hostedzonesbyname?dnsname=…`. */
  readonly path: string;
  readonly body: string;
}

/** Status and body; `drop` closes the connection without an answer. */
export type Told = readonly [status: number, body: string] | "drop";

const NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/";

export const ok = (root: string, inner: string): Told => [200, `<${root} xmlns="${NAMESPACE}">${inner}</${root}>`];

export const refused = (status: number, code: string, message: string): Told => [
  status,
  `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
];

/** As the service tells it: without an Error element. */
export const invalidBatch = (...messages: readonly string[]): Told => [
  400,
  `<InvalidChangeBatch xmlns="${NAMESPACE}"><Messages>${messages.map((text) => `<Message>${text}</Message>`).join("")}</Messages><RequestId>r</RequestId></InvalidChangeBatch>`,
];

export const changeInfo = (root: string, status: string): Told =>
  ok(
    root,
    `<ChangeInfo><Id>/change/C1</Id><Status>${status}</Status><SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt></ChangeInfo>`,
  );

export const accepted = (status = "PENDING"): Told => changeInfo("ChangeResourceRecordSetsResponse", status);
export const state = (status: string): Told => changeInfo("GetChangeResponse", status);

export const sets = (inner: readonly string[], next = ""): Told =>
  ok(
    "ListResourceRecordSetsResponse",
    `<ResourceRecordSets>${inner.map((set) => `<ResourceRecordSet>${set}</ResourceRecordSet>`).join("")}</ResourceRecordSets><IsTruncated>${next !== ""}</IsTruncated><MaxItems>10</MaxItems>${next}`,
  );

export const set = (name: string, type: string, ttl: number, ...values: readonly string[]): string =>
  `<Name>${name}</Name><Type>${type}</Type><TTL>${ttl}</TTL><ResourceRecords>${values.map((value) => `<ResourceRecord><Value>${value}</Value></ResourceRecord>`).join("")}</ResourceRecords>`;

/** Answers of Route 53 by script, for what the rehearsal's own API never says. */
export const startAnswers = async (
  answer: (asked: Asked, before: readonly Asked[]) => Told | Promise<Told>,
): Promise<{ readonly url: string; readonly asked: readonly Asked[]; readonly close: () => Promise<void> }> => {
  const asked: Asked[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const before = [...asked];
    const now = { method: request.method ?? "", path: (request.url ?? "").replace("/2013-04-01", ""), body };
    asked.push(now);
    const told = await answer(now, before);
    if (told === "drop") return void request.socket.destroy();
    response.writeHead(told[0], { "content-type": "text/xml" }).end(told[1]);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
