import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";

export interface Sight {
  /** CSS pixels. */
  readonly width: number;
  readonly scheme?: "light" | "dark";
  readonly media?: "screen" | "print";
}

export interface Browser {
  /** Loads a file of this machine; resolves to what the console and the network log complain about. */
  readonly open: (path: string) => Promise<readonly string[]>;
  /** A PNG of the whole page. */
  readonly screenshot: (sight: Sight) => Promise<Buffer>;
  /** Goes to a page of a server, and waits until all of it is there. */
  readonly visit: (url: string) => Promise<void>;
  readonly pdf: () => Promise<Buffer>;
  /** The value of an expression in the page, as JSON has it. */
  readonly ask: <T>(expression: string) => Promise<T>;
  readonly close: () => Promise<void>;
}

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

export const chromium: string | undefined = (process.env.PATH ?? "")
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((path) => existsSync(path));

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A headless Chromium of its own, driven over its DevTools protocol on the loopback. */
export const startBrowser = async (program: string): Promise<Browser> => {
  const profile = mkdtempSync(join(tmpdir(), "kn-bootstrap-chromium-"));
  const child = spawn(program, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(child, "exit");
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
      const found = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (found) resolve(found);
    });
    ended.then(() => reject(new Error(`Chromium ended: ${said}`)));
  });
  const socket = new WebSocket(url);
  await once(socket, "open");
  const answers = new Map<number, (message: Message) => void>();
  const heard: Message[] = [];
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id === undefined) heard.push(message);
    else answers.get(message.id)?.(message);
  });
  let last = 0;
  const call = (method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      last += 1;
      answers.set(last, ({ result, error }) => (result ? resolve(result) : reject(new Error(error?.message))));
      socket.send(JSON.stringify({ id: last, method, params, ...(sessionId ? { sessionId } : {}) }));
    });
  const { targetId } = await call("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
  const page = (method: string, params: object = {}) => call(method, params, String(sessionId));
  await Promise.all(["Page.enable", "Runtime.enable", "Log.enable", "Network.enable"].map((method) => page(method)));

  const ask = async <T>(expression: string): Promise<T> => {
    const { result } = await page("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    return (result as { value: T }).value;
  };
  const see = async ({ width, scheme = "light", media = "screen" }: Sight): Promise<void> => {
    await page("Emulation.setEmulatedMedia", { media, features: [{ name: "prefers-color-scheme", value: scheme }] });
    await page("Emulation.setDeviceMetricsOverride", { width, height: 800, deviceScaleFactor: 1, mobile: false });
  };
  const visit = async (url: string): Promise<void> => {
    heard.length = 0;
    await page("Page.navigate", { url });
    while (!heard.some(({ method }) => method === "Page.loadEventFired")) await once(socket, "message");
  };
  return {
    visit,
    open: async (path) => {
      await visit(pathToFileURL(path).href);
      return heard.flatMap(({ method, params }) =>
        method === "Log.entryAdded" || method === "Runtime.exceptionThrown" || method === "Runtime.consoleAPICalled"
          ? [JSON.stringify(params)]
          : method === "Network.requestWillBeSent" && !String(params?.documentURL).startsWith("file:")
            ? [JSON.stringify(params)]
            : [],
      );
    },
    screenshot: async (sight) => {
      await see(sight);
      const height = await ask<number>("document.documentElement.scrollHeight");
      const clip = { x: 0, y: 0, width: sight.width, height, scale: 1 };
      const { data } = await page("Page.captureScreenshot", { clip, captureBeyondViewport: true });
      return Buffer.from(String(data), "base64");
    },
    pdf: async () => Buffer.from(String((await page("Page.printToPDF", { printBackground: false })).data), "base64"),
    ask,
    close: async () => {
      // It may end before it answers.
      call("Browser.close").catch(() => {});
      const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await ended;
      clearTimeout(late);
      rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
    },
  };
};
