import { afterEach } from 'vitest';
import { collectEvidence } from './evidence.ts';

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await collectEvidence(task.name);
}, 120_000);
