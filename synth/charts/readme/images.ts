import { IMAGE } from '../../images/contract.ts';
import { VERSION } from '../../values/version.ts';

/** Where the images come from, until a registry publishes them. */
export const IMAGES = `## Images

No registry publishes the images yet. \`make images\` builds them into \`dist/images\`, for the processor that it runs on;
two commands push them to a registry of yours ([crane](https://github.com/google/go-containerregistry)):

\`\`\`sh
crane push dist/images/controller-amd64.tar REGISTRY/${IMAGE.controller}:${VERSION}
crane push dist/images/proxy-amd64.tar REGISTRY/${IMAGE.proxy}:${VERSION}
\`\`\`

and these values point there:

\`\`\`sh
--set controllerImage=REGISTRY/${IMAGE.controller} --set proxy.image.name=REGISTRY/${IMAGE.proxy}
\`\`\`

Nodes of your own may take them without a registry: \`ctr --namespace k8s.io images import dist/images/proxy-amd64.tar\`.
The debug container (\`config.linkerd.io/enable-debug-sidecar\`) is a third image, \`debug-amd64.tar\`, and
\`debugContainer.image.name\`.
`;
