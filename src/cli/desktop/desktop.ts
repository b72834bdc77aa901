import { spawn } from "node:child_process";
import { once } from "node:events";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What opens a URL on this desktop: `open` of macOS, `xdg-open` where there is a display (xdg-utils), the handler of URLs on Windows, which
 * no shell reads. Undefined: there is no desktop.
 *
 * @param platform as Node has it
 */
export const openerOf = (
  platform: string,
  env: Environment,
): readonly [program: string, ...args: string[]] | undefined => {
  if (platform === "darwin") return ["open"];
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ["xdg-open"] : undefined;
};

/** Opens a URL and does not wait for whoever shows it. False: there is no desktop, or nothing on it that opens URLs. */
export const openUrl = async (url: string, platform: string, env: Environment): Promise<boolean> => {
  const [program, ...args] = openerOf(platform, env) ?? [];
  if (program === undefined) return false;
  const child = spawn(program, [...args, url], { detached: true, stdio: "ignore", env: { ...env } });
  child.unref();
  return once(child, "spawn").then(
    () => true,
    () => false,
  );
};
