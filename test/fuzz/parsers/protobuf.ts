import {
  checkMessage,
  generateMessage,
  MESSAGE_KINDS,
} from '../../../services/proxy/control/convert/fuzz-cases.testing.ts';
import { mutateBlock } from '../../../services/proxy/http/hpack/fuzz-cases.testing.ts';
import type { Target } from '../target.ts';

const toKebabCase = (name: string) => name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();

/** What the control plane sends, as the proxy decodes and converts it. */
export const PROTOBUF: readonly Target[] = MESSAGE_KINDS.map((kind) => ({
  name: `protobuf-${toKebabCase(kind.name)}`,
  isShrinkable: true,
  generate(random) {
    const bytes = generateMessage(kind.desc, random);
    return random() < 0.5 ? bytes : mutateBlock(bytes, random);
  },
  check: (input) => void checkMessage(kind, input),
}));
