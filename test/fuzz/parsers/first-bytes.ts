import {
  checkHello,
  checkTransportHeader,
  generateHello,
  generateTransportHeader,
} from '../../../services/proxy/detect/fuzz-cases.testing.ts';
import { encodeTransportHeader } from '../../../services/proxy/detect/transport-header.ts';
import { mutateBlock } from '../../../services/proxy/http/hpack/fuzz-cases.testing.ts';
import type { Target } from '../target.ts';

export const CLIENT_HELLO: Target = {
  name: 'client-hello',
  isShrinkable: true,
  generate: (random) => mutateBlock(generateHello(random).bytes, random),
  check: checkHello,
};

export const TRANSPORT_HEADER: Target = {
  name: 'transport-header',
  isShrinkable: true,
  generate: (random) => mutateBlock(encodeTransportHeader(generateTransportHeader(random)), random),
  check: checkTransportHeader,
};
