import { DIFFERENCES } from '../../values/linkerd-control-plane-differences.ts';

const HEAD = ['| What | Upstream | Here | Why |', '| --- | --- | --- | --- |'];

/** The table of `DIFFERENCES` in Markdown. */
export const DIFFERENCES_TABLE = [
  ...HEAD,
  ...DIFFERENCES.map(({ what, upstream, ours, why }) => `| ${what} | ${upstream} | ${ours} | ${why} |`),
].join('\n');
