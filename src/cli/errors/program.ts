import { type Errors, failed, input, unseen } from "./row.ts";

/** Options, files, the program itself and the machine that it runs on. */
export const program: Errors = {
  bug: failed(
    "This is a bug in kn-bootstrap.",
    "Nobody has foreseen this error.",
    "Report it with what the same command prints with -v.",
  ),
  "doctor.canary-busy": unseen(
    "Another doctor asks its temporary Service at this moment.",
    "It would be taken away under it.",
    "Run it again when that has ended.",
  ),
  "doctor.canary-foreign": unseen(
    "Somebody else's Service has the name of the temporary one.",
    "",
    "Name another namespace with --probe-namespace.",
  ),
  "doctor.check": input("There is no such check, and no such area.", "", "Look at kn-bootstrap doctor --list-checks."),
  "doctor.contexts": input("The kubeconfig has no context.", "", "Name another kubeconfig with --kubeconfig."),
  "doctor.flags": input("These options of doctor do not go together.", "", "Leave one of them out."),
  "doctor.metrics": failed(
    "Metrics could not be written.",
    "",
    "Give --metrics-file a file in a directory that you may write to.",
  ),
  "doctor.recording": input(
    "A file cannot be read, or is no recording of doctor's.",
    "",
    "Make one with kn-bootstrap doctor --save FILE.",
  ),
  "doctor.save": failed(
    "A recording could not be written.",
    "",
    "Give --save a file in a directory that you may write to.",
  ),
  interrupted: failed(
    "A signal ended the run; the exit code is 128 and its number.",
    "",
    "Run the same command again; what is done is kept.",
  ),
  "choices.unreadable": input(
    "What was chosen before cannot be used by this version.",
    "Its default would take its place without anybody having said so.",
    "Say the option again, or take the choice back with --reset-choice.",
  ),
  "cli.argument": input(
    "A command lacks what it needs behind its name, or has too much.",
    "",
    "Look at the command's --help.",
  ),
  "cli.command": input("There is no such command.", "", "Look at kn-bootstrap --help."),
  "cli.confirm": input(
    "There is no terminal to ask before a change.",
    "",
    "What it would do is shown above. Give --yes to go ahead without a question.",
  ),
  "cli.option": input("There is no such option.", "", "Look at the options that are listed."),
  "cli.output": failed(
    "What there is to say could not be written.",
    "The disk is full, or what reads the output has failed.",
    "Mend that, or send the output elsewhere, and run the same command again; what is done is kept.",
  ),
  "cli.twice": input("Two values were given for an option that takes one.", "", "Leave one of them out."),
  "cli.value": input("An option has a value that it does not take, or lacks one.", "", "Look at the option's --help."),
  "cli.yaml": input("The command has no result in YAML.", "", "Use -o json, or render for the objects themselves."),
  "config.acme-ca-file": input(
    "The file of --acme-ca-file cannot be read as certificates in PEM.",
    "",
    "Give the PEM file with the root of the CA, the one its other clients trust.",
  ),
  "config.acme-directory": input(
    "--tls acme needs --acme-directory.",
    "Only Let's Encrypt is known by name.",
    "Give the URL of the CA's directory, or choose --tls letsencrypt.",
  ),
  "config.acme-dns": input(
    "This --tls does not go with this --dns.",
    "The CA wants to see a TXT record in the domain's zone (DNS-01), and nobody would write it.",
    "Choose a --dns that writes records, with a --domain of your own, or --tls self-signed.",
  ),
  "config.acme-options": input(
    "An option for ACME CAs does not go with this --tls.",
    "No ACME CA would be asked.",
    "Leave it out, or choose another --tls.",
  ),
  "config.certificate-depth": input(
    "The domain has too many labels for a certificate of this CA.",
    "CAs refuse names that are too deep.",
    "Choose a --domain with fewer labels, or --domain-template flat.",
  ),
  "config.certificate-names": input(
    "--namespaces would make a certificate with too many names.",
    "A CA takes so many in one order, and a template with the namespace as a label needs one name for each.",
    "Name fewer namespaces, or choose --domain-template flat.",
  ),
  "config.domain-needed": input(
    "This --dns or --tls needs --domain.",
    "Only magic DNS makes a domain from the gateway's address.",
    "Give --domain apps.example.com, or leave the other option out.",
  ),
  "config.environment": input(
    "A variable that begins with KN_BOOTSTRAP_ is no option.",
    "",
    "Correct its name or unset it.",
  ),
  "config.file": input(
    "The configuration file cannot be read.",
    "",
    "Correct the path given by --config or KN_BOOTSTRAP_CONFIG, or the file.",
  ),
  "config.key": input(
    "The configuration file has a key that is no option.",
    "",
    "Correct the key, or leave the line out.",
  ),
  "config.long-domain": input(
    "The domain is too long.",
    "With the names that are made below it, a label would have more than 63 or a name more than 253 characters (RFC 1035).",
    "Choose a shorter --domain, or --domain-template flat.",
  ),
  "config.magic-address": input(
    "--dns magic does not go with a host name as --address.",
    "Magic DNS makes the domain from an IP address.",
    "Give the IP address, or a --domain of your own.",
  ),
  "config.profile": input(
    "--profile small does not go with this ingress.",
    "It is small already.",
    "Leave --profile out.",
  ),
  "config.istio-gateway": input(
    "A gateway of Istio was named for another ingress.",
    "Its gateway is its own.",
    "Leave --istio-gateway out, or choose --ingress istio.",
  ),
  "config.mesh": input(
    "--mesh does not go with this ingress.",
    "It has no sidecars.",
    "Leave --mesh out, or choose --ingress istio.",
  ),
  "config.logging": input(
    "An option of --logging does not go with what was chosen there.",
    "Fluent Bit sends logs on, and Elasticsearch keeps them: each has options of its own.",
    "Leave it out, or choose the --logging that it belongs to.",
  ),
  "config.logging-url": input(
    "--logging-output and --logging-url do not go together.",
    "Every output but stdout has a URL.",
    "Give both, or neither.",
  ),
  "logging.fewer": input(
    "Elasticsearch has more nodes than --logging-replicas asks for.",
    "Logs on the nodes that go would be lost.",
    "Leave the number as it is.",
  ),
  "logging.storage": input(
    "--logging-storage or --logging-storage-class differs from what Elasticsearch runs with.",
    "Kubernetes takes no other claims for a StatefulSet that is there.",
    "Take the values that are there; claims can grow where their StorageClass lets them.",
  ),
  "config.magic-domain": input(
    "--dns magic does not go with --domain.",
    "Magic DNS makes the domain from the gateway's address.",
    "Leave one of them out.",
  ),
  "config.mistakes": input(
    "Several things that were written cannot be meant.",
    "They are listed.",
    "Correct them all; kn-bootstrap help options says what each option takes.",
  ),
  "config.quiet": input(
    "--quiet does not go with --verbose.",
    "One says less, the other more.",
    "Leave one of them out.",
  ),
  "config.redirect": input(
    "--http redirect does not go with --tls none.",
    "There would be no https to be sent to.",
    "Leave --http out, or choose a --tls.",
  ),
  "config.report": input(
    "The report cannot be written to that place.",
    "It is tried before anything is changed.",
    "Name another file with --report.",
  ),
  "config.save-root": input(
    "The root cannot be written to that file.",
    "It is tried before anything is changed; a file that holds something else is left as it is.",
    "Name another file with --save-root.",
  ),
  "config.template": input(
    "The domain template lacks a field.",
    "Two Services would have the same host, or a host outside the domain.",
    "Use all of Name, Namespace and Domain, or choose flat or nested.",
  ),
  "config.template-tls": input(
    "This domain template does not go with this --tls.",
    "No wildcard would cover its hosts.",
    "Choose another template, or another --tls.",
  ),
  "config.timeout": input("--timeout is too short or too long.", "", "Give a time such as 10m."),
  "config.tls-secret": input(
    "--tls secret and --tls-secret need each other.",
    "--tls-secret says where your certificate is.",
    "Give both, or neither.",
  ),
  "config.value": input("An option has a value that it cannot have.", "", "Give one of those that the message names."),
  "config.yaml": input(
    "The configuration file is not YAML that can be understood.",
    "",
    "Correct the line that is named.",
  ),
  "config.zone-id": input(
    "--dns-zone-id does not go with this --dns.",
    "Nothing is written into a zone.",
    "Leave it out, or choose --dns route53.",
  ),
  "environment.value": input(
    "A variable of the environment has a value that cannot be used.",
    "",
    "Correct it, or unset it.",
  ),
  "rehearse.fault": input(
    "There is no such fault, or it does not take that parameter.",
    "",
    "Choose one of those that are listed.",
  ),
  "rehearse.flags": input("These options of rehearse do not go together.", "", "Leave one of them out."),
  "rehearse.folder": input(
    "The folder of kept rehearsals is not this user's alone.",
    "Whoever else writes there could lead commands elsewhere.",
    "See whose it is, or let TMPDIR name another place.",
  ),
  "rehearse.internet": input(
    "A kept rehearsal has no name servers, no DNS provider and no CA.",
    "It was begun without a domain, and whoever works at it asks nobody outside of it.",
    "Keep one with a domain: kn-bootstrap rehearse --keep --domain apps.example.com --dns route53.",
  ),
  "rehearse.stop": failed(
    "A kept rehearsal has not ended.",
    "Its process was told to and runs on, or cannot be told from another one.",
    "Press Ctrl-C where it runs.",
  ),
  "rehearse.unknown": input("No rehearsal of this name is kept.", "", "Choose one of those that are listed."),
  "rehearse.world": failed(
    "The rehearsal's world does not stand.",
    "The process that should have it has ended.",
    "See whether it does in the foreground, with kn-bootstrap rehearse --keep.",
  ),
  "report.write": failed(
    "The report could not be written.",
    "The run itself is not touched by this.",
    "See how the cluster is with kn-bootstrap status.",
  ),
  "root.save": failed(
    "The root could not be written to that file.",
    "The installation is not touched by this; a file that holds something else is left as it is.",
    "Name another file: kn-bootstrap status --save-root FILE.",
  ),
  "system.file": failed(
    "This machine did not let a file be written.",
    "",
    "Mend that, or let TMPDIR and XDG_CACHE_HOME name another place; then run the same command again.",
  ),
};
