import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { type PodPort, type PodPorts, PortClosed } from "../../ports/pod-ports.ts";
import type { Transport } from "./transport.ts";
import { handshake, webSocketOn } from "./websocket.ts";

/**
 * Every server speaks it (kubelet cri/streaming/portforward/websocket.go): a message begins with its channel, 0 for the bytes of the connection
 * and 1 for what went wrong, and the first on each is the port. A WebSocket carries one connection. What is newer, `SPDY/3.1+portforward.k8s.io`,
 * tunnels another protocol through the same.
 */
const PROTOCOL = "v4.channel.k8s.io";
const DATA = 0;
const PORT_BYTES = 2;

/** A connection to a port of a pod. It ends with {@link PortClosed} when nothing listens there. */
const connectPod = async (upgrade: Transport["upgrade"], to: PodPort, signal: AbortSignal): Promise<Duplex> => {
  const { namespace, pod, port } = to;
  const { headers, accept } = handshake(PROTOCOL);
  const { socket, head } = await upgrade(
    {
      method: "GET",
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/portforward`,
      query: { ports: String(port) },
      headers,
    },
    ({ "sec-websocket-accept": accepted, "sec-websocket-protocol": protocol }) =>
      accepted === accept && protocol === PROTOCOL,
    signal,
  );
  const skipped = [PORT_BYTES, PORT_BYTES];
  let trouble = "";
  const stream = new Duplex({
    allowHalfOpen: true,
    read: () => webSocket.resume(),
    write: (chunk: Buffer, _encoding, done) => webSocket.send(Buffer.concat([Buffer.from([DATA]), chunk]), done),
    // There is no word for the end of one direction: the other side ends it.
    final: (done) => done(),
    destroy: (error, done) => {
      webSocket.close();
      done(error);
    },
  });
  const webSocket = webSocketOn(
    socket,
    head,
    (message) => {
      const channel = message[0] ?? DATA;
      const skip = Math.min(skipped[channel] ?? 0, message.length - 1);
      skipped[channel] = (skipped[channel] ?? 0) - skip;
      const bytes = message.subarray(1 + skip);
      if (channel !== DATA) trouble += bytes.toString("utf8");
      else if (bytes.length > 0 && !stream.push(bytes)) webSocket.pause();
    },
    (error) => {
      if (trouble !== "") stream.destroy(new PortClosed(to, trouble));
      else if (error) stream.destroy(error);
      else stream.push(null);
    },
  );
  return stream;
};

/** How long a node takes at most to find out that nothing listens. */
const TRIAL_MS = 300;

/** Resolves when a connection to it stays open for a moment. */
const tryPort = async (upgrade: Transport["upgrade"], to: PodPort, signal: AbortSignal): Promise<void> => {
  const stream = await connectPod(upgrade, to, signal);
  try {
    const moment = AbortSignal.timeout(TRIAL_MS);
    await once(stream.resume(), "close", { signal: AbortSignal.any([signal, moment]) }).catch((error: unknown) => {
      signal.throwIfAborted();
      if (!moment.aborted) throw error;
    });
  } finally {
    stream.on("error", () => {}).destroy();
  }
};

/** The port's `forward`. */
export const openForward = async (
  upgrade: Transport["upgrade"],
  target: () => Promise<PodPort>,
  onTrouble: (reason: string) => void,
  signal: AbortSignal,
): ReturnType<PodPorts["forward"]> => {
  await tryPort(upgrade, await target(), signal);
  const open = new Set<Duplex>();
  const carry = async (local: Socket): Promise<void> => {
    local.on("error", () => {});
    try {
      const remote = await connectPod(upgrade, await target(), signal);
      if (local.destroyed) return void remote.destroy();
      open.add(remote);
      remote.on("error", (error) => {
        if (error instanceof PortClosed) onTrouble(error.message);
        local.destroy();
      });
      remote.on("close", () => {
        open.delete(remote);
        local.destroySoon();
      });
      local.on("close", () => remote.destroy());
      local.pipe(remote).pipe(local);
    } catch (error) {
      local.destroy();
      if (!signal.aborted) onTrouble(error instanceof Error ? error.message : String(error));
    }
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (local) => {
    open.add(local);
    local.on("close", () => open.delete(local));
    void carry(local);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening", { signal });
  const close = (): void => {
    server.close();
    for (const stream of open) stream.destroy();
  };
  signal.addEventListener("abort", close, { once: true });
  return { port: (server.address() as AddressInfo).port, close };
};
