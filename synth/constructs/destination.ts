import type { App } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import {
  DESTINATION_HEADLESS_SERVICE,
  DESTINATION_PORT,
  DESTINATION_SERVICE,
  DESTINATION_SERVICE_ACCOUNT,
} from '../../services/destination/contract.ts';
import { POLICY_PORT, POLICY_SERVICE } from '../../services/policy/contract.ts';
import { Template } from '../helm/index.ts';
import { buildDestinationContainer } from './destination-container.ts';
import { buildDeployment } from './parts/deployment.ts';
import { buildDisruptionBudget } from './parts/disruption-budget.ts';
import type { ControlPlaneProps } from './parts/props.ts';
import { buildService, grpcPort } from './parts/service.ts';
import { buildPolicyContainer } from './policy-container.ts';

const COMPONENT = 'destination';

/** The services that tell proxies where traffic goes, and who may do what. */
export class DestinationTemplate extends Template<ControlPlaneProps['values']> {
  constructor(scope: App, props: ControlPlaneProps) {
    super(scope, 'destination', props);
    const { values } = props;
    const port = grpcPort(DESTINATION_PORT);
    this.add(k8s.KubeService, buildService(props, { name: DESTINATION_SERVICE, component: COMPONENT, port }));
    this.add(
      k8s.KubeService,
      buildService(props, {
        name: DESTINATION_HEADLESS_SERVICE,
        component: COMPONENT,
        port,
        isHeadless: true,
      }),
    );
    this.add(
      k8s.KubeService,
      buildService(props, {
        name: POLICY_SERVICE,
        component: COMPONENT,
        port: grpcPort(POLICY_PORT),
        isHeadless: true,
      }),
    );
    this.add(
      k8s.KubePodDisruptionBudget,
      buildDisruptionBudget(props, { name: DESTINATION_SERVICE, component: COMPONENT }),
      { when: values.enablePodDisruptionBudget },
    );
    this.add(
      k8s.KubeDeployment,
      buildDeployment(props, {
        component: COMPONENT,
        serviceAccount: DESTINATION_SERVICE_ACCOUNT,
        containers: [buildDestinationContainer(props), buildPolicyContainer(props)],
        volumes: [],
        proxyResources: values.destinationProxyResources,
        podAnnotations: values.destinationController.podAnnotations,
      }),
    );
  }
}
