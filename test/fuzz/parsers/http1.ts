import { type Random, seededRandom } from '#lib/base';
import {
  mutate,
  REQUESTS,
  RESPONSES,
  read,
  runChunkCase,
} from '../../../services/proxy/http/h1/fuzz-cases.testing.ts';
import { runDifferentialCase } from '../../../services/proxy/http/h1/node-parser.testing.ts';
import { cutRandomly } from '../pieces.ts';
import { createSeededTarget, type Target } from '../target.ts';

/** Messages, whole and in pieces. */
function createMessages(name: string, isRequest: boolean): Target {
  return {
    name,
    isShrinkable: true,
    generate: (random) => mutate(isRequest ? REQUESTS : RESPONSES, random),
    check(input) {
      const whole = read(isRequest, [input]);
      const pieces = read(isRequest, cutRandomly(input));
      if (whole.text !== pieces.text) throw new Error(`whole ${whole.text}, in pieces ${pieces.text}`);
    },
  };
}

const differential = (isRequest: boolean) => (random: Random) => runDifferentialCase(isRequest, random);

export const HTTP1: readonly Target[] = [
  createMessages('http1-request', true),
  createMessages('http1-response', false),
  createSeededTarget('http1-chunks', runChunkCase, seededRandom),
  createSeededTarget('http1-request-node', differential(true), seededRandom),
  createSeededTarget('http1-response-node', differential(false), seededRandom),
];
