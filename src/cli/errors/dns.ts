import { type Errors, either, failed, input, person } from "./row.ts";

const primary = "Let RFC2136_NAMESERVER be the primary server of the zone.";
const clock = "Set the clock right, then run the same command again.";

/** Zones, delegation, challenges, providers. */
export const dns: Errors = {
  "dns.challenge-chain": input(
    "Too many CNAMEs follow one another at a challenge's name.",
    "A CA stops following before their end.",
    "Let the first lead straight to the last.",
  ),
  "dns.challenge-loop": input(
    "The CNAMEs at a challenge's name go round in a circle.",
    "No CA can find a TXT there.",
    "Take one of them away.",
  ),
  "dns.challenge-zone": input(
    "A challenge leads into a zone that these credentials do not open.",
    "",
    "Take the CNAME away, or use credentials that open the zone.",
  ),
  "dns.child-zone": input(
    "The domain lies in a deeper zone, and its records would be written above that.",
    "What is written above a delegation is never seen.",
    "Take the delegation away, let the provider have the deeper zone, or choose other names.",
  ),
  "dns.dname": input(
    "A DNAME leads everything below it elsewhere.",
    "Nobody would see what is written below it (RFC 6672).",
    "Take the DNAME away, or choose another --domain.",
  ),
  "dns.magic-hostname": input(
    "Magic DNS needs an IP address, and the gateway has only a host name.",
    "A host name's addresses change without notice.",
    "Use a domain of your own and point its wildcard at that host name.",
  ),
  "dns.no-zone": input(
    "The DNS provider has no zone for the domain.",
    "",
    "Make a zone for it or for a name above it, or name the account that has one.",
  ),
  "dns.not-delegated": input(
    "The zone is not delegated, or to other servers.",
    "Nobody would see what is written there.",
    "Set the name servers of the zone at its registrar or in the zone above, to those that the message names.",
  ),
  "dns.propagation": failed(
    "The records are not on all name servers in time.",
    "The message says which server answers what.",
    "See what these servers answer, then run the same command again.",
  ),
  "dns.publish": person(
    "Records have to be published.",
    "With --dns manual a person does that, and there is nobody at a terminal.",
    "Publish what the message prints, then run the same command again; it goes on where it stopped.",
  ),
  "dns.resolver": either("unseen", "failed")(
    "The DNS resolver cannot be asked, or is no recursive one.",
    "",
    "Name one that can be reached from here: --dns-resolver.",
  ),
  "dns.route53.batch": failed(
    "Route 53 refuses the records; nothing was written.",
    "A name with a CNAME can have nothing else.",
    "See what is at this name; remove it or choose another domain.",
  ),
  "dns.route53.clock": input(
    "The clocks of this machine and of AWS differ.",
    "AWS takes signatures of its own time only.",
    clock,
  ),
  "dns.route53.credentials": input(
    "There are no AWS credentials, or they are not accepted.",
    "",
    "Sign in, or name a profile: AWS_PROFILE.",
  ),
  "dns.route53.denied": input(
    "AWS does not allow an action.",
    "",
    "Give the credentials the policy that kn-bootstrap iam-policy prints.",
  ),
  "dns.route53.endpoint": input(
    "The endpoint for Route 53 is no https URL.",
    "Credentials would be sent for others to read.",
    "Correct AWS_ENDPOINT_URL_ROUTE_53 or AWS_ENDPOINT_URL, or take it away.",
  ),
  "dns.route53.limits": input(
    "The changes are more than Route 53 takes at once.",
    "In two batches they would not be all or nothing.",
    "Take fewer namespaces at a time.",
  ),
  "dns.route53.refused": failed(
    "Route 53 refuses an action.",
    "The message gives its words.",
    "See what Route 53 has there.",
  ),
  "dns.twin-zones": input(
    "There are several zones of this name, and which one the Internet uses cannot be told.",
    "",
    "Name one with --dns-zone-id, or delete the others.",
  ),
  "dns.unreachable": either("unseen", "failed")(
    "The DNS provider does not answer.",
    "",
    "When it is back, run the same command again.",
  ),
  "dns.zone-id": input(
    "The zone of --dns-zone-id does not exist, or the domain does not lie in it.",
    "",
    "Choose one of those that the message lists.",
  ),
  "dns.zone-moved": failed(
    "Somebody else changed the records at the same time.",
    "Nothing was written.",
    "Look at who writes them, then run the same command again.",
  ),
  "iam-policy.zone": input(
    "A challenge leads into a zone whose id is not known.",
    "With --dns-zone-id nobody at AWS is asked.",
    "Leave --dns-zone-id out; then the zones are asked for with your credentials.",
  ),
  "rfc2136.clock": input(
    "The clocks of this machine and of the name server differ.",
    "A signature holds for a few minutes (RFC 8945).",
    clock,
  ),
  "rfc2136.delegated": input(
    "The name lies in a zone that is delegated to other servers.",
    "What is written above the delegation, nobody sees.",
    primary,
  ),
  "rfc2136.hidden": failed(
    "A record set stands in the zone, and its server answers as if it did not.",
    "It answers the name from elsewhere: another zone or view, or a delegation.",
    "Take it away, if nobody needs it, then run the same command again.",
  ),
  "rfc2136.key": input(
    "The name server does not accept the TSIG key.",
    "",
    "Compare name, algorithm and secret of the key with the server's own configuration.",
  ),
  "rfc2136.no-zone": input(
    "The name server has no zone for the domain, or the key may not ask about it.",
    "It answers with authority for no name at or above it.",
    `${primary.slice(0, -1)}, and allow the key there.`,
  ),
  "rfc2136.questions": input(
    "The name server accepts changes by the key, and no questions.",
    "Without a signature anybody on the way could answer them.",
    "Allow the key to ask, or have the questions asked without a signature.",
  ),
  "rfc2136.record": input("The zone has a record that cannot be kept as it is.", "", "Change it in the zone first."),
  "rfc2136.refused": input(
    "The name server refuses a change or a question.",
    "Its update policy does not allow it for the key from this address.",
    "Allow it on the server.",
  ),
  "rfc2136.settings": input(
    "The settings for --dns rfc2136 are incomplete or wrong.",
    "They come from RFC2136_NAMESERVER, RFC2136_TSIG_KEY and RFC2136_TSIG_SECRET.",
    "Correct what the message names.",
  ),
  "rfc2136.unseen": failed(
    "The name server accepted a change and does not answer with it.",
    "The name is answered from elsewhere: another zone or view, a delegation, or a process that lags behind.",
    "See what the server answers for the zone, then run the same command again.",
  ),
  "rfc2136.unsupported": input(
    "The name server does not know DNS UPDATE.",
    "",
    `${primary.slice(0, -1)}, or turn on dynamic updates there.`,
  ),
  "rfc2136.zone": input(
    "The name server does not answer for the zone itself.",
    "It is a resolver, or has lost the zone.",
    primary,
  ),
};
