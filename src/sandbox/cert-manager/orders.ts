import { contentHash, isOwnedBy, keyOf, keysOfKind, ownerReference, refAt, refOf, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { type ChallengeNews, type Door, Refused, type Solver } from "./door.ts";
import { accountOf, issuerRef, solverOf } from "./issuers.ts";
import { ACME, manager } from "./names.ts";
import { whileUp } from "./process.ts";
import { decode, encode } from "./signing.ts";

/** Orders at the CA and their Challenges (pkg/controller/acmeorders, acmechallenges), as far as they can be seen in the cluster. */

const KIND = "Order";
const MANAGER = manager("orders");
const FINAL = ["valid", "invalid", "errored", "expired"];
/** Between two tries of what may pass, in seconds of the cluster. */
const RETRY = 10;

/** What is going on outside for one Order. */
interface Work {
  readonly news: Map<string, ChallengeNews>;
  outcome?: { readonly chain: string } | { readonly error: unknown };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const orders = (stage: Stage, door: Door): Reconciler => {
  const { api, second } = stage;
  const works = new Map<string, Work>();
  let look: (key: string) => void = () => {};

  const challengesOf = (order: Obj): readonly Obj[] =>
    api.list(ACME, "Challenge", order.metadata.namespace).filter((challenge) => isOwnedBy(challenge, order));

  const ensureChallenge = async (order: Obj, issuer: Obj, name: string): Promise<Obj> => {
    const { namespace = "" } = order.metadata;
    const challengeName = `${order.metadata.name.slice(0, 50)}-${contentHash(name, 10)}`;
    const found = api.get({ apiVersion: ACME, kind: "Challenge", namespace, name: challengeName });
    if (found) return found;
    const bare = name.replace(/^\*\./, "");
    return await api.create(MANAGER, {
      apiVersion: ACME,
      kind: "Challenge",
      metadata: { name: challengeName, namespace, ownerReferences: [ownerReference(order)] },
      spec: {
        type: "DNS-01",
        dnsName: bare,
        wildcard: bare !== name,
        issuerRef: order.spec.issuerRef,
        solver: issuer.spec.acme.solvers?.[0] ?? {},
        token: contentHash([order.metadata.uid, name], 20),
        key: contentHash([order.metadata.uid, name, "key"], 20),
        authorizationURL: "",
        url: "",
      },
    });
  };

  const tell = (challenge: Obj, state: string, reason: string): Promise<unknown> =>
    api.update(
      manager("challenges"),
      refOf(challenge),
      (draft) => {
        draft.status = { processing: !FINAL.includes(state), presented: state !== "", state, reason };
      },
      { subresource: "status" },
    );

  const write = (order: Obj, status: Record<string, unknown>): Promise<unknown> =>
    api.update(
      MANAGER,
      refOf(order),
      (draft) => {
        draft.status = { ...draft.status, ...status };
      },
      { subresource: "status" },
    );

  const begin = (key: string, order: Obj, issuer: Obj, solverFor: (name: string) => Solver): Work => {
    const work: Work = { news: new Map() };
    works.set(order.metadata.uid ?? "", work);
    const done = (outcome: NonNullable<Work["outcome"]>): void => {
      work.outcome = outcome;
      look(key);
    };
    const run = async (): Promise<string> =>
      door.issue({
        account: accountOf(api, issuer),
        uri: issuer.status?.acme?.uri ?? "",
        names: order.spec.dnsNames,
        csr: decode(order.spec.request),
        ...(issuer.spec.acme.profile ? { profile: issuer.spec.acme.profile } : {}),
        solverFor,
        tell: (news) => {
          work.news.set(`${news.isWildcard ? "*." : ""}${news.name}`, news);
          look(key);
        },
      });
    run().then(
      (chain) => done({ chain }),
      (error: unknown) => done({ error }),
    );
    return work;
  };

  const settle = async (key: string, order: Obj, issuer: Obj, work: Work): Promise<number | undefined> => {
    for (const name of order.spec.dnsNames as string[]) {
      const challenge = await ensureChallenge(order, issuer, name);
      const news = work.news.get(name);
      if (news) await tell(challenge, news.state, news.reason ?? "");
      else if (!challenge.status?.state) await tell(challenge, "pending", "");
    }
    const { outcome } = work;
    if (!outcome) {
      await write(order, { state: "pending" });
      return undefined;
    }
    works.delete(order.metadata.uid ?? "");
    if ("chain" in outcome) {
      await write(order, { state: "valid", certificate: encode(outcome.chain) });
      for (const challenge of challengesOf(order)) await api.remove(refOf(challenge));
      return undefined;
    }
    const { error } = outcome;
    const reason = messageOf(error);
    if (error instanceof Refused) {
      const said = [...work.news.values()].find(({ state }) => state === "invalid" || state === "errored");
      for (const challenge of challengesOf(order))
        if (!said && challenge.status?.state !== "valid") await tell(challenge, error.state, reason);
      await write(order, { state: error.state, reason, failureTime: new Date().toISOString() });
      return undefined;
    }
    for (const challenge of challengesOf(order))
      if (challenge.status?.state !== "valid") await tell(challenge, "pending", reason);
    await write(order, { state: "pending" });
    // Not by a change of ours: those would try at once.
    retries.set(key, performance.now() + RETRY * second);
    return RETRY * second;
  };
  const retries = new Map<string, number>();

  return whileUp(stage, [[ACME, KIND]], {
    name: "cert-manager-orders",
    keys: (event) => keysOfKind(event, ACME, KIND),
    listen: (add) => {
      look = add;
    },
    reconcile: async (key) => {
      const order = api.get(refAt(ACME, KIND, key));
      if (!order || order.metadata.deletionTimestamp || FINAL.includes(order.status?.state)) return undefined;
      const pause = (retries.get(key) ?? 0) - performance.now();
      if (pause > 0) return pause;
      const issuer = api.get(issuerRef(order));
      if (!issuer?.spec.acme) return second;
      const known = works.get(order.metadata.uid ?? "");
      if (known) return await settle(key, order, issuer, known);
      try {
        const solvers = new Map(
          (order.spec.dnsNames as string[]).map((name) => {
            const bare = name.replace(/^\*\./, "");
            return [bare, solverOf(api, issuer, bare)] as const;
          }),
        );
        const solverFor = (name: string): Solver => {
          const found = solvers.get(name.replace(/^\*\./, ""));
          if (!found) throw new Refused("errored", `no solver for ${name}`);
          return found;
        };
        if ([...solvers.values()].includes(undefined)) {
          const reason =
            "Failed to determine a valid solver configuration for the set of domains on the Order: no configured challenge solvers can be used for this challenge";
          await write(order, { state: "errored", reason, failureTime: new Date().toISOString() });
          return undefined;
        }
        return await settle(key, order, issuer, begin(key, order, issuer, solverFor));
      } catch (error) {
        if (!/not found|no data for/.test(messageOf(error))) throw error;
        for (const name of order.spec.dnsNames as string[])
          await tell(
            await ensureChallenge(order, issuer, name),
            "pending",
            `error getting credentials: ${messageOf(error)}`,
          );
        await write(order, { state: "pending" });
        retries.set(keyOf(order), performance.now() + RETRY * second);
        return RETRY * second;
      }
    },
  });
};
