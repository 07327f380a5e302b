import { describe, expect, it } from 'vitest';
import { listTrackedFiles, readTracked } from './tracked-files.ts';

const files = listTrackedFiles();
const services = files
  .map((file) => /^(services\/(?!lib\/)(?:viz\/)?[^/]+)\/main\.ts$/.exec(file)?.[1])
  .filter((service) => service !== undefined);
const rooms = [...new Set(files.map((file) => /^services\/lib\/[^/]+/.exec(file)?.[0]))].filter(
  (room) => room !== undefined,
);

const SHAPE = ['README.md', 'contract.ts', 'config.ts', 'errors.ts', 'metrics.ts', 'app.ts'];
const MAIN_MAX_LINES = 40;
/** Programs that end when their work is done have no metrics to show. */
const SHORT_LIVED = [
  'services/cli',
  'services/linkerd-await',
  'services/network-validator',
  'services/proxy-init',
];

describe('services', () => {
  it('are found', () => {
    expect(services.length).toBeGreaterThan(0);
  });

  it.each(services)('%s has the files that every service has', (service) => {
    const wanted = SHORT_LIVED.includes(service) ? SHAPE.filter((file) => file !== 'metrics.ts') : SHAPE;
    const isThere = (file: string): boolean =>
      // What outgrew one file is a folder of the same name.
      files.some(
        (path) => path === `${service}/${file}` || path.startsWith(`${service}/${file.replace('.ts', '/')}`),
      );
    expect(wanted.filter((file) => !isThere(file))).toEqual([]);
  });

  it.each(services)(`%s has a main.ts of at most ${MAIN_MAX_LINES} lines`, (service) => {
    expect(readTracked(`${service}/main.ts`).split('\n').length - 1).toBeLessThanOrEqual(MAIN_MAX_LINES);
  });
});

describe('rooms of the library', () => {
  it.each(rooms)('%s has a door and a page that says what it is for', (room) => {
    expect(files).toContain(`${room}/index.ts`);
    expect(files).toContain(`${room}/README.md`);
  });
});
