import { type Errors, failed, input } from "./row.ts";

const published = "Get the file again as the project published it.";

/** Versions, files of releases, images. */
export const releases: Errors = {
  "release.cache": failed(
    "The directory of the cache cannot be used.",
    "The digests of a version that kn-bootstrap does not know are pinned there on first use.",
    "Name a directory that can be written: XDG_CACHE_HOME.",
  ),
  "release.catalog": failed("This installation of kn-bootstrap is damaged.", "", "Install it again."),
  "release.contradiction": input(
    "One object is in two files, and they differ.",
    "Files of one release agree.",
    "Use files of one and the same release.",
  ),
  "release.digest": input(
    "A file is not the one that was released.",
    "It is truncated, changed, of another version, or has other line ends.",
    published,
  ),
  "release.file": input(
    "A file of --manifests is missing or cannot be read.",
    "With --manifests every file comes from that directory.",
    "Put the file there, or leave out --manifests to download it.",
  ),
  "release.image": input(
    "An image in a manifest is no image reference.",
    "So it cannot be taken from --image-registry.",
    "Use manifests as the project published them.",
  ),
  "release.insecure": input(
    "The way to a mirror is not encrypted.",
    "Anybody on the way could read the password or change what comes from there.",
    "Name a mirror with https, or bring the files with --manifests.",
  ),
  "release.lock": input(
    "A file of a version has another digest than when it was first used here.",
    "A published release does not change.",
    "Find out which is right. To trust the new list, remove the old one.",
  ),
  "release.malformed": input(
    "A file is no Kubernetes manifest as kubectl would read it.",
    "Nothing of it is applied.",
    published,
  ),
  "release.missing": input(
    "A file does not exist at the server.",
    "No such version has been released, or the mirror does not hold it.",
    "Choose a version that exists, or bring the files with --manifests.",
  ),
  "release.other-minor": input(
    "--knative-version asks for another minor than the one that is installed.",
    "Minors are upgraded one at a time, with checks before each; install never does that by the way.",
    "Keep the installed minor.",
  ),
  "release.registry": input(
    "--image-registry names no place that images can be taken from.",
    "It is HOST[:PORT][/PATH]; the host has a dot or a port (or is localhost), the path is in lower case.",
    "Give for example registry.example.com:5000/mirror.",
  ),
  "release.unavailable": failed(
    "A file could not be downloaded.",
    "",
    "Look at the way to the server, or bring the files with --manifests.",
  ),
  "release.unknown": input(
    "That version of Knative is not known here.",
    "",
    "Choose a known minor, or update kn-bootstrap.",
  ),
  "release.unverified": input(
    "A version that kn-bootstrap does not know comes without digests that could be checked.",
    "",
    "Choose a known minor.",
  ),
};
