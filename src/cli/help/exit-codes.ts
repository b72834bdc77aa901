export const text = `
They are the same for every form of output.

0: fine; nothing to do is fine too.

1: failed or unhealthy. Something may have been changed; the same command goes on where it ended.

2: wrong input: an option, a file, a credential, a missing right. Nothing was changed.

3: could not check (a DNS provider or CA that did not answer before anything was changed), or something is waiting: changes with plan --exit-code, records to publish with --dns manual, a renewal that would not work with renew --check.

129, 130 and 143: interrupted by SIGHUP (the terminal was closed), Ctrl-C and SIGTERM. A reader that goes away, as in plan | head, interrupts nothing.

In a script, this tells a difference from a failure:

  kn-bootstrap plan --exit-code --config kn-bootstrap.yaml

With -o json, stdout carries one event per line, the plan and the report among them; an error has an id, a reason and a remedy.
`;
