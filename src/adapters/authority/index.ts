import type * as acme from "acme-client";
import {
  type Account,
  type Asked,
  type Authority,
  AuthorityError,
  type Authorization,
  type DirectoryInfo,
  type Order,
} from "../../ports/authority.ts";
import { adapter, broken, type Outcome, problemIn, type Session, within } from "./axios.ts";
import { DIRECTORY_SHAPE, isHttps } from "./broken.ts";
import { certificateId } from "./certificate-id.ts";
import { authorizationOf, infoOf, isDirectory, orderOf, windowOf } from "./shapes.ts";
import { createTransport, type HttpAnswer, type TransportOptions } from "./transport.ts";

export { certificateId } from "./certificate-id.ts";

export interface AuthorityOptions extends TransportOptions {
  /** URL of the directory, `https://…`. */
  readonly directory: string;
  readonly now?: () => Date;
}

/**
 * An ACME CA through acme-client. Its `auto()`, its DNS check, its back-off and its http layer are not used: requests go over connections
 * of our own, see axios.ts. Orders and authorizations carry `retryAfter` (a Date) when the CA sent Retry-After with them.
 */
export const createAuthority = (options: AuthorityOptions): Authority => {
  const { directory: url, now = () => new Date() } = options;
  const transport = createTransport(options);
  let kept: Promise<HttpAnswer> | undefined;
  const fetchDirectory = async (signal?: AbortSignal): Promise<HttpAnswer> => {
    const answer = await transport({ method: "GET", url, signal });
    if (answer.status >= 400) throw new AuthorityError(problemIn(answer), "directory", `GET ${url}`);
    if (!isDirectory(answer.body)) {
      throw new AuthorityError({ type: "noDirectory", detail: "this is no ACME directory" }, "directory", `GET ${url}`);
    }
    const why = DIRECTORY_SHAPE(answer.body);
    if (why !== undefined) throw broken(url, why);
    return answer;
  };
  const session: Session = {
    transport,
    nonces: [],
    directoryUrl: url,
    now,
    directory: (signal) => {
      kept ??= fetchDirectory(signal).catch((error: unknown) => {
        kept = undefined;
        throw error;
      });
      return kept;
    },
  };
  const directory = async (signal?: AbortSignal): Promise<DirectoryInfo> =>
    infoOf(JSON.parse((await session.directory(signal)).body));

  return {
    url,
    directory,
    register: async (key, { email, external }, signal) => {
      const { Client } = await library();
      const client = new Client({
        directoryUrl: url,
        accountKey: key,
        ...(external ? { externalAccountBinding: { ...external } } : {}),
      });
      const found = await within(session, signal, "account", () =>
        client.createAccount({ onlyReturnExisting: true }),
      ).catch((error: unknown) => {
        if (error instanceof AuthorityError && error.problem.type === "accountDoesNotExist") return undefined;
        throw error;
      });
      if (!found) {
        // The contact is sent only with a new account. For an existing one acme-client would send an update, which Pebble rejects as empty.
        const wish = { termsOfServiceAgreed: true, ...(email ? { contact: [`mailto:${email}`] } : {}) };
        await within(session, signal, "account", () => client.createAccount(wish));
      }
      const { value: link } = await within(session, signal, "account", async () => client.getAccountUrl());
      if (!isHttps(link)) throw broken(url, "it sent an account whose address is no https URL");
      return link;
    },
    account: (key, accountUrl) => accountOf(session, key, accountUrl, directory),
    renewalInfo: async (certificate, signal) => {
      const { renewalInfo } = JSON.parse((await session.directory(signal)).body);
      const id = certificateId(certificate);
      if (!isHttps(renewalInfo) || id === undefined) return undefined;
      const answer = await transport({ method: "GET", url: `${renewalInfo.replace(/\/$/, "")}/${id}`, signal });
      if (answer.status === 404) return undefined;
      if (answer.status >= 400) throw new AuthorityError(problemIn(answer), "renewal", `GET ${renewalInfo}`);
      return windowOf(answer.body);
    },
  };
};

