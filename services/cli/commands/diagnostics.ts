import { Command } from 'commander';
import { type EndpointFlags, printEndpoints } from '../diagnostics/print-endpoints.ts';
import { type ProxyMetricsFlags, printProxyMetrics } from '../diagnostics/print-proxy-metrics.ts';
import { nameOption, namespaceOption, outputOption } from '../mesh/mesh-flags.ts';
import type { CommandContext } from './context.ts';

/** `linkerd diagnostics`: what the parts of the mesh know. */
export function buildDiagnosticsCommand(context: CommandContext): Command {
  return new Command('diagnostics')
    .alias('dg')
    .description('Commands used to diagnose Linkerd components')
    .addCommand(buildEndpoints(context))
    .addCommand(buildProxyMetrics(context));
}

function buildEndpoints({ config, output }: CommandContext): Command {
  return new Command('endpoints')
    .alias('ep')
    .description('Introspect the endpoints that the destination service gives to proxies')
    .argument('<authorities...>', 'HOST:PORT, such as web.shop.svc.cluster.local:8080')
    .addOption(outputOption(['table', 'json']))
    .option('--destination-pod <name>', 'the destination pod to ask (default: any)')
    .option('--token <token>', 'context token of the proxy to ask as')
    .addOption(nameOption())
    .action((authorities: string[], flags: EndpointFlags) =>
      printEndpoints(authorities, flags, { localDir: config.localDir, output }),
    );
}

function buildProxyMetrics({ config, output }: CommandContext): Command {
  return new Command('proxy-metrics')
    .description('Fetch metrics directly from Linkerd proxies')
    .argument('<resource>', 'TYPE or TYPE/NAME, such as deploy/web; types: deploy, po, ns')
    .addOption(namespaceOption())
    .option('--obfuscate', 'replace label values that name anything of yours by hashes')
    .addOption(nameOption())
    .action((resource: string, flags: ProxyMetricsFlags) =>
      printProxyMetrics(resource, flags, { localDir: config.localDir, output }),
    );
}
