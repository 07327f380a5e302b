import { createLogger, type Logger } from '#lib/telemetry';
import type { Config } from './config.ts';
import { choosePrograms, type FirewallPrograms } from './core/programs.ts';
import { renderRestore } from './core/restore.ts';
import type { IpFamily } from './core/rules.ts';
import { enterNetns, type FirewallCommand, runFirewall, writeCloseWaitTimeout } from './firewall.ts';

/** Installs the rules that lead a pod's TCP through its proxy, or prints how it would. Rejects with a MeshError. */
export async function runProxyInit(config: Config, print: (text: string) => void): Promise<void> {
  const log = createLogger({
    target: 'linkerd_proxy_init',
    level: config.logLevel,
    format: config.logFormat,
  });
  const families: readonly IpFamily[] = config.ipv6 ? ['ipv4', 'ipv6'] : ['ipv4'];
  for (const family of families) {
    if (config.simulate) simulateFamily(config, family, print);
    else await installFamily(config, family, log);
  }
  const seconds = config.closeWaitTimeoutSecs;
  if (seconds !== undefined && !config.simulate) await writeCloseWaitTimeout(seconds);
}

async function installFamily(config: Config, family: IpFamily, log: Logger): Promise<void> {
  const programs = choosePrograms(config.firewallBin, config.firewallSaveBin, family);
  const saved = await runFirewall(saveCommand(programs), config.netns);
  const input = renderRestore(config.settings, family, saved);
  await runFirewall(restoreCommand(config, programs, input), config.netns);
  log.info('nat rules installed', {
    family,
    program: programs.restore,
    rules: input.split('\n-A ').length - 1,
  });
}

/** Prints commands that a shell would take as they are. */
function simulateFamily(config: Config, family: IpFamily, print: (text: string) => void): void {
  const programs = choosePrograms(config.firewallBin, config.firewallSaveBin, family);
  const input = renderRestore(config.settings, family, '');
  print(`${enterNetns(saveCommand(programs), config.netns).join(' ')}\n`);
  print(
    `${enterNetns(restoreCommand(config, programs, input), config.netns).join(' ')} <<'EOF'\n${input}EOF\n`,
  );
}

function saveCommand(programs: FirewallPrograms): FirewallCommand {
  return { program: programs.save, args: ['-t', 'nat'] };
}

function restoreCommand(config: Config, programs: FirewallPrograms, input: string): FirewallCommand {
  return { program: programs.restore, args: ['--noflush', ...(config.useWaitFlag ? ['--wait'] : [])], input };
}
