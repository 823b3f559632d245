import { bool } from "../flag-kinds.ts";

/** Of everything that copies a volume's files. */
export const LIVE = bool("Let the containers that use the volume go on meanwhile, instead of freezing them");
