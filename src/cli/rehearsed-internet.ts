import { isAcme } from "../certificates/index.ts";
import { dnsProvider } from "../dns/index.ts";
import type { Internet } from "../sandbox/internet.ts";
import type { CommandContext } from "./context.ts";

/** The same command, but DNS, DNS provider and CA are the rehearsal's. Nothing is started that the options do not need. */
export const rehearsedInternet = async (
  ctx: CommandContext,
): Promise<{ readonly ctx: CommandContext; readonly close: () => Promise<void> }> => {
  const { config, adapters } = ctx;
  if (!config.domain || !(dnsProvider(config.dns) || isAcme(config.tls))) return { ctx, close: async () => {} };
  const { startInternet } = await import("../sandbox/internet.ts");
  const internet = await startInternet({ zones: [zoneAbove(config.domain)] });
  const { dns, acme } = internet;
  return {
    close: internet.close,
    ctx: {
      ...ctx,
      env: { ...ctx.env, ...internet.env },
      config: isAcme(config.tls) ? { ...config, acmeDirectory: acme.directory } : config,
      // A person who does what the screen asks for.
      stdinIsTTY: true,
      emit: (event) => {
        ctx.emit(event);
        if (event.type === "waiting") publishAsAsked(internet, event.reason);
      },
      adapters: {
        ...adapters,
        createResolver: (options) =>
          adapters.createResolver({ ...options, server: dns.resolver, connectTo: dns.connectTo }),
        createAuthority: (options) => adapters.createAuthority({ ...options, ca: acme.tlsCa }),
        createProbe: (options) => adapters.createProbe({ ...options, root: acme.root }),
      },
    },
  };
};

/** `example.com` for `apps.example.com`. */
const zoneAbove = (domain: string): string => {
  const parent = domain.slice(domain.indexOf(".") + 1);
  return parent.includes(".") ? parent : domain;
};

/** With `--dns manual`: the lines are in a zone file's form, and this is the zone's owner. */
const publishAsAsked = ({ zones }: Internet, text: string): void => {
  const [zone] = zones;
  for (const [, name = "", ttl, type = "", value = ""] of text.matchAll(/^(\S+)\. (\d+) IN (\w+) (.+)$/gm)) {
    const values = [...new Set([...(zone?.records.get(name, type)?.values ?? []), value])];
    zone?.records.set({ name, type, ttl: Number(ttl), values });
  }
};
