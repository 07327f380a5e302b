import packageJson from '../../package.json' with { type: 'json' };

/** The version of this mesh: of its charts, and the tag of its images. */
export const VERSION: string = packageJson.version;
