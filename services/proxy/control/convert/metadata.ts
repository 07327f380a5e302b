import type { meta } from '#lib/api';
import { defaultMeta, type PolicyMeta } from '../../policy/metadata.ts';
import { InvalidPolicyError } from './invalid-policy.ts';

/** Where a configuration comes from. Throws for none, and for one of no kind. */
export function convertMetadata(metadata: meta.Metadata | undefined): PolicyMeta {
  switch (metadata?.kind.case) {
    case 'default':
      return defaultMeta(metadata.kind.value);
    case 'resource': {
      const { group, kind, name, namespace, section, port } = metadata.kind.value;
      return { group, kind, name, namespace, section, port };
    }
    default:
      throw new InvalidPolicyError('metadata is missing');
  }
}

/** The same for outbound policies, where a resource must be named in full. Source: facts sheet proxy-api, section 3. */
export function convertOutboundMetadata(metadata: meta.Metadata | undefined): PolicyMeta {
  const converted = convertMetadata(metadata);
  if (metadata?.kind.case !== 'resource') return converted;
  for (const field of ['group', 'kind', 'name', 'namespace'] as const) {
    if (converted[field] === '') throw new InvalidPolicyError(`a resource's ${field} is empty`);
  }
  return converted;
}

/**
 * The labels that older messages carry in the place of metadata: `group`, `kind` and `name`, or the name alone
 * (`default:NAME` for a built-in policy).
 */
export function convertMetadataLabels(
  labels: Readonly<Record<string, string>>,
  fallbackKind: string,
): PolicyMeta {
  const { name, group = 'policy.linkerd.io', kind = fallbackKind } = labels;
  if (name === undefined) throw new InvalidPolicyError('the label "name" is missing');
  if (labels['kind'] === 'default') return defaultMeta(name);
  if (labels['kind'] === undefined && name.startsWith('default:')) {
    return defaultMeta(name.slice('default:'.length));
  }
  return { group, kind, name, namespace: '', section: '', port: 0 };
}
