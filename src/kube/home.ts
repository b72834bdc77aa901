/** The namespace that holds what must outlive an uninstall (rule 11). */
export const HOME = "kn-bootstrap";
