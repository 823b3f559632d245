import manifest from "../../package.json" with { type: "json" };

export const WHARF_VERSION: string = manifest.version;
