/** Label keys of the mesh and the Kubernetes ones it reads. Source: facts sheet injection, section 5. */
export const LABEL = {
  controlPlaneNs: 'linkerd.io/control-plane-ns',
  workloadNs: 'linkerd.io/workload-ns',
  controlPlaneComponent: 'linkerd.io/control-plane-component',
  isControlPlane: 'linkerd.io/is-control-plane',
  extension: 'linkerd.io/extension',
  proxyDeployment: 'linkerd.io/proxy-deployment',
  podTemplateHash: 'pod-template-hash',
  serviceName: 'kubernetes.io/service-name',
  zone: 'topology.kubernetes.io/zone',
} as const;
