import type { App } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import { fieldOf, forEach, isSet, text } from '#lib/expr';
import { Template } from '../helm/index.ts';
import { buildMetadata } from './parts/metadata.ts';
import { CONFIG_MAP } from './parts/names.ts';
import type { ControlPlaneProps } from './parts/props.ts';
import { buildRole } from './parts/rbac.ts';

const COMPONENT = 'controller';
const ROLE = 'ext-namespace-metadata-linkerd-config';
const BINDING = 'linkerd-config-reader';

/** Who may read the values that the mesh was installed with. */
export class ConfigRbacTemplate extends Template<ControlPlaneProps['values']> {
  constructor(scope: App, props: ControlPlaneProps) {
    super(scope, 'config-rbac', props);
    const { configReaders } = props.values;
    this.add(
      k8s.KubeRole,
      buildRole(props, {
        name: ROLE,
        component: COMPONENT,
        rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'], resourceNames: [CONFIG_MAP] }],
      }),
    );
    this.add(
      k8s.KubeRoleBinding,
      {
        metadata: buildMetadata(props, { name: BINDING, component: COMPONENT, isAnnotated: false }),
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: ROLE },
        subjects: forEach(
          configReaders,
          (reader) => ({
            kind: 'ServiceAccount',
            name: text`${fieldOf(reader, 'name', 'string')}`,
            namespace: text`${fieldOf(reader, 'namespace', 'string')}`,
          }),
          'map',
        ),
      },
      { when: isSet(configReaders) },
    );
  }
}
