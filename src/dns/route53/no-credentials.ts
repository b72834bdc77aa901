import { type Remedy, UserError } from "../../ports/error.ts";
import { type ShellCommand, sh } from "../../ports/shell.ts";
import { readProfiles } from "./profiles.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const AGAIN = "then run the same command again";

export const signIn = (profile: string | undefined): Remedy => ({
  text: `Sign in, or name the profile that has the rights in AWS_PROFILE, ${AGAIN}.`,
  command: profile ? sh`aws sso login --profile ${profile}` : sh`export AWS_PROFILE=NAME`,
});

export const credentials = (what: string, why: string, remedy: Remedy, cause: unknown): UserError =>
  new UserError({ id: "dns.route53.credentials", what, why, remedy, kind: "input", cause });

/** The SDK found none: by what the shared files say of the profile, why. `why` is its own message. */
export const noCredentials = async (why: string, env: Environment, cause: unknown): Promise<UserError> => {
  const profile = env.AWS_PROFILE;
  const found = (what: string, because: string, text: string, command: ShellCommand): UserError =>
    credentials(what, because, { text, command }, cause);
  const none = credentials("There are no usable AWS credentials.", why, signIn(profile), cause);
  if (!profile) return none;
  const { files, settings } = await readProfiles(env);
  const there = `in ${files.join(" and ")} there ${settings.size > 0 ? `is: ${[...settings.keys()].join(", ")}` : "is none"}.`;
  const known = settings.get(profile);
  if (!known)
    return found(
      `There is no AWS profile "${profile}".`,
      `AWS_PROFILE names it; ${there}`,
      `Name one that is there (the command lists them), ${AGAIN}.`,
      sh`aws configure list-profiles`,
    );
  const { source_profile: source } = known;
  if (source !== undefined && !settings.has(source))
    return found(
      `The AWS profile "${profile}" takes its credentials from the profile "${source}", which is not there.`,
      `Its source_profile says so; ${there}`,
      `Correct source_profile (the command lists what is there), ${AGAIN}.`,
      sh`aws configure list-profiles`,
    );
  if (/\bSSO\b/.test(why))
    return found(
      `The AWS profile "${profile}" is not signed in.`,
      why,
      `Sign in, ${AGAIN}.`,
      sh`aws sso login --profile ${profile}`,
    );
  const isSupplied = Object.keys(known).some((key) =>
    /^(sso_|role_arn|credential_|aws_access|web_identity|login_)/.test(key),
  );
  return isSupplied
    ? none
    : found(
        `The AWS profile "${profile}" gives no credentials.`,
        `${why}: it has no key, no role and no SSO session.`,
        `Set it up, ${AGAIN}.`,
        sh`aws configure --profile ${profile}`,
      );
};