const accountOf = (session: Session, key: string, accountUrl: string, directory: Authority["directory"]): Account => {
  let opened: Promise<acme.Client> | undefined;
  const client = (): Promise<acme.Client> => {
    opened ??= library().then(
      ({ Client }) => new Client({ directoryUrl: session.directoryUrl, accountKey: key, accountUrl }),
    );
    return opened;
  };
  /** As the CA sent them: the port's orders leave out the links. */
  const orders = new Map<string, acme.Order>();
  const run = async <T>(
    signal: AbortSignal | undefined,
    asked: Asked,
    work: (client: acme.Client) => Promise<T>,
  ): Promise<Outcome<T>> => {
    const ready = await client();
    return within(session, signal, asked, () => work(ready));
  };
  const keep = ({ value, retryAfter }: Outcome<acme.Order>): Order => {
    if (!isHttps(value.url)) throw broken(session.directoryUrl, "it sent an order whose address is no https URL");
    orders.set(value.url, value);
    return { ...orderOf(value), ...(retryAfter ? { retryAfter } : {}) };
  };
  // getOrder reads the URL alone.
  const refresh = async (url: string, signal?: AbortSignal): Promise<Order> =>
    keep(await run(signal, "order", (ready) => ready.getOrder({ url } as acme.Order)));
  const linksOf = async (url: string, has: keyof acme.Order, signal?: AbortSignal): Promise<acme.Order> => {
    if (orders.get(url)?.[has] === undefined) await refresh(url, signal);
    return orders.get(url) ?? ({ url } as acme.Order);
  };
  return {
    newOrder: async ({ names, profile, replaces }, signal) => {
      const replaced = replaces && (await directory(signal)).hasRenewalInfo ? certificateId(replaces) : undefined;
      const wish = {
        identifiers: names.map((value) => ({ type: "dns", value })),
        ...(profile ? { profile } : {}),
        ...(replaced ? { replaces: replaced } : {}),
      };
      return keep(await run(signal, "order", (ready) => ready.createOrder(wish)));
    },
    order: refresh,
    authorizations: async ({ url }, signal) => {
      const { authorizations = [] } = await linksOf(url, "authorizations", signal);
      return Promise.all(
        authorizations.map(async (link): Promise<Authorization> => {
          const { value, retryAfter } = await run(signal, "authorization", async (ready) => {
            const [authorization] = await ready.getAuthorizations({ authorizations: [link] } as unknown as acme.Order);
            if (!authorization) throw new Error(`no authorization at ${link}`);
            const challenge = authorization.challenges.find(({ type }) => type === "dns-01");
            return {
              authorization,
              challenge,
              txt: challenge && (await ready.getChallengeKeyAuthorization(challenge)),
            };
          });
          const { authorization, challenge, txt } = value;
          return { ...authorizationOf(authorization, challenge, txt), ...(retryAfter ? { retryAfter } : {}) };
        }),
      );
    },
    answer: async ({ name, challenge }, signal) => {
      if (!challenge) throw new Error(`no DNS-01 challenge for ${name}`);
      await run(signal, "challenge", (ready) =>
        ready.completeChallenge({ url: challenge.url } as Parameters<typeof ready.completeChallenge>[0]),
      );
    },
    finalize: async ({ url }, csr, signal) => {
      const order = await linksOf(url, "finalize", signal);
      return keep(await run(signal, "order", (ready) => ready.finalizeOrder(order, csr)));
    },
    certificate: async ({ url }, signal) => {
      const order = await linksOf(url, "certificate", signal);
      if (order.status !== "valid" || !order.certificate) {
        throw broken(session.directoryUrl, "it sent a valid order without the address of its certificate");
      }
      return (await run(signal, "certificate", (ready) => ready.getCertificate(order))).value;
    },
    rollKey: async (newKey, signal) => {
      await run(signal, "account's key", (ready) => ready.updateAccountKey(newKey));
    },
    deactivate: async (signal) => {
      await run(signal, "account's end", (ready) => ready.updateAccount({ status: "deactivated" }));
    },
  };
};

type Library = Pick<typeof acme, "Client">;

let loaded: Promise<Library> | undefined;

/** acme-client, when it is first needed. Its axios instance is shared by everybody in this process; our adapter knows whose call it is. */
const library = (): Promise<Library> => {
  // It is a CommonJS module: once bundled, its names are properties of `default` only.
  loaded ??= import("acme-client").then(({ default: found }) => {
    const { axios } = found;
    axios.defaults.adapter = adapter as unknown as NonNullable<typeof axios.defaults.adapter>;
    return found;
  });
  return loaded;
};
