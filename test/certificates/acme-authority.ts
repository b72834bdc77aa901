import "reflect-metadata";
import { createHash, createPublicKey, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { type KeyPair, makeRoot } from "../../src/certificates/x509.ts";
import {
  type AcmeProblem,
  type Authority,
  AuthorityError,
  type Authorization,
  type DirectoryInfo,
  type Order,
  type OrderStatus,
} from "../../src/ports/authority.ts";

interface StoredOrder {
  readonly url: string;
  readonly account: string;
  readonly names: readonly string[];
  readonly replaces: string | undefined;
  readonly profile: string | undefined;
  status: OrderStatus;
  authorizations: Authorization[];
  certificate?: string;
}

export interface MemoryAuthority extends Authority {
  readonly root: string;
  readonly orders: readonly StoredOrder[];
  readonly certificates: readonly string[];
  readonly accounts: Map<string, { readonly url: string; isDeactivated: boolean }>;
  /** Called after each request has had its effect; may throw. */
  onRequest: (request: string) => void;
  /** The next validation of a name ends like this. */
  fail: ((name: string) => AcmeProblem | undefined) | undefined;
  refuse: ((names: readonly string[], replaces: string | undefined) => AcmeProblem | undefined) | undefined;
  /** Serves this in place of the chain. */
  swap: ((chain: string) => string) | undefined;
}

const thumb = (key: string): string =>
  createHash("sha256")
    .update(createPublicKey(key).export({ type: "spki", format: "der" }))
    .digest("base64url");

/** A CA in memory that keeps the rules of the port: it looks at TXT values when a challenge is answered, and signs real X.509. */
export const memoryAuthority = async (
  txt: (name: string) => readonly string[],
  options: {
    readonly url?: string;
    readonly now?: () => Date;
    readonly info?: Partial<DirectoryInfo>;
    readonly days?: number;
  } = {},
): Promise<MemoryAuthority> => {
  const { url = "https://ca.example/dir", now = () => new Date(), days = 90 } = options;
  const root = await makeRoot("test root", new Date(now().getTime() - 86_400_000), 3650);
  const info: DirectoryInfo = {
    caaIdentities: ["ca.example"],
    externalAccountRequired: false,
    profiles: { classic: "90 days" },
    hasRenewalInfo: true,
    ...options.info,
  };
  const orders: StoredOrder[] = [];
  const certificates: string[] = [];
  const accounts: MemoryAuthority["accounts"] = new Map();
  const bad = (type: string, detail: string, status = 400): AuthorityError =>
    new AuthorityError({ type, detail, status }, "order", "POST");
  const answer = <T>(request: string, value: T): T => {
    self.onRequest(request);
    return value;
  };
  const view = ({ url: link, status, names, authorizations }: StoredOrder): Order => {
    const problem = authorizations.find(({ challenge }) => challenge?.problem)?.challenge?.problem;
    return { url: link, status, names, ...(status === "invalid" && problem ? { problem } : {}) };
  };
  const settle = (order: StoredOrder): void => {
    if (order.authorizations.some(({ status }) => status === "invalid")) order.status = "invalid";
    else if (order.authorizations.every(({ status }) => status === "valid")) order.status = "ready";
  };

  const self: MemoryAuthority = {
    url,
    root: root.certificate,
    orders,
    certificates,
    accounts,
    onRequest: () => {},
    fail: undefined,
    refuse: undefined,
    swap: undefined,
    directory: async () => answer("directory", info),
    register: async (key) => {
      const known = accounts.get(thumb(key));
      if (known?.isDeactivated) throw bad("unauthorized", "account is deactivated", 403);
      const made = known ?? { url: `https://ca.example/account/${accounts.size + 1}`, isDeactivated: false };
      accounts.set(thumb(key), made);
      return answer("register", made.url);
    },
    account: (key, accountUrl) => {
      const guard = (): void => {
        const known = accounts.get(thumb(key));
        if (!known) throw bad("accountDoesNotExist", "no such account");
        if (known.isDeactivated) throw bad("unauthorized", "Account has been deactivated", 403);
      };
      const find = (link: string): StoredOrder => {
        guard();
        const order = orders.find((candidate) => candidate.url === link && candidate.account === accountUrl);
        if (!order) throw bad("malformed", "no such order", 404);
        return order;
      };
      return {
        newOrder: async ({ names, profile, replaces }) => {
          guard();
          const problem = self.refuse?.(names, replaces);
          if (problem) throw new AuthorityError(problem, "order", "POST newOrder");
          const number = orders.length + 1;
          const order: StoredOrder = {
            url: `https://ca.example/order/${number}`,
            account: accountUrl,
            names,
            replaces,
            profile,
            status: "pending",
            authorizations: names.map((name, index): Authorization => {
              const link = `https://ca.example/authz/${number}-${index}`;
              const value = createHash("sha256")
                .update(`${link} ${thumb(key)}`)
                .digest("base64url");
              return {
                url: link,
                name: name.replace(/^\*\./, ""),
                wildcard: name.startsWith("*."),
                status: "pending",
                challenge: { url: `${link}/dns`, status: "pending", txt: value },
              };
            }),
          };
          orders.push(order);
          return answer("newOrder", view(order));
        },
        order: async (link) => answer("order", view(find(link))),
        authorizations: async (order) => answer("authorizations", find(order.url).authorizations),
        answer: async ({ url: link }) => {
          guard();
          for (const order of orders) {
            order.authorizations = order.authorizations.map((authorization): Authorization => {
              const { challenge, name } = authorization;
              if (authorization.url !== link || !challenge || challenge.status !== "pending") return authorization;
              const seen = txt(`_acme-challenge.${name}`).includes(challenge.txt);
              const problem =
                self.fail?.(name) ??
                (seen ? undefined : { type: "unauthorized", detail: `No TXT record found at _acme-challenge.${name}` });
              const status = problem ? "invalid" : "valid";
              return { ...authorization, status, challenge: { ...challenge, status, ...(problem ? { problem } : {}) } };
            });
            if (order.status === "pending") settle(order);
          }
          answer("answer", undefined);
        },
        finalize: async ({ url: link }, csr) => {
          const order = find(link);
          if (order.status !== "ready") throw bad("orderNotReady", `order is ${order.status}`, 403);
          order.certificate = await sign(root, csr, order.names, now(), days);
          certificates.push(order.certificate);
          order.status = "valid";
          return answer("finalize", view(order));
        },
        certificate: async ({ url: link }) => {
          const chain = `${find(link).certificate ?? ""}${root.certificate}`;
          return answer("certificate", self.swap?.(chain) ?? chain);
        },
        rollKey: async (newKey) => {
          const known = accounts.get(thumb(key));
          if (!known)
            throw new AuthorityError(
              { type: "accountDoesNotExist", detail: "no such account" },
              "account's key",
              "roll",
            );
          answer("roll", undefined);
          accounts.delete(thumb(key));
          accounts.set(thumb(newKey), known);
        },
        deactivate: async () => {
          const known = accounts.get(thumb(key));
          if (known) known.isDeactivated = true;
          answer("deactivate", undefined);
        },
      };
    },
    renewalInfo: async () => undefined,
  };
  return self;
};

const sign = async (root: KeyPair, csr: string, names: readonly string[], now: Date, days: number): Promise<string> => {
  const request = new x509.Pkcs10CertificateRequest(csr);
  if (!(await request.verify(webcrypto as never))) throw new Error("the request is not signed by its key");
  const issuer = new x509.X509Certificate(root.certificate);
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString("hex"),
      issuer: issuer.subject,
      notBefore: now,
      notAfter: new Date(now.getTime() + days * 86_400_000),
      publicKey: request.publicKey,
      signingAlgorithm: algorithm,
      signingKey: await webcrypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(root.key), algorithm, false, [
        "sign",
      ]),
      extensions: [
        new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns" as const, value }))),
        await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey, false, webcrypto as never),
      ],
    },
    webcrypto as never,
  );
  return `${certificate.toString("pem")}\n`;
};
