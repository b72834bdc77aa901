export const text = `
A name leads to the gateway in one of five ways, chosen by --dns.

magic: sslip.io answers with the address that is in the name, so nothing has to be set up. It is the default without --domain, and needs an IP address.

none: you publish the record that the last screen prints. It is the default with --domain.

manual: the same, but the installation waits until the DNS shows each record, those of a CA's challenge among them. Without a terminal it prints them and ends with 3; run it again and it goes on.

route53: Amazon Route 53, with the credentials that the AWS tools use (AWS_PROFILE, AWS_ACCESS_KEY_ID, SSO, a role). The least policy that does:

  kn-bootstrap iam-policy --domain apps.example.com

rfc2136: any name server that takes signed updates: RFC2136_NAMESERVER, RFC2136_TSIG_KEY and RFC2136_TSIG_SECRET, or RFC2136_TSIG_FILE.

Credentials come from the environment, never from an option. Records are written into the zone that the parent delegates to (--dns-zone-id chooses another), and only where nobody else's record stands: the plan shows each of them.

  kn-bootstrap plan --dns route53 --domain apps.example.com
`;
