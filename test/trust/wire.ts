import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way of its own to the API, so that one run can be cut off without touching any other. */
export interface Wire {
  readonly port: number;
  /** Ends every connection and takes no new one: all that a server sees of a client that was killed. */
  readonly cut: () => void;
  /** Breaks the connections that are open now; new ones work. */
  readonly reset: () => void;
}

/** Relays bytes from a free port on 127.0.0.1 to `port`. */
export const openWire = async (port: number): Promise<Wire> => {
  const ends = new Set<Socket>();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: "127.0.0.1", port, noDelay: true });
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(end);
      end.pipe(other);
      end.on("error", () => {});
      end.on("close", () => {
        ends.delete(end);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const reset = (): void => {
    for (const end of ends) end.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    reset,
    cut: () => {
      server.close();
      reset();
    },
  };
};
