import manifest from 'roundtrip/package.json' with { type: 'json' };

/** The version of the tool, pinned in every journal. */
export const TOOL_VERSION: string = manifest.version;
