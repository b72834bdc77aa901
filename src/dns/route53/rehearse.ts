import { UserError } from "../../ports/error.ts";
import { type RecordPlace, type Zone, ZoneMoved } from "../../ports/zones.ts";
import { unusedSet } from "../trial.ts";
import { type Access, asking } from "./asking.ts";
import { writeSet } from "./record-sets.ts";

const ACTION = "route53:ChangeResourceRecordSets";

/**
 * Asks for a batch that must fail as a whole: each record is deleted that nobody has, and created. AWS looks at the rights first, by the policy's
 * conditions on names, types and actions (Service Authorization Reference, "Amazon Route 53"), and at the content second. Then for a change that
 * nobody has made, since what cannot be followed must not be written.
 */
export const rehearse = async (access: Access, zone: Zone, records: readonly RecordPlace[]): Promise<string> => {
  const how = "by a change that Route 53 must refuse for its content";
  const sets = records.map((place) => writeSet(zone, unusedSet(place)));
  const post = (...actions: readonly ("CREATE" | "DELETE")[]): Promise<unknown> => {
    const Changes = actions.flatMap((Action) => sets.map((ResourceRecordSet) => ({ Action, ResourceRecordSet })));
    return asking(
      access,
      ACTION,
      zone,
      (http) => access.client.changeResourceRecordSets({ HostedZoneId: zone.id, ChangeBatch: { Changes } }, http),
      ({ ChangeInfo }) => ChangeInfo?.Id !== undefined,
    );
  };
  if (sets.length === 0) return how;
  const isTaken = await post("DELETE", "CREATE").then(
    () => true,
    (error: unknown) => {
      if (isAboutContent(error)) return false;
      throw error;
    },
  );
  // An emulator of the API accepts the deletion of records that are not there.
  if (isTaken) await post("DELETE");
  await mayFollow(access, zone);
  return how;
};

const isAboutContent = (error: unknown): boolean =>
  error instanceof ZoneMoved ||
  (error instanceof UserError &&
    (error.id === "dns.route53.batch" || (error.cause instanceof Error && error.cause.name === "InvalidInput")));

/** A change that nobody has made is not found, by those who may ask. */
const mayFollow = async (access: Access, zone: Zone): Promise<void> => {
  await asking(
    access,
    "route53:GetChange",
    zone,
    (http) => access.client.getChange({ Id: "C00000000000000000000" }, http),
    ({ ChangeInfo }) => ChangeInfo?.Id !== undefined,
  ).catch((error: unknown) => {
    if (!(error instanceof UserError && error.id === "dns.route53.refused")) throw error;
  });
};
