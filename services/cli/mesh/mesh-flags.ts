import { Option } from 'commander';
import { DEFAULT_INSTANCE } from '../contract.ts';
import { invalidFlag } from '../errors.ts';

/** Flags that commands about a running mesh share. */
export function nameOption(): Option {
  return new Option('--name <name>', 'the local mesh to ask').default(DEFAULT_INSTANCE);
}

export function namespaceOption(): Option {
  return new Option('-n, --namespace <name>', 'namespace of the resources').default('default');
}

export function allNamespacesOption(): Option {
  return new Option('-A, --all-namespaces', 'across all namespaces, whatever --namespace says');
}

export function selectorOption(): Option {
  return new Option('-l, --selector <selector>', 'only what has these labels, such as app=web,tier!=db');
}

/** The option `-o` with these formats, the first of which is the default. */
export function outputOption(formats: readonly string[]): Option {
  return new Option('-o, --output <format>', `output format: ${listFormats(formats)}`)
    .default(formats[0])
    .argParser((value: string) => {
      if (formats.includes(value)) return value;
      throw invalidFlag('--output', value, listFormats(formats));
    });
}

/** `table, wide or json` */
function listFormats(formats: readonly string[]): string {
  return `${formats.slice(0, -1).join(', ')} or ${formats.at(-1)}`;
}
