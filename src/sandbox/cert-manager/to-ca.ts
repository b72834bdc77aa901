import type { AcmeCa } from "../acme/index.ts";
import type { Account, Door } from "./door.ts";

/** A door in a world whose internet has one CA: it answers at every directory that is not on loopback, whatever roots its https was to have. */
export const toCa = ({ directory, tlsCa }: Pick<AcmeCa, "directory" | "tlsCa">, door: Door): Door => {
  const led = (account: Account): Account =>
    new URL(account.directory).hostname === "127.0.0.1" ? account : { ...account, directory, ca: tlsCa };
  return {
    register: (account) => door.register(led(account)),
    issue: (order) => door.issue({ ...order, account: led(order.account) }),
  };
};
