/** What others need to know of the CLI. */
export const CLI_VERSION = '0.1.0';
/** The name of a local mesh that was given none. */
export const DEFAULT_INSTANCE = 'default';
