import { startLab, stopLab } from '../lab/lab.ts';
import { report } from '../support/waiting.ts';
import { importImages } from './images.ts';

/** Boots the lab, or takes the one that runs, and brings our images as they are now into it. */
export async function setup(): Promise<() => Promise<void>> {
  const lab = await startLab({ log: report });
  await importImages(lab);
  return async () => {
    if (!process.env['KEEP_LAB']) await stopLab();
  };
}
