import { readFile } from "node:fs/promises";
import { join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** What the AWS tools share, as far as an error has to name it. */
export interface Profiles {
  /** Files that were looked at, the config file first. */
  readonly files: readonly string[];
  /** Settings by profile; of a name in both files, those of both. */
  readonly settings: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** `[profile NAME]`, in the credentials file `[NAME]`, as is `[default]` in both; `[sso-session NAME]` and `[services NAME]` are none. */
const SECTION = /^\s*\[\s*(?:(profile|sso-session|services)\s+)?["']?([^\]"']+?)["']?\s*\]/;
const SETTING = /^([\w-]+)\s*=\s*(.*?)\s*$/;

/** For messages alone: what counts is what the SDK reads ("Shared config and credentials files", AWS SDKs and Tools Reference Guide). */
export const readProfiles = async (env: Environment): Promise<Profiles> => {
  const home = join(env.HOME ?? env.USERPROFILE ?? "~", ".aws");
  const files = [
    env.AWS_CONFIG_FILE ?? join(home, "config"),
    env.AWS_SHARED_CREDENTIALS_FILE ?? join(home, "credentials"),
  ];
  const settings = new Map<string, Record<string, string>>();
  for (const file of files) {
    let current: Record<string, string> = {};
    for (const line of (await readFile(file, "utf8").catch(() => "")).split(/\r?\n/)) {
      const [section, kind, name = ""] = SECTION.exec(line) ?? [];
      const [, key = "", value] = SETTING.exec(line) ?? [];
      if (section !== undefined) {
        current = settings.get(name) ?? {};
        if (kind === undefined || kind === "profile") settings.set(name, current);
        else current = {};
      } else if (value !== undefined) current[key] = value;
    }
  }
  return { files, settings };
};
