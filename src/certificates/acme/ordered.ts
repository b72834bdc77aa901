import type { Account, Authorization, Order } from "../../ports/authority.ts";
import { UserError } from "../../ports/error.ts";
import { few } from "../../ports/few.ts";

/** The CA answers with names that were not ordered. The order is given up. */
export class NotOrdered extends UserError {}

const sorted = (names: readonly string[]): readonly string[] =>
  [...new Set(names.map((name) => name.toLowerCase()))].sort();

const identifierOf = ({ name, wildcard }: Authorization): string => (wildcard ? `*.${name}` : name).toLowerCase();

/**
 * The account, believed only about these names: a CA that has another name proved would choose a zone to write into that no plan has shown.
 * Rejects with {@link NotOrdered} (exit code 1).
 */
export const onlyOrdered = (account: Account, names: readonly string[], directory: string): Account => {
  const refuse = (what: string): NotOrdered =>
    new NotOrdered({
      id: "acme.not-ordered",
      what: `${new URL(directory).host} ${what}.`,
      why: `Ordered is a certificate for ${few(sorted(names))}; nothing was written for any other name.`,
      remedy:
        "Run the same command again, which makes a new order; when that ends alike, choose another CA: --acme-directory.",
      kind: "failed",
    });
  const checked = async (asked: Promise<Order>): Promise<Order> => {
    const order = await asked;
    if (sorted(order.names).join() !== sorted(names).join())
      throw refuse(`answers with an order for ${few(sorted(order.names)) || "no name"}`);
    return order;
  };
  return {
    ...account,
    newOrder: (order, signal) => checked(account.newOrder(order, signal)),
    order: (url, signal) => checked(account.order(url, signal)),
    finalize: (order, csr, signal) => checked(account.finalize(order, csr, signal)),
    authorizations: async (order, signal) => {
      const wanted = new Set(names.map((name) => name.toLowerCase()));
      const authorizations = await account.authorizations(order, signal);
      const stranger = authorizations.map(identifierOf).find((name) => !wanted.has(name));
      if (stranger !== undefined) throw refuse(`wants a proof of ${stranger}`);
      return authorizations;
    },
  };
};
