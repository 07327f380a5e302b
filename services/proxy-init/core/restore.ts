import { OUTPUT_CHAIN, REDIRECT_CHAIN } from '../contract.ts';
import { buildChainRules, type FirewallSettings, type IpFamily, JUMP_RULES, type NatRule } from './rules.ts';

/**
 * The input of `iptables-restore --noflush` that brings the nat table to what `settings` want, in one
 * transaction: naming a chain creates or empties it, and a jump is added only when `saved` (the output of
 * `iptables-save -t nat`) lacks it. So a second run changes nothing.
 */
export function renderRestore(settings: FirewallSettings, family: IpFamily, saved: string): string {
  const present = new Set(saved.split('\n').flatMap(parseJump));
  const jumps = JUMP_RULES.filter((rule) => !present.has(`${rule.chain} ${rule.target}`));
  return [
    '*nat',
    `:${REDIRECT_CHAIN} - [0:0]`,
    `:${OUTPUT_CHAIN} - [0:0]`,
    ...[...buildChainRules(settings, family), ...jumps].map(renderRule),
    'COMMIT',
    '',
  ].join('\n');
}

function parseJump(line: string): string[] {
  const match = /^-A (\S+) .*-j (\S+)\s*$/.exec(line);
  return match === null ? [] : [`${match[1]} ${match[2]}`];
}

function renderRule(rule: NatRule): string {
  const match = rule.match === '' ? '' : ` ${rule.match}`;
  return `-A ${rule.chain}${match} -m comment --comment "proxy-init/${rule.comment}" -j ${rule.target}`;
}
